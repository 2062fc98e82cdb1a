"""Alerts go out to followers of a case as soon as they were called for, and what takes them back goes after them.

How many they went to is counted in the vault as they go, and written into the journal when all were told. Whom is
written nowhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import groupby

import msgspec

from heard.cases import projection as cases
from heard.cases.exits import Serving
from heard.cases.follows import Follow, Follows, Letter, Told
from heard.cases.release import Door, Withheld
from heard.coverage import alert_letters, alerted, alerts, projection
from heard.coverage.alert_entries import AlertSent
from heard.coverage.alerted import Alert
from heard.coverage.model import Post as CoveredPost
from heard.deliver.mailing import Mailbox
from heard.engine import now
from heard.engine.entry import new_id
from heard.engine.errors import NotFound
from heard.web.sending import Post, Sending

#: The drawer of what went out and is in no entry yet.
TALLY = "alert-tally"
#: The entries that say so are the server's own.
BY = "mail"


class _Tally(msgspec.Struct):
    """What an entry will say; `id` is the key under which it is written once, whatever is killed before its end."""

    id: str
    post: str
    sent: AlertSent


class Alerting:
    """`base` is the site's address as readers type it; `again`: when one who could not be told is looked at anew."""

    def __init__(
        self, serving: Serving, box: Mailbox, base: str, again: timedelta, our_turn: Callable[[], bool]
    ) -> None:
        self._serving, self._box, self._base, self._again = serving, box, base, again
        self._follows: Follows = serving.follows
        self._sending = Sending(serving.follows, box, again, self._is_fresh, our_turn)
        #: Which case a follower follows.
        self._case_of: dict[str, str] = {}
        #: Up to where the journal was looked at; the posts of which somebody is still to be told; and when these are
        #: looked at again, if it does not grow. How far each follower was told is in the vault, and nowhere else.
        self._looked, self._left = -1, set[str]()
        self._look_at: datetime | None = None

    def _is_fresh(self) -> bool:
        """Whether the tables say what the journal does: an order of a moment ago is in force for every letter."""
        self._serving.node.catch_up()
        return True

    def asking(self, one: Follow, case: str) -> Letter:
        """Raises NotFound, Withheld."""
        known = cases.by_id(self._serving.tables, case)
        yes = f"{self._base}/{known.slug}/follow/{self._follows.token('confirm', one)}/"
        return alert_letters.asking(self._serving.doors.of(self._serving.tables, case), known, self._base, yes)

    async def tell_all(self) -> None:
        """Everybody who is still to be told of something that may go out now."""
        position = self._serving.node.catch_up()
        if position == self._looked and (self._look_at is None or now.utc() < self._look_at):
            return
        called = alerted.called(self._serving.tables, self._looked, self._left)
        self._looked, self._left = position, {alert.post for alert in called}
        self._look_at, everybody = now.utc() + self._again, True
        try:
            async with Post(self._box) as post:
                for case, theirs in groupby(called, lambda alert: alert.case):
                    everybody &= await self._tell_of(post, case, list(theirs))
        finally:
            await self._write_down()
        self._look_at = None if everybody else self._look_at

    async def _tell_of(self, post: Post, case: str, called: Sequence[Alert]) -> bool:
        """Whether nobody is left who could be told of a case at this moment. What its rules hold back is looked at
        again when an entry changes them.
        """
        tables, everybody = self._serving.tables, True
        door = self._serving.doors.of(tables, case)
        known = {one.id: one for one in projection.by_ids(tables, [alert.post for alert in called])}
        self._left -= {one.post for one in called if not alerts.how_far(known[one.post]) and one.is_over(now.utc())}
        ahead = [alert for alert in called if self._may_tell_any(door, alert, known[alert.post])]
        for follower in self._followers(case) if ahead else ():
            for alert in ahead:
                everybody &= await self._tell(post, follower, alert)
            await asyncio.sleep(0)
        if everybody:
            self._left -= {alert.post for alert in ahead}
            for alert in ahead:
                self._to_nobody(alert, known[alert.post])
        return everybody

    def _may_tell_any(self, door: Door, alert: Alert, post: CoveredPost) -> bool:
        """Whether there may be a follower who can be told of a post at this moment; of each it is asked again."""
        sort = alerts.sort_of(0 if (far := alerts.how_far(post)) else None, far)
        return alerts.may_go_out(self._serving.tables, self._serving.node.journal, door, alert, post, sort)

    def _followers(self, case: str) -> list[str]:
        ids = self._follows.alerted()
        for id in ids:
            if id not in self._case_of and (one := self._follows.get(id)):
                self._case_of[id] = self._follows.read(one)[1].key
        return [id for id in ids if self._case_of.get(id) == case]

    async def _tell(self, post: Post, follower: str, alert: Alert) -> bool:
        """Whether there is nothing left to tell this follower of this post."""
        one, tables = self._follows.get(follower), self._serving.tables
        if one is None:
            return True
        made: list[AlertSent] = []

        def make(one: Follow) -> tuple[Letter, Told] | None:
            letter, told, sent = self._made(one, alert)
            made[:] = [sent]
            return letter, told

        if one.in_the_air:
            self._take_for_sent(one, alert.case)
        if alerts.due(one.told, self._by_now(alert), projection.by_id(tables, alert.post)) is None:
            return True
        if one.is_put_off:
            return False
        had = one.told
        try:
            return await self._sending.send(post, one, make)
        finally:
            if made and one.told is not had:
                self._count(alert.post, made[0])

    def _made(self, one: Follow, alert: Alert) -> tuple[Letter, Told, AlertSent]:
        """What there is to tell this follower of the post, as it may be told at this moment.

        Raises Withheld, NotFound where that is nothing.
        """
        tables, journal, alert = self._serving.tables, self._serving.node.journal, self._by_now(alert)
        case, post = cases.by_id(tables, alert.case), projection.by_id(tables, alert.post)
        door = self._serving.doors.of(tables, case.id)
        sort = alerts.due(one.told, alert, post)
        if sort is None or not alerts.may_go_out(tables, journal, door, alert, post, sort):
            raise Withheld(case.id)
        leave = f"{self._base}/{case.slug}/leave/{self._follows.token('leave', one)}/"
        letter = alert_letters.letter(door, case, post, sort, one.told, self._base, leave, one.unsure_on)
        wording, with_care = alerts.wording_of(journal, post.id), "suicide" in door.care
        told = one.told.of(post.id, alerts.how_far(post))
        return letter, told, AlertSent(case.id, sort, wording, 1, with_care)

    def _by_now(self, alert: Alert) -> Alert:
        """It may have been called off, or for again, while letters went out: thousands take minutes."""
        return alerted.of_post(self._serving.tables, alert.post) or alert

    def _take_for_sent(self, one: Follow, case: str) -> None:
        """What was in the air when this was killed went out, as far as anybody knows."""
        had = one.told.alerted
        self._sending.take_for_sent(one)
        for post, far in one.told.alerted.items():
            if far != had.get(post):
                wording = alerts.wording_of(self._serving.node.journal, post)
                self._count(post, AlertSent(case, alerts.sort_of(had.get(post), far), wording, 1))

    # How many ---------------------------------------------------------------------------------------------------------

    def _count(self, post: str, sent: AlertSent) -> None:
        name = f"{post}.{sent.sort}.{sent.wording}"
        kept = self._serving.vault.get(TALLY, name)
        tally = msgspec.json.decode(kept, type=_Tally) if kept else _Tally(new_id(), post, sent)
        if kept:
            tally.sent = msgspec.structs.replace(tally.sent, to=tally.sent.to + 1)
        self._serving.vault.put(TALLY, name, msgspec.json.encode(tally))

    def _to_nobody(self, alert: Alert, post: CoveredPost) -> None:
        """That an alert found nobody to go to is written down too, once: an editor would wait for it else. One that is
        over, or whose post was withdrawn, looked for nobody.
        """
        tables, vault = self._serving.tables, self._serving.vault
        if post.status != "published" or self._by_now(alert).is_over(now.utc()):
            return
        if alerted.sent_of_post(tables, alert.post) or any(one.startswith(alert.post) for one in vault.names(TALLY)):
            return
        wording = alerts.wording_of(self._serving.node.journal, alert.post)
        tally = _Tally(new_id(), alert.post, AlertSent(alert.case, "news", wording, 0))
        vault.put(TALLY, f"{alert.post}.news.{wording}", msgspec.json.encode(tally))

    async def _write_down(self) -> None:
        vault = self._serving.vault
        for name in vault.names(TALLY):
            if kept := vault.get(TALLY, name):
                tally = msgspec.json.decode(kept, type=_Tally)
                with suppress(NotFound):
                    await self._serving.do(alerts.record(tally.post, tally.sent), by=BY, key=tally.id)
                vault.drop(TALLY, name)
