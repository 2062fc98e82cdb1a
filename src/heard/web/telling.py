"""People are really told of alarms: whose turn it is by the ladder is sent what there is, and how it went is recorded.

At least once: if this process dies after a message was taken and before that is an entry, whoever starts next sends it
again, under the same Message-ID.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

import structlog

from heard.accounts import projection as accounts
from heard.deliver.alarm_channels import Hook, Mail
from heard.engine import now
from heard.engine.errors import HeardError, NotFound, Unavailable
from heard.engine.journal import Journal
from heard.engine.node import Command, Written
from heard.engine.projection import Tables
from heard.engine.told import GONE, NOT_OPEN, SENT
from heard.watch import ladders, telling
from heard.watch.ladders import Rung
from heard.watch.ringing import WATCH
from heard.watch.telling import Message, Went
from heard.watch.watching import Watching
from heard.web.push import Push

#: The way of telling that is an open page of the watch.
PAGE = "page"
LOOK_EVERY_S = 1.0
SHORTEST_S = 0.001
#: Rungs looked at in one go, and messages under way at once: a server that does not answer holds up four at most.
AT_ONCE, UNDER_WAY = 1000, 4
RECORDED_AT_ONCE, PUT_OFF_S_MAX = 256, 60.0
#: For so long at most messages wait until all that fell due together is recorded.
BURST_S, LOOK_AGAIN_S, REST_S = 5.0, 0.02, 0.05

log = structlog.get_logger()

Do = Callable[..., Awaitable[Written]]


class Channels:
    """By what alarms leave. A page that is open hears of everything by itself, and is always among them."""

    def __init__(
        self, mail: Mail | None, hook: Hook | None, push: Push, listens: Callable[[str], bool], site: str
    ) -> None:
        self.mail, self.hook, self.push, self.listens, self.site = mail, hook, push, listens, site
        self._threads = ThreadPoolExecutor(UNDER_WAY, thread_name_prefix="alarms")

    @property
    def names(self) -> list[str]:
        return [PAGE, *(one.name for one in (self.mail, self.hook) if one), self.push.name]

    async def send(self, to: str, email: str, message: Message, without: Sequence[str]) -> Went:
        """How it went, by each channel that is still to take it. None waits for another: a phone rings at once."""
        page = SENT if self.listens(to) else NOT_OPEN
        sending: dict[str, Awaitable[tuple[str, float]]] = {}
        if self.push.name not in without and self.push.rings_for(to):
            sending[self.push.name] = self.push.send(to, message)
        if self.mail and self.mail.name not in without:
            letter = (email, message.id, message.subject, message.text)
            sending[self.mail.name] = self._tried(self.mail.send, *letter) if email else _no_address()
        if self.hook and self.hook.name not in without:
            posted = (to, message.id, message.subject, message.text, message.alarms)
            sending[self.hook.name] = self._tried(self.hook.send, *posted)
        went = dict(zip(sending, await asyncio.gather(*map(_minded, sending, sending.values())), strict=True))
        failed = [wait_s for how, wait_s in went.values() if how not in (SENT, GONE)]
        by = {PAGE: page, **{name: how for name, (how, _) in went.items()}}
        return Went(by, min(failed, default=0.0))

    async def _tried(self, send: Callable[..., None], *message: Any) -> tuple[str, float]:
        try:
            await asyncio.get_running_loop().run_in_executor(self._threads, partial(send, *message))
        except Unavailable as wrong:
            return str(wrong.details.get("why") or "failed"), 0.0
        return SENT, 0.0


async def _minded(name: str, sending: Awaitable[tuple[str, float]]) -> tuple[str, float]:
    """A mistake of ours in one way of telling is a failure of that way: the others go on, and it is written down."""
    try:
        return await sending
    except Exception as mistake:
        log.error("channel_failed", channel=name, error=type(mistake).__name__)
        return type(mistake).__name__, 0.0


async def _no_address() -> tuple[str, float]:
    return "no address", 0.0


def channels_of(asked: Mapping[str, str], journal: Journal, listens: Callable[[str], bool], site: str) -> Channels:
    """As the operator's environment has them.

    Raises Refused.
    """
    mail, hook = asked.get("HEARD_MAIL"), asked.get("HEARD_ALARM_HOOK")
    push = Push(journal, site, asked.get("HEARD_PUSH_OWN", "").split())
    return Channels(Mail(mail) if mail else None, Hook(hook) if hook else None, push, listens, site)


async def tell_people(
    tables: Tables, watching: Watching, do: Do, channels: Channels, our_turn: Callable[[], bool] = lambda: True
) -> None:
    """Until cancelled. `our_turn`: whether it is for this node to do, of all those that see the same alarms."""
    woken = asyncio.Event()
    watching.after_change.append(woken.set)
    under_way: dict[str, asyncio.Task[None]] = {}

    def ended(account: str, _: asyncio.Task[None]) -> None:
        del under_way[account]
        woken.set()

    while True:
        woken.clear()
        at, next_at = now.utc(), ladders.next_due_at(tables)
        if next_at is not None and next_at <= at and not our_turn():
            next_at = None  # another does it; we look again in a moment whether it is still there
        elif next_at is not None and next_at <= at:
            await _all_is_recorded(watching)
            for account, rungs in _messages(ladders.due(tables, now.utc(), AT_ONCE)):
                # Each person is sent one message at a time: what comes meanwhile is in the next, all together.
                if account not in under_way and len(under_way) < UNDER_WAY:
                    under_way[account] = asyncio.ensure_future(_tell(tables, do, channels, account, rungs))
                    under_way[account].add_done_callback(partial(ended, account))
            await asyncio.sleep(REST_S)  # with a thousand waiting each look takes ten milliseconds
            next_at = None
        wait = min(timedelta(seconds=LOOK_EVERY_S), (next_at - at) if next_at else timedelta.max)
        with suppress(TimeoutError):
            await asyncio.wait_for(woken.wait(), max(SHORTEST_S, wait.total_seconds()))


async def _all_is_recorded(watching: Watching) -> None:
    """When thousands ring at once, each is recorded before anybody is sent a message of some of them."""
    for _ in range(int(BURST_S / LOOK_AGAIN_S)):
        with suppress(Exception):  # the journal is lost for the moment, or worse: `ring` meets the same, and says so
            if watching.has_stopped or next(watching.recording.due(), None) is None:
                return
        await asyncio.sleep(LOOK_AGAIN_S)


def _messages(due: Sequence[Rung]) -> list[tuple[str, list[Rung]]]:
    """What goes to one person in one message: all that waits for the same channels. Those who wait longest first."""
    of: dict[str, list[Rung]] = {}
    for rung in due:
        waiting = of.setdefault(rung.account, [])
        if not waiting or waiting[0].without == rung.without:
            waiting.append(rung)
    return list(of.items())


async def _tell(tables: Tables, do: Do, channels: Channels, account: str, rungs: list[Rung]) -> None:
    try:
        email = accounts.by_id(tables, account).email
    except NotFound:
        email = ""
    went = await channels.send(account, email, telling.message(tables, rungs, channels.site), rungs[0].without)
    for first in range(0, len(rungs), RECORDED_AT_ONCE):
        some = rungs[first : first + RECORDED_AT_ONCE]
        await until_written(do, partial(_as_told, some, went), WATCH, alarm=some[0].alarm, of=len(some))
    log.warning("alarm_told", alarm=rungs[0].alarm, of=len(rungs), to=account, step=rungs[0].step, by=went.by)


def _as_told(rungs: list[Rung], went: Went) -> Command:
    return telling.record_told(rungs, went.by, now.utc(), went.wait_s)


async def until_written(do: Do, make: Callable[[], Command], by: str, **of: Any) -> None:
    """How it went to tell somebody, as soon as that can be written: while it cannot, nothing more is sent to them.

    `by` writes it; `of` is for the log.
    """
    pause_s = LOOK_EVERY_S
    while True:
        try:
            await do(make(), by=by, scope=by)
            return
        except HeardError as wrong:
            log.error("telling_put_off", why=type(wrong).__name__, **of, **wrong.details)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, PUT_OFF_S_MAX)
