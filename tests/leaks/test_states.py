"""The words of a change of state, withdrawn or erased, are as gone as those of a post; the state stands."""

from __future__ import annotations

import pytest

from heard.coverage import commands, projection
from heard.engine.errors import Refused
from heard.opening import House, open_house
from heard.rebuilding import contents, rebuild
from tests.desk import Desk


def paused(desk: Desk, words: str, lasting: str = "") -> str:
    """The id of the notice of a pause."""
    at = desk.do(commands.set_state(desk.doors, desk.case, "paused", words, lasting=lasting)).position
    entry = desk.journal.entry(at)
    return str(entry.body.notice)  # type: ignore[union-attr]


def of(house: House, desk: Desk) -> projection.Coverage:
    return projection.of_case(house.tables, desk.case)


def test_a_withdrawn_notice_leaves_no_words_with_the_state(desk: Desk) -> None:
    desk.publish("A post.")
    notice = paused(desk, "Perdita Nameless fainted.")
    assert of(desk.house, desk).words == "Perdita Nameless fainted."
    desk.do(commands.retract(desk.doors, notice))
    coverage = of(desk.house, desk)
    assert (coverage.state, coverage.words) == ("paused", "")


def test_an_erased_notice_is_in_no_file_and_the_state_stands_after_a_rebuild(desk: Desk) -> None:
    desk.publish("A post.")
    notice = paused(desk, "Perdita Nameless fainted.", lasting="PT1H")
    before = of(desk.house, desk)
    desk.do(commands.erase(desk.journal, notice, "an order"))
    coverage = of(desk.house, desk)
    assert (coverage.state, coverage.since, coverage.clock) == (before.state, before.since, before.clock)
    assert coverage.words == ""
    told = contents(desk.tables)
    assert not [entry for entry in desk.journal.all() if "Perdita" in str(entry.body)]
    data = desk.house.data
    desk.house.close()
    rebuild(data)
    again = open_house(data, synchronous="OFF")
    assert contents(again.tables) == told
    assert projection.by_id(again.tables, notice).status == "erased"
    again.close()


def test_an_old_notice_is_erased_and_the_state_of_now_stands(desk: Desk) -> None:
    desk.publish("A post.")
    notice = paused(desk, "Perdita Nameless fainted.")
    desk.do(commands.set_state(desk.doors, desk.case, "closed", "That is all."))
    desk.do(commands.erase(desk.journal, notice, "an order"))
    assert of(desk.house, desk).state == "closed"
    data, told = desk.house.data, contents(desk.tables)
    desk.house.close()
    rebuild(data)
    again = open_house(data, synchronous="OFF")
    assert contents(again.tables) == told
    again.close()


def test_a_sitting_cannot_be_erased_from_under_its_posts(desk: Desk) -> None:
    from heard.cases import commands as case_commands

    hearing = desk.do(case_commands.list_hearing(desk.case, "Inquest")).stream
    sitting = desk.do(case_commands.begin_sitting(desk.case, hearing, "Day one")).stream
    before = desk.house.store.position()
    with pytest.raises(Refused, match="withdraw it"):
        desk.do(commands.erase(desk.journal, sitting, "an order"))
    assert desk.house.store.position() == before
