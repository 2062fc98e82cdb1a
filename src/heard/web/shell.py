"""The desk on a phone: what opens it without a line, sends what waits, and installs it. Nothing of a case is in it."""

from __future__ import annotations

from typing import get_args

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from heard import templates
from heard.coverage.elements import Setting

#: Asked for at every update of the worker; otherwise a phone could stay with an old desk.
ASK_AGAIN = {"Cache-Control": "no-cache"}
#: The scripts that the shell is made of, each of which the worker keeps.
MODULES = (
    "kept.js",
    "outbox.js",
    "commands.js",
    "composer.js",
    "keeping.js",
    "typed.js",
    "redraw.js",
    "pasting.js",
    "enter.js",
)
MANIFEST = {
    "name": "Heard: the desk",
    "short_name": "Heard desk",
    "id": "/desk/",
    "start_url": "/desk/",
    "scope": "/desk/",
    "display": "standalone",
    "background_color": "#14213a",
    "theme_color": "#14213a",
    "icons": [{"src": templates.static("icon.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "any"}],
}


def routes() -> list[BaseRoute]:
    """No case can be called `-`. All of it is the same for everyone who asks, signed in or not."""
    return [
        Route("/desk/-/offline/", offline, methods=["GET"]),
        Route("/desk/-/worker.js", worker, methods=["GET"]),
        Route("/desk/-/manifest.webmanifest", manifest, methods=["GET"]),
    ]


async def offline(request: Request) -> Response:
    return Response(_offline(), media_type="text/html", headers=ASK_AGAIN)


def _offline() -> str:
    return templates.render("desk/offline.html", modules=MODULES, settings=get_args(Setting))


async def worker(request: Request) -> Response:
    """Allowed all of the desk, since it does not lie at its root."""
    headers = {**ASK_AGAIN, "Service-Worker-Allowed": "/desk/"}
    return Response(templates.worker(_offline()), media_type="text/javascript", headers=headers)


async def manifest(request: Request) -> Response:
    return Response(msgspec.json.encode(MANIFEST), media_type="application/manifest+json", headers=ASK_AGAIN)
