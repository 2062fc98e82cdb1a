"""The head of a request, as far as the edge needs it (RFC 9112).

The edge answers only what has no body; every other request goes to the app with all its bytes, where a full
parser reads it again. So two readings of one request can never disagree about where it ends.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple
from urllib.parse import unquote

END = b"\r\n\r\n"


class Malformed(Exception):
    """Not HTTP as we speak it; `status` is 400 or 431."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@cache
def _line_of(name: str) -> bytes:
    return b"\r\n%b:" % name.encode()


class Head(NamedTuple):
    """`path` and `query` are as sent, still percent-encoded; `length` counts the head's bytes in the
    buffer; `fields` are its header lines, as sent and in lower case.
    """

    method: str
    path: str
    query: str
    length: int
    version: str
    fields: bytes
    lowered: bytes

    def header(self, name: str) -> str | None:
        """The first value of a header, or None."""
        begin = self.lowered.find(_line_of(name))
        if begin < 0:
            return None
        begin += len(name) + 3
        return self.fields[begin : self.fields.find(b"\r\n", begin)].decode("latin-1").strip(" \t")

    @property
    def keeps_alive(self) -> bool:
        """RFC 9112, section 9.3: 1.1 unless it says close; we keep 1.0 alive for nobody."""
        options = (self.header("connection") or "").lower()
        return self.version == "HTTP/1.1" and "close" not in [option.strip() for option in options.split(",")]

    @property
    def has_body(self) -> bool:
        return self.header("transfer-encoding") is not None or self.header("content-length") not in (None, "0")

    def parameter(self, name: str) -> str | None:
        """The first value of a query parameter, decoded; None if it is not there."""
        for pair in self.query.split("&") if self.query else ():
            key, _, value = pair.partition("=")
            if key == name:
                return unquote(value.replace("+", " "), errors="replace")
        return None


def parse(buffer: bytes, bytes_max: int) -> Head | None:
    """The first request's head; None while more of it must come.

    Raises Malformed with 431 when it is longer than `bytes_max`, with 400 when its first line is no request.
    """
    start = 0
    while buffer.startswith(b"\r\n", start):  # RFC 9112, section 2.2: empty lines before a request are ignored.
        start += 2
    end = buffer.find(END, start)
    if end < 0 or end > bytes_max:
        if len(buffer) > bytes_max:
            raise Malformed(431)
        if len(buffer) > start and not buffer[start : start + 1].isalpha() and buffer[start:] != b"\r":
            raise Malformed(400)  # A TLS hello or worse: no need to wait for more of it.
        return None
    first = buffer.find(b"\r\n", start)
    words = buffer[start:first].decode("latin-1").split(" ")
    if len(words) != 3 or words[2] not in ("HTTP/1.1", "HTTP/1.0") or not words[0].isalpha():
        raise Malformed(400)
    path, _, query = _origin_form(words[1]).partition("?")
    fields = buffer[first : end + 2]
    return Head(words[0], path, query, end + len(END), words[2], fields, fields.lower())


def _origin_form(target: str) -> str:
    """RFC 9112, section 3.2.2: a server must also accept the absolute form."""
    if target.startswith("/"):
        return target
    for scheme in ("http://", "https://"):
        if target.lower().startswith(scheme):
            slash = target.find("/", len(scheme))
            return target[slash:] if slash > 0 else "/"
    return target
