"""Time goes on as it went when the machine's clock is set; small steps are followed, and a sleep is slept through."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from heard.engine import now

NOON = datetime(2031, 3, 3, 12, tzinfo=UTC)


class Machine:
    """Its clock, and what has really passed."""

    def __init__(self) -> None:
        self.passed_s, self.set_by_s = 0.0, 0.0

    def wall(self) -> datetime:
        return NOON + timedelta(seconds=self.passed_s + self.set_by_s)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    machine = Machine()
    monkeypatch.setattr(now, "_wall", machine.wall)
    monkeypatch.setattr(now, "_elapsed_s", lambda: machine.passed_s)
    monkeypatch.setattr(now, "_steady", [])
    yield machine


@pytest.mark.parametrize("by_s", [3600, -3600, -86400, 2, -2, 30 * 86400])
def test_a_clock_that_is_set_changes_nothing_but_that_it_is_said(machine: Machine, by_s: float) -> None:
    now.keep_steady(NOON)
    for _ in range(100):
        machine.passed_s += 10
        assert now.utc() == NOON + timedelta(seconds=machine.passed_s) and now.set_by() is None
    machine.set_by_s = by_s
    for _ in range(100):
        machine.passed_s += 10
        assert now.utc() == NOON + timedelta(seconds=machine.passed_s)
        assert now.set_by() == timedelta(seconds=by_s)
    machine.set_by_s = 0
    assert now.utc() == machine.wall() and now.set_by() is None, "it is back"


def test_a_clock_that_is_put_right_little_by_little_is_followed(machine: Machine) -> None:
    now.keep_steady(NOON)
    for _ in range(1000):
        machine.passed_s += 10
        machine.set_by_s += 0.3
        assert now.utc() == machine.wall() and now.set_by() is None


def test_time_never_begins_before_the_newest_entry(machine: Machine) -> None:
    """The clock was a day ahead when it was written, and was put right: a time that stands still would ring nothing."""
    newest = NOON + timedelta(days=1)
    now.keep_steady(newest)
    machine.passed_s += 60
    assert now.utc() == newest + timedelta(seconds=60)
    assert now.set_by() == -timedelta(days=1)


@pytest.mark.parametrize("by_s", [3600, -3600, -86400, 30 * 86400])
def test_a_process_that_knows_how_time_went_before_it_goes_on_from_there(machine: Machine, by_s: float) -> None:
    machine.passed_s, machine.set_by_s = 600, by_s
    now.keep_steady(NOON, NOON + timedelta(seconds=600), 600)
    machine.passed_s += 60
    assert now.utc() == NOON + timedelta(seconds=660)
    assert now.set_by() == timedelta(seconds=by_s) and now.doubted_since() == NOON + timedelta(seconds=660)
    machine.set_by_s = 0
    assert now.utc() == machine.wall() and now.set_by() is None and now.doubted_since() is None, "it is back"


def test_a_clock_that_came_a_little_apart_in_a_long_time_is_believed(machine: Machine) -> None:
    machine.passed_s, machine.set_by_s = 86400, 60
    now.keep_steady(NOON, NOON + timedelta(days=1), 86400)
    assert now.utc() == machine.wall() and now.set_by() is None


def test_a_clock_of_which_an_operator_says_that_it_is_right_is_followed(machine: Machine) -> None:
    now.keep_steady(NOON)
    machine.set_by_s = 3600
    assert now.utc() == NOON and now.set_by() is not None
    now.believe()
    assert now.utc() == machine.wall() and now.set_by() is None and now.still_until() is None


def test_for_a_clock_that_is_believed_and_behind_time_stands_still_and_never_goes_back(machine: Machine) -> None:
    newest = NOON + timedelta(hours=1)
    now.keep_steady(newest)
    now.believe()
    for _ in range(5):
        machine.passed_s += 600
        assert now.utc() == newest == now.still_until() and now.set_by() is None
    machine.passed_s += 660
    assert now.utc() == machine.wall() == newest + timedelta(seconds=60) and now.still_until() is None


def test_without_it_the_clock_of_the_machine_is_the_time(machine: Machine) -> None:
    """The control: this is what happens to a process that does not keep time."""
    machine.set_by_s = 3600
    assert now.utc() == NOON + timedelta(seconds=3600)
