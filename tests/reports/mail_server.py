"""A mail server (RFC 5321) for tests: a real one on a port of its own; it keeps what it is given, and can misbehave."""

from __future__ import annotations

import email
import email.policy
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from email.message import EmailMessage


class MailServer:
    """`on` is called at each step ("RCPT", "DATA", ".") with what was said, and may answer another reply than usual, or
    "" to hang up without a word.
    """

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.taken: list[EmailMessage] = []
        self.to: list[str] = []
        self.offered: list[str] = []
        self.on: Callable[[str, str], str | None] = lambda step, said: None
        self._news = threading.Condition()
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def address(self) -> str:
        return f"smtp://127.0.0.1:{self.port}/?from=reports@site.example&hours=0"

    def wait_for(self, count: int, within_s: float = 20.0) -> list[EmailMessage]:
        """All that was taken, once there are so many."""
        with self._news:
            self._news.wait_for(lambda: len(self.taken) >= count, within_s)
            return list(self.taken)

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                line, _ = self._listening.accept()
                threading.Thread(target=self._talk, args=(line,), daemon=True).start()

    def _talk(self, line: socket.socket) -> None:
        with line, line.makefile("rb") as heard, suppress(OSError):
            line.sendall(b"220 mail.example\r\n")
            to = ""
            while said := heard.readline():
                word = said[:4].upper().decode().strip()
                usual = {"EHLO": "250 mail.example", "DATA": "354 go on", "QUIT": "221 bye"}.get(word, "250 ok")
                if word == "RCPT":
                    to = said.decode().partition("<")[2].partition(">")[0]
                    self.offered.append(to)
                if not self._answer(line, word, to, usual):
                    return
                if word == "DATA":
                    raw = b""
                    while (row := heard.readline()) not in (b".\r\n", b""):
                        raw += row[1:] if row.startswith(b".") else row
                    if not row:
                        return  # the other side hung up in the middle: this is no letter
                    reply = self.on(".", to)
                    if reply is None:
                        self._take(raw, to)
                    elif reply == "":
                        return
                    line.sendall(f"{reply or '250 taken'}\r\n".encode())
                if word == "QUIT":
                    return

    def _answer(self, line: socket.socket, step: str, said: str, usual: str) -> bool:
        reply = self.on(step, said)
        if reply == "":
            return False
        line.sendall(f"{reply or usual}\r\n".encode())
        return True

    def _take(self, raw: bytes, to: str) -> None:
        with self._news:
            self.taken.append(email.message_from_bytes(raw, policy=email.policy.default))
            self.to.append(to)
            self._news.notify_all()

    def begin_anew(self) -> None:
        """Forget what was taken, and behave."""
        self.taken, self.to, self.offered = [], [], []
        self.on = lambda step, said: None

    def close(self) -> None:
        self._listening.close()
