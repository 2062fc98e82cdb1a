"""Messages with descriptors between two of our processes, over a Unix stream socket that never blocks
either of them.

A message is a header of JSON and some bytes, each with its length before it, and at most one descriptor
(SCM_RIGHTS), which travels with the message's first byte. Who says what:

    edge → app          begun(+ descriptor of a number that both share) · request(id, + descriptor, bytes read) ·
                        gone(keys) · audience(+ readers of each case, as JSON)
    app → edge          hello(frames, epoch, + descriptor of the edition) · ring(position) ·
                        returned(id, + bytes unread) · closed(id) · lend(answer, fields, + head and body) ·
                        stream(id, key, topic, + how it stands) · tell(topic, + how it stands) · ends(key) · vouch()
    supervisor → edge   app(+ descriptor of a channel to it) · end()
    supervisor → app    edge(+ descriptor of a channel to it) · alone() · end()
    any → supervisor    beat()

A request is counted as begun before it is, in memory that the edge sees whatever becomes of the app. What an app had
not begun when it died the edge gives to the next; what it had begun never: a request is begun once or not at all.
"""

from __future__ import annotations

import array
import os
import socket
import struct
from collections import deque
from contextlib import suppress
from typing import Any, NamedTuple

import msgspec

_LENGTHS = struct.Struct(">II")
HEADER_BYTES_MAX = 8 * 1024
BODY_BYTES_MAX = 128 * 1024
"""A head of at most 16 KiB and what came with it in one read; more is a fault of ours."""

RECEIVE_BYTES = 64 * 1024
RECEIVES_A_TURN = 64
DESCRIPTORS_A_RECEIVE = 64
_ROOM_FOR_FDS = socket.CMSG_SPACE(DESCRIPTORS_A_RECEIVE * array.array("i").itemsize)
_CLOSE_ON_EXEC = getattr(socket, "MSG_CMSG_CLOEXEC", 0)


class Message(NamedTuple):
    """One message as it arrived. Whoever takes it owns the descriptor."""

    kind: str
    facts: dict[str, Any]
    body: bytes
    fd: int | None


class _Outgoing:
    __slots__ = ("bytes", "close_after", "fd", "sent")

    def __init__(self, message: bytes, fd: int | None, close_after: bool) -> None:
        self.bytes = message
        self.fd = fd
        self.close_after = close_after
        self.sent = 0


class Channel:
    """One end. Its owner watches the descriptor, calls `receive` when readable and `flush` when writable.

    `ended` becomes true when the other end has gone or spoke nonsense; what it had said before that is
    still received.
    """

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self.sock = sock
        self.ended = False
        self._outbox: deque[_Outgoing] = deque()
        self._inbox = bytearray()
        self._room = bytearray(RECEIVE_BYTES)  # Asked for once: a new one each time cost more than the reading.
        self._descriptors: deque[int] = deque()

    def fileno(self) -> int:
        return self.sock.fileno()

    @property
    def waiting(self) -> int:
        """How many messages the kernel has not taken yet."""
        return len(self._outbox)

    def send(
        self, kind: str, body: bytes = b"", fd: int | None = None, close_after: bool = False, **facts: Any
    ) -> bool:
        """Send, or keep in order until it can be sent; True when everything has gone.

        With `close_after` the channel owns `fd` and closes it once it has been sent or never can be.
        """
        facts["kind"] = kind
        facts["fd"] = fd is not None
        header = msgspec.json.encode(facts)
        message = _LENGTHS.pack(len(header), len(body)) + header + body
        self._outbox.append(_Outgoing(message, fd, close_after))
        return self.flush()

    def flush(self) -> bool:
        """Give the kernel what waits; True when nothing does."""
        while self._outbox and not self.ended:
            first = self._outbox[0]
            try:
                if first.fd is not None and first.sent == 0:
                    first.sent = socket.send_fds(self.sock, [first.bytes], [first.fd])
                else:
                    first.sent += self.sock.send(memoryview(first.bytes)[first.sent :])
            except BlockingIOError:
                return False
            except OSError:
                return False  # The other end has gone. What it had said can still be read: `receive` says when.
            if first.sent == len(first.bytes):
                self._outbox.popleft()
                _close_own(first)
        return not self._outbox

    def receive(self) -> list[Message]:
        """What has arrived, at most so much that other work is not kept waiting."""
        for _ in range(RECEIVES_A_TURN):
            try:
                length, ancillary, flags, _ = self.sock.recvmsg_into([self._room], _ROOM_FOR_FDS, _CLOSE_ON_EXEC)
            except BlockingIOError:
                break
            except OSError:
                self.ended = True
                break
            for level, kind, fds in ancillary:
                if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                    arrived = array.array("i")
                    arrived.frombytes(fds[: len(fds) - len(fds) % arrived.itemsize])
                    self._descriptors.extend(arrived)
            if not length or flags & socket.MSG_CTRUNC:
                self.ended = True  # Or a descriptor was lost, and no later one could be told from it.
                break
            self._inbox += memoryview(self._room)[:length]
            if length < RECEIVE_BYTES:
                break  # Nearly always all there is; what is behind a descriptor wakes the owner again.
        return self._parsed()

    def _parsed(self) -> list[Message]:
        messages: list[Message] = []
        start = 0
        while len(self._inbox) - start >= _LENGTHS.size:
            header_length, body_length = _LENGTHS.unpack_from(self._inbox, start)
            if header_length > HEADER_BYTES_MAX or body_length > BODY_BYTES_MAX:
                self.ended = True
                break
            body_at = start + _LENGTHS.size + header_length
            if len(self._inbox) < body_at + body_length:
                break
            facts = msgspec.json.decode(self._inbox[start + _LENGTHS.size : body_at])
            fd = self._descriptors.popleft() if facts.pop("fd") else None
            body = bytes(self._inbox[body_at : body_at + body_length])
            messages.append(Message(facts.pop("kind"), facts, body, fd))
            start = body_at + body_length
        del self._inbox[:start]
        return messages

    def close(self) -> None:
        """Give up the channel and every descriptor that it still owns."""
        self.ended = True
        for outgoing in self._outbox:
            _close_own(outgoing)
        self._outbox.clear()
        for fd in self._descriptors:
            with suppress(OSError):
                os.close(fd)
        self._descriptors.clear()
        self.sock.close()


def _close_own(outgoing: _Outgoing) -> None:
    if outgoing.close_after and outgoing.fd is not None:
        with suppress(OSError):
            os.close(outgoing.fd)


def pair() -> tuple[socket.socket, socket.socket]:
    """The two ends of a new channel."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
