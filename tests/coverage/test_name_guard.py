"""On the way to publishing: a protected name written otherwise, or cut in two posts, stays on the desk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from heard.cases import commands as case_commands
from heard.cases import projection as cases
from heard.coverage import commands, projection
from heard.coverage.elements import Text
from heard.coverage.entries import PostPublished
from heard.opening import House, open_house

NAME = "Rowan Tidewell"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    opened = open_house(tmp_path / "data")
    opened.node.do(case_commands.open_case("case", "A case"), by="editor")
    yield opened
    opened.close()


def case_of(house: House) -> str:
    return cases.by_slug(house.tables, "case").id


def protect(house: House, *names: str) -> None:
    house.node.do(case_commands.impose_restriction(case_of(house), "an order", names), by="lawyer")


def post(house: House, words: str) -> str:
    """What became of it."""
    content = PostPublished(case_of(house), (Text(words),))
    done = house.node.do(commands.publish(house.doors, content), by="reporter")
    return projection.by_id(house.tables, done.stream).status


@pytest.mark.parametrize(
    "written", ["R. Tidewell", "Tidewell, Rowan", "Rоwan Tіdewell", "R0wan T1dewell", "Rowan Tidwell"]
)
def test_a_post_that_names_somebody_in_another_form_is_held(house: House, written: str) -> None:
    protect(house, NAME)
    assert post(house, f"The pupil, {written}, gave evidence.") == "held"
    assert post(house, "The pupil gave evidence.") == "published"


def test_a_name_cut_in_two_posts_is_held_at_the_second(house: House) -> None:
    protect(house, NAME)
    assert post(house, "The pupil, we can say, is Rowan") == "published"
    assert post(house, "Tidewell, who stood at the gate.") == "held"
    assert post(house, "The hearing goes on.") == "published"


def test_what_was_published_before_the_order_holds_nothing_that_comes_after_it(house: House) -> None:
    assert post(house, "R. Tidewell stood at the gate.") == "published"
    protect(house, NAME)
    assert post(house, "The gate was shut.") == "published"


def test_what_was_published_in_another_form_before_the_order_is_withheld(house: House) -> None:
    assert post(house, "R. Tidewell stood at the gate.") == "published"
    protect(house, NAME)
    [shown] = projection.newest(house.tables, case_of(house), 1)
    assert house.doors.of(house.tables, case_of(house)).stops(*shown.texts())


def test_somebody_in_the_cast_with_the_same_surname_can_be_written_about(house: House) -> None:
    protect(house, "Emma Tidewell")
    assert post(house, "Emily Tidewell was the coroner's officer.") == "held"
    house.node.do(case_commands.name_person(case_of(house), "Emily Tidewell", "coroner's officer"), by="editor")
    assert post(house, "Emily Tidewell was the coroner's officer.") == "published"
    assert post(house, "Emma Tidewell was there.") == "held"
