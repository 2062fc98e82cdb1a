"""An order that comes when very much is published: nothing of it stays rendered, and nobody is kept waiting for it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from heard.cases import commands as case_commands
from heard.cases.exits import Serving
from heard.cases.release import Door
from heard.cases.told import orders_told
from heard.coverage import commands, projection
from heard.coverage import frames as painting
from heard.coverage.already import coming_near
from heard.coverage.frames import Painter
from heard.coverage.model import WITHHELD_NOTICE
from heard.engine.frames import FRAME_BYTES_MAX, Change, sse
from heard.opening import open_house
from heard.store.frames import FramesFile
from heard.store.reading import Reading
from tests.desk import Desk

MANY = painting.AGAIN_MAX + 5
NAMED, HINTED, ELSE = "It was Rowan Tidewell.", "R. Tidewell came in.", "The gate was open."


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    house = open_house(tmp_path / "data", synchronous="OFF")
    yield Desk(house)
    house.close()


@pytest.fixture
def painter(desk: Desk, tmp_path: Path) -> Painter:
    file = FramesFile(tmp_path / "frames.sqlite", "e")
    painter = Painter(desk.journal, desk.tables, desk.doors, file)
    desk.house.node.after_fold.append(painter.paint)
    return painter


def rendered(painter: Painter) -> str:
    return repr(list(painter.file._db.execute("SELECT html FROM change")))


def test_of_many_posts_no_older_rendering_is_left_and_every_page_is_loaded_again(
    desk: Desk, painter: Painter, monkeypatch: pytest.MonkeyPatch
) -> None:
    posts = [desk.publish(words) for words in [NAMED, HINTED, *[ELSE] * MANY]]
    assert "Rowan Tidewell" in rendered(painter) and "R. Tidewell" in rendered(painter)
    before, looked = painter.file.position(), []
    looking = painting.show
    monkeypatch.setattr(painting, "show", lambda door, post: looked.append(post) or looking(door, post))
    desk.restrict("Rowan Tidewell")
    assert len(looked) < 5, "the order waits for no post to be looked at"
    assert "Tidewell" not in rendered(painter)
    reading = Reading(painter.file.path)
    assert reading.after(desk.case, before, painter.file.position(), 500, 2**20) is None, "a reset"
    door = desk.doors.of(desk.tables, desk.case)
    page = painting.Page(painting.cases.by_id(desk.tables, desk.case), desk.tables, door)
    [shown] = [looking(door, post) for post in projection.shown(desk.tables, desk.case) if post.id == posts[1]]
    assert shown and "Tidewell" not in page.html(shown), "the page asks about each for itself"


def test_of_few_posts_each_is_sent_as_it_is_then(desk: Desk, painter: Painter) -> None:
    post = desk.publish(HINTED)
    before = painter.file.position()
    desk.restrict("Rowan Tidewell")
    [frame] = Reading(painter.file.path).after(desk.case, before, painter.file.position(), 500, 2**20) or []
    [change] = [one for one in frame.changes if one.id == post]
    assert "Tidewell" not in str(change.html) and WITHHELD_NOTICE in str(change.html)


def test_a_frame_of_many_long_posts_gives_those_that_have_no_room_by_their_address(
    desk: Desk, painter: Painter
) -> None:
    for number in range(40):
        desk.publish(f"{number}. {ELSE}\n\n" * 100)
    before = painter.file.position()
    desk.restrict("Rowan Tidewell")
    [frame] = Reading(painter.file.path).after(desk.case, before, painter.file.position(), 500, 2**24) or []
    posts = [one for one in frame.changes if one.place]
    assert len(posts) == 40 and all(f"/posts/{one.id}/fragment/" in str(one.href) for one in posts)
    event = sse("e", frame.position, frame.changes)
    assert len(event) <= FRAME_BYTES_MAX and b'"html"' in event
    assert event.count(b'"href"') + event.count(b'"html"') == len(frame.changes)


def test_so_many_key_events_that_no_frame_has_room_for_their_list_do_not_stop_the_coverage(
    desk: Desk, painter: Painter
) -> None:
    for number in range(130):
        desk.publish(f"{number}. {'The gate was open and nobody was there. ' * 3}", key_event=True)
    assert painter.file.position() == desk.house.store.position()
    assert painter.file.html_of(desk.case, ["key"]) == {}


def test_changes_of_one_frame_are_measured_once_each() -> None:
    """An edge that measured the frame anew for each that it leaves out would keep its readers waiting for minutes."""
    many = [
        Change("post", f"p{n}", html="x" * 600, href=f"/a/posts/p{n}/fragment/", place=str(n)) for n in range(3_000)
    ]
    event = sse("e", 1, many)
    assert event.count(b'"href"') + event.count(b'"html"') == 3_000


def test_what_comes_near_is_asked_about_beside_what_serves(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    near = [desk.publish(f"{number}. The bell ringer from Averham spoke.") for number in range(70)]
    named = desk.publish("R. Tidewell, the bell ringer from Averham, spoke.")
    pieces = ("job: bell ringer", "place: Averham")
    desk.do(case_commands.impose_restriction(desk.case, "s.39", ["Rowan Tidewell"], particulars=pieces))
    do: Any = None
    serving = Serving(desk.house.node, desk.doors, desk.house.vault, None, desk.house.media, do, "e")
    case = painting.cases.by_id(desk.tables, desk.case)
    known = orders_told(desk.tables, desk.journal, desk.case, "", all_of_them=True)
    asked_in, stops = list[threading.Thread](), Door.stops
    monkeypatch.setattr(
        Door, "stops", lambda door, *texts: asked_in.append(threading.current_thread()) or stops(door, *texts)
    )
    found = asyncio.run(coming_near(serving, case, known))
    assert [one.post.id for one in found] == near[::-1] and named not in near
    assert len(asked_in) == 71 and threading.main_thread() not in asked_in
    desk.do(commands.retract(desk.doors, near[0]))
    assert [one.post.id for one in asyncio.run(coming_near(serving, case, known))] == near[:0:-1]
    assert len(asked_in) == 72, "only what said something is asked about again"
