"""The letters to followers really go out: those that ask, and those that tell of reports; alerts are in `alerting`.

Only one process of a machine sends at a time, and only one machine of those that share a journal. That each thing is
told once, and what happens when the line breaks, is in `sending`.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path

import structlog

from heard.cases.exits import Serving
from heard.cases.follows import Follow, Follows, Letter, Told
from heard.cases.release import Door, Withheld
from heard.deliver.mailing import Mailbox
from heard.engine import now
from heard.engine.errors import HeardError, NotFound
from heard.reports import digests
from heard.reports.digests import News
from heard.web.alerting import Alerting
from heard.web.sending import Post, Sending

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
        self._sending = Sending(serving.follows, box, self._again, self._is_up_to_date, our_turn)
        #: News by position and instant, of the journal up to `_scanned`.
        self._news: list[tuple[int, str]] = []
        self._scanned: int | None = None
        #: News of a span of the journal that has not settled.
        self._unsettled: tuple[tuple[int, int], list[News]] = ((0, 0), [])
        #: Up to where everybody was told; and before when it is not looked at again.
        self._looked: tuple[int, date] | None = None
        self._not_before = now.utc()
        self._alerting = Alerting(serving, box, self._base, self._again, our_turn)

    async def run(self) -> None:
        """Send until cancelled."""
        descriptor = os.open(self._lock, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            while not _is_ours(descriptor):
                await asyncio.sleep(WAIT_S)
            async with asyncio.TaskGroup() as both:  # an alert does not wait for a thousand letters about reports
                both.create_task(self._again_and_again(self._ask_all, self._tell_all))
                both.create_task(self._again_and_again(self._alerting.tell_all))
        finally:
            os.close(descriptor)

    async def _again_and_again(self, *steps: Callable[[], Awaitable[None]]) -> None:
        while True:
            rest_s = self._look_s
            try:
                if self._our_turn():
                    for step in steps:
                        await step()
            except HeardError as wrong:  # the mail server, the disk: nothing is forgotten
                log.warning("mail_put_off", why=type(wrong).__name__, **wrong.details)
                rest_s = min(PUT_OFF_S, self._again.total_seconds())
            await asyncio.sleep(rest_s)

    # Asking -----------------------------------------------------------------------------------------------------------

    async def _ask_all(self) -> None:
        self._follows.forget_old()
        waiting = [one for one in self._follows.asked() if one.mailed_at is None]
        if not waiting or not self._is_up_to_date():
            return
        async with Post(self._box) as post:
            for one in waiting:
                if self._follows.is_one_too_many(one):
                    one.mailed_at = one.since_at  # nothing is sent, and nobody is told so
                    self._follows.keep(one)
                elif self._may_be_asked(one):
                    await self._sending.send(post, one, self._asking)

    def _may_be_asked(self, one: Follow) -> bool:
        """Whether there is a letter: while its case is on hold there is none, and no line is opened for it."""
        with suppress(Withheld, NotFound):
            return bool(self._asking(one))
        return False

    def _asking(self, one: Follow) -> tuple[Letter, Told]:
        _, followed = self._follows.read(one)
        if followed.sort == "case":
            return self._alerting.asking(one, followed.key), one.told
        yes = f"{self._base}/reports/follow/{self._follows.token('confirm', one)}/"
        return digests.asking(self._door(), self._serving.register, followed, yes), one.told

    # Telling ----------------------------------------------------------------------------------------------------------

    async def _tell_all(self) -> None:
        """Everybody for whom there is news, and whose last letter is long enough ago."""
        ids = self._follows.all()
        if not ids or now.utc() < self._not_before:
            return
        at = (self._settled(ids), now.today())
        if at == self._looked or not self._is_up_to_date():
            return
        following = [one for id in ids if (one := self._follows.get(id))]
        found = digests.news(self._serving.node.journal, min(one.told.upto for one in following), at[0])
        everybody = True
        async with Post(self._box) as post:
            for one in following:
                everybody &= await self._tell(post, one, found, at)
                await asyncio.sleep(0)
        self._looked = at if everybody else None
        self._not_before = now.utc() + (timedelta() if everybody else self._again)

    async def _tell(self, post: Post, one: Follow, found: list[News], at: tuple[int, date]) -> bool:
        """Whether there is nothing left to tell this follower."""
        if one.in_the_air:
            self._sending.take_for_sent(one)

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
        return await self._sending.send(post, one, make)

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

    # What it is made of -----------------------------------------------------------------------------------------------

    def _door(self) -> Door:
        return self._serving.doors.of_every(self._serving.tables)

    def _is_up_to_date(self) -> bool:
        """Whether the register says what the journal does: a name hidden a moment ago is in no letter."""
        self._serving.node.catch_up()
        return not self._serving.register.follow()


def _is_ours(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
