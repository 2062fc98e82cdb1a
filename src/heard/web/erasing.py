"""Erasing positions: their digests go into the journal, and what is old enough goes, but for what a hold stops."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from concurrent.futures import Executor
from datetime import datetime, timedelta

import structlog

from heard.engine import now
from heard.engine.errors import HeardError
from heard.engine.node import Node, Written
from heard.store.fixes import Fixes, Whose
from heard.watch import positions, present
from heard.watch.ringing import WATCH

#: Raw fixes are kept for so long and no longer: enough to learn that something happened (`docs/rooms/watch.md`).
KEPT_FOR = timedelta(hours=72)
EVERY_S = 60.0
#: Of a duty that goes on the journal has a digest of the fixes at least so often.
DIGEST_EVERY_S = 3600.0

log = structlog.get_logger()
Do = Callable[..., Awaitable[Written]]


class Erasing:
    """On the disk's own thread, where blocks are kept as well."""

    def __init__(self, node: Node, file: Fixes, do: Do, disk: Executor, kept_for: timedelta = KEPT_FOR) -> None:
        self.node, self.file, self.do, self.disk, self.kept_for = node, file, do, disk, kept_for

    async def run(self, held: Collection[Whose], is_our_turn: Callable[[], bool]) -> None:
        """Until cancelled, whenever it is this node's turn; `held` are the duties that go on."""
        told_at = dict[Whose, datetime]()
        while True:
            try:
                if is_our_turn():
                    await self.digest(held, told_at)
                    await self.erase()
            except HeardError as wrong:
                log.error("fixes_put_off", why=type(wrong).__name__)
            await asyncio.sleep(EVERY_S)

    async def digest(self, held: Collection[Whose], told_at: dict[Whose, datetime]) -> None:
        for whose, head in await asyncio.to_thread(self.file.untold):
            last = told_at.get(whose)
            if whose in held and last and (now.utc() - last).total_seconds() < DIGEST_EVERY_S:
                continue
            holder, station = whose
            await self.do(present.digest(station, holder, head), by=WATCH)
            told_at[whose] = now.utc()
            await asyncio.get_running_loop().run_in_executor(self.disk, self.file.told, whose, head)

    async def erase(self) -> None:
        """What was received so long ago; not what a hold stops."""
        hours = await asyncio.to_thread(self.file.hours)
        self.node.catch_up()  # a hold that somebody has just asked for elsewhere counts
        at, holds = now.utc(), positions.holds(self.node.tables)
        old = [
            number
            for number, station, hour in hours
            if hour + self.kept_for <= at and not any(one.stops(station, hour, at) for one in holds)
        ]
        if old:
            erased = await asyncio.get_running_loop().run_in_executor(self.disk, self.file.erase, old)
            log.info("fixes_erased", hours=erased)
