"""Two edges of one `heard serve` on the embedded journal: from a post that comes in by one of them until an open reader
of the other has it. Each is the writer's in turn; connections are opened until it is known which edge holds them."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from bench.nodes import GOAL_MS, POSTS, Reader, measured, told
from tests.faults.edges import through
from tests.server import running
from tests.waiting import wait_until

EDGES = ("edge-1", "edge-2")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "data", "--edges", str(len(EDGES))) as server:
        wait_until(lambda: server.reader.get("/").status_code == 200)
        slug = server.open_case("bench", "A case to measure")
        p99s = []
        for writers in EDGES:
            readers = [Reader(server, slug, through(server, edge).sock) for edge in EDGES]
            answers, seen = measured(server, readers, slug, through(server, writers).sock)
            told(f"posted by {writers}: answered", answers)
            for edge, delays in zip(EDGES, seen, strict=True):
                p99 = told(f"... to a reader of {edge}", delays)
                if edge != writers:
                    p99s.append(p99)
            own, others = seen if writers == EDGES[0] else seen[::-1]
            told("... so much later by the other", [max(0.0, b - a) for a, b in zip(own, others, strict=True)])
            for reader in readers:
                reader.sock.close()
    met = "met" if max(p99s) <= GOAL_MS else "MISSED"
    print(f"goal: p99 ≤ {GOAL_MS} ms between edges: {met}; {POSTS} posts by each,", end=" ")
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
