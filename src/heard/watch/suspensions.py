"""Suspensions: what is not watched for a time, by two people, with a reason and an end; as tables.

asked ── another person agrees ──▶ in force, from its beginning ── its time is over ──▶ ended, by itself
  └── dropped, or its time is over ──▶ ended           └── somebody ends it, or it is armed anew ──▶ ended
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from heard.engine import now
from heard.engine.entry import Body, Entry
from heard.engine.errors import NotFound
from heard.engine.projection import Fold, Tables
from heard.watch.entries import SuspensionAgreed, SuspensionAsked, SuspensionEnded

SCHEMA = """
CREATE TABLE IF NOT EXISTS suspension (
    id TEXT PRIMARY KEY, obligation TEXT NOT NULL, version INTEGER NOT NULL, since TEXT NOT NULL, until TEXT NOT NULL,
    how TEXT NOT NULL, asked_by TEXT NOT NULL, asked_at TEXT NOT NULL, agreed_by TEXT, agreed_at TEXT, ended_by TEXT,
    ended_at TEXT, position INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS suspension_until ON suspension (until);
CREATE INDEX IF NOT EXISTS suspension_obligation ON suspension (obligation);
"""


class Suspended(msgspec.Struct, frozen=True):
    """`title`, `station` and `supervisor` are the obligation's; the reason is in the entry at `position`."""

    id: str
    obligation: str
    since_at: datetime
    until_at: datetime
    how: str
    asked_by: str
    asked_at: datetime
    agreed_by: str | None
    agreed_at: datetime | None
    ended_by: str | None
    ended_at: datetime | None
    position: int
    title: str
    station: str

    def stands(self, at: datetime) -> str:
        """One of asked, coming, in force, ended, over (by itself), lapsed (nobody agreed in time)."""
        if self.ended_at is not None:
            return "ended"
        if self.agreed_at is None:
            return "asked" if at < self.until_at else "lapsed"
        if at >= self.until_at:
            return "over"
        return "in force" if at >= self.since_at else "coming"


def _asked(tables: Tables, entry: Entry, body: SuspensionAsked) -> None:
    tables.execute(
        "INSERT OR IGNORE INTO suspension VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, NULL, NULL, ?)",
        (
            *(body.suspension, entry.stream, body.number, now.text(body.since_at), now.text(body.until_at), body.how),
            *(entry.by, now.text(entry.at), entry.position),
        ),
    )


def _agreed(tables: Tables, entry: Entry, body: SuspensionAgreed) -> None:
    tables.execute(
        "UPDATE suspension SET agreed_by = ?, agreed_at = ?, since = ? WHERE id = ?",
        (entry.by, now.text(entry.at), now.text(body.since_at), body.suspension),
    )


def _ended(tables: Tables, entry: Entry, body: SuspensionEnded) -> None:
    tables.execute(
        "UPDATE suspension SET ended_by = ?, ended_at = ? WHERE id = ?",
        (entry.by, now.text(entry.at), body.suspension),
    )


FOLDS: Mapping[type[Body], Fold] = {SuspensionAsked: _asked, SuspensionAgreed: _agreed, SuspensionEnded: _ended}

# Questions ------------------------------------------------------------------------------------------------------------

#: Of the version that is watched: one that is armed anew, or watched no more, is suspended by nothing.
_SUSPENDED = (
    "SELECT suspension.id, suspension.obligation, since, until, how, asked_by, asked_at, agreed_by, agreed_at, "
    "ended_by, ended_at, suspension.position, title, station FROM suspension JOIN obligation "
    "ON obligation.id = suspension.obligation AND obligation.version = suspension.version AND stood_down IS NULL"
)


def in_force(tables: Tables, at: datetime) -> list[Suspended]:
    """What is not watched at this instant, with the one that ends first at the top."""
    asked = "WHERE agreed_at IS NOT NULL AND ended_at IS NULL AND since <= ? AND until > ? ORDER BY until"
    return [_of(row) for row in tables.execute(f"{_SUSPENDED} {asked}", (now.text(at), now.text(at)))]


def at_station(tables: Tables, station: str, limit: int = 50, beyond: int = 0) -> list[Suspended]:
    """All that were asked for at a station, the newest first, beyond the first so many."""
    asked = "WHERE station = ? ORDER BY suspension.position DESC LIMIT ? OFFSET ?"
    return [_of(row) for row in tables.execute(f"{_SUSPENDED} {asked}", (station, limit, beyond))]


def of_all(tables: Tables, after: str, limit: int) -> list[Suspended]:
    """The same, anywhere, from the one `after` on. Raises NotFound where that is none."""
    if after and not any(True for _ in tables.execute("SELECT 1 FROM suspension WHERE id = ?", (after,))):
        raise NotFound("There is no such suspension.")
    further = "?1 = '' OR suspension.position < (SELECT position FROM suspension WHERE id = ?1)"
    rows = tables.execute(f"{_SUSPENDED} WHERE {further} ORDER BY suspension.position DESC LIMIT ?2", (after, limit))
    return [_of(row) for row in rows]


def suspension(tables: Tables, suspension: str) -> Suspended:
    """Raises NotFound."""
    for row in tables.execute(f"{_SUSPENDED} WHERE suspension.id = ?", (suspension,)):
        return _of(row)
    raise NotFound("There is no such suspension of anything that is watched.")


def of_position(tables: Tables, position: int) -> str | None:
    """Which was asked for by the entry at a position."""
    return next((id for (id,) in tables.execute("SELECT id FROM suspension WHERE position = ?", (position,))), None)


def of_obligation(tables: Tables, obligation: str, at: datetime) -> list[Suspended]:
    """Those of it that are in force, coming, or waiting for another person."""
    rows = tables.execute(f"{_SUSPENDED} WHERE suspension.obligation = ? AND until > ?", (obligation, now.text(at)))
    return [one for row in rows if (one := _of(row)).stands(at) != "ended"]


def times(tables: Tables, obligation: str) -> list[tuple[datetime, datetime]]:
    """From when to when the version that was armed last is not watched; also once it is stood down."""
    rows = tables.execute(
        "SELECT since, until, ended_at FROM suspension JOIN obligation ON obligation.id = suspension.obligation "
        "AND obligation.version = suspension.version WHERE obligation = ? AND agreed_at IS NOT NULL ORDER BY since",
        (obligation,),
    )
    found = [(now.instant(since), now.instant(min(until, ended_at or until))) for since, until, ended_at in rows]
    return [one for one in found if one[0] < one[1]]


def _of(row: Any) -> Suspended:
    instants = {2, 3, 6, 8, 10}
    columns: list[Any] = [now.instant(v) if n in instants and v else v for n, v in enumerate(row)]
    return Suspended(*columns)
