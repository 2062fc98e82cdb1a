"""Which alerts were called for, and what went out; what is done about them is in `alerts`."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from heard.coverage.alert_entries import AlertCalled, AlertCalledOff, AlertSent, Sort
from heard.engine import now
from heard.engine.entry import Entry
from heard.engine.projection import Fold, Tables

SCHEMA = """
CREATE TABLE IF NOT EXISTS alert (
    post TEXT PRIMARY KEY, case_id TEXT NOT NULL, position INTEGER NOT NULL, called_at TEXT NOT NULL, by TEXT NOT NULL,
    changed INTEGER NOT NULL, off_at TEXT
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS alert_case ON alert (case_id, position);
CREATE TABLE IF NOT EXISTS alert_sent (
    position INTEGER PRIMARY KEY, post TEXT NOT NULL, case_id TEXT NOT NULL, sort TEXT NOT NULL,
    wording INTEGER NOT NULL, sent_to INTEGER NOT NULL, with_care INTEGER NOT NULL, sent_at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS alert_sent_post ON alert_sent (post, position);
CREATE INDEX IF NOT EXISTS alert_sent_case ON alert_sent (case_id, position);
"""


#: What nobody could be told for so long is no news any more. What takes back what they were told has no such end.
LASTS = timedelta(hours=24)


class Alert(NamedTuple):
    """That an alert was called for; `off_at`: when it was called off."""

    post: str
    case: str
    position: int
    called_at: datetime
    by: str
    off_at: datetime | None

    @property
    def ends_at(self) -> datetime:
        return self.called_at + LASTS

    def is_over(self, at: datetime) -> bool:
        """Whether nobody more is told of the post by it."""
        return self.off_at is not None or at >= self.ends_at


class Sent(NamedTuple):
    """What went out, as its entry says it: see `AlertSent`."""

    position: int
    post: str
    case: str
    sort: Sort
    wording: int
    to: int
    with_care: bool
    at: datetime


def _is_called(tables: Tables, entry: Entry, body: AlertCalled) -> None:
    known = (entry.stream, body.case, entry.position, now.text(entry.at), entry.by, entry.position)
    tables.execute("INSERT OR REPLACE INTO alert VALUES (?, ?, ?, ?, ?, ?, NULL)", known)


def _is_called_off(tables: Tables, entry: Entry, body: AlertCalledOff) -> None:
    off = (entry.position, now.text(entry.at), entry.stream)
    tables.execute("UPDATE alert SET changed = ?, off_at = ? WHERE post = ?", off)


def _went_out(tables: Tables, entry: Entry, body: AlertSent) -> None:
    told = (body.sort, body.wording, body.to, body.with_care)
    known = (entry.position, entry.stream, body.case, *told, now.text(entry.at))
    tables.execute("INSERT OR REPLACE INTO alert_sent VALUES (?, ?, ?, ?, ?, ?, ?, ?)", known)


FOLDS: dict[Any, Fold] = {AlertCalled: _is_called, AlertCalledOff: _is_called_off, AlertSent: _went_out}


def called(tables: Tables, since: int = -1, and_of: Collection[str] = ()) -> list[Alert]:
    """The alerts that were called for or off, or whose post was changed, after a position, and those of these posts:
    case by case, the first of each first.
    """
    rows = tables.execute(
        "SELECT alert.* FROM alert JOIN post ON post.id = alert.post WHERE alert.changed > ?1 OR post.position > ?1 "
        "OR alert.post IN (SELECT value FROM json_each(?2)) ORDER BY alert.case_id, alert.position",
        (since, msgspec.json.encode(sorted(and_of)).decode()),
    )
    return [_alert(row) for row in rows]


def called_in(tables: Tables, case: str) -> list[Alert]:
    return [_alert(row) for row in tables.execute("SELECT * FROM alert WHERE case_id = ? ORDER BY position", (case,))]


def of_post(tables: Tables, post: str) -> Alert | None:
    return next((_alert(row) for row in tables.execute("SELECT * FROM alert WHERE post = ?", (post,))), None)


def _alert(row: Any) -> Alert:
    post, case, position, at, by, _, off_at = row
    return Alert(post, case, position, now.instant(at), by, now.instant(off_at) if off_at else None)


def sent_of_post(tables: Tables, post: str) -> list[Sent]:
    """What went out about a post, in the order in which it did."""
    return [_sent(row) for row in tables.execute("SELECT * FROM alert_sent WHERE post = ? ORDER BY position", (post,))]


def sent_of_case(tables: Tables, case: str) -> list[Sent]:
    return [
        _sent(row) for row in tables.execute("SELECT * FROM alert_sent WHERE case_id = ? ORDER BY position", (case,))
    ]


def _sent(row: Any) -> Sent:
    position, post, case, sort, wording, to, with_care, at = row
    return Sent(position, post, case, sort, wording, to, bool(with_care), now.instant(at))


def latest(tables: Tables, case: str) -> int:
    """The position of the newest entry about an alert of a case, 0 before the first."""
    rows = tables.execute(
        "SELECT max(changed) FROM alert WHERE case_id = ?1 "
        "UNION ALL SELECT max(position) FROM alert_sent WHERE case_id = ?1",
        (case,),
    )
    return max(position or 0 for (position,) in rows)
