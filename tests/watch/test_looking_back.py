"""What a station's journal says of a time: as it was known then, and as it is known now."""

from __future__ import annotations

import asyncio
import random
from datetime import datetime, timedelta
from itertools import pairwise

from heard.engine.entry import Body, Draft, Entry
from heard.engine.node import Command, Decision
from heard.engine.projection import Tables
from heard.opening import House
from heard.watch import arming, commands, looking_back, present, projection, readings, suspending
from heard.watch.entries import PresenceTold
from heard.watch.readings import Says, Stretch, minutes
from heard.watch.replaying import became_of_fixes, lasting, lines_now
from tests.watch.gate import NOON, Gate, Hands
from tests.watch.test_suspending import suspends
from tests.watch.test_what_is_kept import Keeping


def entries(gate: Gate, since: datetime, until: datetime) -> list[Entry]:
    return asyncio.run(looking_back.told_of(gate.house.journal, gate.tables, gate.id, since, until))


def written(gate: Gate, body: Body) -> Command:
    def judge(tables: Tables) -> Decision:
        return Decision((Draft(gate.id, body),), (gate.id,))

    return judge


def then(gate: Gate, obligation: str, since: datetime, until: datetime) -> list[Stretch]:
    reading = readings.as_known_then(gate.id, entries(gate, since, until), since, until)
    return readings.stretches(reading, lambda told, at: told.says(obligation, at))


def as_now(gate: Gate, obligation: str, since: datetime, until: datetime) -> list[Stretch]:
    reading = readings.as_known_now(readings.told_by(gate.id, entries(gate, since, until)), since, until)
    return readings.stretches(reading, lambda told, at: told.says(obligation, at))


def watched(gate: Gate, **form: str) -> str:
    """Both on duty and here, the gate open, two wanted."""
    gate.begins(gate.one, gate.two)
    gate.is_there(gate.one, good_for_s=12 * 3600)
    gate.is_there(gate.two, good_for_s=12 * 3600)
    gate.is_told("open")
    return gate.arms("present", "60 s", **{"state": "open", "at_least": "1", **form})


def test_what_is_asked_of_each_is_kept_while_all_who_are_on_duty_are_there(gate: Gate, hands: Hands) -> None:
    gate.begins(gate.one)
    gate.is_there(gate.one)
    obligation = gate.arms("each-present", "60 s")
    hands.go_on(60)
    gate.begins(gate.two)  # nobody has told yet whether they are there
    hands.go_on(60)
    gate.is_there(gate.two)
    hands.go_on(60)
    gate.is_there(gate.one, False)
    hands.go_on(60)
    for one in (gate.one, gate.two):
        gate.do(commands.end_duty(gate.id, one), one)
    hands.go_on(60)
    for read in (then, as_now):
        found = read(gate, obligation, NOON, hands.at)
        assert [one.says for one in found] == ["kept", "unknown", "kept", "broken", "off"]


def test_what_was_suspended_is_neither_kept_nor_broken_and_never_hidden(gate: Gate, hands: Hands) -> None:
    obligation = watched(gate)
    for one in (gate.one, gate.two):
        gate.is_there(one, False, good_for_s=12 * 3600)
    hands.go_on(10 * 60)
    id = suspends(gate, obligation, hands.at + timedelta(hours=1))
    hands.go_on(20 * 60)
    gate.do(suspending.end(id, "The gate was opened."), gate.sam)
    hands.go_on(5 * 60)
    told = readings.told_by(gate.id, entries(gate, NOON, hands.at))
    [line] = lines_now(told, NOON, hands.at)
    assert [one.says for one in line.found] == ["broken", "suspended", "broken"]
    assert (lasting(line.broken), lasting(line.suspended)) == ("15 min", "20 min")
    assert line.covered == "0 of 15 minutes covered", "what is suspended is not owed"
    assert 'class="suspended"' in line.picture and "suspended 20 min" in line.picture
    told.suspended.clear()  # the control: without what two people agreed, all of it was broken
    [line] = lines_now(told, NOON, hands.at)
    assert lasting(line.broken) == "35 min"


def test_what_holds_while_a_gate_is_open_and_somebody_on_duty_is_owed_while_both_are_so(
    gate: Gate, hands: Hands
) -> None:
    gate.begins(gate.one)
    gate.is_there(gate.one, good_for_s=12 * 3600)
    gate.is_told("open")
    both = {"state": gate.id, "is": "open", "duty": gate.id}
    count = {"group": [gate.one], "station": gate.id, "at_least": 1}
    asked = {"op": "keep", "count": count, "gap_s": 60, "while": both, "escalate": [{"after_s": 0, "to": gate.sam}]}
    obligation = gate.do(arming.arm(gate.id, "Somebody is there", asked, gate.sam), gate.sam).stream
    hands.go_on(600)
    gate.do(commands.end_duty(gate.id, gate.one), gate.one)  # and the gate stays open
    hands.go_on(600)
    gate.begins(gate.one)
    hands.go_on(60)
    gate.is_told("shut")
    hands.go_on(60)
    assert [one.lapsed_at for one in projection.alarms(gate.tables)] == []
    for read in (then, as_now):
        assert [one.says for one in read(gate, obligation, NOON, hands.at)] == ["kept", "off", "unknown", "off"]


def test_the_rounds_of_several_stations_are_seen_from_each_of_them(gate: Gate, hands: Hands) -> None:
    other = gate.do(commands.set_station("Post 8"), gate.sam).stream
    gate.do(commands.post_holder(other, gate.two), gate.sam)
    gate.begins(gate.one)
    gate.do(commands.begin_duty(other, gate.two), gate.two)
    asked = {"sort": "rounds", "within": "30 min", "to_1": gate.sam}
    rounds = arming.written_from(gate.id, asked, [], [other])
    gate.do(arming.arm(gate.id, "The rounds", rounds, gate.sam), gate.sam)
    hands.go_on(20 * 60)
    gate.do_check()
    hands.go_on(20 * 60)
    assert [gate.house.journal.entry(one.position).body.station for one in gate.rings()] == [other]  # type: ignore
    hands.go_on(60)
    says = dict[str, list[Says]]()
    for station in (gate.id, other):
        told = asyncio.run(looking_back.told_of(gate.house.journal, gate.tables, station, NOON, hands.at))
        [line] = lines_now(readings.told_by(station, told), NOON, hands.at)
        says[station] = [one.says for one in line.found]
    assert says == {gate.id: ["kept"], other: ["kept", "broken"]}
    asked_of = looking_back.recorded(gate.house.journal, gate.tables, other, NOON, hands.at, {})
    words = [one.words for one in asyncio.run(asked_of)]
    assert "Somebody armed “The rounds”, version 1." in words and "It rang: “The rounds”." in words
    # Armed anew without it, it is seen there up to then, and no longer.
    [of] = projection.obligations(gate.tables)
    here = arming.written_from(gate.id, {**asked, "sort": "check"}, [])
    gate.do(arming.arm(gate.id, "The rounds", here, gate.sam, obligation=of.id), gate.sam)
    until = hands.go_on(60)
    told = asyncio.run(looking_back.told_of(gate.house.journal, gate.tables, other, NOON, until))
    [line] = lines_now(readings.told_by(other, told), NOON, until)
    assert [one.says for one in line.found] == ["kept", "broken", "off"]


def test_fourteen_of_a_hundred_and_eight_minutes(gate: Gate, hands: Hands) -> None:
    """The seed: near the gate for 14 of the 108 minutes before the attack."""
    watched(gate)
    hands.go_on(14 * 60)
    for one in (gate.one, gate.two):
        gate.is_there(one, False, good_for_s=12 * 3600)
    hands.go_on(94 * 60)
    told = readings.told_by(gate.id, entries(gate, NOON, hands.at))
    [line] = lines_now(told, NOON, NOON + timedelta(minutes=108))
    assert line.covered == "14 of 108 minutes covered"
    assert (lasting(line.broken), line.unknown) == ("1 h 34 min", timedelta(0))
    assert line.picture.count("<rect") == 2 and 'class="broken"' in line.picture


def test_minutes_are_cut_and_never_rounded_up() -> None:
    assert [minutes(timedelta(seconds=s)) for s in (0, 5.9, 6, 59.9, 60, 839.999, 840)] == [
        *("0", "0", "0.1", "0.9", "1", "13.9", "14")
    ]


def test_what_was_told_late_is_in_the_reading_of_now_and_not_in_that_of_then(gate: Gate, hands: Hands) -> None:
    duty = watched(gate, at_least="2")
    left_at = hands.go_on(600)
    gate.is_there(gate.two, None)
    hands.go_on(600)
    gate.do(written(gate, PresenceTold(gate.two, False, None, left_at)), gate.sam)
    told_at = hands.at
    end = hands.go_on(60)
    assert [one.says for one in then(gate, duty, NOON, end)] == ["kept", "unknown", "broken"]
    assert then(gate, duty, NOON, end)[-1].since == told_at
    assert [(one.says, one.since) for one in as_now(gate, duty, NOON, end)] == [("kept", NOON), ("broken", left_at)]


def test_nothing_is_made_up_for_what_nobody_tells_any_more(gate: Gate, hands: Hands) -> None:
    """A word is good for so long; then it is not known, whatever was so before and comes to be so later."""
    duty = watched(gate)
    for one in (gate.one, gate.two):
        gate.is_there(one, good_for_s=300)
    hands.go_on(1200)
    gate.is_there(gate.one)
    end = hands.go_on(60)
    for reading in (then, as_now):
        found = reading(gate, duty, NOON, end)
        assert [(one.says, one.lasts.total_seconds()) for one in found[:1]] == [("kept", 300)], reading
        assert [one.says for one in found] == ["kept", "unknown", "kept"], reading
    told = readings.told_by(gate.id, entries(gate, NOON, end))
    assert told.counted(NOON + timedelta(seconds=600)).unknown == 2


def test_a_deed_that_was_late_is_not_kept_until_it_was_done(gate: Gate, hands: Hands) -> None:
    gate.begins(gate.one)
    duty = gate.arms("check", "30 min", wait="5 s")
    hands.go_on(1810)
    gate.rings()
    hands.go_on(290)
    gate.do_check()
    gate.rings()
    end = hands.go_on(60)
    due = NOON + timedelta(minutes=30)
    for reading, since in ((then, NOON + timedelta(seconds=1810, microseconds=1)), (as_now, due)):
        found = reading(gate, duty, NOON, end)
        assert [one.says for one in found] == ["kept", "broken", "kept"], reading
        assert (found[1].since, found[1].lasts > timedelta(minutes=4)) == (since, True), reading


def test_off_duty_and_before_it_was_armed_nothing_is_owed(gate: Gate, hands: Hands) -> None:
    hands.go_on(60)
    gate.begins(gate.one)
    gate.is_there(gate.one)
    duty = gate.arms("present", "60 s")
    hands.go_on(60)
    gate.do(commands.end_duty(gate.id, gate.one), gate.one)
    end = hands.go_on(60)
    assert [one.says for one in as_now(gate, duty, NOON, end)] == ["off", "kept", "off"]


def test_what_was_so_stays_so_when_the_positions_behind_it_are_erased(house: House, hands: Hands) -> None:
    """And nothing is there from which anybody could say more."""
    kept = Keeping(house, hands)
    gate, since = kept.gate, hands.at
    kept.take(kept.fix(3))
    duty = gate.arms("present", "10 s")
    hands.go_on(30)
    kept.take(kept.fix(80))
    end = hands.go_on(30)
    taking = kept.taking()

    def shown() -> object:
        return [reading(gate, duty, since, end) for reading in (then, as_now)]

    before = shown()
    assert [one.says for one in then(gate, duty, since, end)] == ["kept", "broken"]
    assert became_of_fixes(taking, gate.tables, gate.id, since, end) == "kept"
    window = (since, end, hands.at + timedelta(days=30))
    hold = gate.do(present.ask_for_hold(gate.id, *window, "the inquest"), gate.sam).stream
    assert became_of_fixes(taking, gate.tables, gate.id, since, end) == "held"
    gate.do(present.end_hold(hold, "over"), gate.sam)
    hands.go_on(74 * 3600)
    kept.while_running(taking, lambda one: one.erasing.erase())
    assert became_of_fixes(taking, gate.tables, gate.id, since, end) == "gone"
    assert kept.file.read(gate.one, gate.id) == [] and shown() == before
    assert became_of_fixes(None, gate.tables, gate.id, since, end) == "none"


# Against the evaluator that rings -------------------------------------------------------------------------------------


def act(gate: Gate, draw: random.Random, at: datetime) -> None:
    who = draw.choice([gate.one, gate.two])
    match draw.randrange(4):
        case 0:
            said, good_for_s = draw.choice([True, False, None]), draw.choice([30.0, 120.0, 3600.0])
            gate.do(written(gate, PresenceTold(who, said, good_for_s)), gate.sam)
        case 1:
            gate.is_told(draw.choice(["open", "open", "shut"]))
        case 2:
            since = at - timedelta(seconds=draw.choice([0, 20, 90, 400]))
            said = draw.choice([True, False, None])
            gate.do(written(gate, PresenceTold(who, said, draw.choice([None, 60.0]), since)), gate.sam)
        case 3:
            pass


FITS: dict[str, set[Says]] = {"IDLE": {"off"}, "OK": {"kept"}, "DUE": {"broken", "unknown"}}


def differing(gate: Gate, hands: Hands, seed: int) -> tuple[list[object], list[object], int]:
    """Where the reading of then, and (the control) that of now, say other than the evaluator did at that moment."""
    draw = random.Random(seed)
    duty, stood = watched(gate, at_least=draw.choice(["1", "2"])), list[tuple[datetime, str]]()
    for _ in range(60):
        hands.go_on(0.2)  # what is told at the very instant at which one looks would be in the reading of it
        act(gate, draw, hands.at)
        hands.go_on(draw.choice([1, 10, 29, 61, 200]))
        gate.rings()
        stood.append(
            (hands.at, gate.watching.taken_up(gate.watching.watched[duty]).evaluator.stands(hands.at)[""].state)
        )
    end = hands.go_on(1)
    wrong: tuple[list[object], list[object]] = ([], [])
    for place, reading in enumerate((then, as_now)):
        found = reading(gate, duty, NOON, end)
        assert (found[0].since, found[-1].until) == (NOON, end)
        assert all(one.until == other.since and one.says != other.says for one, other in pairwise(found))
        for at, state in stood:
            says = next(one.says for one in found if one.since <= at < one.until)
            if says not in FITS.get(state, {says}):
                wrong[place].append((at, state, says))
    return *wrong, sum(state in FITS for _, state in stood)


def test_the_reading_of_then_is_how_the_evaluator_stood_then(gate: Gate, hands: Hands) -> None:
    wrong, wrong_now, compared = differing(gate, hands, 4)
    assert compared > 20 and wrong == []
    assert wrong_now, "the control: with hindsight it looks otherwise"
