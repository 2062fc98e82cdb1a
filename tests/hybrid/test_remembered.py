"""What is remembered of a room's tables is what they would answer, after every command, in any order."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import apsw
import msgspec
import pytest

from heard.accounts import projection as accounts
from heard.cases import footing, permission, states
from heard.cases import projection as cases
from heard.engine import remembered
from heard.engine.entry import Entry
from heard.engine.errors import HeardError, NotFound
from heard.engine.projection import Fold, Projection, Room, Tables
from heard.opening import ROOMS, open_house
from heard.store.derived import folding, in_memory
from tests.desk import Desk
from tests.hybrid import test_accounts, test_changes_equal_rebuild

QUESTIONS = [one for module in (cases, states, accounts) for one in vars(module).values() if hasattr(one, "room")]
#: For each word that a question may be about, what it may be.
ABOUT = {
    "case": "SELECT id FROM cases",
    "slug": "SELECT slug FROM cases",
    "name": "SELECT slug FROM cases UNION SELECT id FROM cases",
    "account": "SELECT id FROM account UNION SELECT account FROM told",
    "token": "SELECT id FROM token",
    "since": "SELECT position FROM restriction",
}


def answered(question: Callable[..., Any], tables: Tables, about: tuple[Any, ...]) -> Any:
    try:
        return question(tables, *about)
    except NotFound:
        return NotFound


def asked(question: Any, tables: Tables) -> list[tuple[Any, ...]]:
    """Everything that this question may be about."""
    found: list[tuple[Any, ...]] = [()]
    for word in list(inspect.signature(question).parameters)[1:]:
        values = [value for (value,) in tables.execute(ABOUT[word])] or ["none"]
        found = [(*before, value) for before in found for value in values]
    return found


def wrong(tables: Tables) -> list[str]:
    """The questions that are answered otherwise than the tables would."""
    return [
        question.__name__
        for question in QUESTIONS
        for about in asked(question, tables)
        if answered(question, tables, about) != answered(question.__wrapped__, tables, about)
    ]


def story_of_a_desk(desk: Desk) -> Iterator[None]:
    story = test_changes_equal_rebuild.Story(desk, 3)
    for _ in range(250):
        story.step()
        yield


def story_of_accounts(desk: Desk) -> Iterator[None]:
    story = test_accounts.Story(desk, 3)
    for verb in test_accounts.VERBS * 6:
        with suppress(HeardError):
            verb(story)
        yield


STORIES = [story_of_a_desk, story_of_accounts]


@pytest.mark.parametrize("story", STORIES)
def test_what_is_remembered_is_what_the_tables_answer(desk: Desk, story: Callable[[Desk], Iterator[None]]) -> None:
    for _ in story(desk):
        assert wrong(desk.tables) == []


def test_a_memory_that_forgets_nothing_is_caught(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control."""
    monkeypatch.setattr(remembered.Memory, "folded", lambda memory, room: None)
    assert any(wrong(desk.tables) for _ in story_of_a_desk(desk))


def test_what_another_process_folded_into_the_file_is_seen_at_the_next_look(desk: Desk, tmp_path: Path) -> None:
    other = open_house(Path(desk.tables.filename).parent)  # type: ignore[attr-defined]
    assert footing.of_case(desk.tables, desk.case).permission == "no application needed"
    other.node.do(permission.record_permission(desk.case, "withdrawn"), by="lawyer")
    desk.house.node.catch_up()
    assert footing.of_case(desk.tables, desk.case).permission == "withdrawn"
    other.close()


def test_what_was_read_inside_a_transaction_that_is_undone_is_not_remembered(desk: Desk) -> None:
    memory = remembered.memory_of(desk.tables)
    with suppress(ZeroDivisionError), memory.transaction(), folding(desk.tables):
        memory.folded(states.ROOM)
        desk.tables.execute("INSERT INTO permission VALUES (?, 'withdrawn', 9)", (desk.case,))
        assert footing.of_case(desk.tables, desk.case).permission == "withdrawn"
        raise ZeroDivisionError
    assert footing.of_case(desk.tables, desk.case).permission == "no application needed"


def test_an_answer_that_a_thread_read_before_a_fold_is_not_remembered_after_it(desk: Desk) -> None:
    def slow(tables: Tables) -> str:
        if not read:
            read.append("before")
            with memory.transaction():
                memory.folded("slow")
            return "before"
        return "after"

    read, memory = list[str](), remembered.memory_of(desk.tables)
    question = remembered.remembered("slow")(slow)
    assert (question(desk.tables), question(desk.tables)) == ("before", "after")


def test_who_asks_for_ever_more_that_there_is_not_fills_no_memory(desk: Desk) -> None:
    for number in range(2 * remembered.ANSWERS_MAX):
        footing.of_case(desk.tables, f"none-{number}")
    memory = remembered.memory_of(desk.tables)
    assert sum(map(len, memory._rooms.values())) <= remembered.ANSWERS_MAX + len(QUESTIONS)


# A question asks its own room, and nobody else writes there -----------------------------------------------------------

OWN = {room.name: set(re.findall(r"CREATE TABLE IF NOT EXISTS (\w+)", room.schema)) for room in ROOMS}
WRITES = (apsw.SQLITE_INSERT, apsw.SQLITE_UPDATE, apsw.SQLITE_DELETE)


class Watched:
    """Tables in memory, and which of them are read or written, as SQLite tells before it prepares a statement."""

    def __init__(self) -> None:
        self.connection = in_memory()
        self.projection = Projection(
            self.connection, [msgspec.structs.replace(room, folds=self._folds(room)) for room in ROOMS], in_one
        )
        self.room, self.astray = "", set[tuple[str, str]]()
        self.connection.authorizer = self._sees

    def _folds(self, room: Room) -> dict[Any, Fold]:
        return {body: self._of(room.name, fold) for body, fold in room.folds.items()}

    def _of(self, room: str, fold: Fold) -> Fold:
        def told(tables: Tables, entry: Entry, body: Any) -> None:
            with self.asking(room):
                fold(tables, entry, body)

        return told

    @contextmanager
    def asking(self, room: str) -> Iterator[None]:
        self.room = room
        yield
        self.room = ""

    def _sees(self, what: int, table: str | None, *_: object) -> int:
        if self.room and what in (*WRITES, apsw.SQLITE_READ) and table in EVERY - OWN[self.room]:
            self.astray.add((self.room, table))
        return apsw.SQLITE_OK


EVERY = set().union(*OWN.values())


@contextmanager
def in_one(tables: Any) -> Iterator[None]:
    yield


def strays(question: Any) -> set[tuple[str, str]]:
    watched = Watched()
    with watched.asking(question.room):
        answered(
            question.__wrapped__,
            watched.connection,
            tuple("1" for _ in list(inspect.signature(question).parameters)[1:]),
        )
    return watched.astray


def test_a_question_asks_the_tables_of_its_room_alone() -> None:
    assert len(QUESTIONS) > 20
    assert [question.__name__ for question in QUESTIONS if strays(question)] == []


def test_a_question_that_asks_another_room_is_caught() -> None:
    """The control."""
    question = remembered.remembered("accounts")(lambda tables: list(tables.execute("SELECT * FROM cases")))
    assert strays(question) == {("accounts", "cases")}


@pytest.mark.parametrize("story", STORIES)
def test_a_room_is_folded_into_by_its_own_folds_alone(desk: Desk, story: Callable[[Desk], Iterator[None]]) -> None:
    for _ in story(desk):
        pass
    watched = Watched()
    while watched.projection.catch_up(lambda after: desk.journal.read(after, 500)):
        pass
    assert watched.astray == set()
