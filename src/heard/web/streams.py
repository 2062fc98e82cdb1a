"""Streams for who is signed in: given to the edge once they are allowed, and ended when they are not any more.

What an edge does with them is in live/private.py.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable

from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from heard.engine.errors import Unavailable
from heard.web.serving import Doorbell

#: All streams are vouched for, and who may not listen any more is found, so often: within a second, both.
LOOK_EVERY_S = 0.5
#: Streams at once, those of one account, and how many are looked at before others have their turn.
STREAMS_MAX, OF_ONE_MAX, AT_ONCE = 500, 20, 50

FULL = "Too many are listening at this moment. Nothing was lost; the page looks again by itself."

May = Callable[[], bool]


class Streams:
    """Who listens at this app's word."""

    def __init__(self, bell: Doorbell) -> None:
        self._bell = bell
        self._may: dict[int, tuple[str, May]] = {}
        self._keys = itertools.count(1)
        bell.on_gone = self.gone

    def answer(self, topic: str, first: bytes, account: str, may: May) -> Response:
        """The connection becomes a stream of `topic`, for as long as `may()`; `first` is how things stand.

        Raises Unavailable when there are too many, of all or of this account.
        """
        of_one = sum(who == account for who, _ in self._may.values())
        if len(self._may) >= STREAMS_MAX or of_one >= OF_ONE_MAX:
            raise Unavailable(FULL)
        return _Becoming(self, topic, first, account, may)

    def tell(self, topic: str, words: bytes) -> None:
        """How things stand now. Of two that an edge has not taken yet the newer is sent."""
        self._bell.tell(topic, words)

    def listens(self, account: str) -> bool:
        """Whether an account has a page open."""
        return any(who == account for who, _ in self._may.values())

    def begin(self, account: str, may: May) -> int:
        key = next(self._keys)
        self._may[key] = account, may
        return key

    def gone(self, keys: list[int]) -> None:
        for key in keys:
            self._may.pop(key, None)

    async def run(self) -> None:
        """Vouch and look, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            for number, (key, (_, may)) in enumerate(list(self._may.items()), start=1):
                if not may():
                    self.gone([key])
                    self._bell.end(key)
                if number % AT_ONCE == 0:
                    await asyncio.sleep(0)
            self._bell.vouch()


class _Becoming(Response):
    """Answers nothing itself: the edge does, as long as the stream lasts."""

    def __init__(self, streams: Streams, topic: str, first: bytes, account: str, may: May) -> None:
        super().__init__()
        self._streams, self._topic, self._first, self._who = streams, topic, first, (account, may)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        become = scope.get("extensions", {}).get("heard.stream", {}).get("become")
        key = self._streams.begin(*self._who)
        if become is None or not become(key, self._topic, self._first):
            self._streams.gone([key])
            await PlainTextResponse(FULL, 503, {"Retry-After": "2"})(scope, receive, send)
            return
        while (await receive())["type"] != "http.disconnect":
            pass
