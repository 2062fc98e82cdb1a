"""What is suspended takes two people, a reason and an end; it ends by itself, and clocks go on with what was left."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest

from heard.engine import now
from heard.engine.errors import HeardError, NotAllowed, Refused
from heard.opening import House
from heard.watch import arming, commands, projection, suspending, suspensions
from heard.watch.entries import AlarmRaised, How
from heard.watch.shown import board, itself
from heard.watch.watching import Watching
from tests.watch.gate import Gate, Hands


@pytest.fixture
def gate(gate: Gate) -> Gate:
    gate.begins(gate.one)
    gate.is_there(gate.one, good_for_s=40_000)
    return gate


def suspends(gate: Gate, obligation: str, until: datetime, how: How = "pause", since: datetime | None = None) -> str:
    """Asked for by one and agreed by another; its id."""
    gate.do(suspending.ask(obligation, since, until, how, "The gate is rebuilt."), gate.sam)
    [asked] = [one for one in suspensions.at_station(gate.tables, gate.id) if one.agreed_at is None]
    gate.do(suspending.agree(asked.id, "tam"), "tam")
    return asked.id


def lapses(gate: Gate) -> list[datetime]:
    entries = gate.house.journal.all()
    return [one.body.lapsed_at for one in entries if isinstance(one.body, AlarmRaised)]


def test_nothing_is_suspended_by_one_person_or_without_a_reason_or_an_end(gate: Gate, hands: Hands) -> None:
    obligation, soon = gate.arms("check", "60 s"), hands.at + timedelta(hours=1)
    for until, reason, why in (
        (soon, " ", "reason is missing"),
        (hands.at, "rebuilt", "ends after it begins"),
        (hands.at - timedelta(hours=1), "rebuilt", "ends after it begins"),
        (hands.at + timedelta(days=7, seconds=1), "rebuilt", "seven days"),
    ):
        with pytest.raises(Refused, match=why):
            gate.do(suspending.ask(obligation, None, until, "pause", reason), gate.sam)
    gate.do(suspending.ask(obligation, None, soon, "pause", "rebuilt"), gate.sam)
    [asked] = suspensions.at_station(gate.tables, gate.id)
    with pytest.raises(NotAllowed, match="another person"):
        gate.do(suspending.agree(asked.id, gate.sam), gate.sam)
    with pytest.raises(Refused, match="was asked for"):
        gate.do(suspending.ask(obligation, None, soon, "pause", "again"), gate.sam)
    hands.go_on(60)
    assert len(gate.rings()) == 1, "what one person asked for stops no clock"
    assert suspensions.in_force(gate.tables, now.utc()) == []
    hands.go_on(3600)
    with pytest.raises(Refused, match="time is over"):
        gate.do(suspending.agree(asked.id, "tam"), "tam")


def test_a_clock_that_stood_still_goes_on_with_what_was_left(gate: Gate, hands: Hands) -> None:
    obligation = gate.arms("check", "30 min")
    hands.go_on(1200)
    until = hands.at + timedelta(hours=2)
    suspends(gate, obligation, until)
    hands.go_on(7000)
    assert gate.rings() == []
    [shown] = itself(gate.tables, gate.watching, now.utc()).suspended
    assert (shown.title, shown.until_at) == ("It is owed: check", until)
    assert [one.stands for one in board(gate.tables, gate.watching, now.utc()).stations] == ["suspended"]
    hands.go_on(200)
    assert gate.rings() == [] and itself(gate.tables, gate.watching, now.utc()).suspended == []
    hands.go_on(600)
    gate.rings()
    [lapsed_at] = lapses(gate)
    assert abs(lapsed_at - (until + timedelta(minutes=10))) < timedelta(milliseconds=1)
    [over] = suspensions.at_station(gate.tables, gate.id)
    assert over.stands(now.utc()) == "over"


def test_what_is_waived_clears_what_had_lapsed_and_begins_anew(gate: Gate, hands: Hands) -> None:
    checks, present = gate.arms("check", "60 s"), gate.arms("present", "60 s")
    gate.is_there(gate.one, False)
    hands.go_on(61)
    assert len(gate.rings()) == 2
    until = hands.at + timedelta(minutes=10)
    suspends(gate, checks, until, "waive")
    suspends(gate, present, until)
    hands.go_on(1)
    gate.rings()
    assert {one.cleared_why for one in projection.alarms(gate.tables)} == {"suspended"}
    hands.go_on(500)
    assert gate.rings() == []
    hands.go_on(160)
    gate.rings()
    assert lapses(gate)[2:] == [until + timedelta(seconds=60)] * 2, "with a full gap, and a full period"


def test_it_can_be_watched_again_before_its_time_by_one_person(gate: Gate, hands: Hands) -> None:
    obligation = gate.arms("present", "60 s")
    gate.is_there(gate.one, False)
    id = suspends(gate, obligation, hands.at + timedelta(hours=5))
    ended_at = hands.go_on(600)
    gate.do(suspending.end(id, "The gate was opened."), gate.sam)
    hands.go_on(60)
    gate.rings()
    assert lapses(gate) == [ended_at + timedelta(seconds=60)]
    with pytest.raises(Refused, match="ended already"):
        gate.do(suspending.end(id, "Again."), gate.sam)


def test_what_was_before_is_not_suspended_and_what_is_armed_anew_is_watched(gate: Gate, hands: Hands) -> None:
    obligation = gate.arms("present", "60 s")
    gate.is_there(gate.one, False)
    hands.go_on(50)
    suspends(gate, obligation, hands.at + timedelta(hours=1), since=hands.at - timedelta(hours=1))
    [one] = suspensions.in_force(gate.tables, now.utc())
    assert one.since_at == hands.at
    written = projection.obligation(gate.tables, obligation).written
    again = arming.arm(gate.id, "Anew", written, gate.sam, obligation=obligation)
    with pytest.raises(Refused, match="Nothing was armed"):
        gate.do(arming.arm(gate.id, "Anew", {**written, "gap_s": -1}, gate.sam, obligation=obligation), gate.sam)
    gate.do(again, gate.sam)
    assert suspensions.in_force(gate.tables, now.utc()) == []
    hands.go_on(61)
    assert len(gate.rings()) == 1


@pytest.mark.parametrize("seed", range(3))
def test_a_fresh_start_works_out_the_same_under_suspension(house: House, hands: Hands, seed: int) -> None:
    """Killed and started again at any point, what is raised is the same, once."""
    import random

    draw, gate = random.Random(seed), Gate(house)
    gate.begins(gate.one)
    gate.is_there(gate.one)
    armed = [gate.arms("check", "40 s"), gate.arms("present", "30 s")]

    def step() -> None:
        obligation = draw.choice(armed)
        acts: list[Any] = [
            lambda: suspends(gate, obligation, hands.at + timedelta(seconds=draw.choice([20, 70])), draw.choice(_HOWS)),
            lambda: [
                gate.do(suspending.end(one.id, "over"), gate.sam)
                for one in suspensions.in_force(gate.tables, now.utc())
            ],
            lambda: gate.do_check(),
            lambda: gate.is_there(gate.one, draw.choice([True, False, None])),
            lambda: gate.do(commands.end_duty(gate.id, gate.one), gate.one),
            lambda: gate.begins(gate.one),
        ]
        with suppress(HeardError):
            draw.choice(acts)()
        hands.go_on(draw.choice([0, 5, 30, 61]))

    for _ in range(150):
        step()
        if draw.random() < 0.5:
            gate.rings()
        if draw.random() < 0.1:  # somebody else takes over
            gate.watching = Watching(house.journal)
            gate.watching.catch_up(house.store.position())
    gate.rings()
    found = [(one.stream, one.body.lapsed_at) for one in house.journal.all() if isinstance(one.body, AlarmRaised)]
    assert len(found) > 10 and len({stream for stream, _ in found}) == len(found)
    fresh = Watching(house.journal)
    fresh.catch_up(house.store.position())
    fresh.let_pass(now.utc())
    assert list(fresh.recording.due()) == []


_HOWS: list[How] = ["pause", "waive"]
