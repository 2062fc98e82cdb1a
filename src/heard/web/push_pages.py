"""Letting a phone ring for one, and ring no more: what the script of one's own page asks for and sends."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from heard import templates
from heard.accounts.model import Caller
from heard.accounts.still import must_still
from heard.cases.exits import Serving
from heard.deliver.web_push import NO_SUBSCRIPTION, browser
from heard.engine.errors import Refused, TooLarge, Unavailable
from heard.engine.told import GONE, SENT
from heard.watch import subscriptions
from heard.watch.asked import NO_STORE, form_of, signed_in
from heard.watch.pages import mine_page
from heard.web.push import Push

#: More than any browser says.
SENT_MAX = 8 * 1024
ASK_AGAIN = {"Cache-Control": "no-cache"}
MANIFEST = {
    "name": "Heard: the watch",
    "short_name": "Heard watch",
    "id": "/watch/",
    "start_url": "/watch/",
    "scope": "/watch/",
    "display": "standalone",
    "background_color": "#14213a",
    "theme_color": "#14213a",
    "icons": [{"src": templates.static("icon.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "any"}],
}
#: What it is by what a browser says of itself, the first that it says.
_KINDS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android phone",
    "Windows": "Windows computer",
    "Macintosh": "Mac",
    "CrOS": "Chromebook",
    "Linux": "Linux computer",
}


class Told(msgspec.Struct, frozen=True):
    """What a browser's script says of it; `key` and `auth` in base64url."""

    address: str
    key: str
    auth: str


def routes() -> list[BaseRoute]:
    """To be asked before those of `watch.pages`, which take any verb of one's own. The first two are for everyone."""
    return [
        Route("/watch/-/worker.js", worker, methods=["GET"]),
        Route("/watch/-/manifest.webmanifest", manifest, methods=["GET"]),
        Route("/watch/mine/push/asked", asked, methods=["POST"]),
        Route("/watch/mine/push", ring, methods=["POST"]),
        Route("/watch/mine/push/end", end, methods=["POST"]),
        Route("/watch/mine/push/try", try_it, methods=["POST"]),
    ]


async def worker(request: Request) -> Response:
    """Allowed all of the watch, since it does not lie at its root."""
    headers = {**ASK_AGAIN, "Service-Worker-Allowed": "/watch/"}
    return Response(templates.script("watch_worker.js"), media_type="text/javascript", headers=headers)


async def manifest(request: Request) -> Response:
    return Response(msgspec.json.encode(MANIFEST), media_type="application/manifest+json", headers=ASK_AGAIN)


def _here(request: Request) -> tuple[Serving, Caller, Push]:
    serving, caller = signed_in(request, "keep_watch")
    if serving.push is None:
        raise Unavailable("Nobody is rung by this process. Nothing was kept.")
    push: Push = serving.push
    return serving, caller, push


async def asked(request: Request) -> Response:
    """Whose messages the browser is to take."""
    _, _, push = _here(request)
    return JSONResponse({"key": push.sender.public}, headers=NO_STORE)


async def ring(request: Request) -> Response:
    serving, caller, push = _here(request)
    told = await _told(request)
    one, name = browser(told.address, told.key, told.auth), _kind(request.headers.get("user-agent", ""))
    push.must_reach(one.address)
    must_still(caller)  # a body may take its time
    subscriptions.keep(serving.node.journal, caller.account.id, name, *one, push.sender.public)
    return JSONResponse({"to": "/watch/mine/?done"}, headers=NO_STORE)


async def _told(request: Request) -> Told:
    """Raises Refused, TooLarge."""
    body = await request.body()
    if len(body) > SENT_MAX:
        raise TooLarge("This is more than any browser says. Nothing was kept.")
    try:
        return msgspec.json.decode(body, type=Told)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refused(NO_SUBSCRIPTION) from None


def _kind(agent: str) -> str:
    return next((words for name, words in _KINDS.items() if name in agent), "Browser")


async def end(request: Request) -> Response:
    """By its id from the list, or by its address from the browser itself, which is signing out."""
    serving, caller, _ = _here(request)
    form = await form_of(request)
    id = form.get("browser") or subscriptions.id_of(form.get("address", ""))
    subscriptions.end(serving.node.journal, caller.account.id, id)
    return RedirectResponse("/watch/mine/?done", 303)


async def try_it(request: Request) -> Response:
    serving, caller, push = _here(request)
    how = await push.try_it(caller.account.id)
    if how == SENT:
        return mine_page(serving, caller, done="It was sent. If the phone does not ring, look at its settings.")
    return mine_page(serving, caller, error=NOT_RUNG.get(how, f"It was not taken ({how}). Try again in a while."))


NOT_RUNG = {
    GONE: "No browser of yours can be reached: they are off the list. Press the button again on each that is to ring.",
    "no public address": "It has no address on the public web, so nothing is sent there.",
}
