"""A page of a long case asks for no more than a page of a short one: SQLite's own steps are counted, not the time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from heard.cases import projection as cases
from heard.coverage import paging
from heard.coverage.frames import Painter
from heard.coverage.whole_page import Sources, View, whole_page
from heard.store.frames import FramesFile
from tests.desk import Desk

SHORT, LONG = 50, 1_000


@contextmanager
def counted(*connections: apsw.Connection) -> Iterator[list[int]]:
    steps = [0]

    def step() -> bool:
        steps[0] += 1
        return False

    for connection in connections:
        connection.set_progress_handler(step, 1)
    yield steps
    for connection in connections:
        connection.set_progress_handler(None)


def steps_of_a_page(desk: Desk, frames: FramesFile) -> int:
    case, door = cases.by_id(desk.tables, desk.case), desk.doors.of(desk.tables, desk.case)
    sources = Sources(desk.tables, "1", "https://heard.example", kept=frames.html_of)
    newest = paging.newest(desk.tables, desk.case).posts
    assert len(newest) == SHORT
    with counted(desk.tables, frames._db) as steps:  # type: ignore[arg-type]
        page = whole_page(sources, case, door, View())
    assert f"post-{newest[0]}" in page and f"post-{newest[-1]}" in page
    return steps[0]


def test_a_page_of_a_long_case_asks_for_no_more_than_one_of_a_short_case(desk: Desk, tmp_path: Path) -> None:
    frames = FramesFile(tmp_path / "frames.sqlite", desk.house.store.epoch)
    painter = Painter(desk.journal, desk.tables, desk.doors, frames)
    posts = [desk.publish(f"Words {number}") for number in range(SHORT)]
    painter.paint()
    short = steps_of_a_page(desk, frames)
    posts += [desk.publish(f"Words {number}") for number in range(SHORT, LONG)]
    painter.paint()
    assert abs(steps_of_a_page(desk, frames) - short) < LONG / 10
    frames.close()


def test_a_question_that_goes_through_the_whole_case_is_counted(desk: Desk, tmp_path: Path) -> None:
    """The control: every rendering of the case is looked at, to find those of one page."""
    frames = FramesFile(tmp_path / "frames.sqlite", desk.house.store.epoch)
    for number in range(LONG):
        desk.publish(f"Words {number}")
    Painter(desk.journal, desk.tables, desk.doors, frames).paint()
    everything = "SELECT thing, html FROM change WHERE case_id = ? AND thing || '' = 'post:none'"
    with counted(frames._db) as steps:
        assert list(frames._db.execute(everything, (desk.case,))) == []
    assert steps[0] > 2 * LONG
    frames.close()
