"""Following by e-mail, for anybody: ask, say yes from the letter, leave.

A page answers the same whether or not an address follows anything. A link in a letter is opened by machines that look
for malice: so what it does is done by its button (POST), and by the one-click header of RFC 8058, which is a POST too.
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from heard import templates
from heard.cases.exits import Outgoing, Serving, WayOut, looking_twice
from heard.cases.saying_back import ASKED, said_back
from heard.engine import now
from heard.engine.errors import NotFound, Refused
from heard.engine.network import network
from heard.reports import digests, finding, projection
from heard.reports.areas import area_key
from heard.reports.follows import KEY_MAX, SORTS, Followed, Follows, Told
from heard.reports.pages import register_of, sent
from heard.reports.register import Register

NO_MAIL = "This site sends no e-mail. You can follow by feed instead. Nothing was kept."


def routes() -> list[BaseRoute]:
    return [
        WayOut("/reports/follow/", "page", form),
        Route("/reports/follow/", ask, methods=["POST"]),
        Route("/reports/follow/{token}/", confirming, methods=["GET"]),
        Route("/reports/follow/{token}/", confirm, methods=["POST"]),
        Route("/reports/leave/{token}/", leaving, methods=["GET"]),
        Route("/reports/leave/{token}/", leave, methods=["POST"]),
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

    Raises NotFound.
    """
    known = len(key) <= KEY_MAX and sort in SORTS
    match sort if known else "":
        case "report":
            return Followed("report", register.of(projection.by_slug(serving.tables, key)).id)
        case "body" if key and any(one.key == key for shown in register for one in shown.met()):
            return Followed("body", key)
        case "area" if key and any(area_key(shown.area) == key for shown in register):
            return Followed("area", key)
        case "search":
            return Followed("search", digests.query_of(key).address(page=1).removeprefix("./"))
    raise NotFound("There is nothing of this name here that could be followed.")


async def ask(request: Request) -> Response:
    """Keep the wish, and answer that a letter is on its way: the same for every address."""
    serving: Serving = request.app.state.serving
    said = await request.form()
    sort, key, address = (str(said.get(name) or "").strip() for name in ("what", "key", "address"))

    async def asked() -> Response:
        followed = _followed(register_of(serving), serving, sort, key)
        try:
            if serving.follows is None:
                raise Refused(NO_MAIL)
            serving.follows.ask(address, followed, network(request.client.host if request.client else ""))
        except Refused as refusal:
            made = templates.render(
                "reports/follow.html", **_context(serving, sort, ASKED, _named(sort), refusal.message)
            )
            let = serving.doors.of_every(serving.tables).let("page", made)
            return Response(said_back("page", let, key), 422, _KEPT_NOWHERE, "text/html")
        return RedirectResponse("/reports/follow/?sent=1", 303, _KEPT_NOWHERE)

    return await looking_twice(serving, asked)


#: Other sites learn nothing of the address. With `no-referrer` a browser of before 2023 could not send the form: see
#: `web.security`.
_KEPT_NOWHERE = {"Cache-Control": "no-store", "Referrer-Policy": "same-origin", "X-Robots-Tag": "noindex"}


async def confirming(request: Request) -> Response:
    return _answer("confirm")


async def leaving(request: Request) -> Response:
    return _answer("leave")


def _answer(state: str, status: int = 200) -> Response:
    """A page of our own words alone: a link may be opened by anybody who passes it on."""
    return Response(templates.render("reports/following.html", state=state), status, _KEPT_NOWHERE, "text/html")


async def confirm(request: Request) -> Response:
    serving: Serving = request.app.state.serving
    follows = _follows(serving)
    told = Told(serving.node.catch_up(), now.today())
    follows.confirm(request.path_params["token"], told)
    return _answer("confirmed")


async def leave(request: Request) -> Response:
    """By the button, or by the reader's mail program with `List-Unsubscribe=One-Click`."""
    _follows(request.app.state.serving).leave(request.path_params["token"])
    return _answer("left")


def _follows(serving: Serving) -> Follows:
    if serving.follows is None:
        raise Refused(NO_MAIL)
    found: Follows = serving.follows
    return found
