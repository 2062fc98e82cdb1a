"""Phones played at a station while the clock is held: every fix goes in by the server's own routes, from HTTP to what
rings, and time passes from one instant at which something happens to the next. Nothing waits for a clock on the wall.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import msgspec

from heard.cases.exits import Serving
from heard.engine import now
from heard.engine.node import Command, Written
from heard.opening import House
from heard.store.fixes import FixesFile
from heard.store.frames import FramesFile
from heard.watch import arming, commands, feeds
from heard.watch.areas import Area
from heard.watch.entries import AlarmCleared, AlarmProven, AlarmRaised, PresenceTold
from heard.web.app import build
from heard.web.taking import Taking
from tests.watch.gate import Gate

BASE = "http://heard.example"
JUST_AFTER = timedelta(microseconds=1)


class Rung(msgspec.Struct):
    """An alarm as the journal has it."""

    kind: str
    lapsed_at: datetime
    raised_at: datetime
    proven_at: datetime | None = None
    cleared_at: datetime | None = None
    cleared_by: str = ""


class Played:
    """A house whose clock is held at `at`; used inside of `played`."""

    def __init__(self, house: House, at: datetime, folder: Path) -> None:
        self.house, self.at = house, at
        self._hold(at)
        self.gate = Gate(house)

        async def do(command: Command, **asked: Any) -> Written:
            return house.node.do(command, **asked)

        frames = FramesFile(folder / "frames.sqlite", house.store.epoch)
        self.serving = Serving(house.node, house.doors, house.vault, frames, house.media, do, house.store.epoch)
        self.taking = self.serving.taking = Taking(
            house.node, FixesFile(folder / "fixes.sqlite", synchronous="OFF"), do
        )
        self.serving.watching = self.gate.watching
        transport = httpx2.ASGITransport(app=build(self.serving))
        self.client = httpx2.AsyncClient(transport=transport, base_url=BASE)

    def _hold(self, at: datetime) -> None:
        self.at = now._held[-1] = at

    # Who is there, and what they carry

    def station(self, code: str, area: Area) -> str:
        station = self.gate.do(commands.set_station(code), self.gate.sam).stream
        self.gate.do(feeds.set_area(station, area), self.gate.sam)
        return station

    def on_duty(self, station: str, name: str) -> tuple[str, str]:
        """A new holder on duty there: who it is, and the secret of their phone."""
        holder = self.gate.account(f"{name}@heard.example", "holder")
        self.gate.do(commands.post_holder(station, holder), self.gate.sam)
        self.gate.do(commands.begin_duty(station, holder), holder)
        phone = self.gate.do(feeds.add_phone(holder), holder).stream
        return holder, feeds.new_address(self.house.vault, phone)

    def feed(self, station: str) -> str:
        """The secret of what sends for a station."""
        made = self.gate.do(feeds.add_feed(station, "The site"), self.gate.sam).stream
        return feeds.new_address(self.house.vault, made)

    def arms(self, station: str, group: list[str], **asked: str) -> str:
        written = arming.written_from(station, {"sort": "present", "to_1": self.gate.sam, **asked}, group)
        return self.gate.do(arming.arm(station, "It is kept", written, self.gate.sam), self.gate.sam).stream

    # What happens

    async def until(self, at: datetime) -> None:
        """Let time pass: whatever falls due on the way does so at its own instant."""
        while True:
            ends, rings = self.taking.next_end(), self.gate.watching.next_at()
            due = min(ends or at, rings)
            if due >= at:
                break
            self._hold(max(self.at, due + JUST_AFTER))
            await self.looks()
        self._hold(max(self.at, at))

    async def looks(self) -> None:
        await self.taking.look()
        self.gate.rings()

    async def says(self, secret: str, how: str, said: dict[str, Any]) -> None:
        """One fix, as a sender of that format sends it, received now."""
        answer = await SENDERS[how](self.client, secret, said)
        assert answer.status_code == 200, (how, answer.text)
        self.gate.rings()

    def rung(self) -> list[Rung]:
        found = dict[str, Rung]()
        for entry in self.house.journal.all():
            match entry.body:
                case AlarmRaised(sort=kind, lapsed_at=at):
                    found[entry.stream] = Rung(kind, at, entry.at)
                case AlarmProven():
                    found[entry.stream].kind, found[entry.stream].proven_at = "lapse", entry.at
                case AlarmCleared(why=why):
                    found[entry.stream].cleared_at, found[entry.stream].cleared_by = entry.at, why
        return list(found.values())

    def told(self, holder: str) -> list[PresenceTold]:
        bodies = [entry.body for entry in self.house.journal.all()]
        return [one for one in bodies if isinstance(one, PresenceTold) and one.holder == holder]


def played(house: House, at: datetime, folder: Path, plays: Callable[[Played], Awaitable[Any]]) -> Any:
    """Do it with the clock held from `at` on, while positions are really taken in and written down."""

    async def run() -> Any:
        one = Played(house, at, folder)
        working = asyncio.ensure_future(one.taking.write())
        try:
            return await plays(one)
        finally:
            working.cancel()
            with suppress(asyncio.CancelledError):
                await working
            one.taking.file.close()

    with now.held_at(at):
        return asyncio.run(run())


# As they are sent -----------------------------------------------------------------------------------------------------

Sender = Callable[[httpx2.AsyncClient, str, dict[str, Any]], Awaitable[httpx2.Response]]


async def by_osmand(client: httpx2.AsyncClient, secret: str, said: dict[str, Any]) -> httpx2.Response:
    asked = {"id": "x", "lat": repr(said["lat"]), "lon": repr(said["lon"])}
    asked |= {"timestamp": f"{now.instant(said['t']).timestamp():.3f}"} if "t" in said else {}
    asked |= {"accuracy": repr(said["acc"])} if said.get("acc") is not None else {}
    return await client.get(f"/fixes/{secret}", params=asked)


async def by_owntracks(client: httpx2.AsyncClient, secret: str, said: dict[str, Any]) -> httpx2.Response:
    body = {"_type": "location", "lat": said["lat"], "lon": said["lon"]}
    body |= {"tst": int(now.instant(said["t"]).timestamp())} if "t" in said else {}
    body |= {"acc": said["acc"]} if said.get("acc") is not None else {}
    return await client.post(f"/fixes/{secret}", json=body)


async def by_lines(client: httpx2.AsyncClient, secret: str, said: dict[str, Any]) -> httpx2.Response:
    body = msgspec.json.encode({name: value for name, value in said.items() if name != "r" and value is not None})
    return await client.post(f"/fixes/{secret}", content=body, headers={"Content-Type": "application/x-ndjson"})


SENDERS: dict[str, Sender] = {"osmand": by_osmand, "owntracks": by_owntracks, "lines": by_lines}


def in_order(lines: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(lines, key=lambda one: now.instant(one["r"]))
