"""A look back reads the time that is asked for and what held on into it, and shows what all of the journal would."""

from __future__ import annotations

import random
from contextlib import suppress
from datetime import datetime, timedelta

import pytest

from heard.engine.entry import Entry
from heard.engine.errors import HeardError
from heard.engine.projection import Tables
from heard.watch import commands, lasting, looking_back, projection, readings
from heard.watch.entries import PresenceTold, StateTold
from tests.watch.gate import NOON, Gate, Hands
from tests.watch.test_looking_back import entries, written
from tests.watch.test_suspending import suspends


def everything(gate: Gate, until: datetime) -> list[Entry]:
    """All that the journal has up to three days later: what `told_of` answered when it read whole streams."""
    latest = until + readings.REPAIRS + timedelta(seconds=1)
    return [one for one in gate.house.journal.all() if one.kind in looking_back._RESTS_ON and one.at <= latest]


def shown(gate: Gate, told: list[Entry], since: datetime, until: datetime) -> object:
    """All that the pages show of a time, by both readings."""
    known = readings.told_by(gate.id, told)
    ids = known.in_force_within(since, until)
    reading = [
        readings.stretches(of, lambda at_hand, at, id=id: at_hand.says(id, at))  # type: ignore[misc]
        for id in ids
        for of in (
            readings.as_known_now(known, since, until),
            readings.as_known_then(gate.id, told, since, until),
        )
    ]
    instants = [since + (until - since) * n / 7 for n in range(8)]
    at_them = [(known.state(at), known.counted(at), [one.id for one in known.ringing(at)]) for at in instants]
    then_too = [readings.told_by(gate.id, told, at) for at in instants]
    return ids, reading, at_them, [(one.state(at), one.counted(at)) for one, at in zip(then_too, instants, strict=True)]


def some_days(gate: Gate, hands: Hands, draw: random.Random) -> None:
    """Duties, states, arming and alarms of some days, with what came late."""
    gate.begins(gate.one)
    gate.is_there(gate.one)
    gate.is_told("open")
    armed = [gate.arms("present", "60 s", state="open", at_least="1"), gate.arms("check", "30 min")]
    for _ in range(150):
        hands.go_on(draw.choice([1, 60, 1000, 9000, 40_000]))
        who = draw.choice([gate.one, gate.two])
        with suppress(HeardError):
            match draw.randrange(9):
                case 0 | 1:
                    gate.begins(who)
                case 2:
                    gate.do(commands.end_duty(gate.id, who), who)
                case 3:
                    gate.is_there(who, draw.choice([True, False, None]), 4000)  # refused of who is not on duty
                case 4:
                    since = hands.at - timedelta(seconds=draw.choice([0, 50, 9000, 200_000]))
                    gate.do(commands.tell_state(gate.id, draw.choice(["open", "shut"]), None, since), gate.sam)
                case 5:
                    history = StateTold("open", None, hands.at - timedelta(hours=draw.choice([1, 80])), "The tours")
                    gate.do(written(gate, history), gate.sam)
                case 6:
                    on = [one.holder for one in projection.on_duty(gate.tables, gate.id)]
                    since = hands.at - timedelta(seconds=draw.choice([0, 20, 5000]))
                    for one in on:
                        gate.do(written(gate, PresenceTold(one, draw.choice([True, False, None]), None, since)), one)
                case 7:
                    suspends(gate, draw.choice(armed), hands.at + timedelta(hours=3))
                case 8:
                    gate.do_check()
        gate.rings()


def differences(gate: Gate, hands: Hands, draw: random.Random) -> tuple[int, int, int]:
    """In how many times of forty the answer differs; how many entries were read for them, and how many there were."""
    wrong = read = there = 0
    for _ in range(40):
        since = NOON + (hands.at - NOON) * draw.random()
        until = min(since + timedelta(seconds=draw.choice([600, 3600, 200_000])), hands.at)
        of_time, of_all = entries(gate, since, until), everything(gate, until)
        wrong += shown(gate, of_time, since, until) != shown(gate, of_all, since, until)
        read, there = read + len(of_time), there + len(of_all)
    return wrong, read, there


@pytest.mark.parametrize("seed", range(3))
def test_what_is_read_of_a_time_shows_what_all_of_the_journal_shows(gate: Gate, hands: Hands, seed: int) -> None:
    some_days(gate, hands, random.Random(seed))
    wrong, read, there = differences(gate, hands, random.Random(seed))
    assert wrong == 0 and read < there * 0.8, (wrong, read, there)


def test_a_state_of_a_moment_to_come_hides_not_the_one_before(gate: Gate, hands: Hands) -> None:
    """As a clock tells it that runs ahead by no more than is believed."""
    gate.begins(gate.one)
    gate.is_there(gate.one)
    gate.is_told("open")
    gate.arms("present", "60 s", state="open", at_least="1")
    gate.do(commands.end_duty(gate.id, gate.one), gate.one)
    hands.go_on(600)
    gate.do(commands.tell_state(gate.id, "shut", None, hands.at + timedelta(seconds=1.5)), gate.sam)
    since = hands.at + timedelta(seconds=1)
    until = hands.go_on(3600)
    of_time, of_all = entries(gate, since, until), everything(gate, until)
    assert readings.told_by(gate.id, of_time).state(since) == "open"
    assert shown(gate, of_time, since, until) == shown(gate, of_all, since, until)


@pytest.mark.parametrize("left_out", ["duties", "states"])
def test_control_what_held_on_and_is_not_read_is_missed(
    gate: Gate, hands: Hands, left_out: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    some_days(gate, hands, random.Random(0))
    real = lasting.from_where

    def forgetful(tables: Tables, station: str, cut: int, cut_at: datetime) -> tuple[int, list[int]]:
        after, single = real(tables, station, cut, cut_at)
        return (cut, single) if left_out == "duties" else (after, single[:-1])

    monkeypatch.setattr(lasting, "from_where", forgetful)
    assert differences(gate, hands, random.Random(0))[0] > 0


def test_of_years_of_a_station_only_the_hour_is_read(gate: Gate, hands: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of some five hundred entries before and after."""
    for _ in range(60):
        gate.begins(gate.one)
        gate.is_there(gate.one)
        gate.is_told("open")
        gate.do(commands.end_duty(gate.id, gate.one), gate.one)
        hands.go_on(24 * 3600)
    since, sizes = NOON + timedelta(days=30), list[int]()
    opened = gate.house.journal.opened
    monkeypatch.setattr(gate.house.journal, "opened", lambda some: sizes.append(len(some)) or opened(some))
    entries(gate, since, since + timedelta(hours=1))
    assert 4 <= sum(sizes) <= 20, sizes
