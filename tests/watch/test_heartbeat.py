"""The watcher outside is told that the watch lives only while its clocks really run."""

from __future__ import annotations

import asyncio

import pytest

from heard.watch.watching import Watching
from heard.web.heartbeat import beat
from tests.desk import Desk
from tests.watch.post_office import Asked, serving


@pytest.mark.parametrize("stops", ["not at all", "by a mistake", "by hanging"])
def test_a_watch_that_stopped_says_so_outside(desk: Desk, stops: str) -> None:
    outside, watching = Asked(), Watching(desk.house.journal)

    async def run() -> None:
        beating = asyncio.create_task(beat(watching, outside.address, every_s=0.2))
        for turn in range(120):
            # Many looks between two beats, as in life: a crowded machine must not miss them all.
            if turn < 40 or stops != "by hanging":
                watching.looks += 1
            watching.has_stopped = turn >= 40 and stops == "by a mistake"
            await asyncio.sleep(0.01)
        beating.cancel()

    with serving(outside):
        asyncio.run(run())
    asked = [path for path, _ in outside.asked]
    assert len(asked) > 3 and asked[0] == "/told"
    assert asked[-1] == ("/told" if stops == "not at all" else "/told/fail")
