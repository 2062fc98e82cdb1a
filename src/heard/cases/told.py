"""What the desk sees of the orders of a case: whoever was told, the terms; whoever is cleared, the names too.

Whoever was not told learns nothing here, not even that there is an order.
"""

from __future__ import annotations

import functools
from datetime import datetime

import msgspec

from heard.cases import projection
from heard.cases.entries import RestrictionImposed
from heard.cases.orders import KINDS, OrderKind
from heard.engine.journal import Journal
from heard.engine.projection import Tables
from heard.text.particulars import Picture, read


class Terms(msgspec.Struct, frozen=True):
    """An order in force, for one who was told of it. `names` are empty for one who is not cleared."""

    id: str
    order: OrderKind
    label: str
    law: str
    for_life: bool
    basis: str
    scope: str
    document: str
    cipher: str
    recorded_at: datetime
    from_at: datetime | None
    until_at: datetime | None
    until_event: str
    names: tuple[str, ...]
    particulars: tuple[str, ...] = ()


def orders_told(tables: Tables, journal: Journal, case: str, account: str, *, all_of_them: bool) -> list[Terms]:
    """The orders in force that an account was told of. `all_of_them`: lawyers are told of each, with its names."""
    told = projection.told_of(tables, case, account)
    seen = []
    for one in projection.restrictions(tables, case):
        if not all_of_them and one.id not in told:
            continue
        entry = journal.entry(one.position)
        if entry and isinstance(entry.body, RestrictionImposed):
            cleared = all_of_them or told[one.id]
            seen.append(_terms(entry.body, entry.at, cleared))
    return seen


@functools.lru_cache(2048)
def picture_of(particulars: tuple[str, ...]) -> Picture:
    return Picture(map(read, particulars))


def _terms(order: RestrictionImposed, at: datetime, cleared: bool) -> Terms:
    kind = KINDS[order.order]
    return Terms(
        order.restriction,
        order.order,
        kind.label,
        kind.law,
        kind.for_life,
        order.basis,
        order.scope,
        order.document,
        order.cipher,
        at,
        order.from_at,
        order.until_at,
        order.until_event,
        order.names if cleared else (),
        order.particulars if cleared else (),
    )
