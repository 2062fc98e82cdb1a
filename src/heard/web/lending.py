"""Pages that are asked for again and again while nothing changes are lent to the edges, which give them out themselves.

What an edge may do with them, and how it knows that they still hold, is in live/lent.py.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from heard.cases.exits import Again
from heard.live.edition import Edition
from heard.live.handover import BODY_BYTES_MAX
from heard.live.lent import HELD_MAX, NOT_FOR_ALL, Asked
from heard.web.beside import Beside

#: What every edge is told: the edition it holds for, what was asked, the tag, the fields of the head, and the body; and
#: whether all took it: one that was busy is told when it asks again.
Tell = Callable[[int, Asked, str, bytes, bytes], bool]
#: The fields of a head stand in the same message as the body.
FIELDS_BYTES_MAX = 4_096


class Lending:
    """What this app has lent in the present edition."""

    def __init__(self, edition: Edition, tell: Tell, beside: Beside) -> None:
        self.edition, self._tell, self._beside = edition, tell, beside
        self._lent: set[Asked] = set()

    def turn(self) -> None:
        """Something was folded or rendered: whatever was lent before does not hold any more."""
        self.edition.turn()
        self.lend_again()

    def lend_again(self) -> None:
        """There is an edge that has nothing yet."""
        self._lent.clear()

    def consider(self, request: Request, response: Response, of: int) -> None:
        """Lend an answer that is the same for all, was asked for before, and fits into a message.

        `of` is the edition in which it was looked up: an edge takes it only if that is still the present one.
        """
        if not self._beside.is_alone:  # the other turns an edition of its own
            return
        if not isinstance(response, Again) or any(name in request.headers for name in NOT_FOR_ALL):
            return
        asked = _asked(request)
        fields = b"".join(b"%b: %b\r\n" % field for field in response.raw_headers)
        fits = len(response.body) + FIELDS_BYTES_MAX <= BODY_BYTES_MAX and len(fields) <= FIELDS_BYTES_MAX
        if asked in self._lent or len(self._lent) >= HELD_MAX or not fits or len(asked.target) >= FIELDS_BYTES_MAX:
            return
        if self._tell(of, asked, response.headers["etag"], fields, bytes(response.body)):
            self._lent.add(asked)


def _asked(request: Request) -> Asked:
    path, query = request.scope["raw_path"].decode("latin-1"), request.scope["query_string"].decode("latin-1")
    gzip = "gzip" in request.headers.get("accept-encoding", "")
    return Asked(request.headers.get("host", ""), f"{path}?{query}" if query else path, gzip)
