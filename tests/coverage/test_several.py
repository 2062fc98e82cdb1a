"""Bringing posts forward, holding what waits, and one deed for several."""

from __future__ import annotations

import pytest

from heard.cases.letting_out import rule_second_eyes
from heard.coverage import commands, kept, projection
from heard.coverage.entries import PostHeld
from heard.engine.errors import Refused
from tests.desk import Desk


def order(desk: Desk) -> list[str]:
    return [post.id for post in projection.shown(desk.tables, desk.case)]


def test_post_that_is_brought_forward_comes_after_all_there_are_and_before_what_comes(desk: Desk) -> None:
    one, two, three = (desk.publish(f"Post {n}.") for n in range(3))
    desk.do(commands.move(one, ""))
    assert order(desk) == [two, three, one]
    four = desk.publish("A later post.")
    assert order(desk) == [two, three, one, four]
    for post in (two, three, two, one):
        desk.do(commands.move(post, ""))
    assert order(desk) == [four, three, two, one]
    five = desk.publish("The last.")
    assert order(desk)[-1] == five


def test_what_is_newest_is_not_moved_by_bringing_it_forward(desk: Desk) -> None:
    desk.publish("One.")
    two = desk.publish("Two.")
    before = desk.house.store.position()
    desk.do(commands.move(two, ""))
    assert desk.house.store.position() == before


def test_what_was_submitted_and_then_held_needs_two_who_did_not_write_it(desk: Desk) -> None:
    desk.do(rule_second_eyes(desk.case, True))
    post = desk.publish("For a second pair of eyes.")
    assert projection.by_id(desk.tables, post).status == "submitted"
    written = desk.do(kept.hold(desk.journal, post, "Who was told?"), by="second")
    assert written.kind == PostHeld.kind and projection.by_id(desk.tables, post).status == "held"
    for own in ("editor",):
        with pytest.raises(Refused):
            desk.do(kept.let_go(desk.doors, desk.journal, post, own, "Mine."), by=own)
    desk.let_out(post, "second")
    assert projection.by_id(desk.tables, post).status == "held"
    desk.let_out(post, "third")
    assert projection.by_id(desk.tables, post).status == "published"


@pytest.mark.parametrize("status", ["published", "held"])
def test_what_went_out_or_is_held_already_is_not_held(desk: Desk, status: str) -> None:
    if status == "held":
        desk.restrict("Petronella Vane")
    post = desk.publish("It was Petronella Vane.")
    assert projection.by_id(desk.tables, post).status == status
    with pytest.raises(Refused):
        desk.do(kept.hold(desk.journal, post))
