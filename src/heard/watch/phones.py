"""The pages of one's phones, of positions that are read, and of tags at a station. What they show stands in `known`."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from heard.accounts.model import Caller
from heard.cases.exits import Serving, looking_twice
from heard.engine import now
from heard.engine.errors import HeardError, NotFound
from heard.watch import feeds, known, positions, projection, tags
from heard.watch.asked import do, form_of, page, signed_in
from heard.watch.pages import mine_page, station_at


def routes() -> list[BaseRoute]:
    """To be asked before those of `pages`, which take any verb of a station."""
    return [
        Route("/watch/mine/phones", add_phone, methods=["POST"]),
        Route("/watch/mine/phones/{feed}/end", end_phone, methods=["POST"]),
        Route("/watch/mine/{station}/positions", my_positions, methods=["POST"]),
        Route("/watch/stations/{station}/positions", their_positions, methods=["POST"]),
        Route("/watch/tags/{secret}/", tag_page, methods=["GET"]),
        Route("/watch/tags/{secret}/", check_in, methods=["POST"]),
    ]


async def add_phone(request: Request) -> Response:
    """A phone of one's own. This answer alone ever says where it sends to."""
    serving, caller = signed_in(request, "keep_watch")
    form = await form_of(request)
    try:
        command = feeds.add_phone(caller.account.id, form.get("name") or "My phone")
        written = await do(serving, caller, command, form, "phones")
    except HeardError as refusal:
        return mine_page(serving, caller, error=refusal.message)
    return mine_page(serving, caller, address=known.address_of(request, serving, written.stream))


async def end_phone(request: Request) -> Response:
    serving, caller = signed_in(request, "keep_watch")
    form, feed = await form_of(request), request.path_params["feed"]
    await do(serving, caller, feeds.end_feed(feed, holder=caller.account.id), form, "phones")
    return RedirectResponse("/watch/mine/?done", 303)


async def my_positions(request: Request) -> Response:
    """What is kept of oneself: an entry, too."""
    serving, caller = signed_in(request, "keep_watch")
    station, me = request.path_params["station"], caller.account.id
    return await known.read(serving, caller, station, me, known.MY_OWN)


async def their_positions(request: Request) -> Response:
    serving, caller = signed_in(request, "see_watch")
    station, form = request.path_params["station"], await form_of(request)

    async def look() -> Response:
        projection.station(serving.tables, station)
        try:
            return await known.read(serving, caller, station, form.get("holder", ""), form.get("reason", ""))
        except HeardError as refusal:
            return station_at(serving, caller, station, 422, error=refusal.message, draft=form)

    return await looking_twice(serving, look)


async def tag_page(request: Request) -> Response:
    """What a phone opens that is held to a tag. Nothing is recorded before the button is pressed."""
    serving, caller = signed_in(request, "keep_watch")
    return _tag(request, serving, caller)


def _tag(request: Request, serving: Serving, caller: Caller, error: str = "") -> Response:
    tag = positions.tag(serving.tables, tags.tag_of(serving.vault, request.path_params["secret"]))
    here = projection.station(serving.tables, tag.station)
    return page(
        serving, "watch/tag.html", caller, 422 if error else 200, tag=tag, station=here, error=error, now=now.utc()
    )


async def check_in(request: Request) -> Response:
    serving, caller = signed_in(request, "keep_watch")
    form, tag = await form_of(request), tags.tag_of(serving.vault, request.path_params["secret"])
    try:
        await do(serving, caller, tags.check_in(tag, caller), form, tag)
    except NotFound:
        raise
    except HeardError as refusal:
        return _tag(request, serving, caller, refusal.message)
    return RedirectResponse("/watch/mine/?done", 303)
