"""Rings the phones of whoever is told of an alarm, by the push services of their browsers' makers.

What travels is sealed for the one browser, and what lights up there names no station, place or person. A browser whose
service says that it is gone is forgotten at once. Where several ring for somebody, one that took it is enough: the
person was reached, and is told once.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from urllib.parse import urlsplit

import msgspec
import structlog

from heard.deliver.alarm_channels import checked
from heard.deliver.web_push import Browser, Sender, sealed, topic
from heard.engine import now
from heard.engine.errors import HeardError, NotFound, Refused, Unavailable
from heard.engine.journal import Journal
from heard.engine.told import GONE, SENT
from heard.outside.posting import Answered, post
from heard.watch import subscriptions
from heard.watch.subscriptions import Subscription
from heard.watch.telling import Message

#: For so long a service keeps it for a phone that is off; whoever turns it on later finds the alarm on the page.
KEPT_FOR_S = 3600
SIGN_IN = "Heard: sign in to see what, and where."
TRYING = Message("", "", "", (), "This phone rings", "/watch/mine/")
IT_RINGS = "So it will ring. Nothing has happened."

log = structlog.get_logger()


class Shown(msgspec.Struct, frozen=True):
    """What a phone shows: `tag` puts it in the place of one about the same, `to` is the path that a press opens."""

    title: str
    text: str
    to: str
    tag: str


class Push:
    """`own` are origins of push services of the operator's; what is asked there may be no address of the public web."""

    name = "push"

    def __init__(self, journal: Journal, site: str, own: Sequence[str] = ()) -> None:
        """Raises Refused for an origin that is none."""
        for origin in own:
            if checked(origin, "HEARD_PUSH_OWN").path:
                raise Refused("HEARD_PUSH_OWN has origins, such as https://push.example, with nothing behind them.")
        secret = journal.sealing.sign(b"heard: web push" + journal.vault.secret("web push"))
        self.sender, self._journal, self._own = Sender(hashlib.sha256(secret).digest(), site), journal, tuple(own)
        #: Until when, by the clock of the loop, a service asked not to be asked about a browser again.
        self._waits: dict[str, float] = {}

    def must_reach(self, address: str) -> None:
        """Whether anything is ever sent there, as far as can be told without asking.

        Raises Refused.
        """
        parts = urlsplit(address)
        if parts.scheme != "https" and f"{parts.scheme}://{parts.netloc}" not in self._own:
            raise Refused("A push service speaks https. Nothing was kept.")

    def rings_for(self, account: str) -> bool:
        """Whether any browser rings for them, or nobody can say: the other ways do not wait for that."""
        try:
            return bool(subscriptions.of(self._journal, account))
        except HeardError:
            return True

    async def send(self, account: str, message: Message) -> tuple[str, float]:
        """How it went, and for how long they ask not to be asked again.

        "sent" when any of their browsers' services took it, "gone" when no browser is left.
        """
        about = topic(*message.alarms)
        shown = Shown(message.short, SIGN_IN if message.alarms else IT_RINGS, message.to, about)
        try:
            theirs = subscriptions.of(self._journal, account)
        except HeardError as wrong:  # the vault is out of reach for the moment
            return type(wrong).__name__.lower(), 0.0
        went = await asyncio.gather(*(self._sent(one, shown, about) for one in theirs))
        found = [how for how, _ in went]
        if SENT in found:
            return SENT, 0.0
        failed = [(how, wait_s) for how, wait_s in went if how != GONE]
        return (failed[0][0], min(wait_s for _, wait_s in failed)) if failed else (GONE, 0.0)

    async def try_it(self, account: str) -> str:
        """Ring each of their browsers once, so that they know that it does; how it went."""
        how, _ = await self.send(account, TRYING)
        return how

    async def _sent(self, one: Subscription, shown: Shown, about: str) -> tuple[str, float]:
        loop = asyncio.get_running_loop()
        if one.sender != self.sender.public:  # it takes messages from who we were, and from nobody else
            return self._gone(one)
        if (left_s := self._waits.get(one.id, 0.0) - loop.time()) > 0:
            return "asked to wait", left_s
        self._waits.pop(one.id, None)
        try:
            answered = await self._posted(one, shown, about)
        except Refused:
            return "no public address", 0.0
        except Unavailable as wrong:
            return str(wrong.details.get("why") or "failed"), 0.0
        if answered.status in (404, 410):
            return self._gone(one)
        if 200 <= answered.status < 300:
            return SENT, 0.0
        if answered.wait_s:
            self._waits[one.id] = loop.time() + answered.wait_s
        return str(answered.status), answered.wait_s

    async def _posted(self, one: Subscription, shown: Shown, about: str) -> Answered:
        at = now.utc()
        body = sealed(Browser(one.address, one.key, one.auth), msgspec.json.encode(shown))
        fields = {
            "Authorization": self.sender.signs(one.address, at),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(KEPT_FOR_S),
            "Urgency": "high",
            "Topic": about,
        }
        return await post(one.address, body, fields, at, own=self._own)

    def _gone(self, one: Subscription) -> tuple[str, float]:
        try:
            subscriptions.end(self._journal, one.account, one.id)
        except NotFound:
            pass  # by its owner, meanwhile
        except HeardError as wrong:  # it is asked again with the next alarm, and said to be gone then
            log.error("subscription_kept", account=one.account, why=type(wrong).__name__)
        return GONE, 0.0
