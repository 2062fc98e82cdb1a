"""The few answers that the edge gives itself, byte for byte. What they say to people is plain and kind."""

from __future__ import annotations

import random
from collections.abc import Iterable
from email.utils import format_datetime
from functools import lru_cache
from html import escape

from heard.engine import now
from heard.live.limits import Limits
from heard.live.request import Head

_REASONS = {
    200: "OK",
    204: "No Content",
    304: "Not Modified",
    400: "Bad Request",
    405: "Method Not Allowed",
    408: "Request Timeout",
    431: "Request Header Fields Too Large",
    503: "Service Unavailable",
}

BUSY = (
    "Heard is busy or starting again. Nothing was lost, and what is open keeps running."
    " This page tries again by itself."
)
NOT_TAKEN = (
    "Heard is busy or starting again. What you sent was not taken, and nothing was changed."
    " Please send it again in a moment."
)
TOO_SLOW = "The request did not arrive in time. Nothing was changed. Please try again."
MALFORMED = "This is not a request that Heard understands. Nothing was changed."
TOO_LONG = "The head of this request is too long. Nothing was changed. Removing this site's cookies may help."
#: Who is signed in comes back soon: there are few of them, and an alarm may wait.
PRIVATE_RETRY_S = 0.3, 1.0

ONLY_GET = "A live stream can only be read. Nothing was changed."
NO_BODY = "A live stream takes no content with the request. Nothing was changed."


def _head(status: int, fields: Iterable[str]) -> bytes:
    date = format_datetime(now.utc(), usegmt=True)
    lines = [f"HTTP/1.1 {status} {_REASONS[status]}", f"Date: {date}", *fields, "X-Content-Type-Options: nosniff"]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"


def told(status: int, words: str, head: Head | None, closes: bool, *fields: str) -> bytes:
    """An answer in words: a small page for a browser, plain text for a program, nothing after the head for
    HEAD.
    """
    wants_page = head is not None and "text/html" in (head.header("accept") or "")
    if wants_page:
        kind = "text/html"
        refresh = '<meta http-equiv="refresh" content="5">' if words is BUSY else ""
        body = (
            f'<!doctype html><html lang="en-GB"><head><meta charset="utf-8"><title>One moment</title>{refresh}'
            f'<meta name="viewport" content="width=device-width"></head><body><p>{escape(words)}</p></body></html>'
        ).encode()
    else:
        kind = "text/plain"
        body = (words + "\n").encode()
    about = [f"Content-Type: {kind}; charset=utf-8", f"Content-Length: {len(body)}", "Cache-Control: no-store"]
    if closes:
        about.append("Connection: close")
    return _head(status, about + list(fields)) + (b"" if head is not None and head.method == "HEAD" else body)


_STREAM_FIELDS = (
    "Content-Type: text/event-stream; charset=utf-8",
    "Cache-Control: no-store",
    "Connection: close",
    "X-Accel-Buffering: no",
    "Access-Control-Allow-Origin: *",
)


@lru_cache(1)
def stream_head(turn: float) -> bytes:
    """The head of a stream, the same for all who join in one turn of the loop. It ends when the connection does:
    no length, no chunks around frames that all share.
    """
    return _head(200, _STREAM_FIELDS)


def preflight(closes: bool) -> bytes:
    """What a page of another site may ask of a stream (Fetch, section 4.8): that an embed resumes by header."""
    fields = (
        "Access-Control-Allow-Origin: *",
        "Access-Control-Allow-Methods: GET, HEAD",
        "Access-Control-Allow-Headers: Last-Event-ID, Cache-Control",
        "Access-Control-Max-Age: 86400",
    )
    return _head(204, (*fields, "Connection: close") if closes else fields)


def stream_opening(limits: Limits, turn: float, position: str | None) -> bytes:
    """A stream's head and first lines; with `position`, where a reader who has seen nothing yet stands."""
    id_line = b"" if position is None else b"id: %b\n\n" % position.encode()
    return stream_head(turn) + b": heard\n\n" + retry(limits) + id_line


def private_opening() -> bytes:
    """The same for a stream of who is signed in: no page of another site may read it."""
    fields = (field for field in _STREAM_FIELDS if not field.startswith("Access-Control"))
    return _head(200, fields) + b": heard\n\n" + b"retry: %d\n\n" % (1000 * random.uniform(*PRIVATE_RETRY_S))


def come_again_s(limits: Limits) -> int:
    """For Retry-After, in whole seconds; spread like `retry`."""
    return round(random.uniform(limits.retry_from_s, limits.retry_to_s))


def retry(limits: Limits) -> bytes:
    """Tells a reader after how long to come back: each after a time of its own, or all would come at once."""
    return b"retry: %d\n\n" % (random.uniform(limits.retry_from_s, limits.retry_to_s) * 1000)


def lent(status: int, fields: bytes) -> bytes:
    """The head of a lent answer: the app's own fields, under the date of this second."""
    date = format_datetime(now.utc(), usegmt=True).encode()
    return b"HTTP/1.1 %d %b\r\nDate: %b\r\n%b\r\n" % (status, _REASONS[status].encode(), date, fields)


def polled(body: bytes, case_id: str, closes: bool, method: str) -> bytes:
    """A long poll's answer, the same bytes for all who asked for the same address within a second."""
    fields = [
        "Content-Type: application/json; charset=utf-8",
        f"Content-Length: {len(body)}",
        "Cache-Control: public, max-age=1, stale-while-revalidate=0",
        f"Surrogate-Key: {case_id}",
        "Access-Control-Allow-Origin: *",
    ]
    if closes:
        fields.append("Connection: close")
    return _head(200, fields) + (b"" if method == "HEAD" else body)
