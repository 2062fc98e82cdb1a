"""When a draft goes: thrown away it comes back for an hour; left lying it goes after a month, and that is told."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from heard.accounts import projection as accounts
from heard.cases.legal_hold import end_legal_hold, place_legal_hold
from heard.coverage import draft_ends, drafts
from heard.coverage.drafts import DRAWER, WorkingCopy
from heard.engine import now
from heard.engine.errors import Corrupt, NotFound, Refused
from tests.coverage.test_words_seen import page
from tests.desk import Desk

WORDS, MONTH, HOUR = "the qdraftedq words", draft_ends.KEPT_FOR, draft_ends.COMES_BACK_FOR
MOMENT = timedelta(seconds=1)


@pytest.fixture
def began() -> datetime:
    return now.utc()


@pytest.fixture
def draft(desk: Desk, began: datetime) -> WorkingCopy:
    with now.held_at(began):
        page(desk, "reporter")
        mira = accounts.by_email(desk.tables, "reporter@heard.example").id
        return drafts.keep(desk.journal, desk.tables, desk.case, {"text": WORDS}, by=mira, byline="Mira")


def find(desk: Desk, draft: WorkingCopy, *, thrown: bool = False) -> WorkingCopy:
    return drafts.find(desk.journal, desk.tables, desk.case, draft.author, draft.id, every=False, thrown=thrown)


def throw(desk: Desk, draft: WorkingCopy) -> None:
    copy = find(desk, draft, thrown=True)
    assert draft_ends.throw_away(desk.journal, desk.tables, desk.case, copy, draft.author)


def destroy(desk: Desk, draft: WorkingCopy) -> bool:
    return draft_ends.destroy(desk.journal, desk.tables, desk.case, find(desk, draft, thrown=True))


def lies(desk: Desk) -> bool:
    return bool(desk.house.vault.names(DRAWER))


def test_what_was_thrown_away_comes_back_within_the_hour_and_is_destroyed_then(
    desk: Desk, draft: WorkingCopy, began: datetime
) -> None:
    with now.held_at(began):
        throw(desk, draft)
        shown = page(desk, "reporter")
        assert "Thrown away <b>1</b>" in shown and "Bring it back" in shown and 'id="drafts"' not in shown
        with pytest.raises(NotFound):
            find(desk, draft)
    with now.held_at(began + HOUR - MOMENT):
        assert not draft_ends.clear_over(desk.journal, desk.tables)
        assert draft_ends.stay(desk.journal, desk.case, find(desk, draft, thrown=True))
        assert find(desk, draft).typed["text"] == WORDS
        throw(desk, draft)
    with now.held_at(began + 2 * HOUR):
        assert draft_ends.clear_over(desk.journal, desk.tables) == 1
        assert not lies(desk) and WORDS not in page(desk, "reporter")


def test_kept_by_who_had_it_open_it_comes_back(desk: Desk, draft: WorkingCopy) -> None:
    throw(desk, draft)
    typed, over = {"text": f"{WORDS}, gone on with"}, find(desk, draft, thrown=True)
    kept = drafts.keep(desk.journal, desk.tables, desk.case, typed, by="una", byline="Una", over=over, stood=1)
    assert find(desk, draft) == kept and kept.wrote == (draft.author, "una")


def test_a_second_press_of_the_same_button_destroys_nothing(desk: Desk, draft: WorkingCopy) -> None:
    throw(desk, draft)
    thrown = find(desk, draft, thrown=True)
    throw(desk, draft)
    assert find(desk, draft, thrown=True) == thrown
    assert destroy(desk, draft) and not lies(desk)


def test_what_somebody_changed_in_the_same_moment_is_neither_put_away_nor_destroyed(
    desk: Desk, draft: WorkingCopy
) -> None:
    typed = {"text": f"{WORDS}, gone on with"}
    drafts.keep(desk.journal, desk.tables, desk.case, typed, by="una", byline="Una", over=draft, stood=1)
    assert not draft_ends.throw_away(desk.journal, desk.tables, desk.case, draft, draft.author)
    assert find(desk, draft).typed == typed
    throw(desk, draft)
    thrown = find(desk, draft, thrown=True)
    draft_ends.stay(desk.journal, desk.case, thrown)
    assert not draft_ends.destroy(desk.journal, desk.tables, desk.case, thrown) and find(desk, draft).typed == typed


def test_left_lying_it_is_destroyed_after_a_month_which_is_said_before_and_after(
    desk: Desk, draft: WorkingCopy, began: datetime
) -> None:
    def shown(at: datetime) -> str:
        with now.held_at(at):
            return page(desk, "reporter")

    assert "Keep it another month" not in shown(began) and "is destroyed after 30 days" in shown(began)
    soon = shown(began + MONTH - timedelta(days=2))
    assert WORDS in soon and "<b>Here until " in soon and "Keep it another month" in soon
    assert WORDS in shown(began + MONTH - MOMENT)
    before = desk.house.vault.get(DRAWER, desk.house.vault.names(DRAWER)[0]) or b""
    after = shown(began + MONTH)
    assert WORDS not in after and "A draft of yours, last kept" in after and "nobody had kept it again" in after
    left = desk.house.vault.get(DRAWER, desk.house.vault.names(DRAWER)[0]) or b""
    copy = drafts.read(desk.journal, draft.id, left)
    assert not copy.typed and before[:40] != left[:40], "neither its words nor what their key is made of"
    with now.held_at(began + MONTH), pytest.raises(NotFound):
        find(desk, draft, thrown=True)
    assert "nobody had kept it again" not in shown(began + 2 * MONTH) and not lies(desk)


def test_somebody_who_says_so_has_it_another_month(desk: Desk, draft: WorkingCopy, began: datetime) -> None:
    with now.held_at(began + MONTH - MOMENT):
        assert draft_ends.stay(desk.journal, desk.case, find(desk, draft))
    with now.held_at(began + MONTH):
        assert not draft_ends.clear_over(desk.journal, desk.tables) and find(desk, draft).wrote == draft.wrote
    with now.held_at(began + 2 * MONTH):
        assert draft_ends.clear_over(desk.journal, desk.tables) == 1


def test_while_a_legal_hold_is_on_its_case_none_is_destroyed(desk: Desk, draft: WorkingCopy, began: datetime) -> None:
    desk.do(place_legal_hold(desk.case, "A claim."))
    with now.held_at(began + MONTH):
        assert not draft_ends.clear_over(desk.journal, desk.tables)
        assert "None is destroyed while the legal hold is on this case." in page(desk, "reporter")
        throw(desk, draft)
        with pytest.raises(Refused, match="legal hold"):
            destroy(desk, draft)
        assert "not destroyed while" in page(desk, "reporter") and "Destroy it now" not in page(desk, "reporter")
    with now.held_at(began + 2 * MONTH):
        assert not draft_ends.clear_over(desk.journal, desk.tables) and lies(desk)
        desk.do(end_legal_hold(desk.case, "It is settled."))
        assert draft_ends.clear_over(desk.journal, desk.tables) == 1 and not lies(desk)


def test_destroying_what_was_kept_in_this_very_moment_is_not_done(
    desk: Desk, draft: WorkingCopy, began: datetime
) -> None:
    """The row that was looked at is not the one that lies there by now."""
    [name] = desk.house.vault.names(DRAWER)
    raw = desk.house.vault.get(DRAWER, name) or b""
    draft_ends.stay(desk.journal, desk.case, find(desk, draft))
    assert not draft_ends._clear(desk.house.vault, name, raw, b"") and find(desk, draft).typed == draft.typed


def test_one_that_cannot_be_read_holds_up_no_other(desk: Desk, draft: WorkingCopy, began: datetime) -> None:
    """Such as one that was sealed by another key than this server has."""
    [name] = desk.house.vault.names(DRAWER)
    raw = desk.house.vault.get(DRAWER, name) or b""
    for id in ("aaaaaaaaaaaaaaaa", "zzzzzzzzzzzzzzzz"):
        desk.house.vault.put(DRAWER, f"{desk.case} {draft.author} {id}", raw)
    with now.held_at(began + MONTH):
        assert draft_ends.clear_over(desk.journal, desk.tables) == 1
    with pytest.raises(Corrupt):
        drafts.lying(desk.journal, desk.tables, desk.case, draft.author, every=False)


def test_no_more_may_come_back_than_may_be_kept(desk: Desk, draft: WorkingCopy, began: datetime) -> None:
    def another(n: int) -> WorkingCopy:
        typed = {"text": f"Number {n}."}
        return drafts.keep(desk.journal, desk.tables, desk.case, typed, by=draft.author, byline="Mira")

    with now.held_at(began):
        for n in range(drafts.DRAFTS_MAX):
            throw(desk, another(n))
        with pytest.raises(Refused, match="destroy one of those first"):
            throw(desk, draft)
        assert find(desk, draft) == draft
    with now.held_at(began + HOUR):
        draft_ends.clear_over(desk.journal, desk.tables)
        throw(desk, draft)
