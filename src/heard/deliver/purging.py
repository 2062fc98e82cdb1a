"""Telling the caches in front what they must not serve any more: a follower of the journal.

A cache may keep a public answer for a second without asking. After a withdrawal or a correction not even that: each
cache is told by surrogate key as soon as the new form can be fetched, and again until it has taken it. How far each has
been told is written to disk after it was told: a crash tells twice, and forgets nothing.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import msgspec
import prometheus_client
import structlog

from heard.cases.entries import CaseHeld, RestrictionImposed
from heard.coverage.entries import PostClarified, PostCorrected, PostErased, PostRetracted
from heard.engine.entry import Body, Entry
from heard.engine.errors import HeardError, Refused, Unavailable
from heard.engine.journal import Journal
from heard.store.media import keep_whole

#: After one of these, what was public before must not be served again.
TAKES_BACK: tuple[type[Body], ...] = (
    PostRetracted,
    PostErased,
    PostCorrected,
    PostClarified,
    CaseHeld,
    RestrictionImposed,
)
KINDS = tuple(body.kind for body in TAKES_BACK)
#: Everything that Heard ever answered, for a cache of which it is not known how far it was told.
ALL = "heard"
#: More cases than this at once, as after a long break of the line, are told as ALL: a head must stay a head.
KEYS_MAX = 50

ANSWER_S = 5.0
RETRY_FROM_S, RETRY_TO_S = 0.1, 5.0

log = structlog.get_logger()

TOLD = prometheus_client.Counter("heard_purges", "Purges that a cache has taken.", ["cache"])
NOT_TAKEN = prometheus_client.Counter("heard_purges_failed", "Purges that had to be sent again.", ["cache"])
UP_TO = prometheus_client.Gauge("heard_purged_to", "Up to where in the journal a cache has been told.", ["cache"])


class Cursors(msgspec.Struct):
    """How far each cache has been told, as it is kept on disk; in another epoch it says nothing."""

    epoch: str
    told: dict[str, int]


class Cache(msgspec.Struct):
    """A cache in front. `number` is its name in logs and figures."""

    number: int
    address: str
    told: int | None


class Purging:
    """Each cache has a task of its own, so that one that does not answer keeps no other waiting."""

    def __init__(self, journal: Journal, caches: Sequence[str], kept: Path) -> None:
        """`caches` are addresses such as `http://127.0.0.1:6081/`; `kept` is the file of the cursors.

        Raises Refused for what is no such address.
        """
        for address in caches:
            parts(address)
        self._journal, self._kept, self._epoch = journal, kept, journal.store.epoch
        self._reached = 0
        told = self._told_before()
        self._caches = [Cache(number, address, told.get(address)) for number, address in enumerate(caches, 1)]
        self._news = [asyncio.Event() for _ in caches]

    def _told_before(self) -> Mapping[str, int]:
        with suppress(FileNotFoundError, msgspec.MsgspecError):
            cursors = msgspec.json.decode(self._kept.read_bytes(), type=Cursors)
            if cursors.epoch == self._epoch:
                return cursors.told
        return {}

    def told(self, number: int) -> int:
        """The position up to which the cache of this number is known to have been told; nought if it never answered."""
        return self._caches[number - 1].told or 0

    def reached(self, position: int) -> None:
        """Pages and frames are now made from the journal up to here. To be said in the event loop only."""
        self._reached = position
        for news in self._news:
            news.set()

    async def run(self) -> None:
        """Tell all caches, for ever."""
        async with asyncio.TaskGroup() as tasks:
            for cache, news in zip(self._caches, self._news, strict=True):
                tasks.create_task(self._keep_told(cache, news))
            await asyncio.Event().wait()

    async def _keep_told(self, cache: Cache, news: asyncio.Event) -> None:
        pause = RETRY_FROM_S
        while True:
            news.clear()
            if await self._tell(cache):
                pause = RETRY_FROM_S
                await news.wait()
            else:
                NOT_TAKEN.labels(cache.number).inc()
                await asyncio.sleep(pause * random.uniform(0.5, 1))
                pause = min(2 * pause, RETRY_TO_S)

    async def _tell(self, cache: Cache) -> bool:
        """Tell one cache what it has not been told yet; False when that must be tried again."""
        reached, keys = self._reached, []
        try:
            keys = self._taken_back(cache.told, reached)
            if keys:
                await purge(cache.address, keys, reached)
        except HeardError as trouble:
            log.warning("purge_put_off", cache=cache.number, position=reached, cases=keys, **trouble.details)
            return False
        cache.told = reached
        UP_TO.labels(cache.number).set(reached)
        if keys:
            log.info("purged", cache=cache.number, position=reached, cases=keys)
            TOLD.labels(cache.number).inc()
            self._keep()
        return True

    def _taken_back(self, after: int | None, up_to: int) -> list[str]:
        """The cases of which something was taken back in (after, up_to]; ALL where that cannot be said."""
        if after is None or after > up_to:
            return [ALL]
        records = [one for one in self._journal.store.of_kinds(KINDS, after) if one.header.position <= up_to]
        cases = sorted({_case(entry) for entry in self._journal.opened(records)})
        return [ALL] if ALL in cases or len(cases) > KEYS_MAX else cases

    def _keep(self) -> None:
        told = {cache.address: cache.told for cache in self._caches if cache.told is not None}
        try:
            keep_whole(self._kept, msgspec.json.encode(Cursors(self._epoch, told)))
        except OSError as full:  # after a restart it is told once more
            log.warning("purge_cursor_not_kept", error=type(full).__name__)


def _case(entry: Entry) -> str:
    return ALL if entry.body is None else str(getattr(entry.body, "case", ALL))


async def purge(address: str, keys: Sequence[str], position: int) -> None:
    """Ask one cache to drop what has one of these surrogate keys, made before `position`.

    Raises Unavailable when it did not answer that it has.
    """
    try:
        async with asyncio.timeout(ANSWER_S):
            status = await _ask(parts(address), keys, position)
    except (OSError, ValueError, TimeoutError) as wrong:
        raise Unavailable("A cache did not answer; it is told again.", trouble=type(wrong).__name__) from wrong
    if not 200 <= status < 300:
        raise Unavailable("A cache refused to purge; it is told again.", trouble=f"status {status}")


async def _ask(at: SplitResult, keys: Sequence[str], position: int) -> int:
    secure = at.scheme == "https"
    assert at.hostname is not None
    reader, writer = await asyncio.open_connection(at.hostname, at.port or (443 if secure else 80), ssl=secure or None)
    try:
        writer.write(
            f"PURGE {at.path or '/'} HTTP/1.1\r\nHost: {at.netloc}\r\nSurrogate-Key: {' '.join(keys)}\r\n"
            f"Heard-Position: {position}\r\nConnection: close\r\n\r\n".encode("ascii")
        )
        return int((await reader.readline()).split(b" ", 2)[1])
    except IndexError:
        raise ValueError("That was no answer.") from None
    finally:
        writer.close()


def parts(address: str) -> SplitResult:
    """The parts of a cache's address. Raises Refused for what is none."""
    try:
        split = urlsplit(address)
        on_the_web = split.scheme in ("http", "https") and split.hostname and (split.port is None or split.port)
        plain = address.isascii() and address.isprintable() and " " not in address and "@" not in split.netloc
        if on_the_web and plain:
            return split
    except ValueError:
        pass
    raise Refused("A cache has an address such as http://127.0.0.1:6081/. Nothing was started.")
