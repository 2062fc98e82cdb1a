"""Who saw the names under an order: an entry before they are shown, one for each account, order and hour.

So a page that is loaded again, or a program that asks every minute, writes nothing more.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import msgspec

from heard.cases.entries import NamesSeen
from heard.engine import now
from heard.engine.entry import Draft, Entry
from heard.engine.node import Command, Decision
from heard.engine.projection import Fold, Tables

#: For so long who saw the names counts as having seen them.
HOUR = timedelta(hours=1)
#: As many as one order's list shows.
SHOWN = 50


class Sight(msgspec.Struct, frozen=True):
    """An account was shown the names under an order, and may have looked again within the hour."""

    account: str
    at: datetime


def see_names(account: str, case: str, orders: Collection[str]) -> Command:
    """Write down that an account is about to be shown the names under these orders, where it was not in this hour."""

    def judge(tables: Tables) -> Decision:
        new = tuple(sorted(set(orders) - _seen(tables, account)))
        return Decision((Draft(account, NamesSeen(case, new)),) if new else (), (account,))

    return judge


def _seen(tables: Tables, account: str) -> set[str]:
    since = now.text(now.utc() - HOUR)
    rows = tables.execute("SELECT restriction FROM names_seen WHERE account = ? AND at > ?", (account, since))
    return {restriction for (restriction,) in rows}


SCHEMA = """
CREATE TABLE IF NOT EXISTS names_seen (
    restriction TEXT NOT NULL, position INTEGER NOT NULL, account TEXT NOT NULL, at TEXT NOT NULL,
    PRIMARY KEY (restriction, position)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS names_seen_account ON names_seen (account, at);
"""


def _saw(tables: Tables, entry: Entry, body: NamesSeen) -> None:
    for restriction in body.restrictions:
        row = (restriction, entry.position, entry.stream, now.text(entry.at))
        tables.execute("INSERT OR IGNORE INTO names_seen VALUES (?, ?, ?, ?)", row)


FOLDS: dict[Any, Fold] = {NamesSeen: _saw}


def who_saw(tables: Tables, restriction: str, most: int = SHOWN) -> list[Sight]:
    """Who was shown the names under an order, the last first."""
    rows = tables.execute(
        "SELECT account, at FROM names_seen WHERE restriction = ? ORDER BY position DESC LIMIT ?", (restriction, most)
    )
    return [Sight(account, now.instant(at)) for account, at in rows]
