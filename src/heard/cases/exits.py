"""The ways out over HTTP. A public route answers `Outgoing`, and there is no other way to answer on one.

`WayOut` is the only kind of public route; it refuses at the first request, and a test refuses before, whatever did not
come from a `Door`. Everything it sends is the same for everyone who asks, cookie or not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from heard.cases import projection
from heard.cases.model import Case
from heard.cases.release import Door, Doors, Exit, Released, Withheld
from heard.engine.errors import Corrupt, NotFound
from heard.engine.journal import Vault
from heard.engine.node import Node, Written

#: Caches may hold a public answer for a second, and must ask again after it: a retraction outlives no cache.
FRESH = "public, max-age=1, stale-while-revalidate=0"


class Serving(msgspec.Struct):
    """What pages stand on: the node, the doors, the rendered fragments, and how to write."""

    node: Node
    doors: Doors
    vault: Vault
    frames: Any
    media: Any
    do: Callable[..., Awaitable[Written]]
    epoch: str

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


Endpoint = Callable[[Request, Serving], Awaitable[Outgoing]]


class WayOut(Route):
    """A public route of one exit."""

    def __init__(self, path: str, exit: Exit, endpoint: Endpoint) -> None:
        self.exit, self.made_by = exit, endpoint
        super().__init__(path, self._answer, methods=["GET"], name=f"{exit}:{path}")

    async def _answer(self, request: Request) -> Response:
        serving: Serving = request.app.state.serving
        outgoing = await looking_twice(serving, lambda: self.made_by(request, serving))
        released: object = outgoing.released
        if not isinstance(released, Released):
            raise Corrupt("Something tried to leave that had not passed the door. It was stopped.")
        body = released.encode()
        etag = f'"{hashlib.sha256(body).hexdigest()[:24]}"'
        headers = {"Cache-Control": FRESH, "ETag": etag, **outgoing.headers}
        if outgoing.case:
            headers["Surrogate-Key"] = outgoing.case
        if etag in request.headers.get("if-none-match", "") and outgoing.status == 200:
            return Response(status_code=304, headers=headers)
        return Response(body, outgoing.status, headers, outgoing.media_type)


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
