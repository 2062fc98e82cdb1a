"""The ways out over HTTP. A public route answers `Outgoing`, and there is no other way to answer on one.

`WayOut` is the only kind of public route; it refuses at the first request, and a test refuses before, whatever did not
come from a `Door`. Everything it sends is the same for everyone who asks, cookie or not.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from heard.cases import projection
from heard.cases.model import Case
from heard.cases.release import Door, Doors, Exit, Released, Withheld
from heard.cases.saying_back import from_nowhere, to_its_host
from heard.engine.errors import Corrupt, NotFound
from heard.engine.node import Node, Written
from heard.engine.stores import Vault

#: Caches may hold a public answer for a second, and must ask again after it: a retraction outlives no cache.
FRESH = "public, max-age=1, stale-while-revalidate=0"
#: `<epoch>.<position>`: up to where the journal was folded and rendered that an answer is made from. By it an answer
#: that a cache kept is told from one made after a withdrawal.
MADE_FROM = "Heard-Made-From"


class Serving(msgspec.Struct):
    """What pages stand on: the node, the doors, the rendered fragments, and how to write."""

    node: Node
    doors: Doors
    vault: Vault
    frames: Any
    media: Any
    do: Callable[..., Awaitable[Written]]
    epoch: str
    #: Published reports as they may be seen; nothing in a node that serves none.
    register: Any = None
    #: Which of them are like which.
    echoes: Any = None
    #: What is watched, as the process that rings holds it; None where nothing is watched by this process.
    watching: Any = None
    #: Who is told by e-mail; None where this server sends none.
    follows: Any = None
    #: What takes positions in; None where none are taken.
    taking: Any = None
    #: Rings the phones of who is told of an alarm; None where nobody is told by this process.
    push: Any = None
    #: Gives the connection of who is signed in to the edge, as a stream; nothing where there is no edge.
    streams: Any = None
    #: Who reads a case at this node, as its edges tell it; None where a node has no edge.
    audience: Any = None
    #: From where readers may load something on a click, as origins; the operator says so.
    embeds_from: tuple[str, ...] = ()
    #: Which particulars of protected people are out, by case; made when it is first asked.
    so_far: Any = None

    @property
    def tables(self) -> Any:
        return self.node.tables

    def at(self) -> str:
        """The position up to which the fragments are rendered, as the stream names it."""
        return f"{self.epoch}.{self.frames.position()}"


class Outgoing(msgspec.Struct):
    """A released answer."""

    released: Released
    media_type: str = "text/html"
    status: int = 200
    case: str = ""
    headers: dict[str, str] = {}
    #: The released text in another form, such as a spreadsheet's, or what puts it into one; made of nothing else.
    packed: Callable[[Released], bytes] | bytes = b""


Endpoint = Callable[[Request, Serving], Awaitable[Outgoing]]


class Answer(NamedTuple):
    """An outgoing answer, encoded; `etag` without its quotation marks."""

    body: bytes
    etag: str
    headers: dict[str, str]
    media_type: str
    status: int


class Again(Response):
    """A public answer that was asked for before: it is the same for everyone who asks, until something changes."""


#: Answers kept by one public route: the pages that are asked for again and again while nothing changes.
KEPT, KEPT_BYTES_MAX = 64, 256 * 1024
#: Of longer ones, such as a table of everything, each route keeps the newest alone; a picture is read from its file.
LONG_BYTES_MAX = 8 * 1024**2


class WayOut(Route):
    """A public route of one exit. While no entry was folded or rendered, the same question has the same answer."""

    def __init__(self, path: str, exit: Exit, endpoint: Endpoint) -> None:
        self.exit, self.made_by = exit, endpoint
        self._kept: OrderedDict[str, Answer] = OrderedDict()
        self._long: dict[str, Answer] = {}
        self._kept_at = (-1, -1, -1, False)
        super().__init__(path, self._answer, methods=["GET"], name=f"{exit}:{path}")

    async def _answer(self, request: Request) -> Response:
        serving: Serving = request.app.state.serving
        known = self._known(str(request.url), serving)
        answer = known or await self._make(request, serving, self._kept_at)
        asked = request.headers.get("if-none-match", "")
        if answer.status == 200 and answer.etag in asked:
            # A packed answer has a tag of its own: `"…"` here is `"….gzip"` there (see web.packing).
            tag = next(tag.strip() for tag in asked.split(",") if answer.etag in tag)
            return Response(status_code=304, headers={**answer.headers, "ETag": tag.removeprefix("W/")})
        sort = Again if known and answer.status == 200 and request.method == "GET" else Response
        return sort(answer.body, answer.status, answer.headers, answer.media_type)

    def _known(self, address: str, serving: Serving) -> Answer | None:
        if (at := _made_from(serving)) != self._kept_at:
            self._kept.clear()
            self._long = {}
            self._kept_at = at
        return self._kept.get(address) or self._long.get(address)

    async def _make(self, request: Request, serving: Serving, began_at: tuple[int, int, int, bool]) -> Answer:
        # Asked before it is made: an answer may be newer than it says, and never older.
        made_from = f"{serving.epoch}.{min(serving.node.projection.position(), serving.frames.position())}"
        asked = from_nowhere(request)
        outgoing = await looking_twice(serving, lambda: self.made_by(asked, serving))
        released: object = outgoing.released
        if not isinstance(released, Released):
            raise Corrupt("Something tried to leave that had not passed the door. It was stopped.")
        released = to_its_host(released, request)
        packed = outgoing.packed
        if callable(packed):  # a large sheet takes a second, and nobody else waits for it
            packed = await asyncio.to_thread(packed, released)
        body = packed or released.encode()
        etag = hashlib.sha256(body).hexdigest()[:24]
        headers = {"Cache-Control": FRESH, "ETag": f'"{etag}"', MADE_FROM: made_from, **outgoing.headers}
        if outgoing.case:
            headers["Surrogate-Key"] = outgoing.case
        answer = Answer(body, etag, headers, outgoing.media_type, outgoing.status)
        # Only if nothing was folded or rendered while it was made: who asked meanwhile may have moved on what is kept.
        if _made_from(serving) == began_at == self._kept_at:
            self._keep(str(request.url), answer)
        return answer

    def _keep(self, address: str, answer: Answer) -> None:
        if KEPT_BYTES_MAX < len(answer.body) <= LONG_BYTES_MAX and self.exit != "picture":
            self._long = {address: answer}
        elif len(answer.body) <= KEPT_BYTES_MAX:
            if len(self._kept) >= KEPT:
                self._kept.popitem(last=False)
            self._kept[address] = answer


def _made_from(serving: Serving) -> tuple[int, int, int, bool]:
    """How far the tables, the fragments and the register go that an answer is made of, and whether it is compared."""
    edition = serving.register.edition if serving.register is not None else 0
    compared = serving.echoes is not None and serving.echoes.ready
    return serving.node.projection.position(), serving.frames.position(), edition, compared


T = TypeVar("T")


async def looking_twice(serving: Serving, look: Callable[[], Awaitable[T]]) -> T:
    """Look, and once more after catching up, before saying that there is no such thing."""
    try:
        return await look()
    except NotFound:
        before = serving.node.projection.position()
        if serving.node.catch_up() == before:
            raise
        return await look()


def case_at(serving: Serving, request: Request) -> tuple[Case, Door]:
    """The case that the address names, and its door.

    Raises NotFound; Withheld while the whole case is held.
    """
    case = projection.by_slug(serving.tables, request.path_params["slug"])
    door = serving.doors.of(serving.tables, case.id)
    if door.held:
        raise Withheld(case.id)
    return case, door
