"""A case played again as if it were live: what is released of it, in its order, at its pace, and nothing withdrawn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from heard.cases import commands as case_commands
from heard.cases import projection as cases
from heard.coverage import projection
from heard.coverage.elements import plain
from heard.engine.errors import NotFound, Refused
from heard.export.released import ReleasedPost, released_case
from heard.ingest import liveblogs
from heard.opening import House
from heard.replay import EVERY, moments, replay
from tests.desk import Desk
from tests.export.full_case import PRIVATE, Full

FUNICULAR = Path(__file__).parents[1] / "ingest" / "funicular.txt"


def play(house: House, slug: str, to: str = "again", speed: float = 60) -> tuple[int, list[float]]:
    waited: list[float] = []
    return replay(house.node, house.doors, slug, to, speed, "operator", sleep=waited.append), waited


def flow(house: House, slug: str) -> list[tuple[str, str]]:
    case = cases.by_slug(house.tables, slug).id
    posts = [post for section in ("live", "report") for post in projection.shown(house.tables, case, section)]
    return [(post.state, plain(post.elements)) for post in posts if post.status == "published"]


def post_at(minute: int | None) -> ReleasedPost:
    at = datetime(2031, 3, 3, 10, minute, tzinfo=UTC) if minute is not None else None
    words = {"id": "a", "kind": "post", "status": "published", "state": "", "section": "live", "sitting": ""}
    times = dict.fromkeys(("said_at", "written_at", "updated_at"))
    rest = {"title": "", "byline": "", "elements": (), "text": "", "notices": (), "notice": ""}
    return ReleasedPost(**words, **times, **rest, published_at=at, key_event=False, pinned=False)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        ([0, 5, 20], [0, 5, 20]),
        ([0, None, None, 30], [0, 10, 20, 30]),
        ([None, 0, None], [0, 0.5, 1]),
        ([None, None, None], [0, 0.5, 1]),
        ([5, 3, 8], [0, 0, 5]),  # moved by an editor: it comes in its place, and time does not run back
        ([], []),
    ],
)
def test_posts_come_at_their_times_and_those_without_one_evenly(
    minutes: list[int | None], expected: list[float]
) -> None:
    assert timedelta(seconds=30) == EVERY
    assert moments([post_at(minute) for minute in minutes]) == [timedelta(minutes=one) for one in expected]


def test_an_imported_blog_is_played_line_by_line_with_its_pauses(house: House) -> None:
    liveblogs.import_blog(house.node, liveblogs.read(FUNICULAR.read_bytes()), "funicular", "", "operator")
    played, waited = play(house, "funicular")
    assert flow(house, "again") == flow(house, "funicular")
    assert played == len(waited) == len(flow(house, "funicular"))
    assert waited == [0] + [EVERY.total_seconds() / 60] * (played - 1)
    case = cases.by_slug(house.tables, "again").id
    assert projection.of_case(house.tables, case).state == "closed"
    posts = projection.shown(house.tables, case)
    assert all(post.published_at for post in posts), "as if live: each has the time at which it came"


def test_what_was_withdrawn_is_not_played_and_old_words_are_not_either(house: House) -> None:
    full = Full(house)
    play(house, "the-case")
    original = released_case(house.tables, full.doors, "the-case").posts
    assert len(flow(house, "again")) == sum(post.status == "published" for post in original)
    case = cases.by_slug(house.tables, "again").id
    said = str([entry.body for entry in house.journal.all() if getattr(entry.body, "case", "") == case])
    assert "The right word." in said
    assert [words for words in PRIVATE if words in said] == []


def test_a_replay_that_broke_off_goes_on_where_it_was(desk: Desk) -> None:
    for words in ("One.", "Two.", "Three."):
        desk.publish(words)
    calls = 0

    def interrupted(seconds: float) -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise KeyboardInterrupt

    house = desk.house
    with pytest.raises(KeyboardInterrupt):
        replay(house.node, house.doors, "the-case", "again", 10, "operator", sleep=interrupted)
    assert [words for _, words in flow(house, "again")] == ["One.", "Two."]
    _, waited = play(house, "the-case")
    assert [words for _, words in flow(house, "again")] == ["One.", "Two.", "Three."]
    assert len(waited) == 1


def test_a_replay_needs_a_case_a_free_address_and_a_speed(desk: Desk) -> None:
    desk.do(case_commands.open_case("taken", "Taken"))
    with pytest.raises(NotFound):
        play(desk.house, "nowhere")
    with pytest.raises(Refused, match="already"):
        play(desk.house, "the-case", "taken")
    for speed in (0, -1, float("nan"), float("inf")):
        with pytest.raises(Refused, match="speed"):
            play(desk.house, "the-case", speed=speed)
    desk.do(case_commands.hold_case(desk.case, "a reason"))
    with pytest.raises(Refused, match="held"):
        play(desk.house, "the-case")
