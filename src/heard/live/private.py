"""Streams for who is signed in: the app says who may have one and of what, tells them, and takes them away.

It authorises once, hands the connection over, and vouches for all of its streams twice a second. One that it ends is
closed at once; when it says nothing any more, all are closed, for nobody knows then who may still listen. Public
streams stay open all that time.

What is told is how things stand, never what happened: whoever misses one has everything with the next. So nobody is
caught up, and who does not take it is let go and comes back.
"""

from __future__ import annotations

import socket
from contextlib import suppress

from heard.live import answers
from heard.live.connection import Connection, State, Topic
from heard.live.connections import Connections

VOUCHED_S = 5.0
"""Without a word from its app for so long, a stream is closed."""


class Private:
    """The streams that one app has handed to this edge."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._held: dict[int, Connection] = {}
        self._topics: dict[str, Topic] = {}
        self.vouched_at = connections.now

    def take(self, connection: Connection, key: int, topic: str, first: bytes) -> None:
        """Hold a connection as a stream; `first` is how things stand."""
        opening = answers.private_opening() + first
        with suppress(OSError):
            connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, self._connections.limits.send_buffer_bytes)
        if self._send(connection, opening):
            known = self._topics.get(topic) or self._topics.setdefault(topic, Topic(topic))
            self._connections.join(connection, known, State.LIVE)
            self._held[key] = connection

    def tell(self, topic: str, words: bytes) -> None:
        """How things stand now, to all of a topic."""
        if known := self._topics.get(topic):
            for connection in list(known.readers[State.CATCHING_UP]):
                self._connections.close(connection)
            for connection in list(known.readers[State.LIVE]):
                self._send(connection, words)

    def _send(self, connection: Connection, words: bytes) -> bool:
        try:
            sent = connection.sock.send(words)
        except OSError:
            sent = 0
        if sent != len(words):
            self._connections.close(connection)
        return sent == len(words)

    def end(self, key: int) -> None:
        """Who listened may do so no more."""
        if connection := self._held.pop(key, None):
            self._connections.close(connection)

    def end_unvouched(self) -> None:
        """Close all, if the app has not been heard for too long."""
        if self._connections.now - self.vouched_at > VOUCHED_S:
            self.close()

    def forget_gone(self) -> list[int]:
        """Those who have gone by themselves since the last time."""
        gone = [key for key, connection in self._held.items() if connection.state is State.GONE]
        for key in gone:
            del self._held[key]
        return gone

    def close(self) -> None:
        for connection in self._held.values():
            self._connections.close(connection)
