"""What every request and answer passes: cross-site refusals, bounded bodies, and the headers that bind the browser."""

from __future__ import annotations

import re
from functools import cache
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope

from heard.cases.saying_back import is_a_host
from heard.engine.errors import NotAllowed, TooLarge
from heard.pictures.darkroom import FILE_BYTES_MAX
from heard.web.errors import Unreadable

BODY_MAX = 2 * 1024 * 1024
#: Where a picture may come with it. All ask who it is before they read the body.
PICTURE_MAX = FILE_BYTES_MAX + 512 * 1024
_TAKES_A_PICTURE = re.compile(
    r"/desk/[^/]+/(publish|correct|look-up)|/api/v1/cases/[^/]+/pictures|/watch/plans/([^/]+/draw)?"
)

#: No inline script or style anywhere, nothing from other sites; in a frame, and as one, pages of this site alone: the
#: desk shows the page as readers see it.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "manifest-src 'self'; base-uri 'none'; frame-src 'self'; frame-ancestors 'self'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@cache
def _headers(frames_from: tuple[str, ...]) -> list[tuple[bytes, bytes]]:
    policy = CONTENT_SECURITY_POLICY.replace("frame-src 'self'", " ".join(("frame-src 'self'", *frames_from)))
    told = {**HEADERS, "Content-Security-Policy": policy}
    return [(name.lower().encode(), value.encode()) for name, value in told.items()]


def bind(response: Response, frames_from: tuple[str, ...] = ()) -> None:
    """Put the headers on that bind the browser. A page frames what the operator named, and otherwise nothing.

    Of two policies on referrers a browser obeys the last, so one that an answer has of its own stays alone.
    """
    its_own = any(name == b"referrer-policy" for name, _ in response.raw_headers)
    told = _headers(frames_from)
    response.raw_headers += [one for one in told if one[0] != b"referrer-policy"] if its_own else told


def bounded(scope: Scope, receive: Receive) -> Receive:
    """What is sent, up to what fits. A body that does not tell its length is counted as it comes."""
    if not any(name == b"transfer-encoding" for name, _ in scope["headers"]):
        return receive
    size, most = 0, _most(scope["path"])

    async def counted() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        _refuse_more_than_fits(size, most)
        return message

    return counted


def refuse(request: Request) -> None:
    """Refuse what nobody may send: a change that another site asked for, two names of this host, more than fits.

    Raises NotAllowed, TooLarge, Unreadable.
    """
    if len(request.headers.getlist("host")) > 1:  # RFC 9112, section 3.2: each in between may believe another one
        raise Unreadable("This request names its host twice. Nothing was changed.")
    if not is_a_host(request.headers.get("host", "no-name")):
        raise Unreadable("This request calls its host by no name that a host may have. Nothing was changed.")
    refuse_cross_site(request.method, request.headers, request.url.scheme)
    length = request.headers.get("content-length", "0")
    most = _most(request.scope["path"])
    _refuse_more_than_fits(int(length) if length.isdecimal() and len(length) < 19 else most + 1, most)


def _most(path: str) -> int:
    return PICTURE_MAX if _TAKES_A_PICTURE.fullmatch(path) else BODY_MAX


def _refuse_more_than_fits(size: int, most: int) -> None:
    if size > most:
        raise TooLarge(f"This is more than {most // 1024 // 1024} MB, the most that fits. Nothing was kept.")


def refuse_cross_site(method: str, headers: Headers, scheme: str = "http") -> None:
    """Refuse a change that another site asked this browser for. There are no tokens to forget.

    What says nothing of where it comes from is a program, or a browser that keeps the cookie back (SameSite).

    Raises NotAllowed. Sources: Fetch Metadata (https://www.w3.org/TR/fetch-metadata/), RFC 6454.
    """
    if method in SAFE:
        return
    sites = headers.getlist("sec-fetch-site")
    origins = headers.getlist("origin") or headers.getlist("referer")
    ours = all(_is_ours(origin, headers.get("host", ""), scheme) for origin in origins)
    if not ours or any(site not in ("same-origin", "none") for site in sites):
        raise NotAllowed("This came from another site and was refused. Nothing was changed.")


def _is_ours(origin: str, host: str, scheme: str) -> bool:
    """Whether a page at this origin is one of ours. `null` is nobody's, and plain HTTP is not where TLS is spoken:
    whoever sits on the line writes what he likes there.
    """
    try:
        page = urlsplit(origin)
    except ValueError:
        return False
    schemes = ("https",) if scheme == "https" else ("http", "https")
    return page.scheme in schemes and bool(host) and page.netloc == host
