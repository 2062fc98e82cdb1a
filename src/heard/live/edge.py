"""The edge: stands at the port, holds every idle connection and every reader, and does nothing else.

One thread, one loop over non-blocking sockets, no work that takes longer than a send. It runs as a process
of its own, so that nothing the app computes can delay a reader, and so that the app can be replaced while
all stay connected. (In one process, one computing thread makes the same loop from 11 ms 5 s: each send
gives the interpreter away.)

    python -m heard.live.edge --listen-fd N --control-fd M
"""

from __future__ import annotations

import argparse
import errno
import gc
import selectors
import signal
import socket
import sys
import time
from contextlib import suppress

from heard.engine.errors import Unavailable
from heard.live import answers, joining
from heard.live.apps import App, Apps
from heard.live.connection import READERS, Connection, State
from heard.live.connections import Connections
from heard.live.handover import Channel
from heard.live.limits import Limits
from heard.live.readers import Readers
from heard.live.request import Malformed, parse
from heard.live.saying import say

TICK_S = 1.0
RECEIVE_BYTES = 16 * 1024


class Edge:
    """The loop, and what each ready descriptor means."""

    def __init__(self, listener: socket.socket, control: socket.socket, limits: Limits) -> None:
        self.limits = limits
        self.selector = selectors.DefaultSelector()
        self.connections = Connections(self.selector, limits)
        self.readers = Readers(self.connections, say)
        self.apps = Apps(self.connections, self.readers, say)
        self.control = Channel(control)
        self.listener: socket.socket | None = listener
        self._family = listener.family
        self.connections_max = limits.connections_max()
        self.ends_at: float | None = None
        listener.setblocking(False)
        self.selector.register(listener, selectors.EVENT_READ, listener)
        self.selector.register(self.control, selectors.EVENT_READ, self.control)
        self._listening = True
        self._next_tick = 0.0

    def run(self) -> None:
        """Serve until the supervisor says end, or is gone."""
        while not self.control.ended and not self._has_ended():
            ready = self.selector.select(self._patience())
            self.connections.now = time.monotonic()
            # Bells before requests: who asks now must not be sent what was withdrawn a moment ago.
            for key, events in ready:
                if type(key.data) is not Connection:
                    self._inside(key.data, events)
            for key, events in ready:
                if type(key.data) is Connection:
                    self._outside(key.data, events)
            while self.connections.resumed:
                resumed, self.connections.resumed = self.connections.resumed, []
                for connection in resumed:
                    self._resume(connection)
            if self.apps.bell_may_be_missed:
                self.apps.look_by_ourselves()
            if self.readers.has_more_to_send:
                self._send_slice()
            self._see_to_deadlines()

    def _patience(self) -> float:
        if self.readers.has_more_to_send and not self.apps.bell_may_be_missed:
            return 0.0
        until = self._next_tick
        deadline = self.connections.next_deadline()
        if deadline is not None:
            until = min(until, deadline)
        if self.apps.bell_may_be_missed and self.readers.replays is not None:
            until = min(until, self.connections.now + self.limits.missed_bell_s)
        return max(0.0, until - time.monotonic())

    # What comes from our own processes

    def _inside(self, source: object, events: int) -> None:
        if source is self.listener:
            self._accept()
        elif isinstance(source, App):
            self.apps.heard_from(source, events)
        elif source is self.control:
            for message in self.control.receive():
                if message.kind == "app" and message.fd is not None:
                    self.apps.add(socket.socket(fileno=message.fd))
                elif message.kind == "end":
                    self._begin_to_end()

    def _begin_to_end(self) -> None:
        """Take no more; tell readers to come back; wait a little for requests that are still here."""
        if self.ends_at is None and self.listener is not None:
            self.ends_at = self.connections.now + self.limits.end_s
            self._listen(False)
            self.listener.close()
            self.listener = None
            self.readers.end()
            for connection in list(self.connections.by_fd.values()):
                if connection.state is State.IDLE:
                    self.connections.close(connection)

    def _has_ended(self) -> bool:
        if self.ends_at is None:
            return False
        busy = {State.READING, State.WAITING, State.ANSWERING}
        here = self.apps.has_not_begun() or any(one.state in busy for one in self.connections.by_fd.values())
        return not here or self.connections.now >= self.ends_at

    # What comes from clients

    def _accept(self) -> None:
        assert self.listener is not None
        for _ in range(self.limits.accepts_a_turn):
            try:
                # As `accept` does; but that makes two enums of the listener each time, a tenth of a reader's set-up.
                fd, _ = self.listener._accept()  # type: ignore[attr-defined]
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM):
                    self._listen(False)  # Until the next tick: asking again at once would find the same.
                return
            sock = socket.socket(self._family, socket.SOCK_STREAM, 0, fd)
            sock.setblocking(False)
            if len(self.connections.by_fd) >= self.connections_max and not self.connections.make_room():
                with suppress(OSError):
                    sock.send(answers.told(503, answers.BUSY, None, True, "Retry-After: 5"))
                sock.close()
                continue
            self.connections.admit(sock)

    def _listen(self, listens: bool) -> None:
        if self.listener is not None and listens != self._listening:
            self._listening = listens
            if listens:
                self.selector.register(self.listener, selectors.EVENT_READ, self.listener)
            else:
                self.selector.unregister(self.listener)

    def _outside(self, connection: Connection, events: int) -> None:
        state = connection.state
        if state is State.IDLE:  # by far the most common: a request on a connection that is kept
            self._read(connection)
            return
        if state is State.ANSWERING:
            self.connections.go_on_answering(connection)
            return
        if events & selectors.EVENT_READ and state in (State.READING, State.LINGERING, *READERS):
            self._read(connection)
        if events & selectors.EVENT_WRITE and connection.state is State.CATCHING_UP:
            with suppress(Unavailable):
                self.readers.go_on(connection)

    def _read(self, connection: Connection) -> None:
        try:
            data = connection.sock.recv(RECEIVE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.connections.close(connection)
        elif (
            connection.state is State.IDLE
            and not connection.buffer
            and (answer := self.apps.lent_answer(data)) is not None
        ):
            self.connections.answer_at_once(connection, answer)
        elif connection.state in (State.IDLE, State.READING):
            connection.buffer += data
            self._take(connection)
        elif connection.state is State.POLLING and len(connection.buffer) <= self.limits.head_bytes:
            connection.buffer += data  # The next request; it is read when this one has been answered.
        elif connection.state is not State.LINGERING:
            self.connections.close(connection)  # A reader of a stream has nothing more to say.

    def _resume(self, connection: Connection) -> None:
        if connection.state in (State.IDLE, State.READING):
            self._take(connection)

    def _take(self, connection: Connection) -> None:
        """See whether a whole head is here, and who answers it."""
        whole = connection.buffer
        try:
            head = parse(whole, self.limits.head_bytes)
            if head is None:
                if connection.state is State.IDLE:
                    self.connections.move(connection, State.READING)
                return
            stream = joining.stream_at(head.path)
            if stream is None:
                self.apps.pass_on(connection)
            elif self.readers.replays is None:
                self.apps.pass_on(connection)  # It waits for the first app, and is then looked at again.
            else:
                connection.buffer = whole[head.length :]
                if not joining.join(self.readers, connection, head, stream):
                    connection.buffer = whole
                    self.apps.pass_on(connection)
        except Malformed as malformed:
            words = answers.TOO_LONG if malformed.status == 431 else answers.MALFORMED
            self._refuse(connection, malformed.status, words)
        except Unavailable:
            self._refuse(connection, 503, answers.BUSY, "Retry-After: 2")

    def _refuse(self, connection: Connection, status: int, words: str, *fields: str) -> None:
        head = None
        with suppress(Malformed):
            head = parse(connection.buffer, self.limits.head_bytes)
        if status == 503 and head is not None and head.method not in ("GET", "HEAD"):
            words = answers.NOT_TAKEN
        connection.buffer = b""
        self.connections.answer(connection, answers.told(status, words, head, True, *fields), closes=True)

    # What comes with time

    def _send_slice(self) -> None:
        try:
            self.readers.send_slice()
        except Unavailable:
            self.apps.bell_may_be_missed = True  # As with news that cannot be read: it is tried again soon.

    def _see_to_deadlines(self) -> None:
        for connection in self.connections.overdue():
            if connection.state is State.READING:
                self._refuse(connection, 408, answers.TOO_SLOW)
            elif connection.state is State.WAITING:
                self.apps.gave_up(connection)
                self._refuse(connection, 503, answers.BUSY, "Retry-After: 5")
            elif connection.state in READERS:
                self._time_is_up_for(connection)
            elif connection.state is State.ANSWERING:
                self.connections.cut(connection)
            else:
                self.connections.close(connection)
        if self.connections.now >= self._next_tick:
            self._next_tick = self.connections.now + TICK_S
            self.control.send("beat")
            self._listen(True)
            self.readers.beat()
            self.apps.see_to_private()
            self.apps.tell_audience()
            if self.apps.lent is not None:
                self.apps.lent.second_passed()

    def _time_is_up_for(self, connection: Connection) -> None:
        try:
            self.readers.time_is_up(connection)
        except Unavailable:
            self.connections.close(connection)


def main() -> None:
    """Run one edge on descriptors that the supervisor opened."""
    asked = argparse.ArgumentParser(prog="heard.live.edge")
    asked.add_argument("--listen-fd", type=int, required=True)
    asked.add_argument("--control-fd", type=int, required=True)
    asked.add_argument("--limits", default="{}")
    arguments = asked.parse_args()
    listener = socket.socket(fileno=arguments.listen_fd)
    control = socket.socket(fileno=arguments.control_fd)
    # The supervisor hears the terminal and tells us; a reader must not be lost to a Ctrl+C before that.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    edge = Edge(listener, control, Limits.read(arguments.limits))
    # Nothing here makes cycles, and a collection among 10,000 readers would be a pause for each of them.
    gc.collect()
    gc.freeze()
    gc.disable()
    edge.run()
    sys.exit(0)


if __name__ == "__main__":
    main()
