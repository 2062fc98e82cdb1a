"""The letters to followers really go out: those that ask, and those that tell.

**Each piece of news is told at most once.** Before the last line of a letter it is written down that it is in the air,
and after its receipt that it was told. A kill before the first leaves nothing sent, and it is sent later. A kill
between the two is the one moment of which nobody knows, and it is taken for sent: a family is not written to twice
about the same, and the next letter says that one may not have come. Only one process of a machine sends at a time, and
only one machine of those that share a journal.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Self, TypeVar, cast

import structlog

from heard.cases.exits import Serving
from heard.cases.release import Door, Withheld
from heard.deliver.mailing import Line, Mailbox, NotTaken, Unsure, written
from heard.engine import now
from heard.engine.errors import HeardError, NotFound, Unavailable
from heard.reports import digests
from heard.reports.digests import Letter, News
from heard.reports.follows import Follow, Follows, Told

#: How often it is looked whether anybody asked, or anything is new.
LOOK_S = 1.0
#: An import comes in many entries: what is new is told when it has settled.
SETTLES = timedelta(minutes=10)
#: After a mail server that did not take what it was given.
PUT_OFF_S = 30.0
#: While another process of this machine has the post, or the register is being made.
WAIT_S = 0.5
#: When somebody could not be told yet, everybody is looked at again after this, or sooner where letters go out quickly.
AGAIN_WITHIN = timedelta(minutes=1)
#: A follower of whom there is no news is written down anew only when so much has passed.
LAG_MAX, LAG_DAYS_MAX = 5000, 30

Make = Callable[[Follow], tuple[Letter, Told] | None]

T = TypeVar("T")

log = structlog.get_logger()


class Mailing:
    """`base` is the site's address as readers type it; `lock` a file that one process at a time holds.

    `our_turn`: whether it is this node's turn, of those that share a journal.
    """

    def __init__(
        self, serving: Serving, box: Mailbox, base: str, lock: Path, our_turn: Callable[[], bool] = lambda: True
    ) -> None:
        self._serving, self._box, self._base, self._lock = serving, box, base.rstrip("/"), lock
        self._our_turn = our_turn
        self._follows: Follows = serving.follows
        self._settles = min(SETTLES, box.every / 10)
        self._look_s = max(0.1, min(LOOK_S, box.every.total_seconds() / 10))
        self._again = max(timedelta(seconds=self._look_s), min(AGAIN_WITHIN, box.every / 10))
        #: News by position and instant, of the journal up to `_scanned`.
        self._news: list[tuple[int, str]] = []
        self._scanned: int | None = None
        #: News of a span of the journal that has not settled.
        self._unsettled: tuple[tuple[int, int], list[News]] = ((0, 0), [])
        #: Up to where everybody was told; and before when it is not looked at again.
        self._looked: tuple[int, date] | None = None
        self._not_before = now.utc()

    async def run(self) -> None:
        """Send until cancelled."""
        descriptor = os.open(self._lock, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            while not _is_ours(descriptor):
                await asyncio.sleep(WAIT_S)
            while True:
                rest_s = self._look_s
                try:
                    if self._our_turn():
                        await self._ask_all()
                        await self._tell_all()
                except HeardError as wrong:  # the mail server, the disk: nothing is forgotten
                    log.warning("mail_put_off", why=type(wrong).__name__, **wrong.details)
                    rest_s = min(PUT_OFF_S, self._again.total_seconds())
                await asyncio.sleep(rest_s)
        finally:
            os.close(descriptor)

    # Asking -----------------------------------------------------------------------------------------------------------

    async def _ask_all(self) -> None:
        self._follows.forget_old()
        waiting = [one for one in self._follows.asked() if one.mailed_at is None]
        if not waiting or not await self._is_up_to_date():
            return
        async with _Post(self._box) as post:
            for one in waiting:
                if self._follows.is_one_too_many(one):
                    one.mailed_at = one.since_at  # nothing is sent, and nobody is told so
                    self._follows.keep(one)
                else:
                    await self._send(post, one, self._asking)

    def _asking(self, one: Follow) -> tuple[Letter, Told]:
        _, followed = self._follows.read(one)
        yes = f"{self._base}/reports/follow/{self._follows.token('confirm', one)}/"
        return digests.asking(self._door(), self._serving.register, followed, yes), one.told

    # Telling ----------------------------------------------------------------------------------------------------------

    async def _tell_all(self) -> None:
        """Everybody for whom there is news, and whose last letter is long enough ago."""
        ids = self._follows.all()
        if not ids or now.utc() < self._not_before:
            return
        at = (self._settled(ids), now.today())
        if at == self._looked or not await self._is_up_to_date():
            return
        following = [one for id in ids if (one := self._follows.get(id))]
        found = digests.news(self._serving.node.journal, min(one.told.upto for one in following), at[0])
        everybody = True
        async with _Post(self._box) as post:
            for one in following:
                everybody &= await self._tell(post, one, found, at)
                await asyncio.sleep(0)
        self._looked = at if everybody else None
        self._not_before = now.utc() + (timedelta() if everybody else self._again)

    async def _tell(self, post: _Post, one: Follow, found: list[News], at: tuple[int, date]) -> bool:
        """Whether there is nothing left to tell this follower."""
        if one.in_the_air:
            self._take_for_sent(one)

        def make(one: Follow) -> tuple[Letter, Told] | None:
            return self._made(one, found, at)

        try:
            if make(one) is None:
                if at[0] - one.told.upto > LAG_MAX or (at[1] - one.told.days).days > LAG_DAYS_MAX:
                    one.told = one.told.on_to(*at)
                    self._follows.keep(one)
                return True
        except (Withheld, NotFound):  # an order of this moment: told when it may be
            return False
        if one.mailed_at and now.utc() < one.mailed_at + self._box.every:
            return False
        return await self._send(post, one, make)

    def _settled(self, ids: list[str]) -> int:
        """The newest entry with news that is old enough to be told of."""
        store = self._serving.node.journal.store
        if self._scanned is None:
            self._scanned = min((one.told.upto for id in ids if (one := self._follows.get(id))), default=0)
            self._news = [(self._scanned, "")]
        position = store.position()
        if position > self._scanned:
            records = store.of_kinds(digests.KINDS, self._scanned)
            self._news += [(one.header.position, one.header.at) for one in records]
            self._scanned = position
        until = now.text(now.utc() - self._settles)
        settled = [one for one in self._news if one[1] <= until]
        self._news = settled[-1:] + self._news[len(settled) :]
        return settled[-1][0]

    def _made(self, one: Follow, found: list[News], at: tuple[int, date]) -> tuple[Letter, Told] | None:
        """What there is to tell this follower, as it may be told at this moment; None where there is nothing."""
        theirs = [news for news in found if not one.told.tells(news.report, news.position)]
        if not theirs and one.told.days >= at[1]:
            return None
        leave = f"{self._base}/reports/leave/{self._follows.token('leave', one)}/"
        _, followed = self._follows.read(one)
        days = (one.told.days, at[1])
        register = self._serving.register
        newer = [news for news in self._newer(at[0]) if not one.told.tells(news.report, news.position)]
        letter = digests.digest(self._door(), register, followed, theirs, newer, days, self._base, leave, one.unsure_on)
        return (letter, one.told.on_to(*at, letter.ahead)) if letter else None

    def _newer(self, after: int) -> list[News]:
        """What has not settled yet and is to be seen already; read once for all followers."""
        span = (after, self._serving.register.file.position())
        if self._unsettled[0] != span:
            self._unsettled = span, digests.news(self._serving.node.journal, *span)
        return self._unsettled[1]

    def _take_for_sent(self, one: Follow) -> None:
        """A kill, or the line's end, fell between a letter and its receipt."""
        assert one.in_the_air
        one.told, one.in_the_air, one.unsure_on, one.mailed_at = one.in_the_air, None, now.today(), now.utc()
        self._follows.keep(one)
        log.warning("letter_unsure", follow=one.id)

    # Both -------------------------------------------------------------------------------------------------------------

    async def _send(self, post: _Post, one: Follow, make: Make) -> bool:
        """Send one letter, made when the server has said that it takes it; whether nothing is left to be done."""
        address, _ = self._follows.read(one)
        try:
            line = await post.offer(address)
        except NotTaken as refusal:
            self._follows.refuse(one)
            log.warning("address_refused", follow=one.id, **refusal.details)
            return self._follows.has_left(one)
        except Unavailable as wrong:
            return self._put_off(post, one, wrong)
        made = None
        if await self._is_up_to_date() and self._our_turn() and not self._follows.has_left(one):
            with suppress(Withheld, NotFound):
                made = make(one)
        if made is None:  # what was to be told was withdrawn since, or they left, or another node tells it
            post.drop()
            return self._follows.has_left(one)
        letter, told = made
        id = f"{one.id}.{told.upto}.{told.days}"
        raw = written(self._box, address, letter.subject, letter.text, id, now.utc(), letter.leave)
        one.in_the_air = told
        self._follows.keep(one)
        try:
            await _aside(line.give, raw)
        except Unsure:
            self._take_for_sent(one)
            raise
        except Unavailable as wrong:
            one.in_the_air = None
            return self._put_off(post, one, wrong)
        one.told, one.in_the_air, one.unsure_on, one.refused, one.mailed_at = told, None, None, 0, now.utc()
        self._follows.keep(one)
        log.info("letter_sent", follow=one.id)
        return True

    def _put_off(self, post: _Post, one: Follow, wrong: Unavailable) -> bool:
        """What the server said no to is this follower's trouble alone; a line that is gone is everybody's.

        A letter that is refused for good is tried again when the next would be due, and not before.
        """
        if wrong.details.get("code", 0) >= 500:
            one.mailed_at = now.utc()
        self._follows.keep(one)
        post.drop()
        if "code" not in wrong.details:
            raise wrong
        log.warning("letter_put_off", follow=one.id, **wrong.details)
        return False

    def _door(self) -> Door:
        return self._serving.doors.of_every(self._serving.tables)

    async def _is_up_to_date(self) -> bool:
        """Whether the register says what the journal does: a name hidden a moment ago is in no letter."""
        self._serving.node.catch_up()
        return not self._serving.register.follow()


class _Post:
    """The line to the mail server, opened when the first letter is there."""

    def __init__(self, box: Mailbox) -> None:
        self._box = box
        self._line: Line | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, mistake: object, *_: object) -> None:
        if mistake is asyncio.CancelledError:
            return  # a thread may wait on the line still; it ends with the process
        if mistake:
            self.drop()
        elif self._line:
            await _aside(self._line.close)

    async def offer(self, address: str) -> Line:
        if self._line is None:
            self._line = await _aside(Line, self._box)
        line = self._line
        await _aside(line.offer, address)
        return line

    def drop(self) -> None:
        if self._line:
            self._line.drop()
        self._line = None


async def _aside(step: Callable[..., T], *given: object) -> T:
    """One step in a thread of its own, for which nobody waits when the process ends: a mail server may be slow."""
    loop, done = asyncio.get_running_loop(), asyncio.get_running_loop().create_future()

    def tell(told: Callable[[Any], None], outcome: object) -> None:
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(lambda: None if done.done() else told(outcome))

    def run() -> None:
        try:
            tell(done.set_result, step(*given))
        except Exception as wrong:
            tell(done.set_exception, wrong)

    threading.Thread(target=run, daemon=True, name="mail").start()
    return cast(T, await done)


def _is_ours(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
