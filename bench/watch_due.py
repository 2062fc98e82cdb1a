"""Ten thousand that fall due in one second, all recorded; in one process, over a real journal with its syncs.

Processor time of all threads, since the clock on the wall tells of the neighbours too.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import structlog

from bench.watch import told
from bench.watch_armed import Armed
from heard.engine import now
from heard.engine.scribe import Scribe
from heard.opening import House, open_house
from heard.watch.watching import Watching
from heard.web.ringing import follow, ring

AT_ONCE, PERIOD_S, LIMIT_S = 10_000, 20.0, 1.0


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory() as folder:
        house = open_house(Path(folder) / "data")
        many = Armed(house, AT_ONCE)
        many.arm(PERIOD_S)
        house.node.catch_up()
        spent, took = asyncio.run(_recorded(house))
        told(f"{AT_ONCE:,} due at once", spent, LIMIT_S, "s of processor", f"all recorded after {took:.2f} s")
        house.close()


async def _recorded(house: House) -> tuple[float, float]:
    """Seconds of the processor, and of the clock, until each has its entry."""
    watching, scribe, done = Watching(house.journal), Scribe(house.node), asyncio.Event()
    watching.catch_up(house.store.position())
    house.node.after_fold.append(follow(watching, house.node))
    to = house.store.position() + AT_ONCE
    watching.after_change.append(lambda: done.set() if watching.position >= to else None)
    with now.held_at(now.utc() + timedelta(seconds=2 * PERIOD_S)):
        began, spent = time.perf_counter(), time.process_time()
        works = [asyncio.ensure_future(one) for one in (scribe.run(), ring(house.node, watching, scribe.do, _nothing))]
        await done.wait()
        found = time.process_time() - spent, time.perf_counter() - began
    for work in works:
        work.cancel()
    return found


def _nothing() -> None:
    pass


if __name__ == "__main__":
    main()
