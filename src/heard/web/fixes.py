"""Positions from phones, trackers and site servers, over HTTP and as a stream of Cursor-on-Target.

One secret for each feed, in the address or as a token; what a message calls itself counts only where a feed is of many
devices. Answered when it is on the disk. Who is not on duty is answered the same, and nothing is kept.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from heard.cases.exits import Serving
from heard.engine import now
from heard.engine.errors import HeardError, NotFound, Refused, TooLarge, Unavailable
from heard.ingest import batches, osmand, owntracks
from heard.ingest.cursor_stream import Stream
from heard.ingest.fixes import AnySaid, Fix, Sign, Told, from_json
from heard.watch import commands, feeds, positions
from heard.watch.positions import Feed
from heard.watch.tracks import Placed

NO_STORE = {"Cache-Control": "no-store"}
#: A stream that says nothing for so long is closed; pytak and ATAK begin again by themselves.
SILENT_S = 600.0
PIECE = 64 * 1024
#: A body of more bytes is read in turn with others.
MUCH = 4096
STREAMS_MAX = 500

log = structlog.get_logger()


def routes() -> list[BaseRoute]:
    methods = ["GET", "POST"]
    return [Route("/fixes", take_in, methods=methods), Route("/fixes/{secret}", take_in, methods=methods)]


class Taken(NamedTuple):
    """Of what was read: fixes that were kept, and messages of devices that are nobody's."""

    read: int
    kept: int
    unknown: int


async def take_in(request: Request) -> Response:
    """One message, or a batch; a batch whole or not at all."""
    serving: Serving = request.app.state.serving
    feed = _feed(serving, request.path_params.get("secret") or _token(request.headers.get("authorization", "")))
    if feed is None:
        return PlainTextResponse("There is no such address. Nothing was kept.\n", 404, NO_STORE)
    body = await request.body()
    try:
        if serving.taking is None:
            raise Unavailable("No positions are taken in by this server. Nothing was kept.")
        async with serving.taking.in_turn(len(body) > MUCH):
            said, is_owntracks = _read(request, body)
        taken = await take(serving, feed, said)
    except Unavailable as wrong:
        return PlainTextResponse(wrong.message + "\n", 503, {**NO_STORE, "Retry-After": "2"})
    except HeardError as wrong:
        return PlainTextResponse(wrong.message + "\n", 413 if isinstance(wrong, TooLarge) else 400, NO_STORE)
    if is_owntracks:  # the app reads the answer as a list of what friends say
        return JSONResponse([], headers=NO_STORE)
    return JSONResponse({"read": taken.read, "kept": taken.kept, "unknown": taken.unknown}, headers=NO_STORE)


def _token(authorization: str) -> str:
    """A bearer's token; the password, for apps that know nothing else."""
    kind, _, said = authorization.partition(" ")
    if kind.lower() == "bearer":
        return said.strip()
    if kind.lower() == "basic":
        with suppress(binascii.Error, UnicodeDecodeError):
            return base64.b64decode(said, validate=True).decode().partition(":")[2]
    return ""


def _feed(serving: Serving, secret: str) -> Feed | None:
    found = feeds.feed_of(serving.vault, secret)
    try:
        return positions.feed(serving.tables, found) if found else None
    except NotFound:
        return None


def _read(request: Request, body: bytes) -> tuple[Sequence[AnySaid], bool]:
    """What a request says, in whichever format it says it."""
    received_at, sort = now.utc(), request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method == "GET" or not body.strip():
        return osmand.read(received_at, query=request.url.query), False
    if "ndjson" in sort or "jsonl" in sort or b"\n{" in body:
        return batches.read(body, received_at), False
    if body.lstrip()[:1] != b"{":
        return osmand.read(received_at, query=request.url.query, body=body, content_type=sort), False
    told = from_json(body)
    if "_type" in told:
        return (owntracks.read(told, received_at, {"x-limit-u": "phone", **request.headers}),), True
    if "kind" in told:
        return batches.read(body, received_at), False
    return osmand.from_json(told, received_at), False


async def take(serving: Serving, feed: Feed, said: Sequence[AnySaid]) -> Taken:
    """What a feed says: positions of its holder or its devices' holders, and states of its station.

    Raises Refused for what it has no business to say, Unavailable where no positions are taken.
    """
    if serving.taking is None:
        raise Unavailable("No positions are taken in by this server. Nothing was kept.")
    whose = {} if feed.holder else positions.devices(serving.tables, feed.id)
    placed, states, unknown = dict[str, list[Placed]](), list[Told](), 0
    for one in said:
        if isinstance(one, Told):
            states.append(_state(feed, one))
            continue
        holder = feed.holder or whose.get(one.source, "")
        if not holder:
            unknown += 1
        elif (fix := _placed(one)) is not None:
            placed.setdefault(holder, []).append(fix)
    kept = await serving.taking.take(placed)
    for state in states:
        lasts = state.facts.get("ttl_s")
        command = commands.tell_state(feed.station, state.facts["value"], lasts, state.claimed_at)
        await serving.do(command, by=feed.id)
    return Taken(len(said), kept, unknown)


def _state(feed: Feed, told: Told) -> Told:
    if told.kind != "state" or not feed.station:
        raise Refused("This feed tells positions. Nothing of this was kept; states come from a station's own feed.")
    if told.claimed_at is not None and told.claimed_at > told.received_at:
        return Told(kind=told.kind, source=told.source, received_at=told.received_at, facts=told.facts)
    return told


def _placed(said: Fix | Sign) -> Placed | None:
    """As it is kept; nothing of what only shows that a device is alive: that proves no presence."""
    if isinstance(said, Sign):
        lost = said.kind == "source.lost"
        return Placed(said.received_at, said.received_at, said="lost") if lost else None
    trap = "mock" if said.mock else "by hand" if said.entered_by_hand else ""
    at = said.claimed_at or said.received_at
    return Placed(at, said.received_at, said.lat, said.lon, said.acc, said.good_until, trap)


# Cursor-on-Target -----------------------------------------------------------------------------------------------------


class CursorStreams:
    """Connections of Cursor-on-Target. The `uid` of an event is the secret of its phone; after an event whose `uid` is
    that of a station's feed, the connection is that feed's, and each `uid` a device of it.
    """

    def __init__(self, serving: Serving) -> None:
        self.serving, self.open = serving, 0

    async def listen(self, address: str) -> None:
        """Until cancelled. The app that this one replaces may listen still: both do, for as long as it takes."""
        host, _, port = address.rpartition(":")
        server = await asyncio.start_server(self.hear, host.strip("[]"), int(port), limit=PIECE, reuse_port=True)
        async with server:
            await server.serve_forever()

    async def hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, to its end. What is wrong in it is logged by its kind, never by its words."""
        self.open += 1
        stream, of = Stream(), list[Feed]()
        try:
            while self.open <= STREAMS_MAX and (piece := await asyncio.wait_for(reader.read(PIECE), SILENT_S)):
                completed = stream.hear(piece, now.utc())
                await self._take(completed.said, of)
                for wrong in completed.refused:
                    log.info("event_refused", why=type(wrong).__name__)
                if completed.ended is not None:
                    break
        except (TimeoutError, ConnectionError):
            pass
        except HeardError as wrong:  # what was not acknowledged is sent again by nobody: the stream begins anew
            log.error("events_put_off", why=type(wrong).__name__)
        finally:
            self.open -= 1
            writer.close()

    async def _take(self, said: Sequence[Fix | Sign], of: list[Feed]) -> None:
        by_feed = dict[str, tuple[Feed, list[Fix | Sign]]]()
        for one in said:
            feed = _feed(self.serving, one.source) if len(one.source) == 40 else None
            if feed is not None and feed.station:
                of[:] = [feed]
                continue
            feed = feed or (of[0] if of else None)
            if feed is not None:
                by_feed.setdefault(feed.id, (feed, []))[1].append(one)
        for feed, those in by_feed.values():
            await take(self.serving, feed, those)
