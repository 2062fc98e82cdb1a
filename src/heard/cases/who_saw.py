"""Who saw the names under an order, what waits on the desk, what readers wrote: an entry before it is shown, one for
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
    """The same of the words of what waits on a desk, a draft of somebody else too, and of messages of readers."""
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


def who_saw(tables: Tables, things: Collection[str], most: int = SHOWN) -> dict[str, list[Sight]]:
    """By thing, who was shown the names under an order, or its words: the last first, and so many. In one question, as
    a desk has hundreds.
    """
    rows = tables.execute(
        "SELECT thing, account, at FROM ("
        "SELECT thing, account, at, row_number() OVER (PARTITION BY thing ORDER BY position DESC) AS nth "
        "FROM json_each(?) CROSS JOIN seen ON seen.thing = json_each.value) WHERE nth <= ? ORDER BY thing, nth",
        (msgspec.json.encode(sorted(set(things))).decode(), most),
    )
    saw: dict[str, list[Sight]] = {thing: [] for thing in things}
    for thing, account, at in rows:
        saw[thing].append(Sight(account, now.instant(at)))
    return saw
