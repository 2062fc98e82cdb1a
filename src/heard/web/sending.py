"""One letter after another to the operator's mail server, each of which is told at most once.

**Each piece of news is told at most once.** Before the last line of a letter it is written down that it is in the air,
and after its receipt that it was told. A kill before the first leaves nothing sent, and it is sent later. A kill
between the two is the one moment of which nobody knows, and it is taken for sent: nobody is written to twice about the
same, and the next letter says that one may not have come.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any, Self, TypeVar, cast

import structlog

from heard.cases.follows import Follow, Follows, Letter, Told
from heard.cases.release import Withheld
from heard.deliver.mailing import Line, Mailbox, NotTaken, Unsure, written
from heard.engine import now
from heard.engine.errors import NotFound, Unavailable

Make = Callable[[Follow], tuple[Letter, Told] | None]

T = TypeVar("T")

log = structlog.get_logger()


class Sending:
    """What is the same of every letter. `is_fresh` catches up, and says whether what a letter is made of is that of
    now: a name hidden a moment ago is in none; `our_turn` as in `Mailing`. Who could not be sent one is left in peace
    until `again` has passed.
    """

    def __init__(
        self,
        follows: Follows,
        box: Mailbox,
        again: timedelta,
        is_fresh: Callable[[], bool],
        our_turn: Callable[[], bool],
    ) -> None:
        self._follows, self._box, self._again = follows, box, again
        self._is_fresh, self._our_turn = is_fresh, our_turn

    async def send(self, post: Post, one: Follow, make: Make) -> bool:
        """Send one letter, made when the server has said that it takes it; whether nothing is left to be done."""
        address, _ = self._follows.read(one)
        try:
            line = await post.offer(address)
        except NotTaken as refusal:
            one.not_before = now.utc() + self._again
            self._follows.refuse(one)
            log.warning("address_refused", follow=one.id, **refusal.details)
            return self._follows.has_left(one)
        except Unavailable as wrong:
            return self._put_off(post, one, wrong)
        made = None
        if self._is_fresh() and self._our_turn() and not self._follows.has_left(one):
            with suppress(Withheld, NotFound):
                made = make(one)
        if made is None:  # what was to be told was withdrawn since, or they left, or another node tells it
            post.drop()
            one.not_before = now.utc() + self._again
            self._follows.keep(one)
            return self._follows.has_left(one)
        letter, told = made
        id = f"{one.id}.{letter.id or f'{told.upto}.{told.days}'}"
        raw = written(self._box, address, letter.subject, letter.text, id, now.utc(), letter.leave)
        one.in_the_air = told
        self._follows.keep(one)
        try:
            await _aside(line.give, raw)
        except Unsure:
            self.take_for_sent(one)
            raise
        except Unavailable as wrong:
            one.in_the_air = None
            return self._put_off(post, one, wrong)
        one.told, one.in_the_air, one.unsure_on, one.refused, one.not_before = told, None, None, 0, None
        one.mailed_at = now.utc()
        self._follows.keep(one)
        log.info("letter_sent", follow=one.id)
        return True

    def _put_off(self, post: Post, one: Follow, wrong: Unavailable) -> bool:
        """What the server said no to is this follower's trouble alone; a line that is gone is everybody's.

        A letter that is refused for good is tried again when the next would be due, and not before.
        """
        one.not_before = now.utc() + self._again
        if wrong.details.get("code", 0) >= 500:
            one.mailed_at, one.not_before = now.utc(), now.utc() + self._box.every
        self._follows.keep(one)
        post.drop()
        if "code" not in wrong.details:
            raise wrong
        log.warning("letter_put_off", follow=one.id, **wrong.details)
        return False

    def take_for_sent(self, one: Follow) -> None:
        """A kill, or the line's end, fell between a letter and its receipt."""
        assert one.in_the_air
        one.told, one.in_the_air, one.unsure_on, one.mailed_at = one.in_the_air, None, now.today(), now.utc()
        self._follows.keep(one)
        log.warning("letter_unsure", follow=one.id)


class Post:
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
