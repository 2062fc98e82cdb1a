"""The lawyers are told that all of an account goes for approval now: once for each bound, by what there is.

The words are the same for every bound and name nobody, no case and no text: what lights up may be read over a shoulder,
and whoever is bounded is told of nothing. Whose it is stands on the desk, after signing in, with its clock.

At least once: if this process dies after a letter was taken and before that is an entry, whoever starts next sends it
again, under the same Message-ID.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from heard.accounts import projection as accounts
from heard.accounts.model import Account
from heard.coverage import bounds
from heard.coverage.bounds import Bound
from heard.engine import now
from heard.engine.errors import HeardError
from heard.engine.projection import Tables
from heard.watch.ladders import GONE, NOT_OPEN, SENT
from heard.watch.telling import RETRY_AFTER_S, Message
from heard.web.telling import Channels, Do

LOOK_EVERY_S = 1.0
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

    async def tell_all(self) -> None:
        """Everybody who was not told of a bound that stands, where it is their time."""
        for bound in bounds.in_force(self._tables):
            known = {one.lawyer for one in bounds.told(self._tables, bound.position)}
            for lawyer in to_tell(self._tables, bound):
                if lawyer.id not in known:
                    await self._tell(bound, lawyer)

    async def _tell(self, bound: Bound, lawyer: Account) -> None:
        before, attempt, next_at = self._tried.get((bound.position, lawyer.id), ({}, 0, bound.since))
        if now.utc() < next_at:
            return
        went = await self._channels.send(lawyer.id, lawyer.email, self._message(bound, lawyer), _taken(before))
        by = {**before, **went.by}
        failed = any(how not in (SENT, NOT_OPEN, GONE) for how in by.values())
        if failed and attempt < len(RETRY_AFTER_S):
            wait = timedelta(seconds=max(went.wait_s, RETRY_AFTER_S[attempt]))
            self._tried[bound.position, lawyer.id] = (by, attempt + 1, now.utc() + wait)
            log.warning("lawyer_not_told", bound=bound.position, to=lawyer.id, by=by)
            return
        await self._do(bounds.record_told(bound, lawyer.id, by), by=DESK)
        self._tried.pop((bound.position, lawyer.id), None)
        log.warning("lawyer_told", bound=bound.position, to=lawyer.id, by=by)

    def _message(self, bound: Bound, lawyer: Account) -> Message:
        id = f"approval.{bound.position}.{lawyer.id}"
        return Message(id, SUBJECT, WORDS.format(site=self._channels.site), (), "Posts go for approval", "/desk/")


def _taken(before: dict[str, str]) -> list[str]:
    return [name for name, how in before.items() if how in (SENT, GONE)]


async def tell_lawyers(tables: Tables, do: Do, channels: Channels, our_turn: Callable[[], bool]) -> None:
    """Until cancelled. `our_turn`: whether it is for this node to do."""
    telling = Telling(tables, do, channels)
    while True:
        try:
            if our_turn():
                await telling.tell_all()
        except HeardError as wrong:  # it cannot be written down just now: told again, under the same id
            log.error("telling_lawyers_put_off", why=type(wrong).__name__, **wrong.details)
        await asyncio.sleep(LOOK_EVERY_S)
