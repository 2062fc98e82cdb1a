"""A mistake in the watch makes it blind, and says so; it keeps nothing else from going on."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from heard.coverage import commands as coverage_commands
from heard.engine import now
from heard.engine.errors import Unavailable
from heard.engine.node import Command, Written
from heard.opening import House
from heard.watch import commands, projection, watching
from heard.watch.deeds import OwedEvery
from heard.watch.shown import board
from heard.watch.watched import lay_down
from heard.watch.watching import Watching
from heard.web import ringing
from heard.web.ringing import follow, ring
from tests.desk import Desk
from tests.watch.gate import NOON, Gate, Hands


def test_a_mistake_in_the_watch_stops_it_visibly_and_a_post_can_still_be_withdrawn(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gate = Gate(desk.house)
    gate.begins(gate.one)
    gate.arms("check", "30 min")
    shown = board(desk.tables, gate.watching, now.utc())
    assert [one.stands for one in shown.stations] == ["kept"] and shown.blind_spots == []
    desk.house.node.after_fold[-1] = follow(gate.watching, desk.house.node)

    def mistaken(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(OwedEvery, "heard", mistaken)
    post = desk.publish("Words")
    gate.do(commands.do_deed(gate.id), gate.sam)
    desk.do(coverage_commands.retract(desk.doors, post, "reason"))
    shown = board(desk.tables, gate.watching, now.utc())
    assert shown.since_at is None and [one.stands for one in shown.stations] == ["blind"]
    assert "nothing rings" in shown.blind_spots[0]
    said = capsys.readouterr().out
    assert "watch_stopped" in said and "ZeroDivisionError" in said


def laid_down(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that is watched is at rest: its words are read in the journal when it is told something."""
    monkeypatch.setattr(watching, "TAKEN_UP", 0)
    gate.watching.rest()


def make_unreadable(house: House, position: int) -> None:
    record = house.store.record(position)
    assert record is not None
    house.vault.destroy([record.seal])


async def rung(gate: Gate, until: Callable[[], bool]) -> None:
    """The clocks really run, until something is so."""

    async def do(command: Command, **asked: Any) -> Written:
        return gate.house.node.do(command, **asked)

    running = asyncio.ensure_future(ring(gate.house.node, gate.watching, do, lambda: None))
    try:
        async with asyncio.timeout(30):
            while not until():
                assert not running.done()
                await asyncio.sleep(0.005)
    finally:
        running.cancel()
        gc.unfreeze()


def test_a_journal_that_is_lost_as_a_clock_runs_out_stops_nothing_and_the_alarm_is_recorded_when_it_is_back(
    gate: Gate, hands: Hands, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gate.begins(gate.one)
    gate.arms("check", "30 min")
    laid_down(gate, monkeypatch)
    hands.go_on(1801)
    entry, lost = gate.house.journal.entry, iter(range(3))

    def now_and_then(position: int) -> Any:
        if next(lost, None) is not None:
            raise Unavailable("The line to the journal is lost.")
        return entry(position)

    monkeypatch.setattr(gate.house.journal, "entry", now_and_then)
    monkeypatch.setattr(ringing, "PUT_OFF_S", 0.01)
    asyncio.run(rung(gate, lambda: bool(projection.alarms(gate.tables))))
    assert next(lost, None) is None and not gate.watching.has_stopped
    [alarm] = projection.alarms(gate.tables)
    assert alarm.lapsed_at == NOON + timedelta(minutes=30)
    assert capsys.readouterr().out.count("watch_put_off") == 3


def as_it_stands(one: Watching) -> dict[str, bytes]:
    """All that is watched, as it would be kept."""
    found = {}
    for known in one.watched.values():
        taken = one.taken_up(known)
        taken.passed_to, taken.settled = taken.armed_at, 0
        found[known.id] = lay_down(taken)
    return found


def test_an_entry_in_the_midst_of_which_the_journal_is_lost_is_heard_by_all_and_by_none_twice(
    gate: Gate, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate.begins(gate.one)
    gate.is_there(gate.one)
    for _ in range(3):
        gate.arms("present", "30 min", **{f"in-{gate.one}": "1"})
    laid_down(gate, monkeypatch)
    hands.go_on(60)
    gate.house.node.after_fold.clear()  # it is heard below
    gate.begins(gate.two)
    entry, asked = gate.house.journal.entry, iter(range(1, 100))

    def lost_at_the_second(position: int) -> Any:
        if next(asked) == 2:
            raise Unavailable("The line to the journal is lost.")
        return entry(position)

    monkeypatch.setattr(gate.house.journal, "entry", lost_at_the_second)
    to = gate.house.node.projection.position()
    with pytest.raises(Unavailable):
        gate.watching.catch_up(to)
    assert next(asked) == 3
    gate.watching.catch_up(to)
    fresh = Watching(gate.house.journal)
    fresh.catch_up(to)
    assert as_it_stands(gate.watching) == as_it_stands(fresh)


def test_what_is_worked_out_again_while_the_journal_is_lost_is_no_half_of_it(
    gate: Gate, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Time had passed here before the entry came in: all that it heard is heard again, or nothing of it is lost."""
    gate.begins(gate.one)
    gate.arms("check", "60 s")
    hands.go_on(30)
    gate.do_check()
    hands.go_on(59)
    gate.house.node.after_fold.clear()  # for the moment nothing is heard
    gate.do_check()
    hands.go_on(10)
    gate.watching.let_pass(hands.at)
    [due] = gate.watching.recording.due()
    kinds = gate.house.store.of_kinds

    def lost(asked: Any, after: int, *to: Any) -> Any:
        if after == due.watched.position:
            raise Unavailable("The line to the journal is lost.")
        return kinds(asked, after, *to)

    with monkeypatch.context() as patch:
        patch.setattr(gate.house.store, "of_kinds", lost)
        with pytest.raises(Unavailable):
            gate.watching.catch_up(gate.house.node.projection.position())
    gate.watching.catch_up(gate.house.node.projection.position())
    fresh = Watching(gate.house.journal)
    fresh.catch_up(gate.house.node.projection.position())
    assert as_it_stands(gate.watching) == as_it_stands(fresh)
    assert [*gate.watching.recording.due()] == []


def test_an_obligation_that_cannot_be_read_stops_the_watch_and_no_post(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gate = Gate(desk.house)
    desk.house.node.after_fold[-1] = follow(gate.watching, desk.house.node)
    gate.watching.begin()
    gate.begins(gate.one)
    obligation = gate.arms("check", "30 min")
    laid_down(gate, monkeypatch)
    make_unreadable(desk.house, projection.obligation(gate.tables, obligation).position)
    gate.do_check()
    post = desk.publish("Words")
    desk.do(coverage_commands.retract(desk.doors, post, "reason"))
    assert [one.stands for one in board(desk.tables, gate.watching, now.utc()).stations] == ["blind"]
    assert "watch_stopped" in capsys.readouterr().out


def test_a_watch_that_cannot_read_what_it_is_told_does_not_go_on_as_if_nothing_were_told(
    gate: Gate, hands: Hands, capsys: pytest.CaptureFixture[str]
) -> None:
    gate.begins(gate.one)
    gate.arms("check", "30 min")
    gate.watching.begin()
    gate.house.node.after_fold.clear()  # another process folded it
    make_unreadable(gate.house, gate.do(commands.do_deed(gate.id), gate.sam).position)
    hands.go_on(1801)
    asyncio.run(rung(gate, lambda: gate.watching.has_stopped))
    assert projection.alarms(gate.tables) == []
    assert "nothing rings" in board(gate.tables, gate.watching, now.utc()).blind_spots[0]
    said = capsys.readouterr().out
    assert "watch_stopped" in said and "Corrupt" in said
