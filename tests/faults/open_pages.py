"""Many open pages over nodes that die: what each was sent, on whatever connection and by whichever node."""

from __future__ import annotations

import json
import random
import re
import selectors
import socket
import time
from collections.abc import Sequence
from threading import Event, Thread

import msgspec

_BLOCK = re.compile(rb"(?m)^id: [\w-]+\.(\d+)\nevent: (\w+)\ndata: (.*)\n")
#: A heartbeat comes every 15 s: a line that is silent for longer is given up.
SILENT_S = 20.0
#: Sooner than a browser would (2 to 8 s), so that a test has more of it.
AGAIN_S = (0.05, 0.4)


class Sent(msgspec.Struct, frozen=True):
    """One event: the position it brings the page to, and the posts in it."""

    position: int
    posts: tuple[str, ...]


class Page:
    """One open page: it comes back by itself with the last id it was sent, as a browser does.

    One that `roams` comes back to the other node, as behind a balancer. `lives` has what it was sent since it was
    loaded, and since it was told to load again; each life begins with the position that the page stands at.
    """

    def __init__(self, nodes: Sequence[tuple[str, int]], slug: str, *, roams: bool) -> None:
        self.nodes, self.slug, self.roams = list(nodes), slug, roams
        self.sock: socket.socket | None = None
        self.last_id = b""
        self.lives: list[tuple[int, list[Sent]]] = []
        self.opened = 0
        self.again_at = self.heard_at = 0.0
        self._unread = b""

    def position(self) -> int:
        return int(self.last_id.rpartition(b".")[2] or -1)

    def open(self) -> None:
        self.again_at = time.monotonic() + random.uniform(*AGAIN_S)
        try:
            self.sock = socket.create_connection(self.nodes[0], timeout=1)
            since = b"Last-Event-ID: %b\r\n" % self.last_id if self.last_id else b""
            self.sock.sendall(b"GET /live/%b HTTP/1.1\r\nHost: heard.test\r\n%b\r\n" % (self.slug.encode(), since))
            self.sock.setblocking(False)
        except OSError:
            self.close()
            return
        self.opened += 1
        self._unread, self.heard_at = b"", time.monotonic()

    def close(self) -> None:
        if self.sock is not None:
            self.sock.close()
        self.sock = None
        if self.roams:
            self.nodes = self.nodes[1:] + self.nodes[:1]

    def read(self) -> bool:
        """Take what came; False when the connection is over."""
        assert self.sock is not None
        try:
            data = self.sock.recv(262144)
        except BlockingIOError:
            return True
        except OSError:
            data = b""
        self.heard_at = time.monotonic()
        self._unread += data
        *whole, self._unread = self._unread.split(b"\n\n")
        for block in whole:
            self._take(block + b"\n")
        refused = self._unread.startswith(b"HTTP/1.1 ") and not b"HTTP/1.1 200".startswith(self._unread[:12])
        return bool(data) and not refused

    def _take(self, block: bytes) -> None:
        if found := _BLOCK.search(block):
            position, event = int(found[1]), found[2]
            if event == b"change":
                posts = tuple(one["id"] for one in json.loads(found[3])["changes"] if one.get("place"))
                self.lives[-1][1].append(Sent(position, posts))
            else:
                self.lives.append((position, []))
        if stands := re.search(rb"(?m)^id: (.*)$", block):
            self.last_id = stands[1]
            if not self.lives:
                self.lives.append((self.position(), []))


class OpenPages(Thread):
    """`count` pages on each node, half as many again that roam; read in a thread of their own until closed."""

    def __init__(self, nodes: Sequence[tuple[str, int]], slug: str, count: int) -> None:
        super().__init__(daemon=True)
        self.pages = [Page([node], slug, roams=False) for node in nodes for _ in range(count)]
        self.pages += [Page(nodes, slug, roams=True) for _ in range(count // 2)]
        self._ended = Event()
        self._selector = selectors.DefaultSelector()
        self.start()

    def run(self) -> None:
        while not self._ended.is_set():
            at = time.monotonic()
            for page in self.pages:
                if page.sock is not None and at - page.heard_at > SILENT_S:
                    self._over(page)
                if page.sock is None and at >= page.again_at:
                    page.open()
                    if page.sock is not None:
                        self._selector.register(page.sock, selectors.EVENT_READ, page)
            for key, _ in self._selector.select(0.05):
                if not key.data.read():
                    self._over(key.data)
        for page in self.pages:
            if page.sock is not None:
                self._over(page)

    def _over(self, page: Page) -> None:
        assert page.sock is not None
        self._selector.unregister(page.sock)
        page.close()

    def stand(self, position: int = 0) -> bool:
        """Whether all have been sent everything up to a position."""
        return all(page.lives and page.position() >= position for page in self.pages)

    def close(self) -> None:
        self._ended.set()
        self.join(10)
        self._selector.close()
