"""Caches as one meets them: they take a purge and keep what they had, hang, serve stale, refuse, hide who made it."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Literal
from urllib.parse import urlsplit

Sort = Literal["good", "deaf", "hanging", "stale", "refusing", "hiding"]


class BadCache:
    """A cache in front of `origin` (to be set) that keeps every answer for ever, whatever its head says.

    good: drops all of it at a PURGE. deaf: answers 200 to a PURGE and drops nothing. hanging: takes every connection
    and says nothing. stale: after a PURGE gives the old answer to every second one who asks. refusing: answers 405 to
    a PURGE, and keeps nothing. hiding: leaves out the fields that say what an answer is made from.
    """

    def __init__(self, sort: Sort, origin: str = "") -> None:
        self.sort, self.origin = sort, origin
        self.purges = 0
        self.asked = 0
        self._kept: dict[str, bytes] = {}
        self._alone = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}/"
        self._hanging: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()
        for line in self._hanging:
            line.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                line, _ = self._listener.accept()
                if self.sort == "hanging":
                    self._hanging.append(line)
                else:
                    threading.Thread(target=self._answer, args=(line,), daemon=True).start()

    def _answer(self, line: socket.socket) -> None:
        with line, suppress(OSError):
            line.settimeout(20)
            head = b""
            while b"\r\n\r\n" not in head:
                if not (more := line.recv(65_536)):
                    return
                head += more
            method, target, _ = head.split(b"\r\n")[0].decode().split(" ")
            if target.startswith("/live/") and "/after/" not in target:
                self._piped(target, line)
            else:
                line.sendall(self._purged() if method == "PURGE" else self._given(target))

    def _purged(self) -> bytes:
        with self._alone:
            self.purges += 1
            if self.sort in ("good", "hiding"):
                self._kept.clear()
        status = b"405 Method Not Allowed" if self.sort == "refusing" else b"200 OK"
        return b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

    def _piped(self, target: str, line: socket.socket) -> None:
        """A stream goes through as it comes, for as long as somebody reads it."""
        with self._connected(target) as far:
            far.settimeout(5)
            while more := far.recv(65_536):
                line.sendall(more)

    def _connected(self, target: str) -> socket.socket:
        at = urlsplit(self.origin)
        far = socket.create_connection((at.hostname or "", at.port or 80), 30)
        far.sendall(f"GET {target} HTTP/1.1\r\nHost: {at.netloc}\r\nConnection: close\r\n\r\n".encode())
        return far

    def _given(self, target: str) -> bytes:
        with self._alone:
            self.asked += 1
            kept = self._kept.get(target)
            if kept is not None and not (self.sort == "stale" and self.purges and self.asked % 2):
                return kept
        answer = self._fetched(target)
        with self._alone:
            if self.sort != "refusing" and target not in self._kept and b"\r\n\r\n" in answer:
                self._kept[target] = answer
        return answer

    def _fetched(self, target: str) -> bytes:
        answer = b""
        with self._connected(target) as far:
            while more := far.recv(65_536):
                answer += more
        if self.sort == "hiding":
            lines = answer.split(b"\r\n")
            answer = b"\r\n".join(one for one in lines if not one.lower().startswith(b"heard-made-from"))
        return answer
