"""The changes that wait for a second pair of eyes, without their words; what is done about them is in `changes`."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from heard.coverage.entries import ChangeDropped, ChangeLetOut, ChangeProposed
from heard.engine import now
from heard.engine.entry import Entry
from heard.engine.errors import NotFound
from heard.engine.projection import Fold, Tables

SCHEMA = """
CREATE TABLE IF NOT EXISTS change (
    id TEXT PRIMARY KEY, case_id TEXT NOT NULL, subject TEXT NOT NULL, what TEXT NOT NULL, position INTEGER NOT NULL,
    since TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS change_case ON change (case_id, position);
"""


class Change(NamedTuple):
    """A change that waits; its words are in the journal."""

    id: str
    case: str
    subject: str
    what: str
    position: int
    since: datetime


def _proposed(tables: Tables, entry: Entry, body: ChangeProposed) -> None:
    known = (entry.stream, body.case, body.subject, body.what, entry.position, now.text(entry.at))
    tables.execute("INSERT OR IGNORE INTO change VALUES (?, ?, ?, ?, ?, ?)", known)


def _settled(tables: Tables, entry: Entry, body: ChangeLetOut | ChangeDropped) -> None:
    tables.execute("DELETE FROM change WHERE id = ?", (entry.stream,))


FOLDS: dict[Any, Fold] = {ChangeProposed: _proposed, ChangeLetOut: _settled, ChangeDropped: _settled}


def waiting(tables: Tables, case: str) -> list[Change]:
    """The changes of a case that wait, the oldest first."""
    rows = tables.execute("SELECT * FROM change WHERE case_id = ? ORDER BY position", (case,))
    return [_change(row) for row in rows]


#: Of one that there never was no less: nobody learns which.
GONE = "This change waits no more: somebody may have seen to it. Nothing was changed."


def by_id(tables: Tables, change: str) -> Change:
    """Raises NotFound for one that there is not, or that waits no more."""
    for row in tables.execute("SELECT * FROM change WHERE id = ?", (change,)):
        return _change(row)
    raise NotFound(GONE)


def _change(row: Any) -> Change:
    id, case, subject, what, position, since = row
    return Change(id, case, subject, what, position, now.instant(since))
