"""The line between a phone and the server, which can be cut: a relay on a port of its own.

A browser that is told that it is without a line does not always tell a worker that it starts at that moment.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from urllib.parse import urlsplit

CHUNK = 65536


class Line:
    def __init__(self, address: str) -> None:
        of = urlsplit(address)
        self._server = (of.hostname or "", of.port or 80)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._open: list[socket.socket] = []
        self._cut = False
        threading.Thread(target=self._accept, daemon=True).start()

    def is_cut(self, cut: bool) -> None:
        self._cut = cut
        if cut:
            self._drop()

    def ends(self) -> None:
        self._listening.close()
        self._drop()

    def _drop(self) -> None:
        while self._open:
            one = self._open.pop()
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                phone, _ = self._listening.accept()
                if self._cut:
                    phone.close()
                    continue
                server = socket.create_connection(self._server)
                self._open += [phone, server]
                for one, other in ((phone, server), (server, phone)):
                    threading.Thread(target=_carry, args=(one, other), daemon=True).start()


def _carry(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while words := one.recv(CHUNK):
            other.sendall(words)
    # When either is done, both are: half a connection would take a request and never bring an answer.
    for end in (one, other):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
