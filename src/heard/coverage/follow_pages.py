"""Following a case by e-mail, for anybody: ask here; saying yes and leaving are in `cases.follow_pages`."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from heard import templates
from heard.cases.exits import Outgoing, Serving, WayOut, case_at, looking_twice
from heard.cases.follow_pages import KEPT_NOWHERE, from_letters, keep_wish
from heard.cases.follows import Followed
from heard.cases.model import Case
from heard.engine.errors import Refused


def routes() -> list[BaseRoute]:
    return [
        WayOut("/{slug}/follow/", "page", form),
        Route("/{slug}/follow/", ask, methods=["POST"]),
        *from_letters("/{slug}", "a case"),
    ]


async def form(request: Request, serving: Serving) -> Outgoing:
    case, door = case_at(serving, request)
    return Outgoing(door.let("page", _page(serving, case, asked="sent" in request.query_params)), case=case.id)


def _page(serving: Serving, case: Case, *, asked: bool = False, error: str = "") -> str:
    sends = serving.follows is not None or bool(error)
    return templates.render("coverage/follow.html", case=case, asked=asked, sends=sends, error=error)


async def ask(request: Request) -> Response:
    """Keep the wish, and answer that a letter is on its way: the same for every address."""
    serving: Serving = request.app.state.serving
    said = await request.form()

    async def asked() -> Response:
        case, door = case_at(serving, request)
        try:
            keep_wish(request, serving, str(said.get("address") or ""), Followed("case", case.id))
        except Refused as refusal:
            page = door.let("page", _page(serving, case, error=refusal.message))
            return Response(page, 422, KEPT_NOWHERE, "text/html")
        return RedirectResponse(f"/{case.slug}/follow/?sent=1", 303, KEPT_NOWHERE)

    return await looking_twice(serving, asked)
