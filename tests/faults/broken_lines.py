"""A line that breaks at the exchange one chooses, and an app in this process whose journal and vault are behind it."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Literal

import httpx2
import pytest

from heard.accounts import secrets
from heard.cases import commands as case_commands
from heard.cases.exits import Serving
from heard.coverage.frames import Painter
from heard.engine.scribe import Scribe
from heard.opening import House
from heard.signing_in import link_for, token_for
from heard.store import postgres, postgres_link
from heard.store.frames import FramesFile
from heard.store.postgres_servers import Bounded
from heard.watch import feeds
from heard.watch.areas import Area
from heard.web.app import build
from heard.web.taking import Taking
from tests.watch.gate import Gate

#: The question is lost; or it arrives, and its answer is lost, unless it is quicker than the break; or the server is
#: gone from then on, for new lines too.
How = Literal["question", "answer", "gone"]
HOWS: tuple[How, ...] = ("question", "answer", "gone")
AT, SLUG, FOUND_S = "http://heard.example", "the-case", 20


class Breaking:
    """Counts the exchanges with the server, and breaks the line at one of them: the socket itself, under libpq."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.exchanges, self.at, self.how, self.broke = 0, 0, "question", False
        before = Bounded.wait

        def wait(connection: Bounded, *asked: Any, **more: Any) -> Any:
            mends = threading.current_thread().name == "mending"
            self.exchanges += not mends
            if (self.exchanges == self.at and not mends) or (self.how == "gone" and 0 < self.at <= self.exchanges):
                self.breaks(connection)
            return before(connection, *asked, **more)

        monkeypatch.setattr(Bounded, "wait", wait)
        monkeypatch.setattr(postgres_link, "MEND_S", 0.005)
        monkeypatch.setattr(postgres_link, "MEND_S_MAX", 0.02)
        monkeypatch.setattr(postgres, "FIND_OUT_S", 0.1)

    def breaks(self, connection: Bounded) -> None:
        with socket.socket(fileno=os.dup(connection.pgconn.socket)) as line:
            line.shutdown(socket.SHUT_RD if self.how == "answer" else socket.SHUT_RDWR)

    @contextmanager
    def breaking(self, at: int, how: How) -> Iterator[None]:
        """At the exchange of this number, counted from now on; afterwards it is whole."""
        self.exchanges, self.at, self.how = 0, at, how
        try:
            yield
        finally:
            self.broke, self.at = self.exchanges >= at, 0


class App:
    """The application as a node has it, on the event loop of one test."""

    def __init__(self, house: House, stack: ExitStack) -> None:
        assert house.shared is not None
        self.house = house
        self.gate = Gate(house)
        self.editor = self.gate.account("ed@heard.example", "administrator")
        self.tokens = {who: token_for(house, f"{who}@heard.example", "admin") for who in ("ed", "sam", "one")}
        house.node.do(case_commands.open_case(SLUG, "The case"), by=self.editor)
        self.gate.do(feeds.set_area(self.gate.id, Area((52.0, 0.0), 20)), self.gate.sam)
        self.gate.begins(self.gate.one)
        self.phone = feeds.new_address(house.vault, self.gate.do(feeds.add_phone(self.gate.one), self.gate.one).stream)
        self.scribe = Scribe(house.node)
        file = house.shared.fixes()
        self.databases = house.shared.store.database.together
        frames = FramesFile(house.data / "frames.sqlite", house.store.epoch)
        stack.callback(file.close)
        painter = Painter(house.journal, house.tables, house.doors, frames)
        house.node.after_fold.append(painter.paint)
        painter.paint()
        common = (house.node, house.doors, house.vault, frames, house.media, self.scribe.do, house.store.epoch)
        self.serving = Serving(*common, taking=Taking(house.node, file, self.scribe.do))
        self.transport = httpx2.ASGITransport(app=build(self.serving, None, house.shared.lost_for))

    def run(self, story: Callable[[httpx2.AsyncClient], Awaitable[None]]) -> None:
        async def told() -> None:
            works = [asyncio.ensure_future(one) for one in (self.scribe.run(), self.serving.taking.write())]
            async with httpx2.AsyncClient(transport=self.transport, base_url=AT, timeout=60) as client:
                await story(client)
            for work in works:
                assert not work.done(), work
                work.cancel()

        asyncio.run(told())

    def found(self) -> None:
        """Wait until the server is."""
        give_up_at = time.monotonic() + FOUND_S
        while any(one.lost_since is not None for one in self.databases):
            assert time.monotonic() < give_up_at, "the server was not found again"
            time.sleep(0.002)

    def by(self, who: str, **more: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[who]}", **more}

    def session(self) -> str:
        return secrets.make(self.house.vault, "session", self.editor)

    def link(self) -> str:
        return link_for(self.house, self.editor).removeprefix(self.house.address())
