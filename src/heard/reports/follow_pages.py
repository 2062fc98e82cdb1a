"""Following reports by e-mail, for anybody: ask; saying yes and leaving are in `cases.follow_pages`."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from heard import templates
from heard.cases.exits import Outgoing, Serving, WayOut, looking_twice
from heard.cases.follow_pages import KEPT_NOWHERE, from_letters, keep_wish
from heard.cases.follows import KEY_MAX, Followed
from heard.cases.saying_back import ASKED, said_back
from heard.engine.errors import NotFound, Refused
from heard.reports import digests, finding, projection
from heard.reports.areas import area_key
from heard.reports.pages import register_of, sent
from heard.reports.register import Register


def routes() -> list[BaseRoute]:
    return [
        WayOut("/reports/follow/", "page", form),
        Route("/reports/follow/", ask, methods=["POST"]),
        *from_letters("/reports", "reports"),
    ]


async def form(request: Request, serving: Serving) -> Outgoing:
    if "sent" in request.query_params:
        return sent(serving, "reports/follow.html", **_context(serving, asked=True))
    asked = request.query_params
    if asked.get("what") == "search":
        query = finding.query_from(asked)
        made = sent(serving, "reports/follow.html", **_context(serving, "search", ASKED, _named("search")))
        made.released = said_back("page", made.released, query.address(page=1).removeprefix("./").removeprefix("?"))
        return made
    followed = _followed(register_of(serving), serving, asked.get("what", ""), asked.get("key", ""))
    what = digests.title(register_of(serving), followed)
    return sent(serving, "reports/follow.html", **_context(serving, followed.sort, asked.get("key", ""), what))


def _context(
    serving: Serving, sort: str = "", key: str = "", what: str = "", error: str = "", *, asked: bool = False
) -> dict[str, Any]:
    sends = serving.follows is not None or bool(error)
    return {"sends": sends, "sort": sort, "key": key, "what": what, "error": error, "asked": asked}


def _named(sort: str) -> str:
    return "reports that your search finds" if sort == "search" else "this"


def _followed(register: Register, serving: Serving, sort: str, key: str) -> Followed:
    """What somebody wants to follow, if it is here.

    Raises NotFound; Refused for a search that is too long.
    """
    match sort if sort == "search" or len(key) <= KEY_MAX else "":
        case "report":
            return Followed("report", register.of(projection.by_slug(serving.tables, key)).id)
        case "body" if key and any(one.key == key for shown in register for one in shown.met()):
            return Followed("body", key)
        case "area" if key and any(area_key(shown.area) == key for shown in register):
            return Followed("area", key)
        case "search":
            address = digests.query_of(key).address(page=1).removeprefix("./")
            if len(address) > KEY_MAX:
                raise Refused("This search is too long to be followed. Nothing was kept; search for fewer words.")
            return Followed("search", address)
    raise NotFound("There is nothing of this name here that could be followed.")


async def ask(request: Request) -> Response:
    """Keep the wish, and answer that a letter is on its way: the same for every address."""
    serving: Serving = request.app.state.serving
    said = await request.form()
    sort, key, address = (str(said.get(name) or "").strip() for name in ("what", "key", "address"))

    async def asked() -> Response:
        try:
            keep_wish(request, serving, address, _followed(register_of(serving), serving, sort, key))
        except NotFound:
            raise
        except Refused as refusal:
            made = templates.render(
                "reports/follow.html", **_context(serving, sort, ASKED, _named(sort), refusal.message)
            )
            let = serving.doors.of_every(serving.tables).let("page", made)
            return Response(said_back("page", let, key), 422, KEPT_NOWHERE, "text/html")
        return RedirectResponse("/reports/follow/?sent=1", 303, KEPT_NOWHERE)

    return await looking_twice(serving, asked)
