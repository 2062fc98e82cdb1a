"""The HTTP side, assembled: every route in one table, behind one guard."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import prometheus_client
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from heard import templates
from heard.accounts import pages as account_pages
from heard.cases import pages as case_pages
from heard.cases.exits import Serving, WayOut
from heard.coverage import desk, front
from heard.coverage import pages as coverage_pages
from heard.deliver import feeds
from heard.engine.errors import HeardError, NotAllowed
from heard.web import api, errors
from heard.web.security import Guarded


#: Everything that can be asked of the server. Whatever sends bytes of a case to the public is a `WayOut`.
def routes() -> list[BaseRoute]:
    return [
        WayOut("/", "page", front.front_page),
        Mount(api.PREFIX, routes=api.routes()),
        *account_pages.routes(),
        *desk.routes(),
        Route("/static/{path:path}", static, methods=["GET"]),
        Route("/log/checkpoint", checkpoint, methods=["GET"]),
        Route("/healthz", healthz, methods=["GET"]),
        Route("/metrics", metrics, methods=["GET"]),
        *feeds.routes(),
        *case_pages.routes(),
        *coverage_pages.routes(),
        Route("/{slug}", with_slash, methods=["GET"]),
    ]


def build(serving: Serving) -> ASGIApp:
    """The application; `serving` is open already."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield

    app = Starlette(
        routes=routes(),
        middleware=[Middleware(GZipMiddleware, minimum_size=1000, compresslevel=5), Middleware(Positioned)],
        exception_handlers={
            HeardError: errors.on_heard_error,
            404: errors.on_http_exception,
            405: errors.on_http_exception,
            400: errors.on_http_exception,
            Exception: errors.on_anything_else,
        },
        lifespan=lifespan,
    )
    app.state.serving = serving
    return Guarded(app)


class Positioned:
    """Read your writes: whoever names a position is answered from at least that far."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            request = Request(scope)
            wanted = request.headers.get("heard-position", "")
            serving: Serving = scope["app"].state.serving
            if wanted.isdecimal() and len(wanted) < 19 and int(wanted) > serving.node.projection.position():
                serving.node.catch_up()
        await self.app(scope, receive, send)


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
    """For operators on this machine only."""
    if request.client is None or request.client.host not in ("127.0.0.1", "::1"):
        raise NotAllowed("Figures are for this machine and its administrators.")
    serving: Serving = request.app.state.serving
    POSITION.set(serving.node.projection.position())
    return Response(prometheus_client.generate_latest(), media_type=prometheus_client.CONTENT_TYPE_LATEST)


POSITION = prometheus_client.Gauge("heard_position", "How far this node has folded the journal.")


async def with_slash(request: Request) -> Response:
    return RedirectResponse(f"/{request.path_params['slug']}/", 308)
