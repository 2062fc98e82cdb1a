"""Who is shown what is held or sealed, or what readers wrote, is written down before; unwritten, nobody is shown it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from heard.accounts import projection as accounts
from heard.accounts.commands import add_account
from heard.accounts.entries import Role
from heard.accounts.model import Caller
from heard.cases import commands as case_commands
from heard.cases import jury
from heard.cases import projection as cases
from heard.cases.entries import WordsSeen
from heard.cases.exits import Serving
from heard.cases.who_saw import who_saw
from heard.coverage import desk as pages
from heard.coverage import looks, orders, problems, projection
from heard.engine import now
from heard.engine.node import Command, Written
from tests.cases.test_who_saw import kept_by_another
from tests.desk import Desk

HELD, SEALED, SAID = "the qheldq words", "the qsealedq words", "the qsaidq words"


@pytest.fixture
def kept(desk: Desk) -> dict[str, str]:
    """What there is to see, each with the word by which it is known."""
    desk.restrict("Rowan Tidewell")
    held = desk.publish(f"{HELD} of Rowan Tidewell")
    said = desk.do(problems.report_problem(desk.case, "", SAID), by="reader").stream
    hearing = desk.do(case_commands.list_hearing(desk.case, "The inquest", "", with_jury=True)).stream
    desk.do(jury.send_out(desk.case, hearing))
    sealed = desk.publish(SEALED)
    assert [projection.by_id(desk.tables, one).status for one in (held, sealed)] == ["held", "sealed"]
    return {HELD: held, SEALED: sealed, SAID: said}


def page(desk: Desk, role: Role, name: str = "") -> str:
    """The desk as somebody of this role is answered it."""
    house, email = desk.house, f"{name or role}@heard.example"

    async def do(command: Command, **asked: Any) -> Written:
        return house.node.do(command, **asked)

    serving = Serving(house.node, house.doors, house.vault, None, house.media, do, "e")
    known = {one.email: one for one in accounts.all_accounts(desk.tables)}
    if email not in known:
        desk.do(add_account(email, role, (name or role).title()))
    caller = Caller(accounts.by_email(desk.tables, email), in_session=True).at(desk.case)
    answer = asyncio.run(pages._page(serving, caller, cases.by_id(desk.tables, desk.case), look=looks.NEWEST))
    return bytes(answer.body).decode()


def written(desk: Desk) -> list[tuple[str, tuple[str, ...]]]:
    found = desk.journal.read(0, 1000)
    return [(entry.by, entry.body.things) for entry in found if isinstance(entry.body, WordsSeen)]


def test_a_look_is_an_entry_of_ids_before_it_is_shown_once_an_hour(desk: Desk, kept: dict[str, str]) -> None:
    began = now.utc()
    with now.held_at(began):
        shown = page(desk, "lawyer")
        page(desk, "lawyer")
    assert all(words in shown for words in kept)
    [(account, things)] = written(desk)
    assert account == accounts.by_email(desk.tables, "lawyer@heard.example").id
    assert things == tuple(sorted(kept.values()))
    [entry] = [entry for entry in desk.journal.read(0, 1000) if isinstance(entry.body, WordsSeen)]
    assert set(msgspec.to_builtins(entry.body)) == {"case", "things"}
    with now.held_at(began + timedelta(minutes=61)):
        page(desk, "lawyer")
    assert len(written(desk)) == 2


def test_a_lawyer_sees_beside_each_who_saw_it_and_an_editor_does_not(desk: Desk, kept: dict[str, str]) -> None:
    assert "Who saw this" not in page(desk, "editor", "edda")
    shown = page(desk, "lawyer")
    assert shown.count("Who saw this") == 3 and shown.count('<p class="when">Edda, ') == 3
    assert [sight.account for sight in who_saw(desk.tables, [kept[HELD]])[kept[HELD]]] == [
        accounts.by_email(desk.tables, f"{name}@heard.example").id for name in ("lawyer", "edda")
    ]


def test_a_reporter_is_shown_messages_and_no_look_is_written_of_what_they_are_not_shown(
    desk: Desk, kept: dict[str, str]
) -> None:
    shown = page(desk, "reporter")
    assert SAID in shown and HELD not in shown and SEALED not in shown
    assert [things for _, things in written(desk)] == [(kept[SAID],)]
    assert SAID not in page(desk, "contributor") and len(written(desk)) == 1


def test_without_the_journal_none_of_it_is_shown_and_the_desk_opens(desk: Desk, kept: dict[str, str]) -> None:
    page(desk, "lawyer")
    with now.held_at(now.utc() + timedelta(hours=2)):
        with kept_by_another(desk):
            shown = page(desk, "lawyer")
        assert not any(words in shown for words in kept)
        assert "it could not be written down who sees it" in shown and "1 held, for an editor" in shown
        assert all(words in page(desk, "lawyer") for words in kept), "and again as soon as it can be"


def test_showing_them_unwritten_is_caught(desk: Desk, kept: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The control."""

    async def careless(*_: object) -> bool:
        return True

    monkeypatch.setattr(orders, "noted", careless)
    with pytest.raises(AssertionError):
        test_without_the_journal_none_of_it_is_shown_and_the_desk_opens(desk, kept)
