"""All open connections: what the selector watches of each, when its time is up, and how an answer leaves."""

from __future__ import annotations

import socket
import struct
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import suppress
from selectors import BaseSelector

from heard.live.connection import RULES, Connection, State, Topic, durations
from heard.live.limits import Limits

_NO_LINGER = struct.pack("ii", 1, 0)


class Connections:
    """Every connection the edge holds, by descriptor; `now` is the edge's monotonic clock in seconds."""

    def __init__(self, selector: BaseSelector, limits: Limits) -> None:
        self.selector = selector
        self.limits = limits
        self.now = 0.0
        self.by_fd: dict[int, Connection] = {}
        self.readers = 0
        """How many of them read a stream or wait in a long poll."""

        self.resumed: list[Connection] = []
        """Connections with a request in their buffer that came before we listened: the edge's loop takes
        them next.
        """
        self._durations = durations(limits)
        # Each state lasts equally long for all, so the order of arrival is the order of the deadlines: no
        # heap.
        self._due: dict[State, OrderedDict[Connection, float]] = {state: OrderedDict() for state in self._durations}

    def admit(self, sock: socket.socket) -> Connection:
        """Hold a connection that was accepted."""
        connection = Connection(sock)
        self.by_fd[connection.fd] = connection
        self.selector.register(connection.fd, RULES[State.IDLE].listens, connection)
        self._start_clock(connection)
        return connection

    def move(self, connection: Connection, to: State) -> None:
        """Change a connection's state, and with it what is watched, its deadline, and its place in its
        topic.
        """
        old, new = RULES[connection.state], RULES[to]
        assert to in old.moves, f"{connection.state} → {to}"
        if new.listens != old.listens:
            self._watch(connection, old.listens, new.listens)
        self._stop_clock(connection)
        topic = connection.topic
        if topic is not None:
            topic.readers.get(connection.state, {}).pop(connection, None)
            if to in topic.readers:
                topic.readers[to][connection] = None
            else:
                connection.topic = None
                self.readers -= 1
        connection.state = to
        self._start_clock(connection)

    def join(self, connection: Connection, topic: Topic, state: State) -> None:
        """Make a connection a reader of a topic."""
        connection.topic = topic
        self.readers += 1
        connection.buffer = b"" if state is not State.POLLING else connection.buffer
        self.move(connection, state)

    def make_room(self) -> bool:
        """Close the connection that has been idle longest; False if none is idle."""
        idle = next(iter(self._due[State.IDLE]), None)
        if idle is not None:
            self.close(idle)
        return idle is not None

    def progressed(self, connection: Connection) -> None:
        """The client took some bytes: its deadline starts anew."""
        self._stop_clock(connection)
        self._start_clock(connection)

    def overdue(self) -> Iterator[Connection]:
        """Connections whose state has lasted too long, one at a time: each must be moved before the next is
        asked for.
        """
        for due in self._due.values():
            while due:
                connection, at = next(iter(due.items()))
                if at > self.now:
                    break
                yield connection

    def next_deadline(self) -> float | None:
        """When the first of them is due."""
        firsts = [next(iter(due.values())) for due in self._due.values() if due]
        return min(firsts, default=None)

    def answer(self, connection: Connection, answer: bytes, closes: bool) -> None:
        """Send an answer of our own, now and later as the client takes it."""
        connection.outgoing, connection.sent, connection.closes = answer, 0, closes
        self.move(connection, State.ANSWERING)
        self.go_on_answering(connection)

    def answer_at_once(self, connection: Connection, answer: bytes) -> None:
        """The same for an answer that the kernel will nearly always take whole: then nothing is moved or watched."""
        try:
            sent = connection.sock.send(answer)
        except BlockingIOError:
            sent = 0
        except OSError:
            self.close(connection)
            return
        if sent == len(answer):
            due = self._due[connection.state]
            due[connection] = self.now + self._durations[connection.state]
            due.move_to_end(connection)
            return
        connection.outgoing, connection.sent, connection.closes = answer, sent, False
        self.move(connection, State.ANSWERING)

    def go_on_answering(self, connection: Connection) -> None:
        """Send what is left of an answer; then listen for the next request, or linger."""
        try:
            connection.sent += connection.sock.send(memoryview(connection.outgoing)[connection.sent :])
        except BlockingIOError:
            return
        except OSError:
            self.close(connection)
            return
        if connection.sent < len(connection.outgoing):
            self.progressed(connection)
            return
        connection.outgoing, connection.sent = b"", 0
        if not connection.closes:
            self.move(connection, State.IDLE)
            if connection.buffer:
                self.resumed.append(connection)
            return
        with suppress(OSError):
            connection.sock.shutdown(socket.SHUT_WR)
        self.move(connection, State.LINGERING)

    def close(self, connection: Connection) -> None:
        """Close a connection; where an app has a copy, it is open until that closes its own too."""
        if connection.state is State.GONE:
            return
        self.move(connection, State.GONE)
        del self.by_fd[connection.fd]
        connection.buffer = connection.outgoing = b""
        connection.sock.close()

    def cut(self, connection: Connection) -> None:
        """Cut a connection that has taken nothing for long, and free what the kernel holds for it.

        An ordinary close would keep 128 KB there for as long as the other end is not known to be dead. It is
        right for all who still read: unlike a reset it is sent again when it is lost.
        """
        if connection.state is not State.GONE:
            with suppress(OSError):
                connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self.close(connection)

    def _watch(self, connection: Connection, old: int, new: int) -> None:
        # Zero is not "registered for nothing": epoll would report a hang-up for ever, and nobody would hear
        # it.
        if not new:
            self.selector.unregister(connection.fd)
        elif not old:
            self.selector.register(connection.fd, new, connection)
        else:
            self.selector.modify(connection.fd, new, connection)

    def _start_clock(self, connection: Connection) -> None:
        lasts = self._durations.get(connection.state)
        if lasts is not None:
            self._due[connection.state][connection] = self.now + lasts

    def _stop_clock(self, connection: Connection) -> None:
        due = self._due.get(connection.state)
        if due is not None:
            due.pop(connection, None)
