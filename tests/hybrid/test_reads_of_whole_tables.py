"""No entry is folded by reading a whole table: what one more costs must not grow with what is there already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from typing import Any

import apsw
import pytest

from heard.engine.errors import HeardError
from heard.engine.journal import Journal
from heard.engine.projection import Projection
from heard.opening import ROOMS, House
from heard.store.derived import in_memory
from tests.desk import Desk
from tests.hybrid import test_accounts, test_changes_equal_rebuild, test_reports, test_watch
from tests.watch.gate import Hands

#: A table of one row, and those kept small by just this: what is in them for hours only is looked through each time.
SMALL = {"cursor", "stopped", "factor_failed", "spent_challenge"}


class Explained:
    """Tables that ask SQLite, before each statement, what it would read whole."""

    def __init__(self) -> None:
        self.connection = in_memory()
        self.read_whole: set[str] = set()
        self._asked: set[str] = set()

    def execute(self, statement: str, bindings: Sequence[Any] = ()) -> Iterator[Any]:
        if statement not in self._asked and not statement.lstrip().startswith("CREATE"):
            self._asked.add(statement)
            for *_, step in self.connection.execute(f"EXPLAIN QUERY PLAN {statement}", bindings):
                if step.startswith("SCAN") and step.split()[1] not in {*SMALL, "CONSTANT"}:
                    self.read_whole.add(f"{step}: {' '.join(statement.split())}")
        return self.connection.execute(statement, bindings)

    def executemany(self, statement: str, bindings: Iterable[Sequence[Any]]) -> Iterator[Any]:
        return iter([row for one in bindings for row in self.execute(statement, one)])


def read_whole(journal: Journal, without: str = "") -> set[str]:
    """What folding the journal afresh reads whole, as SQLite plans it; `without` an index."""
    tables = Explained()

    def at_once(_: Any) -> apsw.Connection:
        return tables.connection

    fresh = Projection(tables, ROOMS, at_once)
    if without:
        tables.connection.execute(f"DROP INDEX {without}")
    while fresh.catch_up(lambda after: journal.read(after, 500)):
        pass
    return tables.read_whole


@pytest.fixture
def hands() -> Iterator[Hands]:
    with ExitStack() as stack:
        yield Hands(stack)


def test_a_story_of_the_desk_is_folded_by_rows(desk: Desk) -> None:
    story = test_changes_equal_rebuild.Story(desk, 1)
    for _ in range(250):
        story.step()
    assert read_whole(desk.journal) == set()


def test_a_story_of_accounts_is_folded_by_rows(desk: Desk) -> None:
    story = test_accounts.Story(desk, 1)
    for verb in test_accounts.VERBS * 8:
        with suppress(HeardError):
            verb(story)
    assert read_whole(desk.journal) == set()


def test_a_story_of_reports_is_folded_by_rows(house: House) -> None:
    story = test_reports.Story(house, 1)
    for _ in range(150):
        story.step()
    assert read_whole(house.journal) == set()


def test_a_story_of_the_watch_is_folded_by_rows(house: House, hands: Hands) -> None:
    story = test_watch.Story(house, hands, 1)
    for _ in range(250):
        story.step()
    assert read_whole(house.journal) == set()


def test_a_table_without_its_index_is_caught(house: House, hands: Hands) -> None:
    """The control: without the index by which the stations of an obligation are found."""
    story = test_watch.Story(house, hands, 1)
    for _ in range(250):
        story.step()
    [told] = read_whole(house.journal, without="obligation_at_obligation")
    assert told.startswith("SCAN obligation_at")
