"""Who is signed out while what they send still comes does nothing by it: no hold, no record, no phone that rings."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2
import pytest

from heard.accounts import commands, projection, secrets
from heard.cases.entries import LegalHoldPlaced
from heard.cases.exits import Serving
from heard.cases.legal_hold import place_legal_hold
from heard.coverage.entries import RecordTaken
from heard.engine.node import Command, Written
from heard.store.frames import FramesFile
from heard.watch import subscriptions
from heard.web.app import build
from heard.web.push import Push
from tests.desk import Desk
from tests.watch.push_service import Subscriber

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Came:
    """Somebody in a session, at an app that answers in this process."""

    def __init__(self, desk: Desk, role: Any) -> None:
        house = self.house = desk.house

        async def do(command: Command, **asked: Any) -> Written:
            return house.node.do(command, **asked)

        frames = FramesFile(house.data / "frames.sqlite", house.store.epoch)
        serving = Serving(house.node, house.doors, house.vault, frames, house.media, do, house.store.epoch)
        serving.push = Push(house.journal, "")
        desk.do(commands.add_account("sam@heard.example", role))
        self.account = projection.by_email(house.tables, "sam@heard.example").id
        self.cookies = {"heard": secrets.make(house.vault, "session", self.account)}
        self.transport = httpx2.ASGITransport(app=build(serving))

    def sends(self, path: str, body: bytes, meanwhile: Callable[[], object], **how: Any) -> httpx2.Response:
        """In two pieces: by the first it is known who they are, and after it comes `meanwhile`."""

        async def pieces() -> AsyncIterator[bytes]:
            yield body[:4]
            meanwhile()
            yield body[4:]

        async def send() -> httpx2.Response:
            at = "http://heard.example"
            async with httpx2.AsyncClient(transport=self.transport, base_url=at, cookies=self.cookies) as client:
                return await client.post(path, content=pieces(), **how)

        return asyncio.run(send())

    def signed_out(self) -> None:
        self.house.node.do(commands.end_sessions(self.account), by="operator")

    def written(self, *kinds: Any) -> int:
        return sum(isinstance(one.body, kinds) for one in self.house.journal.all())


def nothing() -> None:
    """The control: they stay signed in."""


@pytest.mark.parametrize(("verb", "kind"), [("place", LegalHoldPlaced), ("record", RecordTaken)])
def test_no_hold_is_placed_and_no_record_is_taken(desk: Desk, verb: str, kind: Any) -> None:
    lawyer = Came(desk, "lawyer")
    desk.publish("It was withdrawn.")
    if verb == "record":
        desk.do(place_legal_hold(desk.case, "a claim"))
    at, body = f"/desk/the-case/legal-hold/{verb}", b"ground=because+of+it"
    answer = lawyer.sends(at, body, lawyer.signed_out, headers=FORM)
    assert answer.status_code == 303 and answer.headers["location"] == "/desk/sign-in/" and not lawyer.written(kind)
    lawyer.cookies = {"heard": secrets.make(lawyer.house.vault, "session", lawyer.account)}
    assert lawyer.sends(at, body, nothing, headers=FORM).status_code in (200, 303) and lawyer.written(kind) == 1


def test_no_phone_rings_from_then_on(desk: Desk) -> None:
    sam = Came(desk, "supervisor")
    body = httpx2.Request("POST", "http://heard.example", json=Subscriber("https://push.example").tells()).content
    assert sam.sends("/watch/mine/push", body, sam.signed_out).status_code == 303
    assert subscriptions.of(desk.journal, sam.account) == []
    sam.cookies = {"heard": secrets.make(sam.house.vault, "session", sam.account)}
    assert sam.sends("/watch/mine/push", body, nothing).status_code == 200
    assert len(subscriptions.of(desk.journal, sam.account)) == 1
