"""What a node says of its public pages while it has lost its journal: that they may be older than what was published.

It goes on serving what it has folded and rendered, which is whole up to some entry. Whoever is signed in is refused
(503), since sessions and everything they could do are in the journal and its vault; and so is what is not known here,
since nobody can say that there is no such thing.
"""

from __future__ import annotations

from starlette.responses import Response
from starlette.types import Scope

from heard.cases.exits import FRESH

HEADER = "Heard-Stale"
LINE = (
    b'<p class="notice" role="status">This page may be out of date: the server cannot reach its journal at the moment. '
    b"It will catch up by itself.</p>"
)
#: The line stands below the masthead.
AFTER = b"</header>"


def ask_anew(scope: Scope) -> None:
    """Nobody is told that what they kept is still so."""
    scope["headers"] = [(name, value) for name, value in scope["headers"] if name != b"if-none-match"]


def mark(response: Response, seconds: float) -> None:
    """Say on a public answer for how many seconds the journal has been lost; on a page, in words too."""
    if response.headers.get("cache-control") != FRESH:
        return
    response.headers[HEADER] = str(int(seconds))
    if response.media_type == "text/html" and AFTER in response.body:
        response.body = bytes(response.body).replace(AFTER, AFTER + LINE, 1)
        response.headers["Content-Length"] = str(len(response.body))
    if "etag" in response.headers:  # it is that of the page without the line
        del response.headers["etag"]
