"""Who takes mail and webhooks in tests: real servers on loopback that can refuse, and that can keep silent."""

from __future__ import annotations

import email
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec


class PostOffice(socketserver.ThreadingTCPServer):
    """SMTP, as much of it as a sender needs. `refuses` letters are turned away, then all are taken; while `is_silent`
    it takes the letter and does not say so.
    """

    daemon_threads = allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Counter)
        self.letters: list[Message] = []
        self.refuses, self.is_silent = 0, False

    @property
    def address(self) -> str:
        return f"smtp://127.0.0.1:{self.server_address[1]}/?from=heard@heard.example"


class _Counter(socketserver.StreamRequestHandler):
    server: PostOffice

    def handle(self) -> None:
        self._say("220 here")
        while line := self.rfile.readline().decode().strip():
            verb = line[:4].upper()
            if verb == "DATA":
                self._say("354 go on")
                self._take()
            elif verb == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 yes")

    def _take(self) -> None:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line)
        if self.server.refuses:
            self.server.refuses -= 1
            self._say("451 not now")
            return
        self.server.letters.append(email.message_from_bytes(b"".join(lines)))
        if not self.server.is_silent:
            self._say("250 taken")
        else:
            self.rfile.read()  # until the other end has gone

    def _say(self, words: str) -> None:
        self.wfile.write(words.encode() + b"\r\n")


class Asked(ThreadingHTTPServer):
    """HTTP: what was asked for, and the JSON that came with it; `status` is what it answers."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.asked: list[tuple[str, Any]] = []
        self.status = 200

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/told"


class _Answers(BaseHTTPRequestHandler):
    server: Asked

    def do_GET(self) -> None:
        self._answer(None)

    def do_POST(self) -> None:
        self._answer(msgspec.json.decode(self.rfile.read(int(self.headers["content-length"]))))

    def _answer(self, said: Any) -> None:
        self.server.asked.append((self.path, said))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
