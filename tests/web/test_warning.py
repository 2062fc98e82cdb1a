"""When too many texts of an account were stopped, the lawyers are told: once a bound, in words that name nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from heard.accounts import projection as accounts
from heard.accounts.commands import add_account, give_role
from heard.accounts.model import Caller
from heard.coverage import approval, bounds, orders
from heard.coverage.bounds import Bound
from heard.coverage.entries import LawyerTold
from heard.engine import now
from heard.engine.errors import Unavailable
from heard.engine.node import Command, Written
from heard.engine.told import NOT_OPEN, SENT
from heard.opening import open_house
from heard.signing_in import token_for
from heard.watch.telling import RETRY_AFTER_S, Message, Went
from heard.web import warning
from heard.web.warning import Telling, to_tell
from tests.coverage.test_approval import NAME, probes
from tests.desk import Desk
from tests.server import running
from tests.stories.people import signed_in_as
from tests.waiting import wait_until
from tests.watch.post_office import PostOffice, serving


class Ways:
    """What stands where channels are: it takes what it is given, or not."""

    site = "https://heard.example"

    def __init__(self) -> None:
        self.sent: list[tuple[str, Message]] = []
        self.how, self.page = SENT, NOT_OPEN

    async def send(self, to: str, email: str, message: Message, without: Any) -> Went:
        self.sent.append((to, message))
        return Went({"page": self.page, "mail": self.how})


@pytest.fixture
def telling(desk: Desk) -> Iterator[tuple[Telling, Ways]]:
    async def do(command: Command, **asked: Any) -> Written:
        return desk.house.node.do(command, **asked)

    ways = Ways()
    yield Telling(desk.tables, do, ways), ways  # type: ignore[arg-type]


def account(desk: Desk, name: str, role: Any = "lawyer") -> str:
    return desk.do(add_account(f"{name}@heard.example", role, name.title())).stream


def bound(desk: Desk) -> Bound:
    [one] = bounds.in_force(desk.tables)
    return one


def is_bounded(desk: Desk, by: str = "mira") -> None:
    desk.restrict(NAME)
    probes(desk, 5, by)


def test_each_lawyer_is_told_once_and_again_of_the_next_bound(desk: Desk, telling: tuple[Telling, Ways]) -> None:
    told, ways = telling
    lew, una = account(desk, "lew"), account(desk, "una")
    account(desk, "root", "administrator")
    is_bounded(desk)
    for _ in range(3):
        asyncio.run(told.tell_all())
    assert sorted(to for to, _ in ways.sent) == sorted([lew, una])
    assert [one.lawyer for one in bounds.told(desk.tables, bound(desk).position)] == [to for to, _ in ways.sent]
    assert all(one.is_reached for one in bounds.told(desk.tables, bound(desk).position))
    desk.do(approval.end_approval("mira", "a headline was being tried"))
    asyncio.run(told.tell_all())
    assert len(ways.sent) == 2
    probes(desk, 5)
    asyncio.run(told.tell_all())
    assert len({message.id for _, message in ways.sent}) == len(ways.sent) == 4


def test_telling_without_remembering_is_caught(
    desk: Desk, telling: tuple[Telling, Ways], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control."""
    monkeypatch.setattr(bounds, "told", lambda tables, bound: [])
    with pytest.raises(AssertionError):
        test_each_lawyer_is_told_once_and_again_of_the_next_bound(desk, telling)


def test_lawyers_of_the_case_are_told_and_administrators_where_there_is_none(desk: Desk) -> None:
    root, other = account(desk, "root", "administrator"), account(desk, "other", "reporter")
    is_bounded(desk)
    assert bound(desk).case == desk.case
    assert [one.id for one in to_tell(desk.tables, bound(desk))] == [root]
    desk.do(give_role(other, "another-case", "lawyer"))
    assert [one.id for one in to_tell(desk.tables, bound(desk))] == [root]
    desk.do(give_role(other, desk.case, "lawyer"))
    assert [one.id for one in to_tell(desk.tables, bound(desk))] == [other]


def test_whoever_is_bounded_is_told_nothing(desk: Desk) -> None:
    root, lew = account(desk, "root", "administrator"), account(desk, "lew")
    is_bounded(desk, lew)
    assert [one.id for one in to_tell(desk.tables, bound(desk))] == [root]


def test_the_words_are_the_same_for_every_bound_and_name_nobody(desk: Desk, telling: tuple[Telling, Ways]) -> None:
    told, ways = telling
    account(desk, "lew")
    is_bounded(desk)
    probes(desk, 5, account(desk, "ada", "reporter"))
    asyncio.run(told.tell_all())
    one, other = (message for _, message in ways.sent)
    assert (one.subject, one.text, one.short, one.to) == (other.subject, other.text, other.short, other.to)
    for word in ("Ada", "mira", "Petronella", "Vane", "the-case", "The case"):
        assert word not in f"{one.subject} {one.text} {one.short} {one.to}"


def test_what_was_not_taken_is_tried_again_and_the_record_says_how_it_went(
    desk: Desk, telling: tuple[Telling, Ways]
) -> None:
    told, ways = telling
    account(desk, "lew")
    is_bounded(desk, account(desk, "ada", "reporter"))
    ways.how, ways.page, at = "451", SENT, now.utc()  # a page of the watch is open, where this stands nowhere
    for wait in (0, *RETRY_AFTER_S):
        at += timedelta(seconds=wait + 1)
        with now.held_at(at):
            asyncio.run(told.tell_all())
            asyncio.run(told.tell_all())
    assert len(ways.sent) == 1 + len(RETRY_AFTER_S) and len({message.id for _, message in ways.sent}) == 1
    [one] = bounds.told(desk.tables, bound(desk).position)
    assert one.by == {"mail": "451"}
    root = Caller(accounts.by_id(desk.tables, account(desk, "root", "administrator")))
    [seen] = orders.approvals(desk.tables, root)
    assert (seen.told, seen.not_told) == ((), ("Lew",)), "nobody is said to have been told whom nothing reached"


def test_what_cannot_be_written_down_just_now_is_not_sent_again_and_holds_up_nobody(
    desk: Desk, telling: tuple[Telling, Ways], monkeypatch: pytest.MonkeyPatch
) -> None:
    told, ways = telling
    account(desk, "lew"), account(desk, "una")
    is_bounded(desk)
    monkeypatch.setattr("heard.web.telling.LOOK_EVERY_S", 0.001)
    writes, full = told._do, iter([True] * 5)

    async def do(command: Command, **asked: Any) -> Written:
        if next(full, False):
            raise Unavailable("The disk is full.")
        return await writes(command, **asked)

    told._do = do
    asyncio.run(told.tell_all())
    assert len(ways.sent) == 2 and next(full, None) is None
    assert len(bounds.told(desk.tables, bound(desk).position)) == 2


def test_the_entry_wakes_whoever_tells(
    desk: Desk, telling: tuple[Telling, Ways], monkeypatch: pytest.MonkeyPatch
) -> None:
    told, ways = telling
    monkeypatch.setattr(warning, "LOOK_ALL_THE_SAME_S", 600)
    account(desk, "lew")

    async def is_told() -> None:
        working = asyncio.ensure_future(
            warning.tell_lawyers(desk.house.node, told._do, ways, lambda: True)  # type: ignore[arg-type]
        )
        await asyncio.sleep(0)  # it has looked, and found nothing
        assert not ways.sent
        is_bounded(desk)
        async with asyncio.timeout(30):
            while not ways.sent:
                await asyncio.sleep(0.01)
        working.cancel()

    asyncio.run(is_told())


def test_a_letter_comes_and_the_desk_has_it_with_a_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    office = PostOffice()
    monkeypatch.setenv("HEARD_MAIL", office.address)
    with serving(office), running(tmp_path / "data") as server:
        slug = server.open_case("probed-again", "Probed")
        server.post(f"/cases/{slug}/restrictions", {"basis": "an order", "names": [NAME]})
        lawyer = signed_in_as(server, "Counsel", "lawyer")
        house = open_house(server.data)
        house.node.do(add_account("mira@heard.example", "reporter", "Mira Pell"), by="operator")
        bearer = {"Authorization": f"Bearer {token_for(house, 'mira@heard.example', 'write')}"}
        house.close()
        post = server.publish(slug, "The gate was open.")
        for number in range(5):  # what was refused counts as what was held, and its case is known too
            words = {"text": f"It was {NAME}, {number}.", "reason": "r"}
            said = server.reader.post(f"/api/v1/posts/{post}/corrections", json=words, headers=bearer)
            assert said.status_code == 422
        [letter] = wait_until(lambda: office.letters)
        assert letter["Subject"] == "Heard: posts go for approval" and letter["To"].endswith("@heard.example")
        assert not any(word in str(letter) for word in ("Mira", "Pell", "Petronella", slug, "Probed"))
        page = wait_until(lambda: "Told of it: Counsel" in (page := lawyer.get(f"/desk/{slug}/").text) and page)
        assert "All that <b>Mira Pell</b> writes goes for approval" in page and "To be looked at by" in page
        assert "All that one account writes goes for approval" in lawyer.get("/desk/").text
        theirs = server.reader.get(f"/desk/{slug}/", headers=bearer).text
        assert "goes for approval" not in theirs + server.reader.get("/desk/", headers=bearer).text
        house = open_house(server.data)
        [entry] = [one for one in house.journal.all() if isinstance(one.body, LawyerTold)]
        house.close()
        assert entry.body.by == {"mail": "sent"}
        assert not any("Mira" in line or "@heard.example" in line for line in server.said)
        lawyer.close()
