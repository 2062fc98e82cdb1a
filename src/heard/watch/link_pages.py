"""The page behind a link to an order, which needs no account; and the verbs of a station that allow and make them.

The page has this order and a button, and not a word of another place or person. What it answers is kept nowhere, and
where one goes from it learns nothing of its address.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from heard import templates
from heard.accounts import projection as accounts
from heard.cases.exits import Serving, looking_twice
from heard.engine.errors import HeardError, NotFound
from heard.watch import linking, projection
from heard.watch.asked import do, form_of, names, signed_in
from heard.watch.by_link import Link
from heard.watch.entries import OrderPublished
from heard.watch.pages import station_at

#: Other sites learn nothing of the address. With `no-referrer` its form would say that it comes from nowhere, and
#: `web.security` refuses that.
KEPT_NOWHERE = {"Cache-Control": "no-store", "Referrer-Policy": "same-origin", "X-Robots-Tag": "noindex"}


def routes() -> list[BaseRoute]:
    """To be asked before those of `pages`, which take any verb of a station."""
    return [
        Route("/watch/stations/{station}/links", rule, methods=["POST"]),
        Route("/watch/stations/{station}/link", make, methods=["POST"]),
        Route("/watch/read/{secret}/", read, methods=["GET"]),
        Route("/watch/read/{secret}/", acknowledge, methods=["POST"]),
    ]


# At a station ---------------------------------------------------------------------------------------------------------


async def rule(request: Request) -> Response:
    """Allow links at a station, or allow them no more."""
    serving, caller = signed_in(request, "administer")
    station, form = request.path_params["station"], await form_of(request)

    async def done() -> Response:
        projection.station(serving.tables, station)
        await do(serving, caller, linking.rule(station, form.get("allowed") == "yes"), form, station)
        return RedirectResponse(f"/watch/stations/{station}/?done", 303)

    return await looking_twice(serving, done)


async def make(request: Request) -> Response:
    """A link for somebody. This answer alone ever says its address."""
    serving, caller = signed_in(request, "give_orders")
    station, form = request.path_params["station"], await form_of(request)
    order, holder = form.get("order", ""), form.get("holder", "")

    async def done() -> Response:
        projection.station(serving.tables, station)
        try:
            written = await do(serving, caller, linking.make(station, order, holder), form, station)
        except HeardError as refusal:
            return station_at(serving, caller, station, 422, error=refusal.message, draft=form)
        secret = linking.new_address(serving.vault, written.stream, holder)
        address = f"{str(request.base_url).rstrip('/')}{linking.path(secret)}"
        whose = names(serving.tables).get(holder, "somebody")
        return station_at(serving, caller, station, link_to=address, link_for=whose)

    return await looking_twice(serving, done)


# What whoever has the link is shown -----------------------------------------------------------------------------------


async def read(request: Request) -> Response:
    """The order. Nothing is recorded before the button is pressed: programs that look at mail open links as well."""
    serving: Serving = request.app.state.serving

    async def look() -> Response:
        return _order(serving, _link(request, serving))

    return await _or_over(serving, look)


async def acknowledge(request: Request) -> Response:
    """Pressed twice it is acknowledged once, and both are told so."""
    serving: Serving = request.app.state.serving

    async def done() -> Response:
        known = _link(request, serving)
        if known.used_at is None:
            with suppress(NotFound):  # somebody was quicker: what became of it is looked at below
                await serving.do(linking.acknowledge(known.id), by=known.holder)
        return _order(serving, _link(request, serving))

    return await _or_over(serving, done)


def _link(request: Request, serving: Serving) -> Link:
    return linking.opened(serving.tables, linking.link_of(serving.vault, request.path_params["secret"]))


async def _or_over(serving: Serving, look: Callable[[], Awaitable[Response]]) -> Response:
    try:
        return await looking_twice(serving, look)
    except NotFound:
        return _answer(404, link=None, over=linking.OVER)


def _order(serving: Serving, link: Link) -> Response:
    tables = serving.tables
    order = projection.order(tables, link.order)
    entry = serving.node.journal.entry(order.position)
    if entry is None or not isinstance(entry.body, OrderPublished):  # its words were erased
        raise NotFound(linking.OVER)
    name = accounts.by_id(tables, link.holder).name
    station = projection.station(tables, link.station)
    return _answer(200, link=link, order=order, words=entry.body, station=station, name=name)


def _answer(status: int, **shown: Any) -> Response:
    return Response(templates.render("watch/by_link.html", **shown), status, KEPT_NOWHERE, "text/html")
