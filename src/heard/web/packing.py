"""Long answers, packed for whoever can unpack them: what is kept (see cases.exits) once, the rest each time."""

from __future__ import annotations

import functools
import gzip

from starlette.requests import Request
from starlette.responses import Response

#: Below this a packed answer saves no packet.
WORTH_PACKING = 1_000
PACKED_BY_NATURE = ("image/jpeg", "image/webp", "image/png")
#: Five takes half the time of nine and makes a page two hundredths longer.
LEVEL = 5


#: Packed public answers that are kept: as many as a few busy cases have pages.
KEPT = 64


def pack(request: Request, response: Response) -> None:
    """Pack the body where the client can take it, and say that the answer depends on that."""
    if len(response.body) < WORTH_PACKING or "content-encoding" in response.headers:
        return
    if response.headers.get("content-type", "").startswith(PACKED_BY_NATURE):
        return
    if "gzip" in request.headers.get("accept-encoding", ""):
        tag, body = response.headers.get("etag"), bytes(response.body)
        # With a tag it is public and the same object each time: it is looked up without being read.
        response.body = _kept(body) if tag else packed(body)
        response.headers["Content-Encoding"] = "gzip"
        response.headers["Content-Length"] = str(len(response.body))
        if tag:
            response.headers["ETag"] = tag[:-1] + '.gzip"'
    response.headers.add_vary_header("Accept-Encoding")


def packed(body: bytes) -> bytes:
    return gzip.compress(body, LEVEL, mtime=0)


_kept = functools.lru_cache(KEPT)(packed)
