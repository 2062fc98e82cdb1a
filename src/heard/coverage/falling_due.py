"""Clocks of coverage that fall due: that a pause's time has passed is an entry too, and open pages are told.

Every node looks, and whoever is first appends. What makes it happen once is the journal alone: a clock has one key for
each time it can fall due, and its entry is guarded over the stream that the clock runs on. So two nodes that fire
together, one that fires again after a crash, and one that fires while somebody resumes, all give one outcome.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from heard.coverage import projection
from heard.coverage.entries import PauseOverran
from heard.engine import now
from heard.engine.entry import Draft
from heard.engine.node import Command, Decision
from heard.engine.projection import Tables

#: Who writes what no person did.
CLOCK = "clock"


class Lapse(msgspec.Struct, frozen=True):
    """A clock that has fallen due: the command that says so, and the key that it is sent under."""

    key: str
    command: Command


def lapses(tables: Tables, at: datetime) -> list[Lapse]:
    """What has fallen due by an instant and is not written yet."""
    rows = tables.execute(
        "SELECT case_id, since, due_at FROM coverage WHERE state = 'paused' AND overran = 0 AND due_at <= ?",
        (now.text(at),),
    )
    return [
        Lapse(f"lapse/pause/{case}/{since}/{due_at}", pause_overran(case, now.instant(due_at)))
        for case, since, due_at in rows
    ]


def pause_overran(case: str, due_at: datetime) -> Command:
    """The time at which a pause was to end has passed. Nothing, where it is over or was given another time."""

    def judge(tables: Tables) -> Decision:
        coverage = projection.of_case(tables, case)
        due = coverage.clock.due_at if coverage.clock else None
        runs = coverage.state == "paused" and due == due_at and not coverage.overran
        return Decision((Draft(case, PauseOverran(due_at)),) if runs else (), (case,))

    return judge
