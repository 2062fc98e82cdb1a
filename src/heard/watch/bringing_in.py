"""History of a station, out of another system's store: what happened, when the store says so, and when we heard of it.

It repairs what is known of the past, and may clear an alarm as late evidence. It rings nothing that was over when it
came, says nothing of now, and never shows that anything was known earlier than it was heard here. A person's own claim
of an earlier time counts for nothing: it is stamped by a device, or a second person stands by it. Positions of people
are no history: they are kept for three days, if at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from heard.accounts import projection as accounts
from heard.accounts.model import Caller
from heard.cases.model import checked_words
from heard.engine.entry import Draft
from heard.engine.errors import NotFound, Refused
from heard.engine.node import Command, Decision
from heard.engine.projection import Tables
from heard.watch import folds, model, projection
from heard.watch.entries import DeedDone, StateTold
from heard.watch.showing import CHECK, CHECK_IN

#: So many rows are written in one go.
AT_ONCE = 500

Row = DeedDone | StateTold


class Store(msgspec.Struct, frozen=True):
    """`name` of the system; what it calls the station; whether a device stamps its times; else who stands by them all;
    and whose account is meant by each name that it has for a person.
    """

    name: str
    calls_it: str = ""
    stamped: bool = False
    second: str = ""
    people: Mapping[str, str] = {}


class Read(msgspec.Struct, frozen=True):
    """Its rows as bodies of entries, the oldest first, and how many were of other places."""

    rows: tuple[Row, ...]
    of_others: int


def rows(tables: Tables, station: str, store: Store, said: Sequence[Mapping[str, Any]]) -> Read:
    """What a store says of one station, whole or not at all; `said` are pieces of evidence (`kind`, `t` and more).

    Raises Refused with the number of the piece that cannot be taken.
    """
    here, name = projection.station(tables, station), checked_words(store.name, "store", model.CODE_MAX)
    names = {one.casefold() for one in (here.code, here.id, store.calls_it) if one}
    taken, of_others = list[Row](), 0
    for number, one in enumerate(said, start=1):
        if one["kind"] in ("check", "state") and str(one.get("post") or one.get("thing")).casefold() not in names:
            of_others += 1
            continue
        try:
            taken.append(_row(tables, store, name, one))
        except Refused as wrong:
            raise Refused(f"Row {number}: {wrong.message} Nothing was read in.") from None
    states = [at for one in taken if isinstance(one, StateTold) and (at := one.since_at) is not None]
    if states and (here.state_at is None or here.state_at < max(states)):
        raise Refused(
            "It has a state that is newer than what was told here, and history says nothing of now. Nothing was read "
            "in; tell the state of the station first, as it is now."
        )
    return Read(tuple(sorted(taken, key=_at)), of_others)


def _at(row: Row) -> datetime:
    at = row.since_at if isinstance(row, StateTold) else row.done_at
    assert at is not None
    return at


def _row(tables: Tables, store: Store, name: str, one: Mapping[str, Any]) -> Row:
    second = " ".join(str(one.get("second") or store.second).split())
    at = one["t"] if isinstance(one["t"], datetime) else datetime.fromisoformat(one["t"])
    match one["kind"]:
        case "state":
            value = checked_words(str(one["value"]), "state", model.STATE_MAX)
            return StateTold(value, one.get("ttl_s"), at, name, second)
        case "check":
            who = str(one["who"])
            if not (store.stamped or one.get("tag") or second):
                raise Refused("Nobody stands by its time but who claims it, and no device stamped it.")
            if second.casefold() == who.casefold():
                raise Refused("Whoever stands by a claim is another than who makes it.")
            holder = _account(tables, store, who)
            deed = CHECK if holder.may("supervise") else CHECK_IN
            return DeedDone(deed, "", at, holder.account.id, name, checked_words(second, "second", 200, needed=False))
    raise Refused("Only checks and states are read in as history; where people were is not.")


def _account(tables: Tables, store: Store, who: str) -> Caller:
    try:
        found = Caller(accounts.by_email(tables, store.people.get(who, who)))
    except NotFound:
        raise Refused("It names somebody who has no account. Say whose it is.") from None
    if not (found.may("keep_watch") or found.may("supervise")):
        raise Refused("It names somebody whose account may neither keep a duty nor supervise.")
    return found


def bring_in(station: str, rows: Sequence[Row]) -> Command:
    """Those of them that were not read in before."""

    def judge(tables: Tables) -> Decision:
        projection.station(tables, station)
        fresh = {folds.history_digest(station, row): row for row in rows}
        for digest in list(fresh):
            if any(True for _ in tables.execute("SELECT 1 FROM history WHERE digest = ?", (digest,))):
                del fresh[digest]
        return Decision(tuple(Draft(station, row) for row in fresh.values()), (station,))

    return judge
