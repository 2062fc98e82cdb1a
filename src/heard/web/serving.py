"""The app's server: uvicorn's HTTP protocol on connections that the edge hands over.

There is no listening socket here. A connection arrives as a descriptor with the bytes the edge has read of
it, is answered, and goes back: an idle connection sleeps in the edge, so that this process can be replaced
at any moment.

A request is counted as begun before it is, in memory that the edge shares: the edge gives it to the next app if we die
first, and never if we die later.
"""

from __future__ import annotations

import asyncio
import json
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import format_datetime
from typing import Any, NamedTuple

import uvicorn
from uvicorn.lifespan.on import LifespanOn
from uvicorn.server import ServerState

from heard.engine import now
from heard.engine.errors import Unavailable
from heard.live import lifeline
from heard.live.edition import Edition
from heard.live.handover import Channel, Message
from heard.live.lent import Asked
from heard.live.limits import descriptors
from heard.live.shared import Number
from heard.web.ending import quiet
from heard.web.handed import HandedProtocol

BEAT_S = 1.0
BODY_SILENCE_S = 30.0
"""A request that has begun and sends nothing for so long is closed; its sender knows that it got no answer."""

STALLED_S = 30.0
"""The same for an answer of which nothing is taken."""

END_S = 3.0
"""How long requests that have begun may still run after the word to end."""


@dataclass(frozen=True)
class Hello:
    """What an edge must know of this app: the frames file to serve readers from, and the journal's epoch.

    `edition` is the number by which an edge knows whether what it was lent still holds; without it nothing is lent.
    """

    frames: str
    epoch: str
    edition: Edition | None = None


class Audience(NamedTuple):
    """How many readers a case has, and up to which position, and when, the last of them were sent what there was."""

    readers: int
    delivered: tuple[int, str] | None


@dataclass
class Doorbell:
    """Tells every edge that the frames file has something new. To be used in the app's event loop only."""

    _edges: list[_Edge] = field(default_factory=list)
    _hello: Hello | None = None
    #: Told of an edge that begins: it was lent nothing yet.
    on_edge: Callable[[], None] = field(default=lambda: None)
    #: Told of streams whose readers have gone.
    on_gone: Callable[[list[int]], None] = field(default=lambda keys: None)

    def lend(self, of: int, asked: Asked, etag: str, fields: bytes, body: bytes) -> bool:
        """Every edge may give this answer out, as long as the edition is this one; False where one was busy."""
        idle = [edge for edge in self._edges if not edge.channel.waiting]
        for edge in idle:
            edge.channel.send("lend", fields + body, answer=[of, etag, *asked], fields=len(fields))
            edge.watch()
        return len(idle) == len(self._edges)

    def audience(self, case: str) -> Audience | None:
        """Who reads a case at this node; None where no edge has said so yet."""
        told = [edge.audience[case] for edge in self._edges if case in edge.audience]
        if not told:
            return Audience(0, None) if self._edges else None
        return Audience(sum(readers for readers, _ in told), max((sent for _, sent in told if sent), default=None))

    def ring(self, position: int) -> None:
        """There are frames up to `position`. Costs one small send per edge, and never waits."""
        for edge in self._edges:
            edge.ring(position)

    def tell(self, topic: str, words: bytes) -> None:
        """How things stand, to everyone who has a stream of it."""
        for edge in self._edges:
            edge.tell(topic, words)

    def end(self, key: int) -> None:
        """A stream is ended, on whichever edge it is."""
        for edge in self._edges:
            edge.channel.send("ends", key=key)
            edge.watch()

    def vouch(self) -> None:
        """Whoever has a stream may have it. Not said to an edge that does not even take what was said before."""
        for edge in self._edges:
            if not edge.channel.waiting:
                edge.channel.send("vouch")
                edge.watch()

    def hello(self, hello: Hello) -> None:
        """The app is ready for requests; or it has changed to another frames file."""
        self._hello = hello
        for edge in self._edges:
            edge.greet(hello)
            edge.watch()


async def serve_handed(
    asgi_app: Any,
    control: socket.socket,
    edge_sockets: list[socket.socket],
    hello: Hello | None = None,
    bell: Doorbell | None = None,
    *,
    body_silence_s: float = BODY_SILENCE_S,
    stalled_s: float = STALLED_S,
    alone: Callable[[], None] | None = None,
) -> None:
    """Run an ASGI app until the supervisor says end; the process ends at once when the supervisor is gone.

    `hello` is said once the app's lifespan has begun; an app that knows its frames file only then leaves it
    out and calls `bell.hello` from its lifespan or later. `alone` is called when no other app serves the same
    data any more. Raises Unavailable if the app's lifespan does not
    begin.
    """
    serving = _Serving(asgi_app, control, bell or Doorbell(), body_silence_s, stalled_s, alone)
    await serving.run(edge_sockets, hello)


class _Serving:
    def __init__(
        self,
        asgi_app: Any,
        control: socket.socket,
        bell: Doorbell,
        body_silence_s: float,
        stalled_s: float,
        alone: Callable[[], None] | None,
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.config = uvicorn.Config(
            quiet(asgi_app, lambda: self.has_let_go),
            http="httptools",
            ws="none",
            lifespan="on",
            access_log=False,
            log_config=None,
            proxy_headers=False,
            server_header=False,
        )
        self.config.load()
        self.lifespan = LifespanOn(self.config)
        self.state = ServerState()
        self.bell = bell
        self.body_silence_s = body_silence_s
        self.stalled_s = stalled_s
        self.alone = alone
        self.beginning: set[asyncio.Task[None]] = set()
        self.has_let_go = False
        self.ended = asyncio.Event()
        self.control = Channel(control)

    async def run(self, edge_sockets: list[socket.socket], hello: Hello | None) -> None:
        descriptors()
        lifeline.end_with(self.control.fileno())
        self.loop.add_reader(self.control.fileno(), self._told)
        self.loop.add_signal_handler(signal.SIGTERM, self.ended.set)
        self.loop.add_signal_handler(signal.SIGINT, self.ended.set)
        await self.lifespan.startup()
        if self.lifespan.should_exit:
            raise Unavailable("The app could not begin; its log above says why. Nothing was changed.")
        ticking = self.loop.create_task(self._tick())  # From the first heartbeat on it counts as begun.
        for sock in edge_sockets:
            self._join(sock)
        if hello is not None:
            self.bell.hello(hello)
        try:
            await self.ended.wait()
            await self._finish()
        except asyncio.CancelledError:
            await self._let_go()
            raise
        finally:
            ticking.cancel()
            await self.lifespan.shutdown()

    async def _finish(self) -> None:
        """No more requests; those that have begun get a little time to be answered."""
        for edge in self.bell._edges:
            edge.leave()
        for _ in range(int(END_S / 0.05)):
            if not self.state.tasks:
                break
            await asyncio.sleep(0.05)
        for protocol in self.protocols():
            protocol.transport.close()
        await asyncio.sleep(0)

    async def _let_go(self) -> None:
        """Close every connection at once. A request that is cancelled before would be answered that we failed."""
        self.has_let_go = True
        for edge in self.bell._edges:
            edge.leave()
        while protocols := self.protocols():
            for protocol in protocols:
                protocol.transport.abort()
            await asyncio.sleep(0)

    def protocols(self) -> list[HandedProtocol]:
        return [protocol for protocol in self.state.connections if isinstance(protocol, HandedProtocol)]

    def _told(self) -> None:
        for message in self.control.receive():
            if message.kind == "edge" and message.fd is not None:
                self._join(socket.socket(fileno=message.fd))
            elif message.kind == "alone" and self.alone is not None:
                self.alone()
            elif message.kind == "end":
                self.ended.set()
        if self.control.ended:
            self.loop.remove_reader(self.control.fileno())
            self.ended.set()

    def _join(self, sock: socket.socket) -> None:
        edge = _Edge(self, Channel(sock))
        self.bell._edges.append(edge)
        if self.bell._hello is not None:
            edge.greet(self.bell._hello)
        self.bell.on_edge()
        edge.watch()

    async def _tick(self) -> None:
        """Once a second: the heartbeat that says this loop is alive, the date of answers, what has stopped
        moving.
        """
        while True:
            self.control.send("beat")
            date = format_datetime(now.utc(), usegmt=True).encode()
            self.state.default_headers = [(b"date", date), *self.config.encoded_headers]
            for protocol in self.protocols():
                protocol.see_to_deadlines(self.body_silence_s, self.stalled_s)
            await asyncio.sleep(BEAT_S)


class _Edge:
    """The app's end of the channel to one edge."""

    def __init__(self, serving: _Serving, channel: Channel) -> None:
        self.serving = serving
        self.channel = channel
        self.loop = serving.loop
        self.audience: dict[str, tuple[int, tuple[int, str] | None]] = {}
        self._begun: Number | None = None
        self._to_ring: int | None = None
        self._to_tell: dict[str, bytes] = {}
        self._streams: set[int] = set()
        self._writing = False
        self._leaving = False
        self.loop.add_reader(channel.fileno(), self._readable)

    def greet(self, hello: Hello) -> None:
        fd = hello.edition.fd if hello.edition else None
        self.channel.send("hello", fd=fd, frames=hello.frames, epoch=hello.epoch)

    def ring(self, position: int) -> None:
        if self.channel.waiting:
            self._to_ring = position  # One bell for all that comes while the edge is busy.
        else:
            self.channel.send("ring", position=position)
        self.watch()

    def tell(self, topic: str, words: bytes) -> None:
        if self.channel.waiting:
            self._to_tell[topic] = words
        else:
            self.channel.send("tell", words, topic=topic)
        self.watch()

    def leave(self) -> None:
        """Take no further requests: those not yet read stay the edge's, unacknowledged, for the next app."""
        self._leaving = True
        if not self.channel.ended:
            self.loop.remove_reader(self.channel.fileno())

    def _readable(self) -> None:
        for message in self.channel.receive():
            if message.kind == "request":
                self._take(message)
            elif message.kind == "begun" and message.fd is not None:
                self._begun = Number(message.fd)
            elif message.kind == "gone":
                self._streams.difference_update(message.facts["keys"])
                self.serving.bell.on_gone(message.facts["keys"])
            elif message.kind == "audience":
                told = json.loads(message.body)
                self.audience = {case: (readers, sent and tuple(sent)) for case, (readers, sent) in told.items()}
        self.watch()

    def _take(self, message: Message) -> None:
        assert message.fd is not None and self._begun is not None
        sock = socket.socket(fileno=message.fd)
        sock.setblocking(False)
        request = message.facts["id"]
        self._begun.become(request)
        task = self.loop.create_task(self._begin(sock, request, message.body))
        self.serving.beginning.add(task)
        task.add_done_callback(self.serving.beginning.discard)

    def watch(self) -> None:
        """Say what had to wait, and wait to write what still must."""
        if self.channel.ended:
            self._gone()
            return
        if not self.channel.waiting:
            if self._to_ring is not None:
                position, self._to_ring = self._to_ring, None
                self.channel.send("ring", position=position)
            while self._to_tell and not self.channel.waiting:
                topic, words = self._to_tell.popitem()
                self.channel.send("tell", words, topic=topic)
        if bool(self.channel.waiting) != self._writing:
            self._writing = not self._writing
            if self._writing:
                self.loop.add_writer(self.channel.fileno(), self._writable)
            else:
                self.loop.remove_writer(self.channel.fileno())

    def _writable(self) -> None:
        self.channel.flush()
        self.watch()

    def _gone(self) -> None:
        """The edge has died. Its clients' connections that are with us are answered and then closed."""
        if self in self.serving.bell._edges:
            self.serving.bell._edges.remove(self)
            self.loop.remove_reader(self.channel.fileno())
            self.loop.remove_writer(self.channel.fileno())
            self.channel.close()
            if self._begun is not None:
                self._begun.close()
            self.serving.bell.on_gone(list(self._streams))

    async def _begin(self, sock: socket.socket, request: int, received: bytes) -> None:
        serving = self.serving
        try:
            _, protocol = await self.loop.connect_accepted_socket(
                lambda: HandedProtocol(serving.config, serving.state, serving.lifespan.state, self, request, received),
                sock,
            )
        except OSError:
            sock.close()
            self.ended_here(request)
        else:
            protocol.reading_began()

    def ended_here(self, request: int) -> None:
        if not self.channel.ended:
            self.channel.send("closed", id=request)
            self.watch()

    def give_back(self, request: int) -> None:
        self.channel.send("returned", id=request)
        self.watch()

    def give_stream(self, request: int, key: int, topic: str, first: bytes) -> None:
        self._streams.add(key)
        self.channel.send("stream", first, id=request, key=key, topic=topic)
        self.watch()

    def takes_back(self) -> bool:
        return not self.channel.ended
