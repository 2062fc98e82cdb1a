"""Listening to the watch as an open board does, on a socket of one's own."""

from __future__ import annotations

import re
import socket
import time
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import msgspec

HEARD_S = 30.0


class Board:
    """What one open page hears. `heard` are the events with the monotonic second at which each came."""

    def __init__(self, address: str, **fields: str) -> None:
        where = urlsplit(address)
        self.sock = socket.create_connection((where.hostname or "", where.port or 0), timeout=HEARD_S)
        asks = {"Host": where.netloc, "Accept": "text/event-stream", **fields}
        head = "".join(f"{name}: {value}\r\n" for name, value in asks.items())
        self.sock.sendall(f"GET /watch/live HTTP/1.1\r\n{head}\r\n".encode())
        self.heard: list[tuple[float, dict[str, Any]]] = []
        self._rest = b""
        self.status = 0
        while not self.status:
            self._rest += self.sock.recv(65536)
            if b"\r\n\r\n" in self._rest:
                self.head, _, self._rest = self._rest.partition(b"\r\n\r\n")
                self.status = int(self.head.split(b" ", 2)[1])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, wrong: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.sock.close()

    def hears(self, name: str, more_than: int, within_s: float = HEARD_S) -> dict[str, Any]:
        """The first event of which `name` is more than so much.

        Raises TimeoutError, or ConnectionError when the stream ended.
        """
        until = time.monotonic() + within_s
        while not (found := [said for _, said in self.heard if said[name] > more_than]):
            self._read(until)
        return found[0]

    def ends_after(self, within_s: float = HEARD_S) -> float:
        """After how many seconds the stream is closed."""
        began = time.monotonic()
        try:
            while True:
                self._read(began + within_s)
        except ConnectionError:
            return time.monotonic() - began

    def _read(self, until: float) -> None:
        self.sock.settimeout(max(0.001, until - time.monotonic()))
        received = self.sock.recv(65536)
        if not received:
            raise ConnectionError("the stream ended")
        *whole, self._rest = (self._rest + received).split(b"\n\n")
        for event in whole:
            if found := re.search(rb"^event: stands\ndata: (.*)$", event, re.MULTILINE):
                self.heard.append((time.monotonic(), msgspec.json.decode(found[1])))
