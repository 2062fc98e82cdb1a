"""Behind nginx, Varnish and Caddy: how soon a post's frame comes through, and what 10,000 long pollers cost the origin.

Each is the real program with its file from docs/operating, before one real server; a reader's own line to the server is
measured in the same run. Those that are not on this machine are named and left out.
"""

from __future__ import annotations

import re
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx2

from heard.live.limits import descriptors
from tests.proxies import fronts
from tests.proxies.pollers import poll_together
from tests.server import Server, running

POSTS, EVENTS, POLLERS = 60, 5, 10_000
GOAL_MS, GOAL_SHARE = 100, 0.01
PATIENCE_S = 60
_MARK = re.compile(rb"mark=(\d+);")


def main() -> None:
    with tempfile.TemporaryDirectory() as place, ExitStack() as stack:
        folder, port = Path(place), fronts.free_port()
        data = folder / "data"
        server = stack.enter_context(running(data, "--cache", f"http://127.0.0.1:{port}/"))
        slug = server.open_case("bench", "A case behind proxies")
        server.post(f"/cases/{slug}/state", {"state": "live"})
        print(_line("no proxy", first_frames(server, server.reader, slug)))
        for name in fronts.NAMES:
            if fronts.found(name) is None:
                print(f"{name} is not on this machine")
                continue
            at = port if name == "varnish" else None
            front = stack.enter_context(fronts.running(name, server.address, folder / name, at))
            print(_line(name, first_frames(server, front.reader, slug)))
            if name == "varnish":
                poll(server, front, slug)


def first_frames(server: Server, reader: httpx2.Client, slug: str) -> list[float]:
    """Milliseconds from sending a post to having its frame, for each of POSTS."""
    came: dict[int, float] = {}
    with reader.stream("GET", f"/live/{slug}") as stream:
        chunks = stream.iter_raw()
        while b"id:" not in next(chunks):
            pass
        watcher = threading.Thread(target=_watch, args=(chunks, came), daemon=True)
        watcher.start()
        sent = {}
        for number in range(POSTS):
            sent[number] = time.perf_counter()
            server.publish(slug, f"mark={number}; The witness told the inquest that nobody had read it.")
            give_up_at = time.monotonic() + PATIENCE_S
            while number not in came:
                assert time.monotonic() < give_up_at, "a frame did not come"
                time.sleep(0.0005)
            time.sleep(0.02)
    return sorted((came[number] - at) * 1e3 for number, at in sent.items())


def _watch(chunks: Iterator[bytes], came: dict[int, float]) -> None:
    for chunk in chunks:
        at = time.perf_counter()
        for mark in _MARK.findall(chunk):
            came.setdefault(int(mark), at)
        if POSTS - 1 in came:
            return


def _line(name: str, took: list[float]) -> str:
    p99 = took[int(len(took) * 0.99)]
    verdict = "met" if p99 <= GOAL_MS else "NOT met"
    return (
        f"{name:<10} first frame p50 {statistics.median(took):5.1f} ms, p99 {p99:5.1f} ms, most {took[-1]:5.1f} ms"
        f"   goal {GOAL_MS} ms: {verdict}"
    )


def poll(server: Server, front: fronts.Front, slug: str) -> None:
    """All wait at one address, a post comes, all are told, and ask again: how often is the origin asked?"""
    run = poll_together(server, front, slug, min(POLLERS, descriptors() - 1_000), EVENTS)
    share = max(run.asked) / run.pollers
    print(
        f"{run.pollers:,} long pollers through varnish, {EVENTS} posts: the origin was asked {run.asked} times, at "
        f"most {share:.2%} of their number   goal {GOAL_SHARE:.0%}: {'met' if share <= GOAL_SHARE else 'NOT met'}; "
        f"{run.told:,} of {EVENTS * run.pollers:,} told, the last after {statistics.median(run.last_ms):.0f} ms"
    )


if __name__ == "__main__":
    main()
