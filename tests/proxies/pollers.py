"""Many long pollers behind a cache, in one loop, and what their asking costs the origin."""

from __future__ import annotations

import json
import re
import selectors
import socket
import time
from typing import NamedTuple

from tests.proxies.fronts import Front
from tests.server import Server

PATIENCE_S = 60
STANDING_S = 1.0
_LENGTH = re.compile(rb"(?i)content-length: (\d+)")


class Polled(NamedTuple):
    """For each post: how often the origin was asked, and when the last poller was told; `told` counts all answers."""

    pollers: int
    asked: list[int]
    told: int
    last_ms: list[float]


class Poller:
    """One long poll at a time on one kept connection."""

    def __init__(self, port: int) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.sock.setblocking(False)
        self.buffer = b""

    def ask(self, path: str) -> None:
        self.buffer = b""
        self.sock.send(f"GET {path} HTTP/1.1\r\nHost: heard.test\r\n\r\n".encode())

    def read(self) -> bytes | None:
        """The whole body, once it is here."""
        self.buffer += self.sock.recv(65536)
        head, _, body = self.buffer.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        return body if length and len(body) >= int(length[1]) else None


def poll_together(server: Server, front: Front, slug: str, count: int, posts: int) -> Polled:
    """All wait at one address, a post comes, all are told and ask at the next address; Varnish counts what it asks."""
    pollers = [Poller(front.port) for _ in range(count)]
    selector = selectors.DefaultSelector()
    for one in pollers:
        selector.register(one.sock, selectors.EVENT_READ, one)
    at = front.reader.get(f"/live/{slug}/after/0").json()["next"]
    run = Polled(count, [], 0, [])
    for number in range(posts):
        asked = front.counted("MAIN.backend_req")
        for one in pollers:
            one.ask(f"/live/{slug}/after/{at}")
        time.sleep(STANDING_S)  # Nearly all wait by then; who comes later is answered from the cache, or asks again.
        words = f"News {number} for all who poll."
        began = time.perf_counter()
        server.publish(slug, words)
        answers = _all_read(selector, count)
        run.last_ms.append((time.perf_counter() - began) * 1e3)
        run.asked.append(front.counted("MAIN.backend_req") - asked)
        run = run._replace(told=run.told + sum(words.encode() in answer for answer in answers))
        at = json.loads(answers[0])["next"]
    for one in pollers:
        one.sock.close()
    return run


def _all_read(selector: selectors.BaseSelector, count: int) -> list[bytes]:
    answers: list[bytes] = []
    give_up_at = time.monotonic() + PATIENCE_S
    while len(answers) < count:
        assert time.monotonic() < give_up_at, f"only {len(answers):,} of {count:,} pollers were told"
        for key, _ in selector.select(1):
            body = key.data.read()
            if body is not None:
                answers.append(body)
    return answers
