"""The page of everything that can be asked at a station: a list, and for each a form with what it takes and no more."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from heard.accounts import projection as accounts
from heard.accounts.model import Caller
from heard.cases.exits import Serving, looking_twice
from heard.engine import now
from heard.engine.entry import Entry
from heard.watch import projection, showing, suspensions
from heard.watch.arming import MORE_SORTS, SORTS
from heard.watch.asked import names, page, signed_in
from heard.watch.entries import SuspensionAsked
from heard.watch.verbs import Form

ALL_SORTS = SORTS | MORE_SORTS


def routes() -> list[BaseRoute]:
    """To be asked before those of `pages`."""
    return [Route("/watch/stations/{station}/arming/", arming_page, methods=["GET"])]


async def arming_page(request: Request) -> Response:
    serving, caller = signed_in(request, "give_orders")

    async def look() -> Response:
        sort = request.query_params.get("sort", "")
        return arming_at(serving, caller, request.path_params["station"], {"sort": sort})

    return await looking_twice(serving, look)


class Because(msgspec.Struct, frozen=True):
    """A promise for whose sake something is to be armed: where the form is sent, and where the promise stands."""

    address: str
    stands_at: str
    by: str
    words: str
    due_on: date


def arming_at(
    serving: Serving, caller: Caller, station: str, draft: Form, error: str = "", because: Because | None = None
) -> Response:
    """The form with what was typed; the list where there is no such sort."""
    tables, sort = serving.tables, draft.get("sort", "")
    known = accounts.all_accounts(tables)
    return page(
        serving, "watch/arming.html", caller, 422 if error else 200, station=projection.station(tables, station),
        sort=sort if sort in ALL_SORTS else "", sorts=ALL_SORTS, error=error, draft=draft, because=because,
        orders=projection.orders(tables, station), sources=projection.sources(tables, station),
        roster=projection.roster(tables, station), accounts=known, may_of={one.id: Caller(one) for one in known},
        others=[one for one in projection.stations(tables) if one.id != station], names=names(tables),
    )  # fmt: skip


def suspended_at(serving: Serving, station: str, limit: int = 50, beyond: int = 0) -> dict[str, Any]:
    """What the page of a station shows of its suspensions, and the deeds that can be said to be done there."""
    tables, at = serving.tables, now.utc()
    known = suspensions.at_station(tables, station, limit, beyond)
    return {
        "suspensions": known,
        "suspension_stands": {one.id: one.stands(at) for one in known},
        "suspension_why": {one.id: reason(serving.node.journal.entry(one.position)) for one in known},
        "deeds": showing.deeds(tables, station),
        "brought_in": projection.brought_in(tables, station),
    }


def reason(entry: Entry | None) -> str:
    return entry.body.reason if entry and isinstance(entry.body, SuspensionAsked) else ""
