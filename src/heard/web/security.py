"""What every request and answer passes: cross-site refusals, bounded bodies, and the headers that bind the browser."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from heard.engine.errors import HeardError, NotAllowed, TooLarge
from heard.web import errors

BODY_MAX = 2 * 1024 * 1024

#: No inline script or style anywhere, nothing from other sites, no frames.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "manifest-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Guarded:
    """The whole application behind its guards. Pure ASGI: it never holds a body back."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        size = 0

        async def bounded() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            _refuse_more_than_fits(size)
            return message

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        request = Request(scope)
        try:
            refuse_cross_site(request.method, request.headers)
            length = request.headers.get("content-length", "0")
            _refuse_more_than_fits(int(length) if length.isdecimal() and len(length) < 19 else BODY_MAX + 1)
        except HeardError as refusal:
            answer = await errors.on_heard_error(request, refusal)
            await answer(scope, receive, with_headers)
            return
        await self.app(scope, bounded, with_headers)


def _refuse_more_than_fits(size: int) -> None:
    if size > BODY_MAX:
        raise TooLarge(f"This is more than {BODY_MAX // 1024 // 1024} MB, the most that fits. Nothing was kept.")


def refuse_cross_site(method: str, headers: Headers) -> None:
    """Refuse a change that another site asked this browser for. There are no tokens to forget.

    Raises NotAllowed. Sources: Fetch Metadata (https://www.w3.org/TR/fetch-metadata/), RFC 6454.
    """
    if method in SAFE:
        return
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    same = origin is None or urlsplit(origin).netloc == headers.get("host", "")
    if (site is not None and site not in ("same-origin", "none")) or not same:
        raise NotAllowed("This came from another site and was refused. Nothing was changed.")
