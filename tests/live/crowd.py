"""A thousand open pages at once, in one loop: who lost their connection, who missed what, who was sent what twice."""

from __future__ import annotations

import re
import resource
import selectors
import socket
import time

_ID = re.compile(rb"(?m)^id: [\w-]+\.(\d+)\nevent: (\w+)\n")


class Page:
    """One reader: the positions of the frames it was sent, in their order, and when the newest came."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.positions: list[int] = []
        self.came_at: list[float] = []
        self.resets = 0
        self.is_open = True
        self.stands = False
        self._unread = b""

    def read(self) -> None:
        try:
            data = self.sock.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.is_open = False
            return
        whole, _, self._unread = (self._unread + data).rpartition(b"\n\n")
        self.stands = self.stands or b"\nid: " in whole
        for position, event in _ID.findall(whole):
            if event == b"change":
                self.positions.append(int(position))
                self.came_at.append(time.monotonic())
            else:
                self.resets += 1


class Crowd:
    """`readers` connections to one stream, all of which have been told where they stand."""

    def __init__(self, port: int, slug: str, readers: int) -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft < readers + 200:
            resource.setrlimit(resource.RLIMIT_NOFILE, (readers + 200, hard))
        self.selector = selectors.DefaultSelector()
        self.pages: list[Page] = []
        for _ in range(readers):
            sock = socket.create_connection(("127.0.0.1", port))
            sock.sendall(f"GET /live/{slug} HTTP/1.1\r\nHost: heard.test\r\n\r\n".encode())
            sock.setblocking(False)
            page = Page(sock)
            self.pages.append(page)
            self.selector.register(sock, selectors.EVENT_READ, page)
        while not all(page.stands for page in self.pages):
            self.read(0.02)

    def read(self, seconds: float) -> None:
        """Read what comes for so long."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            for key, _ in self.selector.select(left):
                key.data.read()
                if not key.data.is_open:
                    self.selector.unregister(key.data.sock)

    def read_up_to(self, position: int, patience_s: float = 60) -> None:
        """Read until every page that is open has been sent the frame at a position."""
        give_up_at = time.monotonic() + patience_s
        while any(page.is_open and position not in page.positions[-20:] for page in self.pages):
            assert time.monotonic() < give_up_at, "not all were sent it"
            self.read(0.02)

    def disconnected(self) -> int:
        return sum(not page.is_open for page in self.pages)

    def close(self) -> None:
        self.selector.close()
        for page in self.pages:
            page.sock.close()
