"""Pings: one address that a job, a sensor or a script asks for when its work is done, as healthchecks has it.

    /ping/<uuid>   done     /start  begun     /fail  failed     /log  a note     /<n>  exit status: 0 done, else failed

By HEAD, GET or POST, answered `OK`. (https://healthchecks.io/docs/http_api/, read November 2026.) Unlike there, a body
is not kept, and `/start` says only that the source lives: no run is timed.
"""

from __future__ import annotations

import hashlib
import uuid

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from heard.cases.exits import Serving
from heard.engine.errors import NotFound
from heard.engine.journal import Vault
from heard.watch import commands
from heard.watch.entries import PingSort

HEADERS = {"Cache-Control": "no-store", "Access-Control-Allow-Origin": "*"}
EXIT_STATUS_MAX = 255
_SORTS: dict[str, PingSort] = {"start": "start", "fail": "fail", "log": "log"}


def routes() -> list[BaseRoute]:
    methods = ["GET", "HEAD", "POST"]
    return [
        Route("/ping/{secret}", ping, methods=methods),
        Route("/ping/{secret}/{said}", ping, methods=methods),
    ]


def new_address(vault: Vault, source: str) -> str:
    """A fresh address of a source, told once: the vault has its digest."""
    secret = str(uuid.uuid4())
    vault.put("ping", _digest(secret), source.encode())
    return f"/ping/{secret}"


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.lower().encode()).hexdigest()


async def ping(request: Request) -> Response:
    """Kept, and on the disk, when it is answered."""
    serving: Serving = request.app.state.serving
    said = request.path_params.get("said", "")
    sort, code = _SORTS.get(said, "success"), None
    if said and said not in _SORTS:
        if not (said.isascii() and said.isdecimal() and len(said) <= 3 and int(said) <= EXIT_STATUS_MAX):
            return PlainTextResponse("invalid url format", 400, HEADERS)
        code = int(said)
        sort = "success" if code == 0 else "fail"
    source = serving.vault.get("ping", _digest(request.path_params["secret"]))
    if source is None:
        return PlainTextResponse("not found", 404, HEADERS)
    try:
        await serving.do(commands.ping(source.decode(), sort, code), by=source.decode())
    except NotFound:
        return PlainTextResponse("not found", 404, HEADERS)
    return PlainTextResponse("OK", 200, HEADERS)
