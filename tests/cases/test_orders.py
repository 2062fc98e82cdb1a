"""An order as data: its kind, its end or none, whom it protects, who was told."""

from __future__ import annotations

import pytest

from heard.cases import commands, projection
from heard.cases.orders import KINDS
from heard.cases.told import orders_told
from heard.engine import now
from heard.engine.errors import NotFound, Refused
from tests.desk import Desk

NAME = "Rowan Tidewell"


def impose(desk: Desk, **more: object) -> str:
    desk.do(commands.impose_restriction(desk.case, "an order", [NAME], **more))  # type: ignore[arg-type]
    return projection.restrictions(desk.tables, desk.case)[-1].id


@pytest.mark.parametrize("kind", KINDS)
def test_an_order_keeps_what_it_says(desk: Desk, kind: str) -> None:
    order = impose(desk, order=kind, cipher="Witness G", scope="her school too", document="order of 3 March")
    [seen] = orders_told(desk.tables, desk.journal, desk.case, "editor", all_of_them=False)
    assert (seen.id, seen.order, seen.label, seen.cipher) == (order, kind, KINDS[kind].label, "Witness G")
    assert (seen.scope, seen.document, seen.names) == ("her school too", "order of 3 March", (NAME,))


@pytest.mark.parametrize("end", [{"until_event": "she turns 18"}, {"until_at": now.instant("2040-01-01T00:00:00Z")}])
def test_a_protection_for_life_is_given_no_end(desk: Desk, end: dict[str, object]) -> None:
    with pytest.raises(Refused, match="for life"):
        impose(desk, order="lifetime", **end)
    assert projection.restrictions(desk.tables, desk.case) == []
    impose(desk, order="young_person", **end)


def test_the_end_that_an_order_says_releases_nothing(desk: Desk) -> None:
    """Turning 18, or a date gone by: somebody has to record that it ended."""
    impose(desk, order="young_person", until_at=now.instant("2001-01-01T00:00:00Z"), until_event="turned 18 in 2001")
    assert desk.doors.of(desk.tables, desk.case).stops(NAME)


def test_ending_a_protection_for_life_is_asked_twice(desk: Desk) -> None:
    order = impose(desk, order="lifetime")
    with pytest.raises(Refused, match="for life") as asked:
        desk.do(commands.lift_restriction(desk.case, order, "a mistake"))
    assert asked.value.details["ask"] == "sure"
    assert desk.doors.of(desk.tables, desk.case).stops(NAME)
    desk.do(commands.lift_restriction(desk.case, order, "recorded in the wrong case", sure=True))
    assert not desk.doors.of(desk.tables, desk.case).stops(NAME)
    with pytest.raises(NotFound):
        desk.do(commands.lift_restriction(desk.case, order, "again", sure=True))


def test_protecting_who_died_is_asked_twice(desk: Desk) -> None:
    desk.do(commands.name_person(desk.case, NAME, "the deceased"))
    desk.do(commands.name_person(desk.case, "Ida Rook", "witness"))
    with pytest.raises(Refused, match="who died"):
        impose(desk)
    impose(desk, sure=True)
    desk.do(commands.impose_restriction(desk.case, "an order", ["Ida Rook"]))


def test_whoever_was_not_told_learns_nothing_and_whoever_was_not_cleared_no_name(desk: Desk) -> None:
    order = impose(desk, told=["reporter"], cleared=["producer"])

    def seen(account: str) -> list[tuple[str, tuple[str, ...]]]:
        told = orders_told(desk.tables, desk.journal, desk.case, account, all_of_them=False)
        return [(one.id, one.names) for one in told]

    assert seen("stranger") == []
    assert seen("reporter") == [(order, ())]
    assert seen("producer") == seen("editor") == [(order, (NAME,))]
    desk.do(commands.tell_of_restriction(desk.case, order, ["stranger"], ["reporter"]))
    assert seen("stranger") == [(order, ())]
    assert seen("reporter") == [(order, (NAME,))]
    desk.do(commands.tell_of_restriction(desk.case, order, ["producer"]))
    assert seen("producer") == [(order, (NAME,))], "what somebody knows is not forgotten"
    lawyer = orders_told(desk.tables, desk.journal, desk.case, "lawyer", all_of_them=True)
    assert [one.names for one in lawyer] == [(NAME,)]
    desk.do(commands.lift_restriction(desk.case, order, "ended"))
    assert seen("editor") == []
