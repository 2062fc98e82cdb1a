"""Who saw the names under an order, what is held or sealed, what readers wrote: an entry before it is shown, one for
each account, thing and hour.

So a page that is loaded again, or a program that asks every minute, writes nothing more.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

import msgspec

from heard.cases.entries import NamesSeen, WordsSeen
from heard.engine import now
from heard.engine.entry import Body, Draft, Entry
from heard.engine.node import Command, Decision
from heard.engine.projection import Fold, Tables

#: For so long who saw something counts as having seen it.
HOUR = timedelta(hours=1)
#: As many as the list of one thing shows.
SHOWN = 50


class Sight(msgspec.Struct, frozen=True):
    """An account was shown something, and may have looked again within the hour."""

    account: str
    at: datetime


def see_names(account: str, case: str, orders: Collection[str]) -> Command:
    """Write down that an account is about to be shown the names under these orders, where it was not in this hour."""
    return _see(account, orders, lambda new: NamesSeen(case, new))


def see_words(account: str, case: str, things: Collection[str]) -> Command:
    """The same of the words of what is held or sealed, and of messages of readers."""
    return _see(account, things, lambda new: WordsSeen(case, new))


def _see(account: str, things: Collection[str], body: Callable[[tuple[str, ...]], Body]) -> Command:
    def judge(tables: Tables) -> Decision:
        new = tuple(sorted(set(things) - _seen(tables, account)))
        return Decision((Draft(account, body(new)),) if new else (), (account,))

    return judge


def _seen(tables: Tables, account: str) -> set[str]:
    since = now.text(now.utc() - HOUR)
    rows = tables.execute("SELECT thing FROM seen WHERE account = ? AND at > ?", (account, since))
    return {thing for (thing,) in rows}


SCHEMA = """
CREATE TABLE IF NOT EXISTS seen (
    thing TEXT NOT NULL, position INTEGER NOT NULL, account TEXT NOT NULL, at TEXT NOT NULL,
    PRIMARY KEY (thing, position)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS seen_account ON seen (account, at);
"""


def _saw(tables: Tables, entry: Entry, body: NamesSeen | WordsSeen) -> None:
    for thing in body.restrictions if isinstance(body, NamesSeen) else body.things:
        row = (thing, entry.position, entry.stream, now.text(entry.at))
        tables.execute("INSERT OR IGNORE INTO seen VALUES (?, ?, ?, ?)", row)


FOLDS: dict[Any, Fold] = {NamesSeen: _saw, WordsSeen: _saw}


def who_saw(tables: Tables, thing: str, most: int = SHOWN) -> list[Sight]:
    """Who was shown the names under an order, or the words of a thing, the last first."""
    rows = tables.execute("SELECT account, at FROM seen WHERE thing = ? ORDER BY position DESC LIMIT ?", (thing, most))
    return [Sight(account, now.instant(at)) for account, at in rows]
