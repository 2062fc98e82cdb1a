"""The tables of links by which an order is acknowledged without signing in: where they are allowed, and which are left.

A link is over when it was used, when its order has another version or is withdrawn, when its holder is released or has
read the version otherwise, when another is made for them, when links are not allowed there any more, and after its
time. All of that but the last is folded here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from heard.engine import now
from heard.engine.entry import Body, Entry
from heard.engine.projection import Fold, Tables
from heard.watch.entries import OrderAcknowledged
from heard.watch.link_entries import LinkMade, LinksRuled
from heard.watch.model import Order

SCHEMA = """
CREATE TABLE IF NOT EXISTS links_allowed (
    station TEXT PRIMARY KEY, allowed_by TEXT NOT NULL, at TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS order_link (
    id TEXT PRIMARY KEY, station TEXT NOT NULL, standing_order TEXT NOT NULL, version INTEGER NOT NULL,
    holder TEXT NOT NULL, made_by TEXT NOT NULL, made_at TEXT NOT NULL, until TEXT NOT NULL, used_at TEXT
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS order_link_order ON order_link (standing_order, holder);
CREATE INDEX IF NOT EXISTS order_link_station ON order_link (station, holder);
"""


class Link(msgspec.Struct, frozen=True):
    """For one holder, to one version of an order."""

    id: str
    station: str
    order: str
    version: int
    holder: str
    made_by: str
    made_at: datetime
    until_at: datetime
    used_at: datetime | None


class Allowed(msgspec.Struct, frozen=True):
    """Who allowed links at a station, and when."""

    by: str
    at: datetime


# What entries change --------------------------------------------------------------------------------------------------


def _ruled(tables: Tables, entry: Entry, body: LinksRuled) -> None:
    tables.execute("DELETE FROM links_allowed WHERE station = ?", (entry.stream,))
    if body.allowed:
        tables.execute("INSERT INTO links_allowed VALUES (?, ?, ?)", (entry.stream, entry.by, now.text(entry.at)))
    else:
        tables.execute("DELETE FROM order_link WHERE station = ? AND used_at IS NULL", (entry.stream,))


def _made(tables: Tables, entry: Entry, body: LinkMade) -> None:
    _forget(tables, body.order, body.holder)
    tables.execute(
        "INSERT INTO order_link VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)",
        (
            *(entry.stream, body.station, body.order, body.number, body.holder),
            *(entry.by, now.text(entry.at), now.text(body.until_at)),
        ),
    )


def _forget(tables: Tables, order: str, holder: str) -> None:
    tables.execute(
        "DELETE FROM order_link WHERE standing_order = ? AND holder = ? AND used_at IS NULL", (order, holder)
    )


def over(tables: Tables, order: str) -> None:
    """An order has another version, or binds nobody any more: no link to it is left."""
    tables.execute("DELETE FROM order_link WHERE standing_order = ?", (order,))


def released(tables: Tables, station: str, holder: str) -> None:
    """A holder has no duty there any more."""
    tables.execute("DELETE FROM order_link WHERE station = ? AND holder = ? AND used_at IS NULL", (station, holder))


def acknowledged(tables: Tables, entry: Entry, body: OrderAcknowledged) -> None:
    """A holder has read the current version, by the link or otherwise."""
    if body.link:
        tables.execute("UPDATE order_link SET used_at = ? WHERE id = ?", (now.text(entry.at), body.link))
    _forget(tables, entry.stream, entry.by)


FOLDS: Mapping[type[Body], Fold] = {LinksRuled: _ruled, LinkMade: _made}


# Questions ------------------------------------------------------------------------------------------------------------


def allowed(tables: Tables, station: str) -> Allowed | None:
    """Who allowed it, where orders of a station may be acknowledged by a link."""
    rows = tables.execute("SELECT allowed_by, at FROM links_allowed WHERE station = ?", (station,))
    return next((Allowed(who, now.instant(at)) for who, at in rows), None)


_LINK = "SELECT id, station, standing_order, version, holder, made_by, made_at, until, used_at FROM order_link"


def link(tables: Tables, link: str) -> Link | None:
    """One that was used, or that may still be as far as it is told here; its time may be over."""
    return next((_link_of(row) for row in tables.execute(f"{_LINK} WHERE id = ?", (link,))), None)


def maker(tables: Tables, order: Order, holder: str) -> str:
    """Whose link it was by which a holder read the current version, if it was one."""
    rows = tables.execute(
        "SELECT made_by FROM order_link "
        "WHERE standing_order = ? AND holder = ? AND version = ? AND used_at IS NOT NULL",
        (order.id, holder, order.version),
    )
    return next((who for (who,) in rows), "")


def at_station(tables: Tables, station: str, orders: Sequence[Order], at: datetime) -> dict[str, Any]:
    """What a station's page shows of links: whether they are allowed, which are out, and by whose somebody has read."""
    rows = tables.execute(f"{_LINK} WHERE station = ? ORDER BY made_at, id", (station,))
    known, versions = [_link_of(row) for row in rows], {one.id: one.version for one in orders}
    used = [one for one in known if one.used_at is not None and versions.get(one.order) == one.version]
    return {
        "links_allowed": allowed(tables, station),
        "links_out": [one for one in known if one.used_at is None and at < one.until_at],
        "read_by_link": {(one.order, one.holder): one.made_by for one in used},
    }


def _link_of(row: Any) -> Link:
    used_at = now.instant(row[8]) if row[8] else None
    columns: list[Any] = [*row[:6], now.instant(row[6]), now.instant(row[7]), used_at]
    return Link(*columns)
