"""The lawyers are told that all of an account goes for approval now: once for each bound, by what there is.

The words are the same for every bound and name nobody, no case and no text: what lights up may be read over a shoulder,
and whoever is bounded is told of nothing. Whose it is stands on the desk, after signing in, with its clock.

At least once: if this process dies after a letter was taken and before that is an entry, whoever starts next sends it
again, under the same Message-ID.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial

import structlog

from heard.accounts import projection as accounts
from heard.accounts.entries import AccountAdded, CaseRoleGiven
from heard.accounts.model import Account
from heard.coverage import bounds
from heard.coverage.bounds import Bound
from heard.coverage.entries import ApprovalEnded, ApprovalRequired
from heard.engine import now
from heard.engine.entry import Entry
from heard.engine.errors import HeardError
from heard.engine.node import Node
from heard.engine.projection import Tables
from heard.engine.told import GONE, SENT
from heard.watch.telling import Message, until_again
from heard.web.telling import PAGE, Channels, Do, until_written

#: What another process of this machine wrote, or whose turn it has become, no entry says that is folded here.
LOOK_ALL_THE_SAME_S, SHORTEST_S = 10.0, 1.0
#: By these it may change who is to be told of what.
WAKING = frozenset(body.kind for body in (ApprovalRequired, ApprovalEnded, AccountAdded, CaseRoleGiven))
#: Who writes it down.
DESK = "desk"
SUBJECT = "posts go for approval"
WORDS = (
    "Five texts of one account were stopped within ten minutes. All that it writes goes for approval from now on.\n\n"
    "It is on the desk, under “Said to be wrong”. Sign in to see whose: {site}/desk/\n"
)

log = structlog.get_logger()


def to_tell(tables: Tables, bound: Bound) -> list[Account]:
    """The lawyers of the house and of the case, or if there is none the administrators; never whoever is bounded."""
    for role in ("lawyer", "administrator"):
        if found := [one for one in accounts.with_role(tables, role, bound.case) if one.id != bound.account]:
            return found
    return []


class Telling:
    """What is on its way: tries that failed are known to this process alone, and begin anew in the next."""

    def __init__(self, tables: Tables, do: Do, channels: Channels) -> None:
        self._tables, self._do, self._channels = tables, do, channels
        #: By bound and lawyer: how it went until now, how often it was tried, and when it is tried again.
        self._tried: dict[tuple[int, str], tuple[dict[str, str], int, datetime]] = {}

    @property
    def next_at(self) -> datetime | None:
        """When somebody is tried again, if nothing happens before."""
        return min((at for _, _, at in self._tried.values()), default=None)

    async def tell_all(self) -> None:
        """Everybody who was not told of a bound that stands, where it is their time. None waits for another."""
        left: list[tuple[Bound, Account]] = []
        for bound in bounds.in_force(self._tables):
            known = {one.lawyer for one in bounds.told(self._tables, bound.position)}
            left += [(bound, one) for one in to_tell(self._tables, bound) if one.id not in known]
        still = {(bound.position, lawyer.id) for bound, lawyer in left}
        self._tried = {key: how for key, how in self._tried.items() if key in still}
        await asyncio.gather(*(self._tell(bound, lawyer) for bound, lawyer in left))

    async def _tell(self, bound: Bound, lawyer: Account) -> None:
        before, attempt, next_at = self._tried.get((bound.position, lawyer.id), ({}, 1, bound.since))
        if now.utc() < next_at:
            return
        went = await self._channels.send(lawyer.id, lawyer.email, self._message(bound, lawyer), _taken(before))
        by = {**before, **{way: how for way, how in went.by.items() if way != PAGE}}
        if wait := until_again(by, attempt, went.wait_s):
            self._tried[bound.position, lawyer.id] = (by, attempt + 1, now.utc() + wait)
            log.warning("lawyer_not_told", bound=bound.position, to=lawyer.id, by=by)
            return
        told = partial(bounds.record_told, bound, lawyer.id, by)
        await until_written(self._do, told, DESK, bound=bound.position, to=lawyer.id)
        self._tried.pop((bound.position, lawyer.id), None)
        log.warning("lawyer_told", bound=bound.position, to=lawyer.id, by=by)

    def _message(self, bound: Bound, lawyer: Account) -> Message:
        id = f"approval.{bound.position}.{lawyer.id}"
        return Message(id, SUBJECT, WORDS.format(site=self._channels.site), (), "Posts go for approval", "/desk/")


def _taken(before: dict[str, str]) -> list[str]:
    return [name for name, how in before.items() if how in (SENT, GONE)]


async def tell_lawyers(node: Node, do: Do, channels: Channels, our_turn: Callable[[], bool]) -> None:
    """Until cancelled: as soon as an entry may change who is to be told. `our_turn`: whether this node is to do it."""
    telling, woken = Telling(node.tables, do, channels), asyncio.Event()

    def wake(folded: Sequence[Entry]) -> None:
        if any(entry.kind in WAKING for entry in folded):
            woken.set()

    node.after_fold.append(wake)
    while True:
        woken.clear()
        try:
            if our_turn():
                await telling.tell_all()
        except HeardError as wrong:  # of what could not be read just now somebody is told when it can
            log.error("telling_lawyers_put_off", why=type(wrong).__name__, **wrong.details)
        at = now.utc()
        wait_s = min(
            LOOK_ALL_THE_SAME_S, (telling.next_at - at).total_seconds() if telling.next_at else LOOK_ALL_THE_SAME_S
        )
        with suppress(TimeoutError):
            await asyncio.wait_for(woken.wait(), max(SHORTEST_S, wait_s))
