"""Judge, append, fold: one command, or many at once in one commit."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from heard.engine.errors import Gone, NotFound, Refused, Unavailable
from heard.engine.node import Command, Decision
from heard.engine.projection import Tables
from heard.engine.scribe import Scribe
from tests.contract import notes
from tests.contract.house import House, open_house


@pytest.fixture
def house(tmp_path: Path) -> House:
    return open_house(tmp_path / "data", synchronous="OFF")


def test_a_command_is_answered_when_it_is_folded(house: House) -> None:
    done = house.node.do(notes.publish("a", "words"), by="someone")
    assert (done.position, done.last, done.stream, done.kind, done.repeated) == (1, 1, "a", "note.published", False)
    assert notes.all_notes(house.node.tables) == {"a": "words"}


def test_a_command_that_decides_nothing_writes_nothing(house: House) -> None:
    done = house.node.do(notes.withdraw("not there"), by="someone")
    assert (done.position, done.stream, house.store.position()) == (0, "", 0)


def test_a_refusal_writes_nothing_and_says_why(house: House) -> None:
    with pytest.raises(NotFound):
        house.node.do(notes.correct("not there", "words"), by="someone")
    assert house.store.position() == 0


def test_the_second_click_is_told_the_first_outcome_though_the_world_moved_on(house: House) -> None:
    first = house.node.do(notes.publish("a", "words"), by="someone", key="k", request=b"r")
    house.node.do(notes.withdraw("a"), by="someone")
    again = house.node.do(notes.publish("a", "words"), by="someone", key="k", request=b"r")
    assert again.repeated and again.position == first.position
    assert notes.all_notes(house.node.tables) == {}


def test_a_key_is_scoped_to_account_and_case_and_bound_to_its_request(house: House) -> None:
    house.node.do(notes.publish("a", "words"), by="someone", scope="case", key="k", request=b"r")
    with pytest.raises(Refused) as refusal:
        house.node.do(notes.publish("b", "words"), by="someone", scope="case", key="k", request=b"other")
    assert refusal.value.details["key_reused"]
    assert not house.node.do(notes.publish("b", "words"), by="another", scope="case", key="k", request=b"r").repeated
    assert not house.node.do(notes.publish("c", "words"), by="someone", scope="other", key="k", request=b"r").repeated


def test_a_key_of_what_was_erased_is_gone(house: House) -> None:
    house.node.do(notes.publish("a", "words"), by="someone", key="k", request=b"r")
    house.node.do(notes.erase("a", (1,)), by="someone")
    with pytest.raises(Gone):
        house.node.do(notes.publish("a", "words"), by="someone", key="k", request=b"r")


def test_a_command_is_judged_again_when_another_process_was_first(tmp_path: Path) -> None:
    one, other = open_house(tmp_path / "data", synchronous="OFF"), open_house(tmp_path / "data", synchronous="OFF")
    judged = []

    def slow(tables: Tables) -> Decision:
        decision = notes.publish("a", "mine")(tables)
        judged.append(decision)
        if len(judged) == 1:  # between judging and appending, somebody else takes the name
            other.node.do(notes.publish("a", "theirs"), by="another")
        return decision

    with pytest.raises(Refused, match="there already"):
        one.node.do(slow, by="someone")
    assert len(judged) == 1 and notes.all_notes(one.node.tables) == {"a": "theirs"}


def test_what_another_process_appended_is_folded(tmp_path: Path) -> None:
    one, other = open_house(tmp_path / "data", synchronous="OFF"), open_house(tmp_path / "data", synchronous="OFF")
    other.node.do(notes.publish("a", "words"), by="another")
    assert one.node.catch_up() == 1
    assert notes.all_notes(one.node.tables) == {"a": "words"}


def scribbled(house: House, *commands: tuple[Command, str | None]) -> list[object]:
    """What each of these is answered when all are asked at once."""

    async def ask() -> list[object]:
        scribe = Scribe(house.node)
        running = asyncio.ensure_future(scribe.run())
        asking = (scribe.do(command, by="someone", key=key, request=b"r") for command, key in commands)
        answers: list[object] = await asyncio.gather(*asking, return_exceptions=True)
        running.cancel()
        return answers

    return asyncio.run(ask())


def test_many_at_once_are_all_written_each_once(house: House) -> None:
    asked = [(notes.publish(f"n{number}", "words"), f"k{number}") for number in range(200)]
    answers = scribbled(house, *asked, *asked)
    assert len(notes.all_notes(house.node.tables)) == 200 == house.store.position()
    assert sum(getattr(answer, "repeated", False) for answer in answers) == 200


def test_in_one_group_the_second_of_two_that_want_the_same_is_judged_after_the_first(house: House) -> None:
    first, second, third = scribbled(
        house,
        (notes.publish("a", "mine"), None),
        (notes.publish("a", "theirs"), None),
        (notes.publish("b", "ok"), None),
    )
    assert not isinstance(first, Exception) and not isinstance(third, Exception)
    assert isinstance(second, Refused)
    assert notes.all_notes(house.node.tables) == {"a": "mine", "b": "ok"}


def test_a_disk_that_fails_tells_the_whole_group_and_the_scribe_goes_on(house: House) -> None:
    append = house.journal.append
    failing = iter([True])

    def full(batch: object) -> object:
        if next(failing, False):
            raise Unavailable("The disk is full.")
        return append(batch)  # type: ignore[arg-type]

    house.journal.append = full  # type: ignore[assignment, method-assign]

    async def ask() -> list[object]:
        scribe = Scribe(house.node)
        running = asyncio.ensure_future(scribe.run())
        asking = [scribe.do(notes.publish(name, "words"), by="someone", key=name) for name in "abc"]
        refused: list[object] = await asyncio.gather(*asking, return_exceptions=True)
        await scribe.do(notes.publish("a", "words"), by="someone", key="a")
        running.cancel()
        return refused

    assert all(isinstance(answer, Unavailable) for answer in asyncio.run(ask()))
    assert notes.all_notes(house.node.tables) == {"a": "words"}
