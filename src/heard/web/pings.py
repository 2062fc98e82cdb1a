"""Pings: one address that a job, a sensor or a script asks for when its work is done.

By HEAD, GET or POST, answered `OK`, as healthchecks has it (https://healthchecks.io/docs/http_api/). Unlike there, no
run is timed: `/start` says only that the source lives.
"""

from __future__ import annotations

from typing import cast

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from heard.cases.exits import Serving
from heard.engine import now
from heard.engine.errors import NotFound, Refused
from heard.ingest import pings as decoding
from heard.watch import commands
from heard.watch.entries import PingSort
from heard.watch.pings import source_of

HEADERS = {"Cache-Control": "no-store", "Access-Control-Allow-Origin": "*"}


def routes() -> list[BaseRoute]:
    methods = ["GET", "HEAD", "POST"]
    return [
        Route("/ping/{secret}", ping, methods=methods),
        Route("/ping/{secret}/{said}", ping, methods=methods),
    ]


async def ping(request: Request) -> Response:
    """Kept, and on the disk, when it is answered."""
    serving: Serving = request.app.state.serving
    try:
        told = decoding.read(request.url.path, now.utc(), request.url.query)
    except Refused:
        return PlainTextResponse("invalid url format", 400, HEADERS)
    source = source_of(serving.vault, told.source)
    if source is None:
        return PlainTextResponse("not found", 404, HEADERS)
    sort, code = cast(PingSort, told.kind.removeprefix("ping.")), told.facts.get("exit_status")
    try:
        await serving.do(commands.ping(source, sort, code if isinstance(code, int) else None), by=source)
    except NotFound:
        return PlainTextResponse("not found", 404, HEADERS)
    return PlainTextResponse("OK", 200, HEADERS)
