"""What is folded of published reports, told and decided in any order, equals what is folded afresh from the journal."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from heard.cases import commands as case_commands
from heard.engine.errors import HeardError
from heard.engine.node import Command
from heard.engine.projection import Projection
from heard.opening import ROOMS, House
from heard.rebuilding import contents
from heard.reports import commands, projection
from heard.reports.commands import Row
from heard.store.derived import folding
from heard.store.sqlite import connect

TABLES = (
    *("report", "report_read", "report_reading", "report_problem", "report_case", "report_names", "report_gone"),
    *("report_indexing", "report_named", "report_dead", "report_young", "report_hidden"),
)
DAY = date(2021, 1, 1)
CASES = ("lock", "quay")


class Story:
    """Random readings and decisions, drawn by a seed."""

    def __init__(self, house: House, seed: int) -> None:
        self.house, self.random, self.done = house, random.Random(seed), set[str]()
        for slug in CASES:
            self.do(case_commands.open_case(slug, f"The inquest at the {slug}"))

    def do(self, command: Command) -> Any:
        return self.house.node.do(command, by="operator")

    def step(self) -> None:
        verb = self.random.choice(VERBS)
        try:
            verb(self)
            self.done.add(verb.__name__)
        except HeardError:
            pass  # refused in this state; nothing was written, which the comparison shows too

    def some(self) -> list[str]:
        """A few reports, one at least."""
        known = [report for report, _ in projection.all_reports(self.house.tables)]
        return self.random.sample(known, min(len(known), self.random.randint(1, 3))) or ["none"]

    def on(self) -> date:
        return DAY + timedelta(days=self.random.randrange(900))


def tell(story: Story) -> None:
    numbers = story.random.sample(range(12), 3)
    facts = {
        "area": story.random.choice(["Avon", "Essex"]),
        "deceased": story.random.choice(["Person", "Person Two", "REDACTED"]),
    }
    facts["categories"] = story.random.choice(["Child Death", "Other related deaths"])
    rows = [Row(f"https://example.org/{n}/", {"ref": f"2021-{n % 9:04}", **facts}) for n in numbers]
    story.do(commands.tell(story.random.choice(["tracker", "toolkit"]), story.on(), rows, story.some()))


def read(story: Story) -> None:
    gone = {report: story.on() for report in story.some()} if story.random.random() < 0.5 else {}
    story.do(commands.keep_reading("tracker", story.on(), f"{story.random.random()}", 9, 0, gone))


def doubt(story: Story) -> None:
    story.do(commands.doubt_reading("tracker", story.on(), f"{story.random.random()}", 9, 8, 0))


def link(story: Story) -> None:
    story.do(commands.link_case(story.some()[0], story.random.choice(CASES), "Ada Desk"))


def unlink(story: Story) -> None:
    story.do(commands.unlink_case(story.some()[0], story.random.choice(CASES)))


def let(story: Story) -> None:
    story.do(commands.let_value(story.some()[0], story.random.choice(["", "deceased"]), "it moved"))


def hide(story: Story) -> None:
    story.do(commands.hide_names(story.some()[0], (), "asked for"))


def hide_all_or_none(story: Story) -> None:
    hides = not projection.is_every_name_hidden(story.house.tables)
    story.do(commands.hide_every_name("a rule") if hides else commands.show_every_name("no rule"))


def let_or_bar_search_engines(story: Story) -> None:
    allows = not projection.is_indexing_allowed(story.house.tables)
    story.do(commands.allow_indexing("Ada Desk") if allows else commands.end_indexing("Ada Desk"))


def complain(story: Story) -> None:
    story.do(commands.tell_problem(story.some()[0], "It is about my father."))


def settle(story: Story) -> None:
    for problem in projection.problems(story.house.tables)[:1]:
        story.do(commands.settle_problem(problem.id, "hidden"))


VERBS: list[Callable[[Story], None]] = [
    tell, tell, tell, read, doubt, link, link, unlink, unlink, let, hide, hide_all_or_none, let_or_bar_search_engines,
    complain, settle,
]  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_tables_after_any_story_equal_tables_folded_afresh(house: House, tmp_path: Path, seed: int) -> None:
    story = Story(house, seed)
    for _ in range(220):
        story.step()
    assert story.done == {verb.__name__ for verb in VERBS}, "the story must have exercised every command"
    assert contents(house.tables) == afresh(house, tmp_path)
    held = [name for name in TABLES if any(house.tables.execute(f"SELECT 1 FROM {name}"))]
    assert set(TABLES) - set(held) <= {"report_gone"}, "the tables must have held something at the end"


def test_a_row_that_no_entry_made_is_caught(house: House, tmp_path: Path) -> None:
    """The control."""
    Story(house, 0).step()
    house.tables.execute("INSERT INTO report_case VALUES ('a', 'b')")
    assert contents(house.tables) != afresh(house, tmp_path)


def afresh(house: House, folder: Path) -> Any:
    fresh = Projection(connect(folder / "fresh.sqlite", synchronous="OFF"), ROOMS, folding)
    while fresh.catch_up(lambda after: house.journal.read(after, 7)):
        pass
    return contents(fresh.tables)
