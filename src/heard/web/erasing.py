"""Erasing what has been kept for long enough, but for what a hold stops: positions, whose digests go into the journal,
and what was told of people on duty.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from concurrent.futures import Executor
from datetime import datetime

import structlog

from heard.engine import now
from heard.engine.errors import Corrupt, HeardError
from heard.engine.node import Node, Written
from heard.store.fixes import Fixes, Whose
from heard.watch import positions, present, retention
from heard.watch.entries import PresenceTold
from heard.watch.retention import Going, Over
from heard.watch.ringing import WATCH

EVERY_S = 60.0
#: What was told of people is kept for months: it is looked for so often. Each time the tables are written anew, and
#: everybody waits for that.
VERDICTS_EVERY_S = 6 * 3600.0
#: Entries that are opened in one go; others are answered in between.
OPENED = 400
#: Of a duty that goes on the journal has a digest of the fixes at least so often.
DIGEST_EVERY_S = 3600.0

log = structlog.get_logger()
Do = Callable[..., Awaitable[Written]]


class Erasing:
    """On the disk's own thread, where blocks are kept as well."""

    def __init__(self, node: Node, file: Fixes, do: Do, disk: Executor) -> None:
        self.node, self.file, self.do, self.disk = node, file, do, disk
        self._looked_at: datetime | None = None

    async def run(self, held: Collection[Whose], is_our_turn: Callable[[], bool]) -> None:
        """Until cancelled, whenever it is this node's turn; `held` are the duties that go on."""
        told_at = dict[Whose, datetime]()
        while True:
            try:
                if is_our_turn():
                    await self.digest(held, told_at)
                    await self.erase()
                    await self.erase_verdicts_in_their_time()
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
        kept_for = retention.in_force(self.node.tables).fixes
        old = [
            number
            for number, station, hour in hours
            if hour + kept_for <= at and not any(one.stops(station, hour, at) for one in holds)
        ]
        if old:
            erased = await asyncio.get_running_loop().run_in_executor(self.disk, self.file.erase, old)
            log.info("fixes_erased", hours=erased)

    async def erase_verdicts_in_their_time(self) -> None:
        """Now and then, and as soon as the rule says otherwise."""
        at, rule = now.utc(), retention.in_force(self.node.tables)
        last = self._looked_at
        is_new = rule.set_at is not None and last is not None and rule.set_at >= last
        if last is None or is_new or (at - last).total_seconds() >= VERDICTS_EVERY_S:
            await self.erase_verdicts()
            self._looked_at = at

    async def erase_verdicts(self) -> None:
        """What was told of people on duties that are over for so long: the words, and their keys."""
        self.node.catch_up()
        going, entries = list[Going](), 0
        for duty in list(retention.over(self.node.tables, now.utc())):
            try:
                told = await self._told_of(duty)
            except Corrupt as wrong:  # whose that entry is nobody can know: the duty stays whole, and no other waits
                log.error("verdicts_unread", station=duty.station, entry=wrong.details.get("position"))
                continue
            if not going or going[-1].station != duty.station:
                going.append(Going(duty.station))
            going[-1].duties.append(duty)
            going[-1].told.extend(told)
            entries += len(told)
            if entries >= retention.AT_ONCE:
                await self._erase_verdicts(going)
                going, entries = [], 0
        if going:
            await self._erase_verdicts(going)

    async def _erase_verdicts(self, going: list[Going]) -> None:
        if (await self.do(retention.erase(going), by=WATCH)).kind:
            told = {"duties": sum(len(one.duties) for one in going), "entries": sum(len(one.told) for one in going)}
            log.info("verdicts_erased", stations=len(going), **told)

    async def _told_of(self, duty: Over) -> list[int]:
        """Where it was told of a holder in a duty whether they were there."""
        journal = self.node.journal
        kinds = (PresenceTold.kind,)
        records = journal.store.of_kinds(kinds, duty.position, duty.ended_position)
        here = [record for record in records if record.header.stream == duty.station]
        found = list[int]()
        for place in range(0, len(here), OPENED):
            for entry in journal.opened(here[place : place + OPENED]):
                if isinstance(entry.body, PresenceTold) and entry.body.holder == duty.holder:
                    found.append(entry.position)
            await asyncio.sleep(0)
        return found
