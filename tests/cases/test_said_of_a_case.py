"""Titles, people, hearings and sittings stand on every page: what may not be said is not written there either."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from heard.cases import commands, projection
from heard.cases.release import NotPublished
from heard.engine.node import Command
from tests.desk import Desk

NAME, FORM = "Rowan Tidewell", "R. Tidewell"

Writes = Callable[[Desk, str], Command]


def _hearing(desk: Desk) -> str:
    return desk.do(commands.list_hearing(desk.case, "Inquest")).stream


WAYS: dict[str, Writes] = {
    "title": lambda desk, words: commands.describe_case(desk.case, words, ""),
    "standfirst": lambda desk, words: commands.describe_case(desk.case, "The case", words),
    "person": lambda desk, words: commands.name_person(desk.case, words, "witness"),
    "role": lambda desk, words: commands.name_person(desk.case, "Ida Rook", f"friend of {words}"),
    "note": lambda desk, words: commands.name_person(desk.case, "Ida Rook", "witness", f"taught {words}"),
    "hearing": lambda desk, words: commands.list_hearing(desk.case, words),
    "place": lambda desk, words: commands.list_hearing(desk.case, "Inquest", words),
    "sitting": lambda desk, words: commands.begin_sitting(desk.case, _hearing(desk), words),
}


@pytest.mark.parametrize("way", WAYS)
def test_what_is_said_of_a_case_passes_the_guard(desk: Desk, way: str) -> None:
    desk.restrict(NAME)
    before = desk.journal.store.position()
    for words in (NAME, FORM, "Rоwan Tіdewell", "#rowantidewell"):
        command = WAYS[way](desk, words)
        before = desk.journal.store.position()
        with pytest.raises(NotPublished) as refused:
            desk.do(command)
        assert "Tidewell" not in refused.value.message
        assert desk.journal.store.position() == before
    desk.do(WAYS[way](desk, "Somebody Else"))


@pytest.mark.parametrize("way", WAYS)
def test_without_the_gate_it_would_be_written(desk: Desk, way: str) -> None:
    """The control."""
    desk.restrict(NAME)
    desk.house.node.gates.clear()
    desk.do(WAYS[way](desk, FORM))


def test_somebody_nearly_so_called_may_join_the_cast(desk: Desk) -> None:
    desk.restrict("Emma Tidewell")
    desk.do(commands.name_person(desk.case, "Emily Tidewell", "coroner's officer"))
    assert [one.name for one in projection.people(desk.tables, desk.case)] == ["Emily Tidewell"]


def test_an_order_one_entry_earlier_wins(desk: Desk) -> None:
    """The decision rests on the rules too: one that was judged before the order is judged again."""
    decision = commands.describe_case(desk.case, "A", "")(desk.tables)
    rules = projection.by_id(desk.tables, desk.case).rules
    assert rules not in decision.over
    assert rules in desk.house.node.gates[0](desk.tables, decision, "editor").over
