"""What every request and answer passes: cross-site refusals, bounded bodies, and the headers that bind the browser."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope

from heard.engine.errors import NotAllowed, TooLarge

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


_HEADERS = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]


def bind(response: Response) -> None:
    """Put the headers on that bind the browser."""
    response.raw_headers += _HEADERS


def bounded(scope: Scope, receive: Receive) -> Receive:
    """What is sent, up to what fits. A body that does not tell its length is counted as it comes."""
    if not any(name == b"transfer-encoding" for name, _ in scope["headers"]):
        return receive
    size = 0

    async def counted() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        _refuse_more_than_fits(size)
        return message

    return counted


def refuse(request: Request) -> None:
    """Refuse what nobody may send: a change that another site asked for, more than fits.

    Raises NotAllowed, TooLarge.
    """
    refuse_cross_site(request.method, request.headers)
    length = request.headers.get("content-length", "0")
    _refuse_more_than_fits(int(length) if length.isdecimal() and len(length) < 19 else BODY_MAX + 1)


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
