"""The HTTP side, assembled: every route in one table, behind one guard."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import prometheus_client
from starlette.datastructures import State
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from heard import templates
from heard.accounts import own, passkey_pages, password_pages, people
from heard.accounts import pages as account_pages
from heard.cases import pages as case_pages
from heard.cases.exits import Serving, WayOut
from heard.coverage import (
    desk,
    drafting,
    front,
    looking_back,
    openings,
    orders,
    pictures,
    pulse,
    put_right,
    receipt_pages,
    roles,
)
from heard.coverage import follow_pages as case_follow_pages
from heard.coverage import pages as coverage_pages
from heard.deliver import feeds
from heard.engine.errors import HeardError, NotAllowed
from heard.reports import alike_page, follow_pages, indexing, promises, wrong
from heard.reports import desk as report_desk
from heard.reports import outgoing as report_outgoing
from heard.reports import pages as report_pages
from heard.watch import (
    arming_page,
    calendar_page,
    link_pages,
    period_pages,
    phones,
    plan_pages,
    replaying,
    retention_page,
)
from heard.watch import pages as watch_pages
from heard.web import api, errors, fixes, pings, push_pages, shell, stale, taking_hold, taking_past
from heard.web.addresses import Addresses
from heard.web.lending import Lending
from heard.web.packing import pack
from heard.web.security import bind, bounded, refuse


#: Everything that can be asked of the server. Whatever sends bytes of a case to the public is a `WayOut`.
def routes() -> list[BaseRoute]:
    return [
        WayOut("/", "page", front.front_page),
        Mount(api.PREFIX, routes=api.routes()),
        *account_pages.routes(),
        *password_pages.routes(),
        *own.routes(),
        *passkey_pages.routes(),
        *people.routes(),
        *shell.routes(),
        *alike_page.routes(),
        *report_desk.routes(),
        *promises.routes(),
        *orders.routes(),
        *roles.routes(),
        *receipt_pages.routes(),
        *looking_back.routes(),
        *taking_past.routes(),
        *taking_hold.routes(),
        *pulse.routes(),
        *openings.routes(),
        *drafting.routes(),
        *desk.routes(),
        *push_pages.routes(),
        *phones.routes(),
        *link_pages.routes(),
        *arming_page.routes(),
        *replaying.routes(),
        *period_pages.routes(),
        *plan_pages.routes(),
        *calendar_page.routes(),
        *retention_page.routes(),
        *watch_pages.routes(),
        *pings.routes(),
        *fixes.routes(),
        Route("/static/{path:path}", static, methods=["GET"]),
        Route("/log/checkpoint", checkpoint, methods=["GET"]),
        Route("/healthz", healthz, methods=["GET"]),
        Route("/metrics", metrics, methods=["GET"]),
        *indexing.routes(),
        *follow_pages.routes(),
        *wrong.routes(),
        *report_outgoing.routes(),
        *report_pages.routes(),
        *feeds.routes(),
        *case_pages.routes(),
        *pictures.routes(),
        *put_right.routes(),
        *case_follow_pages.routes(),
        *coverage_pages.routes(),
        Route("/{slug}", with_slash, methods=["GET"]),
    ]


LostFor = Callable[[], float | None]


def build(
    serving: Serving,
    lending: Lending | None = None,
    lost_for: LostFor | None = None,
    look: Callable[[], None] = lambda: None,
) -> ASGIApp:
    """The application; `serving` is open already.

    `lending` is shown every answer, for the edges to give out; `lost_for` tells for how many seconds the journal has
    been lost, or None; `look` is called before each answer.
    """
    return Application(serving, routes(), lending, lost_for, look)


class Application:
    """Finds what answers, asks it, and makes an answer of whatever goes wrong. ASGI, and nothing stands in between."""

    def __init__(
        self,
        serving: Serving,
        routes: Sequence[BaseRoute],
        lending: Lending | None,
        lost_for: LostFor | None,
        look: Callable[[], None],
    ) -> None:
        self._lending, self._lost_for, self._look = lending, lost_for, look
        self.state = State({"serving": serving})
        self._serving, self._addresses = serving, Addresses(routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        scope["app"] = self
        if (lost := self._lost_for() if self._lost_for else None) is not None:
            stale.ask_anew(scope)
        request = Request(scope, bounded(scope, receive))
        of = self._lending.edition.now() if self._lending else 0
        try:
            response = await self._answer(request)
        except ClientDisconnect:
            return  # nobody is there to be answered
        bind(response, self._serving.embeds_from)
        if lost is not None:
            stale.mark(response, lost)
        pack(request, response)
        if self._lending:
            self._lending.consider(request, response, of)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        try:
            refuse(request)
            self._look()
            self._be_at(request.headers.get("heard-position", ""))
            return await self._addresses.find(request.scope)(request)
        except ClientDisconnect:
            raise
        except HeardError as refusal:
            return await errors.on_heard_error(request, refusal)
        except HTTPException as wrong:
            return await errors.on_http_exception(request, wrong)
        except Exception as mistake:
            return await errors.on_anything_else(request, mistake)

    def _be_at(self, wanted: str) -> None:
        """Read your writes: whoever names a position is answered from at least that far. Asked of every answer, since
        what another process has folded into the same file holds for it.
        """
        node = self._serving.node
        position = node.projection.position()
        if wanted.isdecimal() and len(wanted) < 19 and int(wanted) > position:
            node.catch_up()


async def _live(receive: Receive, send: Send) -> None:
    for word in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{word}.complete"})


async def static(request: Request) -> Response:
    """Scripts, styles and pictures of the pages themselves, from memory."""
    found = templates.static_files().get(request.path_params["path"])
    if found is None:
        return PlainTextResponse("There is nothing at this address.", 404)
    content, media_type, immutable = found
    kept = "public, max-age=31536000, immutable" if immutable else "public, max-age=300"
    return Response(content, media_type=media_type, headers={"Cache-Control": kept})


async def checkpoint(request: Request) -> Response:
    """The signed head of the journal, for whoever verifies."""
    serving: Serving = request.app.state.serving
    return PlainTextResponse(serving.node.journal.checkpoint(), headers={"Cache-Control": "public, max-age=1"})


async def healthz(request: Request) -> Response:
    serving: Serving = request.app.state.serving
    behind = serving.node.journal.store.position() - serving.node.projection.position()
    return PlainTextResponse(f"ok, {behind} behind\n", headers={"Cache-Control": "no-store"})


async def metrics(request: Request) -> Response:
    """For operators on this machine only. Whom a proxy brings comes from elsewhere, also where it is not trusted."""
    local = request.client is not None and request.client.host in ("127.0.0.1", "::1")
    if not local or any(name in request.headers for name in BROUGHT_BY_A_PROXY):
        raise NotAllowed("Figures are for this machine and its administrators.")
    serving: Serving = request.app.state.serving
    POSITION.set(serving.node.projection.position())
    return Response(prometheus_client.generate_latest(), media_type=prometheus_client.CONTENT_TYPE_LATEST)


BROUGHT_BY_A_PROXY = ("forwarded", "x-forwarded-for", "via")
POSITION = prometheus_client.Gauge("heard_position", "How far this node has folded the journal.")


async def with_slash(request: Request) -> Response:
    return RedirectResponse(f"/{request.path_params['slug']}/", 308)
