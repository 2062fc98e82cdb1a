"""The first page of a case: its size, alone and compressed, and how long the app takes to make it, cold and kept."""

from __future__ import annotations

import gzip
import statistics
import tempfile
import time
from pathlib import Path

from tests.server import Server, running

SIZES, TIMES = (50, 2000), 30


def main() -> None:
    for posts in SIZES:
        with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "data") as server:
            measure(server, posts)


def measure(server: Server, posts: int) -> None:
    slug = server.open_case("bench", "A case to measure")
    for number in range(posts):
        server.publish(slug, f"{number}. " + "The witness told the inquest that nobody had read the instruction. " * 4)
    page = server.reader.get(f"/{slug}/").content
    cold, kept = [], []
    for number in range(TIMES):
        cold.append(_time(server, f"/{slug}/?order=newest&cold={number}"))
        kept.append(_time(server, f"/{slug}/"))
    print(
        f"{posts:>5} posts   {len(page) / 1024:.0f} KiB, {len(gzip.compress(page)) / 1024:.0f} KiB compressed, "
        f"made in {statistics.median(cold):.1f} ms, from memory in {statistics.median(kept):.1f} ms"
    )


def _time(server: Server, address: str) -> float:
    began = time.perf_counter()
    server.reader.get(address).raise_for_status()
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    main()
