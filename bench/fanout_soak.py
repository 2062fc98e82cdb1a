"""Millions of deliveries while everything that can go wrong does: nothing lost, nothing twice, nothing out of order.

The publisher knows which posts were answered; a reader who has not been sent one of those has a gap, and a reader who
has been sent one that is not in the journal afterwards was sent it before it was kept.
"""

from __future__ import annotations

import os
import random
import re
import signal
import socket
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench import fanout_peers as peers
from bench.fanout import crowd_of
from bench.fanout_crowd import Crowd
from tests.server import Server, running

RATE_S, SPELL_S = 30, 2.0
FAULTS = ("app killed", "app exchanged", "edge killed", "connections cut", "readers stalled", "server restarted")


@dataclass
class Outcome:
    deliveries: int
    published: int
    faults: dict[str, int]
    missing: int
    doubled: int
    disordered: int
    resets: int
    """Who was away for more than 500 posts loads the page again, and goes on from there."""

    away_most_s: float
    not_whole: int
    before_commit: list[int]

    @property
    def is_clean(self) -> bool:
        wrong = self.missing + self.doubled + self.disordered + self.not_whole + len(self.before_commit)
        return wrong == 0


def soak(folder: Path, deliveries: int, readers: int, faults: tuple[str, ...] = FAULTS, edges: int = 1) -> Outcome:
    """Publish to `readers` until so much was delivered, with one fault after another, and count what went wrong."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        options = ("--port", str(sock.getsockname()[1]), "--edges", str(edges))
    done = dict.fromkeys(faults, 0)
    with ExitStack() as stack:
        server_stack = stack.enter_context(ExitStack())
        system = server_stack.enter_context(peers.heard(folder, *options))
        server: Server = system.server  # type: ignore[assignment]
        crowd = stack.enter_context(crowd_of(system, folder, pinned=False))
        crowd.connect(readers)
        crowd.follow()
        crowd.events(1)
        published = 1
        while (now := crowd.status())["deliveries"] < deliveries:
            for fault in random.sample(faults, len(faults)):
                if fault == "server restarted":
                    _end(server)
                    server = server_stack.enter_context(running(folder / "data", *options))
                else:
                    _go_wrong(fault, server, crowd, readers, edges)
                published += crowd.offered(RATE_S, SPELL_S).events
                crowd.go_on()
                done[fault] += 1
        until = time.monotonic() + 60
        while crowd.publish() != 201 and time.monotonic() < until:
            time.sleep(0.2)
        while (now := crowd.status())["whole"] < readers and time.monotonic() < until:
            time.sleep(0.2)
        kept = _marks_kept(server)
        before_commit = [mark for mark in crowd.unconfirmed() if mark not in kept]
    counts = {name: int(now[name]) for name in ("deliveries", "missing", "doubled", "disordered", "resets")}
    return Outcome(
        published=published,
        faults=done,
        away_most_s=now["back_max"] / 1000,
        not_whole=readers - int(now["whole"]),
        before_commit=before_commit,
        **counts,
    )


def _go_wrong(fault: str, server: Server, crowd: Crowd, readers: int, edges: int) -> None:
    if fault == "app killed":
        os.kill(_pid(server, "app"), signal.SIGKILL)
    elif fault == "app exchanged":
        server.process.send_signal(signal.SIGHUP)
    elif fault == "edge killed":
        os.kill(_pid(server, f"edge-{random.randint(1, edges)}"), signal.SIGKILL)
    elif fault == "connections cut":
        crowd.drop(readers // 4)
    elif fault == "readers stalled":
        crowd.stall(readers // 10)


def _end(server: Server) -> None:
    server.process.send_signal(signal.SIGTERM)
    server.process.wait(30)


def _pid(server: Server, child: str) -> int:
    return int(re.findall(rf"child_started child={child} pid=(\d+)", "".join(server.said))[-1])


def _marks_kept(server: Server) -> set[int]:
    """The marks of all posts that the journal has, as the API tells."""
    kept: set[int] = set()
    address: str | None = "/api/v1/cases/bench/posts?limit=500"
    while address:
        answer = server.client.get(address).raise_for_status()
        kept |= set(map(int, re.findall(r"mark=(\d{8});", answer.text)))
        address = answer.json()["next"]
    return kept


def run(rounds: int) -> None:
    """Ten million deliveries to 5,000 readers."""
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as place:
            began = time.monotonic()
            outcome = soak(Path(place), int(os.environ.get("HEARD_SOAK_DELIVERIES", 10_000_000)), 5_000)
            print(f"{outcome}; {time.monotonic() - began:.0f} s; load average {os.getloadavg()[0]:.1f}")
