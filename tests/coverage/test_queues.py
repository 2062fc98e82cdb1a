"""The queues of a desk: looks at the words of others are entries, and what is erased meanwhile is left out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from heard.accounts import projection as accounts
from heard.accounts.entries import Role
from heard.cases.letting_out import rule_second_eyes
from heard.coverage import commands, drafts, orders, proposed
from heard.coverage.elements import Text
from heard.coverage.entries import PostPublished
from heard.engine import now
from tests.cases.test_who_saw import kept_by_another
from tests.coverage.test_words_seen import HELD, SEALED, page, written
from tests.coverage.test_words_seen import kept as kept
from tests.desk import Desk

SUBMITTED, CHANGED, DRAFTED = "the qsubmittedq words", "the qchangedq words", "the qdraftedq words"


@pytest.fixture
def waits(desk: Desk) -> dict[str, str]:
    """What one reporter wrote, and readers do not have."""
    page(desk, "reporter")
    mira = account(desk, "reporter")
    out = desk.publish("As it stands.")
    desk.do(rule_second_eyes(desk.case, True, "A rule."))
    post = PostPublished(desk.case, (Text(SUBMITTED),))
    submitted = desk.do(commands.publish(desk.doors, post), by=mira).stream
    desk.do(commands.correct(desk.doors, out, (Text(CHANGED),), "Why."), by=mira)
    [change] = proposed.waiting(desk.tables, desk.case)
    draft = drafts.keep(desk.journal, desk.tables, desk.case, {"text": DRAFTED}, by=mira, byline="Mira")
    return {SUBMITTED: submitted, CHANGED: change.id, DRAFTED: draft.id}


def account(desk: Desk, name: str) -> str:
    return accounts.by_email(desk.tables, f"{name}@heard.example").id


def test_who_is_shown_what_others_submitted_changed_or_drafted_is_written_down_and_of_ones_own_nobody(
    desk: Desk, waits: dict[str, str]
) -> None:
    assert all(words in page(desk, "reporter") for words in waits) and not written(desk)
    assert all(words in page(desk, "editor") for words in waits)
    assert written(desk) == [(account(desk, "editor"), tuple(sorted(waits.values())))]
    shown = page(desk, "lawyer")  # who is not shown drafts
    assert SUBMITTED in shown and CHANGED in shown and DRAFTED not in shown
    assert written(desk)[1:] == [(account(desk, "lawyer"), tuple(sorted((waits[SUBMITTED], waits[CHANGED]))))]
    assert shown.count("Who saw this") == 2 and shown.count('<p class="when">Editor, ') == 2


def test_whoever_keeps_a_draft_sees_who_read_it(desk: Desk, waits: dict[str, str]) -> None:
    assert "Who saw this" not in page(desk, "reporter")
    page(desk, "editor")
    shown = page(desk, "reporter")
    assert shown.count("Who saw this") == 1 and f'id="saw-{waits[DRAFTED]}"' in shown
    assert "Who saw this" not in page(desk, "editor")


def test_unwritten_they_are_shown_to_nobody_but_whoever_wrote_them(desk: Desk, waits: dict[str, str]) -> None:
    page(desk, "editor")
    with now.held_at(now.utc() + timedelta(hours=2)), kept_by_another(desk):
        shown = page(desk, "editor")
        assert not any(words in shown for words in waits) and "could not be written down" in shown
        assert all(words in page(desk, "reporter") for words in waits)


def test_showing_them_unwritten_is_caught(desk: Desk, waits: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The control."""

    async def careless(*_: object) -> bool:
        return True

    monkeypatch.setattr(orders, "noted", careless)
    with pytest.raises(AssertionError):
        test_unwritten_they_are_shown_to_nobody_but_whoever_wrote_them(desk, waits)


@pytest.mark.parametrize("role", ["editor", "reporter"])
def test_a_desk_opens_though_what_waits_was_erased_and_the_tables_do_not_know_yet(
    desk: Desk, waits: dict[str, str], request: pytest.FixtureRequest, role: Role
) -> None:
    """Erased at another node. Found by: the page answered 500 to whoever sees how many there are and since when."""
    kept: dict[str, str] = request.getfixturevalue("kept")  # after the others: then the jury is out
    assert SUBMITTED in page(desk, role)
    for post in (kept[HELD], kept[SEALED], waits[SUBMITTED], waits[CHANGED]):
        desk.house.store.blank([record.header.position for record in desk.house.store.stream(post)])
    shown = page(desk, role)
    assert "<h1>The case</h1>" in shown and not any(words in shown for words in (HELD, SEALED, SUBMITTED, CHANGED))


def test_what_is_sealed_says_since_when_and_until_what(desk: Desk, kept: dict[str, str]) -> None:
    assert "sealed since" in page(desk, "lawyer") and "until the jury’s conclusion" in page(desk, "lawyer")
    told = page(desk, "reporter")
    assert SEALED not in told and "The first sealed since" in told and "no hour ends it" in told


def test_hundreds_of_things_are_asked_for_in_one_question(desk: Desk, waits: dict[str, str]) -> None:
    page(desk, "editor")
    asked: list[str] = []
    desk.tables.set_exec_trace(lambda _cursor, statement, _bound: not asked.append(statement))
    orders.who_saw_each(desk.tables, [*waits.values(), *(f"thing-{n}" for n in range(400))])
    desk.tables.set_exec_trace(None)
    assert len([one for one in asked if "seen" in one]) == 1 and len(asked) < 5
