"""A clock that is set while nobody runs: who begins next does not believe it, says so, and rings once it is right."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from heard.engine import now
from heard.opening import House, open_house
from heard.watch import commands, shown
from heard.web.timekeeping import FILE, SAID_FOR, Timekeeping, newest_at
from tests.server import Server, running
from tests.waiting import wait_until
from tests.watch.gate import Gate
from tests.watch.hand import Hand
from tests.watch.test_clock_steps import FAKETIME
from tests.watch.test_clock_steps import shift as shift  # the fixture
from tests.watch.test_running import raised

needs_faketime = pytest.mark.skipif(not FAKETIME.exists(), reason="needs libfaketime (apt install faketime)")
APART = "clock of this machine is 3600 s ahead"


@pytest.fixture
def left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory as a process leaves it when it ends: a source is owed a ping in ten minutes."""
    data = tmp_path / "data"
    house = open_house(data)
    gate = Gate(house)
    gate.do(commands.add_source(gate.id, "The camera", source="camera"), gate.sam)
    gate.do(commands.ping("camera", "success"), "camera")
    gate.arms("ping", "10 min", source="camera")
    house.close()
    monkeypatch.setattr(now, "_steady", [])
    Timekeeping(data, now.utc()).keep()
    monkeypatch.setattr(now, "_steady", [])
    return data


def is_up(server: Server) -> Hand:
    os.environ.pop("LD_PRELOAD", None)  # for the server alone: this test keeps its own time
    sam = Hand(server)
    wait_until(lambda: "nothing watches" not in sam.page(""))
    return sam


def heard(data: Path, *command: str, **env: str) -> str:
    said = [sys.executable, "-m", "heard.cli", *command, "--data", str(data)]
    return subprocess.run(said, capture_output=True, text=True, check=True, env={**os.environ, **env}).stdout


def newest(data: Path) -> datetime:
    house = open_house(data)
    try:
        return newest_at(house.store)
    finally:
        house.close()


@needs_faketime
def test_a_clock_that_was_set_ahead_between_two_starts_rings_nothing_until_it_is_said_to_be_right(
    left: Path, shift: Path
) -> None:
    shift.write_text("+1h")
    with running(left) as server:
        sam = is_up(server)
        wait_until(lambda: APART in sam.page(""))
        assert "there is no evidence" not in sam.page("") and raised(left) == []
        heard(left, "account", "add", "kim@heard.example", "--role", "supervisor", LD_PRELOAD=str(FAKETIME))
        assert newest(left) < datetime.now(UTC) + timedelta(minutes=5), "nor does time leap by what a command writes"
        assert "follows the clock" in heard(left, "watch", "believe-clock")
        [(due_at, recorded_at)] = wait_until(lambda: raised(left))
        assert timedelta(minutes=45) < recorded_at - due_at < timedelta(minutes=55)
        assert APART not in sam.page("")
        assert "clock_not_believed" in (log := "".join(server.said)) and "clock_believed" in log


@needs_faketime
def test_a_machine_that_was_started_anew_has_nothing_to_go_on_and_the_page_says_of_what_time_nobody_knows(
    left: Path, shift: Path
) -> None:
    """The control too: without what is kept the clock is believed, and it rings."""
    (left / FILE).unlink()
    shift.write_text("+1h")
    with running(left) as server:
        sam = is_up(server)
        wait_until(lambda: raised(left))
        assert "there is no evidence: nobody watched, or the clock" in sam.page("")


class Run:
    """Runs of a machine, one after another, and what its clock shows."""

    def __init__(self, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.data, self.monkeypatch, self.run, self.began_s, self.s = data, monkeypatch, "one", 0.0, 0.0
        data.mkdir()
        monkeypatch.setattr(now, "running", lambda: (self.run, self.s - self.began_s))
        monkeypatch.setattr(now, "_elapsed_s", lambda: self.s)
        monkeypatch.setattr(now, "_wall", lambda: self.at(self.s + self.set_by_s))

    set_by_s = 0.0

    def at(self, s: float) -> datetime:
        return datetime(2031, 3, 3, 12, tzinfo=UTC) + timedelta(seconds=s)

    def begins(self) -> Timekeeping:
        self.monkeypatch.setattr(now, "_steady", [])
        return Timekeeping(self.data, self.at(0))


def test_how_long_nobody_watched_is_certain_only_while_the_machine_ran_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = Run(tmp_path / "data", monkeypatch)
    machine.begins().keep()
    machine.s, machine.set_by_s = 1000, 7200
    first = machine.begins()
    assert first.missed is not None and first.missed.is_certain
    assert (first.missed.since_at, first.missed.until_at) == (machine.at(0), machine.at(1000))
    first.keep()
    machine.s = 1010
    again = machine.begins()
    assert again.missed == first.missed, "it is said by the next process too"
    assert again.missed_by(machine.at(1010)) and not again.missed_by(machine.at(1000) + SAID_FOR)
    machine.run, machine.began_s, machine.s = "two", 2000, 2000
    anew = machine.begins()
    assert anew.missed is not None and not anew.missed.is_certain
    assert anew.missed.until_at == machine.at(2000 + 7200), "nobody here can tell"


def test_where_others_may_have_watched_it_is_not_said_that_nobody_did(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = Run(tmp_path / "time", monkeypatch)
    machine.begins().keep()
    machine.s = 1000
    monkeypatch.setattr(now, "_steady", [])
    gate = Gate(house)
    gate.do(commands.add_source(gate.id, "The camera", source="camera"), gate.sam)
    gate.do(commands.ping("camera", "success"), "camera")
    gate.arms("ping", "10 min", source="camera")
    said = []
    for others in (False, True):
        monkeypatch.setattr(now, "_steady", [])
        gate.watching.missed = Timekeeping(machine.data, machine.at(0), others=others).missed_by
        said.append(next(iter(shown.itself(house.tables, gate.watching, machine.at(1000)).blind_spots)))
    assert "there is no evidence: nobody watched." in said[0]
    assert "this server did not watch. If no other" in said[1] and "nobody watched" not in said[1]


def test_half_a_file_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Run(tmp_path / "data", monkeypatch)
    (machine.data / FILE).write_text('{"run": "one", "runni')
    assert machine.begins().missed is None
