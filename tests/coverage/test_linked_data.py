"""What machines read of a page."""

from __future__ import annotations

import json

from heard.cases import projection as cases
from heard.cases.careful import take_care
from heard.coverage import commands, linked_data, projection
from heard.coverage.elements import Image
from heard.coverage.shown import Shown, show
from tests.desk import Desk

GATE = Image("A gate", "Ida Rook", "a" * 64, 1600, 900)
DOOR = Image("A door", "Ida Rook", "b" * 64, 1600, 900)
LANE = Image("A lane", "Ida Rook", "c" * 64, 1600, 900)


def test_json_ld_cannot_end_its_script_element(desk: Desk) -> None:
    words = "</script><script>alert(1)</script>"
    post = desk.publish("Words", title=words)
    case, door = cases.by_id(desk.tables, desk.case), desk.doors.of(desk.tables, desk.case)
    shown = show(door, projection.by_id(desk.tables, post))
    assert shown is not None
    coverage = projection.of_case(desk.tables, desk.case)
    made = linked_data.live_blog(door, case, coverage, [shown], "https://heard.example")
    assert "<" not in made
    assert json.loads(made)["liveBlogUpdate"][0]["headline"] == words


def card(desk: Desk, focus: str = "") -> dict[str, str]:
    case, door = cases.by_id(desk.tables, desk.case), desk.doors.of(desk.tables, desk.case)
    known = [show(door, post) for post in projection.shown(desk.tables, desk.case)]
    posts = [one for one in known if one]
    post: Shown | None = next((one for one in posts if one.id == focus), None)
    made = linked_data.card(door, case, "https://heard.example", post, posts)
    return {name: str(value) for name, value in made.items()}


def test_the_card_of_a_post_has_its_picture_and_that_of_a_case_the_pinned_or_newest(desk: Desk) -> None:
    assert "image" not in card(desk)
    one, two = desk.publish("The gate.", GATE), desk.publish("The door.", DOOR)
    plain = desk.publish("Nothing to see.")
    assert card(desk, one)["image"] == f"https://heard.example/{desk_slug(desk)}/media/{GATE.media}-1600.jpg"
    assert card(desk, one)["image:alt"] == "A gate" and card(desk, one)["image:width"] == "1600"
    assert "image" not in card(desk, plain)
    assert DOOR.media in card(desk)["image"]
    desk.do(commands.pin(one, True))
    assert GATE.media in card(desk)["image"]
    desk.do(commands.retract(desk.doors, one, "a test"))
    assert "image" not in card(desk, one) and DOOR.media in card(desk)["image"] and two


def test_no_card_has_a_picture_where_a_case_is_reported_with_care_or_a_post_is_withheld(desk: Desk) -> None:
    post = desk.publish("Corin Ashgrove at the lane.", LANE)
    assert LANE.media in card(desk, post)["image"]
    for care in ("suicide", "sexual offence"):
        desk.do(take_care(desk.case, [care]))
        assert "image" not in card(desk) and "image" not in card(desk, post), care
    desk.do(take_care(desk.case, []))
    assert "image" in card(desk)
    desk.restrict("Corin Ashgrove")
    assert "image" not in card(desk) and "image" not in card(desk, post)


def desk_slug(desk: Desk) -> str:
    return cases.by_id(desk.tables, desk.case).slug
