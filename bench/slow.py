"""What half-sent requests cost: 500 that dribble a byte a second, beside readers who wait for posts, and without them.

Rounds alternate in one run between nobody, half a head (which the edge holds) and half a body (which the app holds).
Prints what the edge spends of processor time and memory on them while nothing else happens, how many of them it gave
up by its own clocks, and the time from a post to the last of 100 readers, as a ratio to that with nobody.

    python -m bench.slow PORT KIND     the dribbler: a process of its own, until its input ends
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bench.live import memory_kb, pid_of, processor_s, publish
from tests.live.crowd import Crowd
from tests.server import Server, running

SLOW, READERS, ROUNDS, POSTS = 500, 100, 3, 15
#: Longer than the edge waits for the end of a head (10 s), so that it also has to give them up.
AT_REST_S = 12.0
#: One byte of each connection in so many seconds, and the steps in which they are sent.
EVERY_S, STEPS = 1.0, 50
HALVES = {
    "head": b"GET /bench HTTP/1.1\r\nHost: heard.test\r\nX-Slow: ",
    "body": b"POST /bench/problem/ HTTP/1.1\r\nHost: heard.test\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: 4000\r\n\r\nwords=",
}


class Dribbler:
    """`SLOW` connections, each with half a request, a byte more now and then; one that is let go comes again."""

    def __init__(self, port: int, half: bytes) -> None:
        self.port, self.half, self.given_up = port, half, 0
        self.open = [self._half_sent() for _ in range(SLOW)]

    def _half_sent(self) -> socket.socket:
        sock = socket.create_connection(("127.0.0.1", self.port))
        sock.sendall(self.half)
        sock.setblocking(False)
        return sock

    def step(self, number: int) -> None:
        for at in range(number % STEPS, SLOW, STEPS):
            if self._dribbled(self.open[at]):
                continue
            self.open[at].close()
            self.given_up += 1
            self.open[at] = self._half_sent()

    def _dribbled(self, sock: socket.socket) -> bool:
        try:
            sock.send(b"x")
            sock.recv(4096)  # an answer, or its end: this one was given up
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False


def dribble(port: int, half: bytes) -> None:
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    dribbler, number = Dribbler(port, half), 0
    print("ready", flush=True)
    while not ended.wait(EVERY_S / STEPS):
        dribbler.step(number)
        number += 1
    print(dribbler.given_up, number * EVERY_S / STEPS, flush=True)


class Beside:
    """What was measured while one kind of them was there."""

    def __init__(self) -> None:
        self.processor: list[float] = []
        self.memory_kb: list[int] = []
        self.last_ms: list[float] = []
        self.given_up: list[int] = []

    def measure(self, server: Server, slug: str, crowd: Crowd) -> None:
        edge = pid_of(server, "edge-1")
        began, spent = time.monotonic(), processor_s(edge)
        crowd.read(AT_REST_S)
        self.processor.append((processor_s(edge) - spent) / (time.monotonic() - began))
        self.memory_kb.append(memory_kb(edge))
        for number in range(POSTS):
            self.last_ms.append(to_the_last(server, slug, crowd, f"Post {number}. " + "x" * 500) * 1000)


def to_the_last(server: Server, slug: str, crowd: Crowd, words: str) -> float:
    """Seconds from sending a post until the last reader has it."""
    had = len(crowd.pages[0].positions)
    began = time.monotonic()
    asking = threading.Thread(target=publish, args=(server, slug, words))
    asking.start()
    while any(len(page.positions) <= had for page in crowd.pages):
        crowd.read(0.002)
    asking.join()
    return max(page.came_at[had] for page in crowd.pages) - began


@contextmanager
def dribbling(port: int, kind: str, beside: Beside) -> Iterator[None]:
    if kind == "nobody":
        yield
        return
    command = [sys.executable, "-m", "bench.slow", str(port), kind]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdin is not None and child.stdout is not None
    try:
        assert child.stdout.readline() == "ready\n"
        yield
    finally:
        with suppress(OSError):
            child.stdin.close()
        beside.given_up.append(int((child.stdout.readline() or "0").split()[0]))
        child.wait(20)


def main() -> None:
    found = {kind: Beside() for kind in ("nobody", *HALVES)}
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "data") as server:
        slug = server.open_case("bench", "A case to measure")
        server.publish(slug, "The first post.")
        port = int(server.address.rpartition(":")[2])
        crowd = Crowd(port, slug, READERS)
        to_the_last(server, slug, crowd, "Warm.")
        for _ in range(ROUNDS):
            for kind, beside in found.items():
                with dribbling(port, kind, beside):
                    crowd.read(1.0)  # they are all there, and what coming costs is behind them
                    beside.measure(server, slug, crowd)
                crowd.read(1.0)  # they are gone again
        assert crowd.disconnected() == 0
        crowd.close()
    tell(found)


def tell(found: dict[str, Beside]) -> None:
    alone = found["nobody"]
    rest, middle = statistics.median(alone.processor), statistics.median(alone.last_ms)
    print(f"load average             {os.getloadavg()[0]:.2f}; {ROUNDS} rounds of each kind, in turn")
    print(
        f"nobody                   edge {rest * 100:.2f} % of a core, {alone.memory_kb[0]:,} KB; "
        f"post to last of {READERS} readers {middle:.1f} ms"
    )
    for kind, beside in found.items():
        if beside is alone:
            continue
        more = statistics.median(beside.processor) - rest
        kb = (max(beside.memory_kb) - alone.memory_kb[0]) / SLOW  # before any came: memory once had is kept
        last = statistics.median(beside.last_ms)
        cost = f"edge {more * 100:+.2f} % of a core ({more / SLOW * EVERY_S * 1e6:.0f} µs a byte), {kb:+.2f} KB each"
        given_up = f"{sum(beside.given_up)} given up"
        print(f"{SLOW} dribble half a {kind}  {cost}; {given_up}; last reader {last:.1f} ms = {last / middle:.2f} x")


if __name__ == "__main__":
    dribble(int(sys.argv[1]), HALVES[sys.argv[2]])
