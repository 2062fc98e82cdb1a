"""The accounts of which all goes for approval, and who of the lawyers was told so: their table, and the questions.

That nothing which the account itself can ask tells it so is what the bound is for: these are asked for others alone.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec

from heard.coverage.entries import ApprovalEnded, ApprovalRequired, LawyerTold, TextStopped
from heard.engine import now
from heard.engine.clock import Clock
from heard.engine.entry import Draft, Entry
from heard.engine.node import Command, Decision
from heard.engine.projection import Fold, Tables
from heard.engine.told import SENT

#: A lawyer has looked at it within this, as an editor at what is held.
LOOKED_AT_WITHIN = timedelta(hours=1)
#: For longer than anybody asks about.
STOPPED_KEPT = timedelta(hours=1)

SCHEMA = """
CREATE TABLE IF NOT EXISTS stopped (account TEXT NOT NULL, at TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS stopped_account ON stopped (account, at);
CREATE TABLE IF NOT EXISTS approval (
    account TEXT PRIMARY KEY, since TEXT NOT NULL, case_id TEXT NOT NULL, position INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS lawyer_told (
    bound INTEGER NOT NULL, lawyer TEXT NOT NULL, at TEXT NOT NULL, by TEXT NOT NULL, PRIMARY KEY (bound, lawyer)
) WITHOUT ROWID;
"""


class Bound(msgspec.Struct, frozen=True):
    """All of an account goes for approval; the text that was one too many was of this case, or of none known."""

    account: str
    since: datetime
    case: str
    position: int

    @property
    def clock(self) -> Clock:
        return Clock(self.since, self.since + LOOKED_AT_WITHIN)


class Told(msgspec.Struct, frozen=True):
    """It was tried to tell somebody of a bound, and how that went by each way of telling."""

    lawyer: str
    at: datetime
    by: dict[str, str]

    @property
    def is_reached(self) -> bool:
        """Whether any way took it: a mail server that never answered told nobody; nor did an open page of the watch,
        which earlier versions wrote down too.
        """
        return any(how == SENT for way, how in self.by.items() if way != "page")


def _stopped(tables: Tables, entry: Entry, body: TextStopped) -> None:
    tables.execute("DELETE FROM stopped WHERE at < ?", (now.text(entry.at - STOPPED_KEPT),))
    tables.execute("INSERT INTO stopped VALUES (?, ?)", (entry.stream, now.text(entry.at)))


def _required(tables: Tables, entry: Entry, body: ApprovalRequired) -> None:
    row = (entry.stream, now.text(entry.at), body.case, entry.position)
    tables.execute("INSERT OR IGNORE INTO approval VALUES (?, ?, ?, ?)", row)


def _told(tables: Tables, entry: Entry, body: LawyerTold) -> None:
    row = (body.bound, body.lawyer, now.text(entry.at), msgspec.json.encode(body.by).decode())
    tables.execute("INSERT OR IGNORE INTO lawyer_told VALUES (?, ?, ?, ?)", row)


def _ended(tables: Tables, entry: Entry, body: ApprovalEnded) -> None:
    for (position,) in list(tables.execute("SELECT position FROM approval WHERE account = ?", (entry.stream,))):
        tables.execute("DELETE FROM lawyer_told WHERE bound = ?", (position,))
    tables.execute("DELETE FROM approval WHERE account = ?", (entry.stream,))
    tables.execute("DELETE FROM stopped WHERE account = ?", (entry.stream,))


FOLDS: dict[Any, Fold] = {TextStopped: _stopped, ApprovalRequired: _required, LawyerTold: _told, ApprovalEnded: _ended}


def in_force(tables: Tables) -> list[Bound]:
    """The bounds that nobody has ended, the oldest first."""
    rows = tables.execute("SELECT account, since, case_id, position FROM approval ORDER BY position")
    return [Bound(account, now.instant(since), case, position) for account, since, case, position in rows]


def told(tables: Tables, bound: int) -> list[Told]:
    """Who was told of the bound that began at this position, in the order of telling."""
    rows = tables.execute("SELECT lawyer, at, by FROM lawyer_told WHERE bound = ? ORDER BY at, lawyer", (bound,))
    return [Told(lawyer, now.instant(at), msgspec.json.decode(by)) for lawyer, at, by in rows]


def record_told(bound: Bound, lawyer: str, by: dict[str, str]) -> Command:
    """How telling one lawyer of a bound went. Of one that ended since, or told by another node, nothing is written."""

    def judge(tables: Tables) -> Decision:
        stands = bound.position in [one.position for one in in_force(tables)]
        if not stands or lawyer in [one.lawyer for one in told(tables, bound.position)]:
            return Decision((), (bound.account,))
        return Decision((Draft(bound.account, LawyerTold(bound.position, lawyer, by)),), (bound.account,))

    return judge
