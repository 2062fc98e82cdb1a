"""A line between a cache and Heard on which one answer can be held up, as a bad network does."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class HeldLine:
    """Passes every byte on. After `hold(words)` the answer to the next request that has them waits for `let_go`."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._words: bytes | None = None
        self._gone = threading.Event()
        #: Set once the whole of the held answer's first bytes have come from Heard.
        self.holding = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def hold(self, words: bytes) -> None:
        self.holding.clear()
        self._gone.clear()
        self._words = words

    def let_go(self) -> None:
        self._words = None
        self._gone.set()

    def close(self) -> None:
        self.let_go()
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._to))
                is_held = threading.Event()
                threading.Thread(target=self._pump, args=(near, far, is_held, True), daemon=True).start()
                threading.Thread(target=self._pump, args=(far, near, is_held, False), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, is_held: threading.Event, asks: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if asks and self._words is not None and self._words in data:
                    self._words = None
                    is_held.set()
                elif not asks and is_held.is_set():
                    self.holding.set()
                    self._gone.wait()
                    is_held.clear()
                sink.sendall(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
