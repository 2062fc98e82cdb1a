"""A row of the desk is known by all that it is drawn from: what would draw it otherwise makes it another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from heard.cases import projection as cases
from heard.coverage import looks, projection, redrawn
from heard.coverage.model import Post
from heard.opening import open_house
from tests.desk import Desk

MAY = {"publish": True, "correct": True}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    house = open_house(tmp_path / "data")
    yield Desk(house)
    house.close()


def test_what_draws_a_row_otherwise_makes_it_another_and_nothing_else_does(desk: Desk) -> None:
    for number in range(4):
        desk.publish(f"Post {number}")
    case = cases.by_id(desk.tables, desk.case)
    posts = projection.newest(desk.tables, desk.case, 9)

    def drawn(posts: list[Post], **other: object) -> list[str]:
        asked = {"case": case, "may": MAY, "look": looks.NEWEST} | other
        return [row.drawn_as for row in redrawn.rows(posts, **asked)]  # type: ignore[arg-type]

    was = drawn(posts)
    assert was == drawn(list(posts)) and len(set(was)) == 4
    moved = msgspec.structs.replace(posts[1], position=99)
    assert [new != old for new, old in zip(drawn([posts[0], moved, *posts[2:]]), was, strict=True)] == [
        *(True, True, True),
        False,
    ]
    # One that comes takes the place at the top from the one that had it, and no other row is other than it was.
    assert [row in was for row in drawn([msgspec.structs.replace(posts[0], id="new"), *posts])] == [
        *(False, False),
        *(True, True, True),
    ]
    for other in (
        {"may": {**MAY, "correct": False}},
        {"look": looks.Look("key")},
        {"case": msgspec.structs.replace(case, zone="Europe/Paris")},
    ):
        assert not set(drawn(posts, **other)) & set(was), other


def test_what_a_page_says_that_it_has_is_bounded() -> None:
    assert redrawn.had({}) == {""}
    assert len(redrawn.had({"had": ",".join(map(str, range(9999)))})) == redrawn.HAD_MAX
