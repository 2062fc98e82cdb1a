"""Two nodes around one PostgreSQL journal: from a post sent to one until an open reader of the other has it.

Real servers (`heard serve` twice, a PostgreSQL of our own with its default durability), one connection that publishes
through the API, one reader on each node. Prints percentiles in milliseconds and, from the same run, what a node alone
with the embedded journal takes for its own reader.
"""

from __future__ import annotations

import json
import os
import socket
import statistics
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

from tests.postgres import cluster
from tests.server import Server, running

POSTS, WARM = 200, 20
GOAL_MS = 100


class Reader:
    """One open page: when each marked post came, by its number."""

    def __init__(self, server: Server, slug: str, sock: socket.socket | None = None) -> None:
        at = urlsplit(server.address)
        self.sock = sock or connected(server)
        self.sock.sendall(f"GET /live/{slug} HTTP/1.1\r\nHost: {at.hostname}\r\n\r\n".encode())
        self.came: dict[int, float] = {}
        self._unread = b""
        while b"\r\n\r\n" not in self._unread:
            self._unread += self.sock.recv(65536)

    def read_until(self, number: int) -> None:
        while number not in self.came:
            self._unread += self.sock.recv(65536)
            at = time.perf_counter()
            *whole, self._unread = self._unread.split(b"\n\n")
            for event in whole:
                if b"mark" in event:
                    self.came[int(event.partition(b"mark")[2].partition(b"mark")[0])] = at


def connected(server: Server) -> socket.socket:
    at = urlsplit(server.address)
    return socket.create_connection((at.hostname or "", at.port or 0), timeout=30)


def measured(
    writer: Server, readers: list[Reader], slug: str, sock: socket.socket | None = None
) -> tuple[list[float], list[list[float]]]:
    """Delays of the answers, and for each reader those until it had the post; over a line of its own unless given."""
    at = urlsplit(writer.address)
    sock = sock or connected(writer)
    answers: list[float] = []
    seen: list[list[float]] = [[] for _ in readers]
    for number in range(POSTS + WARM):
        body = json.dumps({"text": f"mark{number}mark " + "x" * 500}).encode()
        head = (
            f"POST /api/v1/cases/{slug}/posts HTTP/1.1\r\nHost: {at.hostname}\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {writer.token}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        reading = [threading.Thread(target=reader.read_until, args=(number,)) for reader in readers]
        for thread in reading:
            thread.start()
        began = time.perf_counter()
        sock.sendall(head.encode() + body)
        answer = b""
        while not answer.endswith(b"}"):
            answer += sock.recv(65536)
        answered = time.perf_counter() - began
        assert answer.startswith(b"HTTP/1.1 201"), answer
        for thread in reading:
            thread.join()
        if number >= WARM:
            answers.append(answered)
            for times, reader in zip(seen, readers, strict=True):
                times.append(reader.came[number] - began)
    sock.close()
    return answers, seen


def told(name: str, delays: list[float]) -> float:
    cut = statistics.quantiles(delays, n=100)
    print(f"{name:<34} p50 {cut[49] * 1000:6.1f}   p99 {cut[98] * 1000:6.1f}   most {max(delays) * 1000:6.1f} ms")
    return cut[98] * 1000


def alone(folder: Path) -> None:
    with running(folder / "alone") as server:
        slug = server.open_case("bench", "A case to measure")
        answers, [own] = measured(server, [Reader(server, slug)], slug)
    told("embedded journal: answered", answers)
    told("... to its own reader", own)


def together(folder: Path) -> float:
    with cluster() as server:
        journal = server.fresh()
        with running(folder / "one", journal=journal) as one, running(folder / "other", journal=journal) as other:
            slug = one.open_case("bench", "A case to measure")
            other.publish(slug, "The first post, and the other node has folded the case.")
            readers = [Reader(one, slug), Reader(other, slug)]
            answers, [own, others] = measured(one, readers, slug)
    told("PostgreSQL: answered", answers)
    told("... to a reader of this node", own)
    return told("... to a reader of the other node", others)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        alone(Path(folder))
        p99 = together(Path(folder))
    print(f"goal: p99 ≤ {GOAL_MS} ms between nodes: {'met' if p99 <= GOAL_MS else 'MISSED'}; {POSTS} posts,", end=" ")
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
