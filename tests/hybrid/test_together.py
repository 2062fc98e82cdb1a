"""Alarms that ring together are folded in one go, and the tables are as if each had been folded by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from heard.engine import now
from heard.engine.entry import Body, Draft, new_id
from heard.engine.journal import Writing
from heard.engine.projection import Projection
from heard.opening import ROOMS, House
from heard.rebuilding import contents
from heard.store.derived import folding
from heard.store.files import connect
from heard.watch import ladders
from heard.watch.entries import AlarmCleared, AlarmRaised, DutyBegun, ObligationArmed, StationSet

#: On one station two are on duty, on the other nobody is; those before a duty ring for whom they name.
STATIONS = {"manned": ("one", "two"), "empty": ()}
LADDERS: list[dict[str, Any]] = [
    {"op": "every", "escalate": [{"after_s": 0, "to": "sam"}, {"after_s": 60.5, "to": "kim"}], "ack_timeout_s": 30},
    {"op": "before", "escalate": [{"after_s": 5, "to": "sam"}, {"after_s": 5, "to": "sam"}]},
    {"op": "by", "for_each_on_duty": True},
]


def written_down(house: House) -> None:
    """Of each sort some alarms, all in one writing; one is over before the last; one of which nobody was told how."""
    before, raised = list[tuple[str, Body]](), list[tuple[str, Body]]()
    for station, holders in STATIONS.items():
        before += [(station, StationSet(station)), *((station, DutyBegun(one)) for one in holders)]
        for number, written in enumerate(LADDERS):
            id = f"{station}-{number}"
            before.append((id, ObligationArmed(station, 1, f"Owed {id}", written, "sam", ())))
            for of in (1, 1, 2):  # the second version was never armed
                raised.append((new_id(), AlarmRaised(id, of, station, "lapse", f"{id}/three", now.utc())))
    raised.insert(4, (raised[0][0], AlarmCleared(now.utc(), "done-late")))
    for bodies in (before, raised):
        drafts = tuple(Draft(stream, body) for stream, body in bodies)
        house.journal.append([Writing(drafts, "watch", house.store.position(), ())])


def folded(house: House, path: Path, at_once: int) -> dict[str, list[Any]]:
    fresh = Projection(connect(path, synchronous="OFF"), ROOMS, folding)
    while fresh.catch_up(lambda after: house.journal.read(after, at_once)):
        pass
    # People are told in the order of the rungs: of those that are due at one instant it is that of their rows.
    return {**contents(fresh.tables), "in order": list(fresh.tables.execute("SELECT rowid, * FROM rung"))}


def test_what_rings_together_is_folded_as_if_each_had_rung_alone(house: House, tmp_path: Path) -> None:
    written_down(house)
    alone = folded(house, tmp_path / "alone.sqlite", 1)
    assert alone == folded(house, tmp_path / "some.sqlite", 5) == folded(house, tmp_path / "all.sqlite", 1000)
    assert len(alone["alarm"]) == 18 and len(alone["rung"]) > 18


def test_folding_together_that_forgets_who_is_on_duty_is_caught(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control."""

    def forgets(tables: Any, entries: Any) -> None:
        alone(tables, entries)
        tables.execute("DELETE FROM rung WHERE step = ?", (ladders.THEMSELVES,))

    alone = ladders.TOGETHER[AlarmRaised]
    monkeypatch.setattr(ladders, "TOGETHER", {AlarmRaised: forgets})
    with pytest.raises(AssertionError):
        ladder_rooms = [ladders.room() if room.name == "ladders" else room for room in ROOMS]
        monkeypatch.setattr("tests.hybrid.test_together.ROOMS", ladder_rooms)
        test_what_rings_together_is_folded_as_if_each_had_rung_alone(house, tmp_path)
