"""Following by e-mail, for anybody: what is the same of reports and of cases. Say yes from the letter, and leave.

A page answers the same whether or not an address follows anything. A link in a letter is opened by machines that look
for malice: so what it does is done by its button (POST), and by the one-click header of RFC 8058, which is a POST too.
"""

from __future__ import annotations

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from heard import templates
from heard.cases.exits import Serving
from heard.cases.follows import Followed, Follows, Told
from heard.engine import now
from heard.engine.errors import Refused
from heard.engine.network import network

NO_MAIL = "This site sends no e-mail. You can follow by feed instead. Nothing was kept."
#: Other sites learn nothing of the address. With `no-referrer` a browser of before 2023 could not send the form: see
#: `web.security`.
KEPT_NOWHERE = {"Cache-Control": "no-store", "Referrer-Policy": "same-origin", "X-Robots-Tag": "noindex"}


def from_letters(under: str, of: str) -> list[BaseRoute]:
    """What the links of letters lead to, under the address of a room; `of` is what is followed there."""
    return [
        Route(f"{under}/follow/{{token}}/", partial(_asked, "confirm", of), methods=["GET"]),
        Route(f"{under}/follow/{{token}}/", partial(_confirm, of), methods=["POST"]),
        Route(f"{under}/leave/{{token}}/", partial(_asked, "leave", of), methods=["GET"]),
        Route(f"{under}/leave/{{token}}/", partial(_leave, of), methods=["POST"]),
    ]


def keep_wish(request: Request, serving: Serving, address: str, followed: Followed) -> None:
    """Keep what somebody wants to follow, until the address answers.

    Raises Refused.
    """
    follows_of(serving).ask(address, followed, network(request.client.host if request.client else ""))


def follows_of(serving: Serving) -> Follows:
    """Raises Refused where no e-mail is sent."""
    if serving.follows is None:
        raise Refused(NO_MAIL)
    found: Follows = serving.follows
    return found


async def _asked(state: str, of: str, request: Request) -> Response:
    return _answer(state, of)


def _answer(state: str, of: str) -> Response:
    """A page of our own words alone: a link may be opened by anybody who passes it on."""
    return Response(templates.render("cases/following.html", state=state, of=of), 200, KEPT_NOWHERE, "text/html")


async def _confirm(of: str, request: Request) -> Response:
    serving: Serving = request.app.state.serving
    follows = follows_of(serving)
    follows.confirm(request.path_params["token"], Told(serving.node.catch_up(), now.today()))
    return _answer("confirmed", of)


async def _leave(of: str, request: Request) -> Response:
    """By the button, or by the reader's mail program with `List-Unsubscribe=One-Click`."""
    follows_of(request.app.state.serving).leave(request.path_params["token"])
    return _answer("left", of)
