"""Letters in one process, given up at every step of the conversation: told at most once. The mutants are caught."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from heard.cases.exits import Serving
from heard.cases.follows import Followed, Follows, Told
from heard.deliver.mailing import mailbox
from heard.engine import now
from heard.opening import House
from heard.reports import commands, projection
from heard.reports.commands import Row
from heard.web.mailing import Mailing
from tests.reports.mail_server import MailServer
from tests.reports.register import register_of

THEIRS = "one@followers.example"


class Post:
    """A follower of a report of which there is news, and the sending of it."""

    def __init__(self, house: House, mail: MailServer, folder: Path) -> None:
        self.house, self.mail, self.folder = house, mail, folder
        row = Row("https://example.org/1/", {"ref": "2021-0001", "dated": "2021-03-03", "sent_to": "Harbour Board"})
        house.node.do(commands.tell("record", date(2021, 6, 1), [row]), by="operator")
        self.report = projection.by_slug(house.tables, "2021-0001")
        self.follows = Follows(house.journal)
        self.follows.ask(THEIRS, Followed("report", self.report), "here")
        [asked] = self.follows.asked()
        self.follows.confirm(self.follows.token("confirm", asked), Told(house.store.position(), now.today()))
        self.happens(1)

    def happens(self, day: int) -> None:
        said = commands.record_response(self.report, "Harbour Board", dated_on=date(2021, 4, day))
        self.house.node.do(said, by="editor")

    def mailing(self, hours: int = 0) -> Mailing:
        """As the next process begins: nothing is known but what is in the vault."""
        register = register_of(self.house, self.folder)
        house = self.house
        serving = Serving(house.node, house.doors, house.vault, None, None, None, "e", register)  # type: ignore[arg-type]
        serving.follows = Follows(house.journal)
        return Mailing(
            serving,
            mailbox(self.mail.address.replace("hours=0", f"hours={hours}")),
            "http://here",
            self.folder / "lock",
        )

    def sends(self, hours: int = 0) -> None:
        asyncio.run(self.mailing(hours)._tell_all())


@pytest.fixture
def post(house: House, mail: MailServer, tmp_path: Path) -> Post:
    return Post(house, mail, tmp_path)


@pytest.mark.parametrize("step", ["EHLO", "MAIL", "RCPT", "DATA", "."])
def test_whatever_is_given_up_is_told_once(post: Post, step: str) -> None:
    post.mail.is_given_up_at(step, post.mailing()._tell_all)
    post.sends()
    post.sends()
    assert len(post.mail.taken) == 1
    post.happens(2)
    post.sends()
    assert len(post.mail.taken) == 2
    said = str(post.mail.taken[1].get_content())
    assert ("may not have reached you" in said) == (step == ".")


def _forgets_what_is_in_the_air(patch: pytest.MonkeyPatch) -> None:
    keep = Follows.keep

    def forgetful(self: Follows, one: Any) -> None:
        air, one.in_the_air = one.in_the_air, None
        keep(self, one)
        one.in_the_air = air

    patch.setattr(Follows, "keep", forgetful)


def _keeps_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Follows, "keep", lambda self, one: None)


@pytest.mark.parametrize("mutant", [_forgets_what_is_in_the_air, _keeps_nothing])
def test_a_sender_that_does_not_write_it_down_is_caught(
    post: Post, mutant: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    mutant(monkeypatch)
    post.mail.is_given_up_at(".", post.mailing()._tell_all)
    post.sends()
    assert len(post.mail.taken) == 2


def test_a_last_day_that_passes_is_told_once_and_an_old_wish_is_forgotten(post: Post) -> None:
    post.sends()
    at = now.utc()
    [one] = [post.follows.get(id) for id in post.follows.all()]
    assert one
    one.told, one.mailed_at = Told(one.told.upto, date(2021, 4, 28)), None
    post.follows.keep(one)
    with now.held_at(at.replace(year=2021, month=4, day=29)):
        post.sends()
        post.sends()
    assert "the last day to respond has passed" in str(post.mail.taken[-1].get_content())
    assert len(post.mail.taken) == 2
    post.follows.ask("two@followers.example", Followed("report", post.report), "there")
    [asked] = post.follows.asked()
    token = post.follows.token("confirm", asked)
    with now.held_at(at.replace(year=at.year + 1)):
        post.follows.forget_old()
    assert post.follows.asked() == []
    with pytest.raises(Exception, match="Nothing was changed"):
        post.follows.confirm(token, Told(0, now.today()))


def _tells_of_nothing_ahead(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Mailing, "_newer", lambda self, after: [])


@pytest.mark.parametrize("mutant", [None, _tells_of_nothing_ahead])
def test_what_a_letter_showed_is_announced_with_it_and_in_no_later_one(
    post: Post, mutant: Callable[[pytest.MonkeyPatch], None] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if mutant:
        mutant(monkeypatch)
    first = now.utc() + timedelta(hours=1)
    with now.held_at(first):
        post.happens(2)  # a moment before the letter about the first, which shows both
        post.sends(24)
    with now.held_at(first + timedelta(days=3)):
        post.sends(24)
        assert len(post.mail.taken) == (2 if mutant else 1)
        post.happens(3)
    with now.held_at(first + timedelta(days=6)):
        post.sends(24)
        post.sends(24)
    assert len(post.mail.taken) == (3 if mutant else 2)
    assert "a response was recorded" in str(post.mail.taken[-1].get_content())


def test_a_token_that_is_changed_opens_nothing(post: Post) -> None:
    [one] = [post.follows.get(id) for id in post.follows.all()]
    assert one
    token = post.follows.token("leave", one)
    for wrong in (token[:-1] + ("0" if token[-1] != "0" else "1"), token[1:], "", post.follows.token("confirm", one)):
        post.follows.leave(wrong)
        assert post.follows.all() == [one.id]
    post.follows.leave(token)
    assert post.follows.all() == []


def test_nothing_of_a_follower_is_in_the_clear_in_the_vault_or_the_journal(post: Post) -> None:
    post.sends()
    files = b"".join(one.read_bytes() for one in post.house.data.rglob("*") if one.is_file())
    assert not re.search(rb"followers\.example|2021-0001.{0,40}report\"", files) and b"follow" in files
