"""The edge's end of the way to the app: requests wait here, are handed over, and come back when they are answered.

A request is sent with a copy of its descriptor, and its connection stays here. The app counts in memory that both
share which requests it has begun, so that its death leaves no doubt: what it had begun ends with it, and all else is
the next one's.
"""

from __future__ import annotations

import json
import socket
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from selectors import EVENT_READ, EVENT_WRITE

from heard.engine.errors import Unavailable
from heard.live.connection import Connection, State
from heard.live.connections import Connections
from heard.live.edition import Edition
from heard.live.handover import Channel, Message
from heard.live.lent import Asked, Lent
from heard.live.private import Private
from heard.live.readers import Readers
from heard.live.shared import Number

UNSENT_MAX = 32
"""Requests given to a channel that its app has not yet read: the kernel's buffer is the queue, not ours."""


class App:
    """One app process, as long as its channel lasts. It takes requests once it has said hello."""

    def __init__(self, sock: socket.socket, private: Private) -> None:
        self.channel = Channel(sock)
        self.begun = Number.fresh()
        """The last request that it has begun; they are begun in the order in which they were handed over."""
        self.channel.send("begun", fd=self.begun.fd)
        self.private = private
        self.said_hello = False
        self.lent: Lent | None = None
        self.watched = EVENT_READ
        self.handed: dict[int, Connection] = {}
        """By request: connections that this app has been sent and that have neither ended there nor come back."""
        self.told = b"{}"

    def not_begun(self) -> list[Connection]:
        """Those whose request may still be given to another app."""
        begun = self.begun.now()
        return [connection for request, connection in self.handed.items() if request > begun]

    def close(self) -> None:
        self.channel.close()
        self.begun.close()
        self.private.close()


class Apps:
    """The apps this edge knows, newest last; usually one, two for a moment while one is replaced."""

    def __init__(self, connections: Connections, readers: Readers, say: Callable[..., None]) -> None:
        self.connections = connections
        self.readers = readers
        self.limits = connections.limits
        self.say = say
        self.all: list[App] = []
        self.waiting: OrderedDict[Connection, None] = OrderedDict()
        self.bell_may_be_missed = True
        self.lent: Lent | None = None
        self._last_request = 0

    def add(self, sock: socket.socket) -> None:
        """The supervisor has started an app and gives us a channel to it."""
        app = App(sock, Private(self.connections))
        self.all.append(app)
        self.connections.selector.register(app.channel, app.watched, app)

    def pass_on(self, connection: Connection) -> None:
        """Hand a request over with all that was read of it; it waits while there is nobody to take it."""
        self.connections.move(connection, State.WAITING)
        self.waiting[connection] = None
        self.hand_over()

    def hand_over(self) -> None:
        """Give waiting requests, in their order, to the newest app that is ready for them."""
        ready = [app for app in self.all if app.said_hello]
        if not ready:
            return
        app = ready[-1]
        while self.waiting and len(app.handed) < self.limits.at_app and app.channel.waiting < UNSENT_MAX:
            connection, _ = self.waiting.popitem(last=False)
            self._last_request += 1
            self.connections.move(connection, State.HANDED)
            app.handed[self._last_request] = connection
            app.channel.send("request", connection.buffer, fd=connection.fd, id=self._last_request)
        self._watch(app)

    def tell_audience(self) -> None:
        """Once a second: who reads, for the desk. An app that is busy, or has been told, is left alone."""
        audience = json.dumps(self.readers.audience()).encode()
        for app in self.all:
            if app.said_hello and app.told != audience and not app.channel.waiting:
                app.told = audience
                app.channel.send("audience", audience)
                self._watch(app)

    def has_not_begun(self) -> bool:
        """Whether an app has been sent what it may never begin: an edge that ends waits for those alone."""
        return any(app.not_begun() for app in self.all)

    def gave_up(self, connection: Connection) -> None:
        """No app took a request in time; the caller answers it."""
        del self.waiting[connection]

    def heard_from(self, app: App, events: int) -> None:
        """An app's channel is ready: take what it says, send what waits."""
        if events & EVENT_WRITE:
            app.channel.flush()
        if events & EVENT_READ:
            messages = app.channel.receive()
            rang = False
            for message in messages:
                rang |= message.kind == "ring"
                self._take(app, message)
            if rang:
                self._look()
        if app.channel.ended:
            self._lost(app)
        else:
            self._watch(app)
        self.hand_over()

    def _take(self, app: App, message: Message) -> None:
        if message.kind in ("returned", "closed", "stream"):
            if (connection := app.handed.pop(message.facts["id"], None)) is not None:
                self._answered(app, connection, message)
        elif message.kind == "tell":
            app.private.tell(message.facts["topic"], message.body)
        elif message.kind == "ends":
            app.private.end(message.facts["key"])
        elif message.kind == "vouch":
            app.private.vouched_at = self.connections.now
        elif message.kind == "hello":
            if message.fd is not None:
                app.lent = Lent(Edition(message.fd))
            self._greeted(app, Path(message.facts["frames"]), message.facts["epoch"])
        elif message.kind == "lend" and app.lent is not None:
            of, etag, *asked = message.facts["answer"]
            length = message.facts["fields"]
            app.lent.hold(of, Asked(*asked), etag, message.body[:length], message.body[length:])

    def _answered(self, app: App, connection: Connection, message: Message) -> None:
        """An app is through with a request: the connection is ours alone again."""
        if message.kind == "closed":
            self.connections.close(connection)
            return
        connection.buffer = message.body if message.kind == "returned" else b""
        self.connections.move(connection, State.IDLE)
        if message.kind == "stream":
            app.private.take(connection, message.facts["key"], message.facts["topic"], message.body)
        elif connection.buffer:
            self.connections.resumed.append(connection)

    def lent_answer(self, request: bytes) -> bytes | None:
        """What the newest app has lent for this request; None where it is to be asked."""
        return self.lent.answer_to(request) if self.lent is not None else None

    def _greeted(self, app: App, frames: Path, epoch: str) -> None:
        is_first = self.readers.replays is None
        try:
            self.readers.read_from(frames, epoch)
        except Unavailable as error:
            self.say("frames_unreadable", path=frames.name, why=error.message)
        app.said_hello = True
        self.bell_may_be_missed = False
        self.all.remove(app)
        self.all.append(app)
        self.lent = app.lent
        if is_first:  # What waited may have been for a stream, which nobody could answer until now.
            for connection in self.waiting:
                self.connections.move(connection, State.READING)
                self.connections.resumed.append(connection)
            self.waiting.clear()

    def _look(self) -> None:
        self.bell_may_be_missed = True
        self.look_by_ourselves()

    def look_by_ourselves(self) -> None:
        """Look for news unrung: while no app is there to ring, or until the file can be read again."""
        try:
            if self.readers.replays is not None:
                self.readers.look()
        except Unavailable:
            return
        self.bell_may_be_missed = not any(app.said_hello for app in self.all)

    def _lost(self, app: App) -> None:
        """An app has gone. What it had not begun is the next one's, ahead of what came later; what it had, ends."""
        self.connections.selector.unregister(app.channel)
        self.all.remove(app)
        if app.lent is not None:
            self.lent = self.all[-1].lent if self.all else None
            app.lent.close()
        not_begun = app.not_begun()
        for connection in reversed(not_begun):
            self.connections.move(connection, State.WAITING)
            self.waiting[connection] = None
            self.waiting.move_to_end(connection, last=False)
        for connection in app.handed.values():
            if connection.state is State.HANDED:
                self.connections.close(connection)
        app.close()
        self.bell_may_be_missed = not any(other.said_hello for other in self.all)
        self.say("app_left", not_begun=len(not_begun), begun=len(app.handed) - len(not_begun))

    def see_to_private(self) -> None:
        """Close what nobody vouches for, and tell each app who has gone."""
        for app in self.all:
            app.private.end_unvouched()
            if gone := app.private.forget_gone():
                app.channel.send("gone", keys=gone)
                self._watch(app)

    def _watch(self, app: App) -> None:
        events = EVENT_READ | (EVENT_WRITE if app.channel.waiting else 0)
        if events != app.watched and not app.channel.ended:
            app.watched = events
            self.connections.selector.modify(app.channel, events, app)
