"""Taking positions in: on the disk, sealed, before they are answered; then what they say is told, if it has changed.

What rings is decided elsewhere, from the journal alone. Here is the one loop that knows the fixes: it writes down when
what they say changes, and when the last of them is not good any more; it erases what is old enough.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta

import msgspec
import structlog

from heard.engine import now
from heard.engine.errors import Corrupt, HeardError, Unavailable
from heard.engine.node import Node
from heard.store.fixes import Fixes, Link, Whose
from heard.watch import positions, present, projection
from heard.watch.areas import Area
from heard.watch.model import Duty
from heard.watch.ringing import WATCH
from heard.watch.tracks import HELD, Placed, Step, Track, believed, without_place
from heard.watch.watching import Watching
from heard.watch.weighing import LATELY
from heard.web.erasing import Do, Erasing

#: Requests whose fixes share one sync to the disk, and those that may wait for the next.
GROUP = 256
WAITING = 4096
#: More fixes than so many at once are looked at in turn.
FEW = 16
LOOK_EVERY_S = 1.0
#: After something could not be read, so long until it is tried again.
PUT_OFF = timedelta(seconds=0.5)
#: So long what others may have kept is waited for, before it is told that nothing was heard.
NOT_READ = timedelta(seconds=5)
#: Why nothing is known of a holder whose fixes do not open.
UNREAD = "unread"

log = structlog.get_logger()
_blocks = msgspec.msgpack.Decoder(list[Placed])


class Held(msgspec.Struct):
    """The track of one duty, as far as `head`. `changed_at` is since when something is not written down yet; `coming`
    is how often something of them is being kept.
    """

    duty: Duty
    track: Track
    area_set_at: datetime
    head: str = ""
    changed_at: datetime | None = None
    waits: bool = False
    coming: int = 0


class Taking:
    """`is_our_turn`: of several nodes one writes digests down, and erases."""

    def __init__(self, node: Node, file: Fixes, do: Do, is_our_turn: Callable[[], bool] = lambda: True) -> None:
        self.node, self.file, self.do, self.is_our_turn = node, file, do, is_our_turn
        self.held: dict[Whose, Held] = {}
        self._changed: dict[str, dict[str, Held]] = {}
        self._telling: dict[str, asyncio.Lock] = {}
        self._ends: list[tuple[datetime, Whose]] = []
        self._pending: asyncio.Queue[tuple[list[tuple[Whose, int, bytes]], asyncio.Future[dict[Whose, Link]]]]
        self._pending = asyncio.Queue(WAITING)
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="fixes")
        self.erasing = Erasing(node, file, do, self._disk)
        self._woken, self._turn = asyncio.Event(), asyncio.Lock()
        self.has_stopped = False

    # What comes in

    async def take(self, said: Mapping[str, Sequence[Placed]]) -> int:
        """The fixes of each holder; how many were kept. They are on the disk when this returns, and a change is told.

        Of who is not on duty, at a station that has an area, nothing is kept.
        """
        if self.has_stopped:
            raise Unavailable("The watch has stopped; its board says so. Nothing was kept.")
        much = sum(map(len, said.values())) > FEW
        async with self.in_turn(much):
            blocks, heard = self._believed(said)
        if not blocks:
            return 0
        for held, _ in heard:
            held.coming += 1
        try:
            links = await self._keep(blocks)
            async with self.in_turn(much):
                changed = {held.duty.station for held, fixes in heard if self._hears(held, fixes, links[_whose(held)])}
        finally:
            for held, _ in heard:
                held.coming -= 1
        await asyncio.gather(*(self._tell(station) for station in changed))
        return sum(count for _, count, _ in blocks)

    @asynccontextmanager
    async def in_turn(self, much: bool) -> AsyncIterator[None]:
        """Of what takes a millisecond or more, one piece in each round of the event loop: whoever is due to ring waits
        for one, and not for as many as have come in at once.
        """
        if not much:
            yield
            return
        async with self._turn:
            yield
            await asyncio.sleep(0)

    def _believed(
        self, said: Mapping[str, Sequence[Placed]]
    ) -> tuple[list[tuple[Whose, int, bytes]], list[tuple[Held, list[Placed]]]]:
        """What is to be kept of it, and what is to be heard."""
        blocks, heard = list[tuple[Whose, int, bytes]](), list[tuple[Held, list[Placed]]]()
        for holder, fixes in said.items():
            for duty in projection.duties(self.node.tables, holder):
                held = self._of(duty)
                counting = [one for fix in fixes if (one := believed(fix)).at >= duty.begun_at] if held else []
                if held and counting:
                    kept = [without_place(one, held.track.area) for one in counting]
                    blocks.append(((holder, duty.station), len(kept), msgspec.msgpack.encode(kept)))
                    heard.append((held, counting))
        return blocks, heard

    async def _keep(self, blocks: list[tuple[Whose, int, bytes]]) -> dict[Whose, Link]:
        done: asyncio.Future[dict[Whose, Link]] = asyncio.get_running_loop().create_future()
        try:
            self._pending.put_nowait((blocks, done))
        except asyncio.QueueFull:
            raise Unavailable("Too many positions come in at this moment. Nothing was kept; send them again.") from None
        return await done

    def _hears(self, held: Held, fixes: list[Placed], link: Link) -> bool:
        """Whether there is something to tell by it."""
        if held.head not in (link.before, link.head):
            self._hear_others(held)
        held.head = link.head
        changed_at = held.track.hear(fixes, now.utc())
        self._wait_for_the_end(held)
        return self._has_changed(held, changed_at) or held.changed_at is not None

    def _hear_others(self, held: Held) -> None:
        """Another process (another node, the app that this one replaces) has kept fixes of the same duty meanwhile."""
        whose = _whose(held)
        head = self.file.head(whose)  # first: what is kept after it is heard twice, rather than not at all
        fixes = self._kept(held.duty, held.head)
        held.head = head
        if fixes is None:
            held.track = Track(held.track.area, now.utc(), UNREAD)
            self._has_changed(held, held.track.since)
        else:
            self._has_changed(held, held.track.hear(fixes, now.utc()))
        self._wait_for_the_end(held)

    def _kept(self, duty: Duty, after: str = "") -> list[Placed] | None:
        """The fixes of a duty that are kept, behind a head; None where they do not open. That is said, and hides nobody
        else; what was known of the holder is not known any more, until their phone is heard again.
        """
        try:
            blocks = self.file.read(duty.holder, duty.station, duty.begun_at, HELD, after)
        except Corrupt:
            log.error("fixes_unread", station=duty.station)
            return None
        return [one for block in blocks for one in _blocks.decode(block) if one.at >= duty.begun_at]

    def _has_changed(self, held: Held, at: datetime | None) -> bool:
        if at is not None:
            held.changed_at = min(held.changed_at or at, at)
            self._changed.setdefault(held.duty.station, {})[held.duty.holder] = held
        return at is not None

    def _wait_for_the_end(self, held: Held) -> None:
        ends_at = held.track.ends_at()
        if ends_at is not None and not held.waits:
            held.waits = True
            heapq.heappush(self._ends, (ends_at, _whose(held)))
            self._woken.set()

    def _of(self, duty: Duty) -> Held | None:
        """The track of a duty, as it is on the disk when it is asked for first; None where the station has no area."""
        known = self.held.get((duty.holder, duty.station))
        found = positions.area(self.node.tables, duty.station)
        if found is None:
            return None
        area, set_at = found
        if known is None or known.duty != duty:
            known = self._read(duty, area, set_at)
        elif known.area_set_at != set_at:
            known.track, known.area_set_at = known.track.moved(area, set_at), set_at
            self._has_changed(known, max(known.track.since, set_at))
            self._wait_for_the_end(known)
        return known

    def _read(self, duty: Duty, area: Area, set_at: datetime) -> Held:
        head = self.file.head((duty.holder, duty.station))
        fixes, since = self._kept(duty), duty.begun_at
        if fixes is None:
            since = now.utc()
        elif positions.steps(self.node.tables, duty.station, duty.holder):
            # What was told of a time whose fixes are not at hand any more stays as it was told.
            since = min((one.at for one in fixes), default=now.utc())
        track = Track(area, max(since, set_at), "silent" if fixes is not None else UNREAD)
        held = Held(duty, track, set_at, head)
        held.track.hear(fixes or (), now.utc())
        self.held[_whose(held)] = held
        if fixes or since != duty.begun_at:
            self._has_changed(held, held.track.since)
        self._wait_for_the_end(held)
        return held

    # What is told

    async def _tell(self, station: str) -> None:
        """Write down what has changed at a station. What cannot be written is tried again at the next look."""
        async with self._telling.setdefault(station, asyncio.Lock()):
            while changed := self._changed.pop(station, None):
                changes = [
                    present.Change(holder, held.track, held.changed_at, held.head)
                    for holder, held in changed.items()
                    if held.changed_at is not None
                ]
                for held in changed.values():
                    held.changed_at = None
                try:
                    written = await self.do(present.tell(station, changes), by=WATCH)
                except HeardError as wrong:
                    self._changed_again(changed, changes)
                    log.error("presence_put_off", station=station, why=type(wrong).__name__)
                    return
                if written.kind and written.last - written.position + 1 >= present.CHANGES_MAX:
                    self._changed_again(changed, changes)

    def _changed_again(self, changed: Mapping[str, Held], changes: Sequence[present.Change]) -> None:
        for one in changes:
            self._has_changed(changed[one.holder], one.since)

    def now(self, holder: str, station: str) -> Step | None:
        """What is so of a holder on duty at this instant, and why it is not known; None where no phone has told."""
        held = self.held.get((holder, station))
        is_told = held is not None and (held.track.newest() is not None or held.track.why == UNREAD)
        return held.track.now(now.utc()) if held and is_told else None

    def lately(self, holder: str, station: str) -> list[Placed]:
        """The last fixes of a holder on duty there."""
        held = self.held.get((holder, station))
        return held.track.lately(LATELY) if held is not None else []

    # What time brings

    async def run(self) -> None:
        """Keep, tell what time brings, and erase, until cancelled."""
        await asyncio.gather(self.write(), self._look(), self.erasing.run(self.held, self.is_our_turn))

    async def write(self) -> None:
        """Keep what comes in, until cancelled: whatever waits meanwhile shares the next sync to the disk."""
        loop = asyncio.get_running_loop()
        while True:
            group = [await self._pending.get()]
            while len(group) < GROUP and not self._pending.empty():
                group.append(self._pending.get_nowait())
            blocks = [block for those, _ in group for block in those]
            try:
                heads = await loop.run_in_executor(self._disk, self.file.keep, blocks, now.utc())
            except HeardError as wrong:
                for _, done in group:
                    if not done.done():
                        done.set_exception(wrong)
                continue
            for _, done in group:
                if not done.done():
                    done.set_result(heads)

    async def _look(self) -> None:
        looked_at = None
        while True:
            self._woken.clear()
            at = now.utc()
            is_time = looked_at is None or (at - looked_at).total_seconds() >= LOOK_EVERY_S or at < looked_at
            looked_at = at if is_time or looked_at is None else looked_at
            await self.look(at_all=is_time)
            wait_s = LOOK_EVERY_S
            if (ends_at := self.next_end()) is not None:
                wait_s = min(wait_s, max(0.0005, (ends_at - now.utc()).total_seconds()))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), wait_s)

    def next_end(self) -> datetime | None:
        """When the next is to be looked at whose last fix may not be good any more."""
        return self._ends[0][0] if self._ends else None

    async def look(self, *, at_all: bool = True) -> None:
        """Tell of each whose last fix is not good any more; see who is on duty, and what others have kept of them."""
        at, has_seen = now.utc(), False
        if at_all:
            with suppress(HeardError):
                await self._see_who_is_on_duty()
                has_seen = True
        while self._ends and self._ends[0][0] <= at:
            _, whose = heapq.heappop(self._ends)
            try:
                self._ended(whose, at)
            except HeardError as wrong:
                log.error("presence_put_off", station=whose[1], why=type(wrong).__name__)
                heapq.heappush(self._ends, (at + PUT_OFF, whose))
        if has_seen:
            self._compare(at)
        await asyncio.gather(*(self._tell(station) for station in list(self._changed)))

    async def _see_who_is_on_duty(self) -> None:
        duties = {(one.holder, one.station): one for one in projection.all_duties(self.node.tables)}
        for whose in self.held.keys() - duties.keys():
            del self.held[whose]
        for duty in duties.values():
            self._of(duty)
        before = {whose: held.head for whose, held in self.held.items()}
        heads = await asyncio.to_thread(self.file.all_heads)  # who is heard of meanwhile is looked at the next time
        for whose, held in list(self.held.items()):
            if not held.coming and held.head == before.get(whose) != heads.get(whose, ""):
                try:
                    self._hear_others(held)
                except HeardError as wrong:
                    log.error("presence_put_off", station=whose[1], why=type(wrong).__name__)

    def _compare(self, at: datetime) -> None:
        """Of two nodes one may have written down what the other knew better by then: what stands is what fixes say."""
        stands = positions.newest_steps(self.node.tables)
        for whose, held in self.held.items():
            is_at_rest = held.changed_at is None and not held.coming and held.track.newest() is not None
            if is_at_rest and held.track.present(at) is not stands.get(whose):
                self._has_changed(held, held.track.since)

    def _ended(self, whose: Whose, at: datetime) -> None:
        held = self.held.get(whose)
        if held is None:
            return
        ends_at = held.track.ends_at()
        try:
            if self.file.head(whose) != held.head:
                self._hear_others(held)
        except HeardError:  # in a moment, then; but nobody stays present because a disk cannot be read
            if ends_at is not None and at < ends_at + NOT_READ:
                raise
        held.waits = False
        ends_at = held.track.ends_at()
        if ends_at is not None and ends_at <= at:
            self._has_changed(held, max(ends_at, held.track.since))
        else:
            self._wait_for_the_end(held)


async def take_positions(taking: Taking, watching: Watching) -> None:
    """Until cancelled. A mistake of ours here must not keep a post from being withdrawn: the watch stops then, since it
    would take for present who is not any more, and says so on its board.
    """
    try:
        await taking.run()
    except Exception as mistake:
        taking.has_stopped = watching.has_stopped = True
        watching.since_at = None
        log.error("watch_stopped", error=type(mistake).__name__)
    await asyncio.Event().wait()


def _whose(held: Held) -> Whose:
    return held.duty.holder, held.duty.station
