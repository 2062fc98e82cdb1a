"""A post that was held and meant nobody: two people let it out, one of whom knows the orders."""

from __future__ import annotations

import pytest

from heard.cases import projection as cases
from heard.cases.release import StillHeld
from heard.coverage import commands, kept, projection
from heard.coverage.elements import Text
from heard.coverage.frames import Page
from heard.coverage.shown import show
from tests.desk import Desk

NAME, OTHER = "Emma Tidewell", "Emily Tidewell kept the list."


def says(desk: Desk, post: str, by: str, *, not_meant: bool = False) -> None:
    desk.do(kept.let_go(desk.doors, desk.journal, post, by, "Somebody else.", not_meant=not_meant), by=by)


def status(desk: Desk, post: str) -> str:
    return projection.by_id(desk.tables, post).status


def shown(desk: Desk, post: str) -> str:
    found = show(desk.doors.of(desk.tables, desk.case), projection.by_id(desk.tables, post))
    return found.status if found else "nothing"


@pytest.mark.parametrize("knows", ["first", "second"])
def test_it_goes_out_when_one_of_the_two_knows_the_orders_and_says_that_nobody_is_meant(desk: Desk, knows: str) -> None:
    desk.restrict(NAME)
    post = desk.publish(OTHER)
    assert status(desk, post) == "held"
    says(desk, post, "second", not_meant=knows == "first")
    assert status(desk, post) == "held"
    says(desk, post, "third", not_meant=knows == "second")
    assert (status(desk, post), shown(desk, post)) == ("published", "published")
    page = Page(cases.by_id(desk.tables, desk.case), desk.tables, desk.doors.of(desk.tables, desk.case))
    assert "Emily Tidewell" in page.html(show(page.door, projection.by_id(desk.tables, post)))  # type: ignore[arg-type]


def test_two_who_do_not_know_them_let_nothing_out(desk: Desk) -> None:
    desk.restrict(NAME)
    post = desk.publish(OTHER)
    says(desk, post, "second")
    with pytest.raises(StillHeld):
        says(desk, post, "third")
    assert status(desk, post) == "held"


def test_a_name_letter_for_letter_is_let_out_by_nobody(desk: Desk) -> None:
    desk.restrict(NAME)
    post = desk.publish("Emma Tidewell kept the list.")
    for by in ("second", "third"):
        with pytest.raises(StillHeld):
            says(desk, post, by, not_meant=True)
    assert status(desk, post) == "held"


def test_in_just_that_form_the_words_are_held_no_more_and_in_another_they_are(desk: Desk) -> None:
    desk.restrict(NAME)
    post = desk.publish(OTHER)
    says(desk, post, "second", not_meant=True)
    says(desk, post, "third")
    assert status(desk, desk.publish(OTHER)) == "published"
    assert status(desk, desk.publish(f"{OTHER} She was in the room.")) == "held"
    with pytest.raises(Exception, match="not published"):
        desk.do(commands.correct(desk.doors, post, (Text("Emily Tidewell was there."),), "more"))


def test_an_order_that_comes_after_it_looks_at_it_anew(desk: Desk) -> None:
    desk.restrict(NAME)
    post = desk.publish(OTHER)
    says(desk, post, "second", not_meant=True)
    says(desk, post, "third")
    assert shown(desk, post) == "published"
    desk.restrict("Emilia Tidewell")
    assert shown(desk, post) == "withheld"


def test_by_rule_of_two_a_sealed_post_is_not_released_by_its_own_author(desk: Desk) -> None:
    from heard.cases import commands as case_commands
    from heard.cases import jury
    from heard.cases.letting_out import rule_second_eyes

    hearing = desk.do(case_commands.list_hearing(desk.case, "Inquest", with_jury=True)).stream
    desk.do(jury.send_out(desk.case, hearing))
    mine, theirs = desk.publish("Mine."), desk.publish("Theirs.")
    desk.do(jury.lift_seal(desk.case, hearing, "conclusion returned"))
    desk.do(rule_second_eyes(desk.case, True))
    release = kept.release_sealed(desk.doors, desk.journal, desk.case, hearing, {mine, theirs}, "editor")
    desk.do(release)
    assert {status(desk, mine), status(desk, theirs)} == {"submitted"}
    desk.let_out(mine, "second")
    assert status(desk, mine) == "published"
