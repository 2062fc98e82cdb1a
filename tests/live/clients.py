"""Clients of the live server, on plain sockets: what they send and read is visible to the byte."""

from __future__ import annotations

import json
import socket
import time
from typing import Any, NamedTuple

PATIENCE_S = 20.0
"""How long a test waits for what must come. Nothing here is timed against it; a busy machine may take its time."""


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """One connection, which may carry several requests."""

    def __init__(self, port: int, receive_buffer: int | None = None) -> None:
        self.sock = socket.socket()
        if receive_buffer is not None:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.sock.settimeout(PATIENCE_S)
        self.sock.connect(("127.0.0.1", port))
        self.buffer = b""

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def ask(self, path: str, *headers: str, method: str = "GET", body: bytes | None = None) -> None:
        lines = [f"{method} {path} HTTP/1.1", "Host: heard.test", *headers]
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        self.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (body or b""))

    def more(self) -> bool:
        """Read once; False at the end of the stream."""
        try:
            data = self.sock.recv(262144)
        except ConnectionResetError:
            return False
        self.buffer += data
        return bool(data)

    def until(self, mark: bytes) -> bytes:
        """Everything up to and with a mark."""
        give_up_at = time.monotonic() + PATIENCE_S  # Heartbeats keep the socket from timing out.
        while mark not in self.buffer:
            assert time.monotonic() < give_up_at, f"{mark!r} did not come: {self.buffer[-300:]!r}"
            assert self.more(), f"ended before {mark!r}: {self.buffer[-300:]!r}"
        before, _, self.buffer = self.buffer.partition(mark)
        return before + mark

    def answer(self, method: str = "GET") -> Answer:
        """The next whole answer."""
        lines = self.until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:]) if k}
        status = int(lines[0].split()[1])
        body = b""
        if method == "HEAD" or status in (100, 204, 304):
            pass
        elif "content-length" in headers:
            length = int(headers["content-length"])
            pieces = [self.buffer[:length]]
            self.buffer = self.buffer[length:]
            while (missing := length - sum(map(len, pieces))) > 0:
                assert self.more(), "ended in the middle of an answer"
                pieces.append(self.buffer[:missing])
                self.buffer = self.buffer[missing:]
            body = b"".join(pieces)
        elif headers.get("transfer-encoding") == "chunked":
            while size := int(self.until(b"\r\n"), 16):
                while len(self.buffer) < size + 2:
                    assert self.more(), "ended in the middle of a chunk"
                body += self.buffer[:size]
                self.buffer = self.buffer[size + 2 :]
            self.until(b"\r\n")
        return Answer(status, headers, body)

    def is_closed(self) -> bool:
        """Wait until the other end has closed."""
        try:
            while self.more():
                pass
        except TimeoutError:
            return False
        return True


class Event(NamedTuple):
    kind: str
    id: str
    data: Any


class Reader(Client):
    """An open page: a client of a live stream, which remembers the last id as a browser does."""

    def __init__(self, port: int, slug: str, last_id: str | None = None, receive_buffer: int | None = None) -> None:
        super().__init__(port, receive_buffer)
        self.last_id = last_id
        self.retry_ms = 0
        self.ask(f"/live/{slug}", *([] if last_id is None else [f"Last-Event-ID: {last_id}"]))
        self.head = self.until(b"\r\n\r\n")
        assert self.head.startswith(b"HTTP/1.1 200 "), self.head
        self.until(b": heard\n\n")
        if not last_id:  # Wait to be told where we stand: from then on nothing can be missed.
            while self.last_id is None:
                self._block()

    def _block(self) -> Event | None:
        """Read one block of lines; an event if it dispatches one (WHATWG HTML 9.2.6)."""
        kind, data = "message", ""
        for line in self.until(b"\n\n").decode().split("\n"):
            name, _, value = line.partition(": ")
            if name == "id":
                self.last_id = value
            elif name == "event":
                kind = value
            elif name == "data":
                data += value
            elif name == "retry":
                self.retry_ms = int(value)
        assert self.last_id is not None or not data
        return Event(kind, str(self.last_id), json.loads(data)) if data else None

    def event(self) -> Event:
        """The next event."""
        give_up_at = time.monotonic() + PATIENCE_S
        while True:
            assert time.monotonic() < give_up_at, "no event came"
            event = self._block()
            if event is not None:
                return event

    def until_thing(self, id: str) -> list[Event]:
        """Events up to the one that changes a thing."""
        events = []
        while True:
            events.append(self.event())
            assert events[-1].kind == "change", events[-1]
            if any(change["id"] == id for change in events[-1].data.get("changes", [])):
                return events


def ask(port: int, path: str, *headers: str, method: str = "GET", body: bytes | None = None) -> Answer:
    """One request on a connection of its own."""
    with Client(port) as client:
        client.ask(path, *headers, method=method, body=body)
        return client.answer(method)
