"""States of a case beside its orders: sitting in private, care that is taken, a second pair of eyes by rule, words that
were held and meant nobody.

Their tables, and the questions asked of them; what is done about them is in `private`, `careful` and `false_holds`.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from heard.cases.entries import CareTaken, HoldWasFalse, PublicAdmitted, PublicExcluded, SecondEyesRuled
from heard.engine import now
from heard.engine.entry import Entry
from heard.engine.projection import Fold, Tables
from heard.engine.remembered import remembered

#: The room whose tables these are.
ROOM = "cases"

SCHEMA = """
CREATE TABLE IF NOT EXISTS care (case_id TEXT NOT NULL, care TEXT NOT NULL, PRIMARY KEY (case_id, care)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS private (
    hearing TEXT NOT NULL, case_id TEXT NOT NULL, since TEXT NOT NULL, by TEXT NOT NULL, until TEXT,
    leave INTEGER NOT NULL, PRIMARY KEY (hearing, since)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS private_case ON private (case_id, until);
CREATE TABLE IF NOT EXISTS second_eyes (case_id TEXT PRIMARY KEY, asked_by TEXT NOT NULL, asked INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS not_meant (
    case_id TEXT NOT NULL, words TEXT NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (case_id, words)
) WITHOUT ROWID;
"""


def _care(tables: Tables, entry: Entry, body: CareTaken) -> None:
    tables.execute("DELETE FROM care WHERE case_id = ?", (body.case,))
    for care in body.care:
        tables.execute("INSERT OR IGNORE INTO care VALUES (?, ?)", (body.case, care))


def _excluded(tables: Tables, entry: Entry, body: PublicExcluded) -> None:
    since = (body.hearing, body.case, now.text(entry.at), entry.by)
    tables.execute("INSERT OR IGNORE INTO private VALUES (?, ?, ?, ?, NULL, 0)", since)


def _admitted(tables: Tables, entry: Entry, body: PublicAdmitted) -> None:
    at = now.text(entry.at)
    tables.execute("UPDATE private SET until = ? WHERE hearing = ? AND until IS NULL", (at, body.hearing))
    if body.leave:
        tables.execute("UPDATE private SET leave = 1 WHERE hearing = ?", (body.hearing,))


def _second_eyes(tables: Tables, entry: Entry, body: SecondEyesRuled) -> None:
    if body.needed:
        tables.execute("INSERT OR REPLACE INTO second_eyes VALUES (?, '', NULL)", (body.case,))
    elif body.only_asked:
        asked = (entry.by, entry.position, body.case)
        tables.execute("UPDATE second_eyes SET asked_by = ?, asked = ? WHERE case_id = ?", asked)
    else:
        tables.execute("DELETE FROM second_eyes WHERE case_id = ?", (body.case,))


def _not_meant(tables: Tables, entry: Entry, body: HoldWasFalse) -> None:
    tables.execute("INSERT OR REPLACE INTO not_meant VALUES (?, ?, ?)", (body.case, body.words, entry.position))


FOLDS: dict[Any, Fold] = {
    CareTaken: _care,
    PublicExcluded: _excluded,
    PublicAdmitted: _admitted,
    SecondEyesRuled: _second_eyes,
    HoldWasFalse: _not_meant,
}


@remembered(ROOM)
def care(tables: Tables, case: str) -> frozenset[str]:
    """With what care the case is reported."""
    return frozenset(care for (care,) in tables.execute("SELECT care FROM care WHERE case_id = ?", (case,)))


@remembered(ROOM)
def in_private(tables: Tables, case: str) -> dict[str, tuple[datetime, str]]:
    """The hearings that sit in private, since when and on whose word."""
    rows = tables.execute("SELECT hearing, since, by FROM private WHERE case_id = ? AND until IS NULL", (case,))
    return {hearing: (now.instant(since), by) for hearing, since, by in rows}


def was_in_private(tables: Tables, case: str, at: datetime) -> list[str]:
    """The hearings that sat in private at an instant, and of which nothing may be told still."""
    rows = tables.execute(
        "SELECT hearing FROM private WHERE case_id = ? AND since <= ? AND (until IS NULL OR until > ?) AND NOT leave",
        (case, now.text(at), now.text(at)),
    )
    return [hearing for (hearing,) in rows]


@remembered(ROOM)
def not_meant(tables: Tables, case: str, since: int) -> frozenset[str]:
    """Digests of words that were found to mean nobody protected, after the order at position `since`."""
    rows = tables.execute("SELECT words FROM not_meant WHERE case_id = ? AND position > ?", (case, since))
    return frozenset(words for (words,) in rows)


def digest(*texts: str) -> str:
    """What stands for just these words. It is in the tables of what is published with them, and hides nothing."""
    told = sorted({" ".join(text.split()) for text in texts if text.strip()})
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


@remembered(ROOM)
def asked_to_end_second_eyes(tables: Tables, case: str) -> tuple[str, int] | None:
    """The account that said that a second pair of eyes is needed no more, and by which entry; another has to say so."""
    rows = tables.execute("SELECT asked_by, asked FROM second_eyes WHERE case_id = ? AND asked_by != ''", (case,))
    return next(((str(by), int(position)) for by, position in rows), None)
