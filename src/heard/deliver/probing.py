"""Asking until the words are gone: the follower of the journal that gives each withdrawal its receipt.

After a retraction, an erasure or a restriction each surface is asked for, as a reader asks: here, in every cache that
is told, and at the public address. An address is *proven gone* when it answered twice in a row with something that was
made after the withdrawal and does not have the words, and, in a cache, after that had taken the purge. Everything else
is *not proven*. The receipt is given as soon as all is proven, and at the latest before five seconds have passed; what
stands open then is asked again for as long as it does, and each change is an entry.
"""

from __future__ import annotations

import asyncio
import random
import traceback
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import prometheus_client
import structlog

from heard.cases.release import Doors
from heard.coverage import receipts
from heard.coverage.model import Receipt
from heard.deliver.asking import Place
from heard.deliver.proof import STILL_THERE, Proof, Question, clock
from heard.engine import now
from heard.engine.errors import HeardError, NotFound
from heard.engine.node import Node, Written

#: The first receipt is given before five seconds have passed since the withdrawal; writing it takes a part of them.
GIVEN_WITHIN_S = 4.2
#: A withdrawal that is found so late, as after a restart, has the whole time from then on.
LATE_S = 2.0
RETRY_FROM_S, RETRY_TO_S, RETRY_LASTS_S = 1.0, 60.0, 2.5
#: Questions at once to one place; to this server few, since the next withdrawal may be on its way. What is asked again
#: has lines of its own, so that no new one waits for it.
QUESTIONS_AT_ONCE, QUESTIONS_HERE, ASKED_AGAIN_AT_ONCE = 16, 4, 4
#: Whoever writes receipts: nobody's account.
PROBER = "server"

log = structlog.get_logger()

GIVEN_S = prometheus_client.Histogram("heard_receipt_seconds", "From a withdrawal to its first receipt.")
OPEN = prometheus_client.Gauge("heard_receipts_open", "Withdrawals that are not proven gone everywhere.")

Do = Callable[..., Awaitable[Written]]


def places(here: str, caches: Sequence[str], public: Sequence[str]) -> list[Place]:
    """Everyone who is asked: this server, each cache for each public name (or its own), and the public addresses."""
    found = [Place("here", here, urlsplit(here).netloc)]
    for number, cache in enumerate(caches, 1):
        for site in public or [""]:
            name = urlsplit(site or cache).netloc
            found.append(Place(cache, cache, name, urlsplit(site).scheme, number))
    return found + [Place(site, site, urlsplit(site).netloc) for site in public]


class Probing:
    """A task for each withdrawal that is not proven everywhere."""

    def __init__(self, node: Node, doors: Doors, do: Do, told: Callable[[int], int], asked: Sequence[Place]) -> None:
        """`told(cache)` says up to where a cache has taken purges."""
        self._node, self._doors, self._do, self._told = node, doors, do, told
        self._news = asyncio.Event()
        self._news.set()
        self._begun: set[int] = set()
        self._places = tuple(asked)
        at_once = {place: QUESTIONS_HERE if place.label == "here" else QUESTIONS_AT_ONCE for place in asked}
        self._lines = {place: asyncio.Semaphore(count) for place, count in at_once.items()}
        self._lines_again = {place: asyncio.Semaphore(ASKED_AGAIN_AT_ONCE) for place in asked}

    def reached(self, position: int) -> None:
        """Pages and frames are made up to here. To be said in the event loop only."""
        self._news.set()

    async def run(self) -> None:
        """Prove, for ever."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                await self._news.wait()
                self._news.clear()
                still_open = receipts.still_open(self._node.tables)
                OPEN.set(len(still_open))
                for withdrawal in still_open:
                    if withdrawal not in self._begun:
                        self._begun.add(withdrawal)
                        tasks.create_task(self._kept_at(withdrawal))

    async def _kept_at(self, withdrawal: int) -> None:
        """A mistake of ours in one proof ends neither the others nor the process; it is begun again."""
        try:
            await self._prove(withdrawal)
        except NotFound:
            log.info("receipt_ended", withdrawal=withdrawal)
        except Exception as mistake:
            frames = traceback.extract_tb(mistake.__traceback__)[-4:]
            at = [f"{Path(one.filename).name}:{one.lineno}" for one in frames]
            log.error("mistake", error=type(mistake).__name__, at=at, withdrawal=withdrawal)
            await asyncio.sleep(RETRY_TO_S)
            self._begun.discard(withdrawal)
            self._news.set()

    async def _prove(self, withdrawal: int) -> None:
        """Until all of which this process knows is proven and written down."""
        receipt = receipts.of_withdrawal(self._node.tables, withdrawal)
        journal, tables = self._node.journal, self._node.tables
        proof = Proof(receipt, tables, journal, self._doors, self._places, self._told)
        lines, left, pause = self._lines, _time_left(receipt), RETRY_FROM_S
        while True:
            await proof.ask_all(lines, clock() + left)
            written = await self._give(proof)
            if proof.is_whole and written:
                return
            await asyncio.sleep(pause * random.uniform(0.5, 1))
            lines, left, pause = self._lines_again, RETRY_LASTS_S, min(2 * pause, RETRY_TO_S)
            receipts.of_withdrawal(tables, withdrawal)

    async def _give(self, proof: Proof) -> bool:
        """Write down what is new; False when that could not be done and must be tried again."""
        withdrawal = proof.receipt.withdrawal
        first = all(one.given is None for one in proof.questions.values())
        new = [one for one in proof.questions.values() if _is_news(one)]
        if not new:
            return True
        seen, also = tuple(one.seen for one in new), proof.also_said
        try:
            await self._do(receipts.give(withdrawal, seen, also), by=PROBER)
        except HeardError as trouble:  # a full disk: the withdrawal had the last of it
            log.warning("receipt_put_off", withdrawal=withdrawal, **trouble.details)
            return False
        for one, told in zip(new, seen, strict=True):
            one.given = told
        left = proof.open
        if first:
            GIVEN_S.observe((now.utc() - proof.receipt.withdrawn_at).total_seconds())
        troubles = sorted({(self._number(one.place), one.seen.trouble) for one in left})
        (log.warning if left else log.info)(
            "receipt_given", withdrawal=withdrawal, proven=len(proof.questions) - len(left), troubles=troubles
        )
        return True

    def _number(self, place: Place) -> str:
        """A place as it stands in the log: which of those that were named at the start."""
        return f"cache {place.cache}" if place.cache else "here" if place.label == "here" else "public"


def _is_news(one: Question) -> bool:
    """The first sighting; then that it is proven, or that the words are there after all. Other troubles come and go."""
    if one.given is None:
        return True
    is_other = bool(one.seen.proven_at) != bool(one.given.proven_at)
    return is_other or (one.seen != one.given and one.seen.trouble == STILL_THERE)


def _time_left(receipt: Receipt) -> float:
    gone = (now.utc() - receipt.withdrawn_at).total_seconds()
    return GIVEN_WITHIN_S - gone if 0 <= gone < LATE_S else GIVEN_WITHIN_S
