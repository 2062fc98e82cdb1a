"""A mail server (RFC 5321) for tests: a real one on a port of its own; it keeps what it is given, and can misbehave.

With a certificate it speaks TLS, after STARTTLS (RFC 3207) or from the first byte.
"""

from __future__ import annotations

import asyncio
import email
import email.policy
import socket
import ssl
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from heard.demo.reports import record_reports
from heard.opening import open_house
from tests.server import Server, running


class MailServer:
    """`on` is called at each step ("RCPT", "DATA", ".") with what was said, and may answer another reply than usual, or
    "" to hang up without a word.
    """

    def __init__(self, secure: ssl.SSLContext | None = None, *, wrapped: bool = False) -> None:
        """With `secure` it speaks TLS, from the first byte if `wrapped`, and else when it is asked to."""
        self._secure, self._wrapped = secure, wrapped
        #: What was said to it in the clear.
        self.overheard = b""
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
        with suppress(OSError):
            if self._secure and self._wrapped:
                line = self._secure.wrap_socket(line, server_side=True)
            with line:
                line.sendall(b"220 mail.example\r\n")
                self._listen_to(line)

    def _listen_to(self, line: socket.socket) -> None:
        secured = isinstance(line, ssl.SSLSocket)
        hello = (
            "250-mail.example\r\n250 STARTTLS" if self._secure and not secured else "250-mail.example\r\n250 AUTH PLAIN"
        )
        to = ""
        with line.makefile("rb", 0 if self._secure else -1) as heard:
            while said := heard.readline():
                self.overheard += b"" if secured else said
                word = said.split()[0].upper().decode() if said.split() else ""
                usual = {"EHLO": hello, "DATA": "354 go on", "QUIT": "221 bye", "AUTH": "235 ok"}.get(word, "250 ok")
                if word == "STARTTLS" and self._secure and not secured:
                    line.sendall(b"220 go on\r\n")
                    self._listen_to(self._secure.wrap_socket(line, server_side=True))
                    return
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

    def is_given_up_at(self, step: str, send: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Whoever sends is killed at this step: it is taken and never answered, and the sender is gone by then."""
        reached, gone = threading.Event(), threading.Event()

        def on(at: str, said: str) -> str | None:
            if at != step or reached.is_set():
                return None
            if step == ".":
                self._take(b"Subject: taken\r\n\r\n", said)
            reached.set()
            gone.wait(10)
            return ""

        async def given_up() -> None:
            sending = asyncio.ensure_future(send())
            while not reached.is_set():
                await asyncio.sleep(0.005)
            sending.cancel()
            with suppress(asyncio.CancelledError):
                await sending
            gone.set()

        self.on = on
        asyncio.run(given_up())
        self.on = lambda step, said: None

    def begin_anew(self) -> None:
        """Forget what was taken, and behave."""
        self.taken, self.to, self.offered = [], [], []
        self.on = lambda step, said: None

    def close(self) -> None:
        self._listening.close()


@contextmanager
def sending_by(box: MailServer, data: Path, *options: str, address: str = "", **given: str) -> Iterator[Server]:
    """A server with the fictional reports of the demonstration, whose letters go out at once to this mail server."""
    house = open_house(data)
    record_reports(house.node, date(2026, 11, 24), "operator")
    house.close()
    with pytest.MonkeyPatch.context() as patch:  # for this server alone, not for whoever starts one after it
        for name, value in {"HEARD_MAIL": address or box.address, **given}.items():
            patch.setenv(name, value)
        started = running(data, *options)
        served = started.__enter__()
    try:
        yield served
    finally:
        started.__exit__(None, None, None)
