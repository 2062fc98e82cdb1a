"""An export says what readers see, whole and in order, and checks out."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

from heard.cases import commands as case_commands
from heard.cases.release import Released, joined
from heard.coverage import projection
from heard.coverage.shown import show
from heard.engine.errors import Corrupt, NotFound, Refused
from heard.export.checking import check_export
from heard.export.making import Package
from heard.opening import House
from tests.desk import Desk
from tests.export.conftest import zip_of
from tests.export.full_case import PICTURE, Full


def case_in(files: dict[str, bytes]) -> dict[str, Any]:
    return json.loads(files["case.json"])  # type: ignore[no-any-return]


def test_an_export_holds_and_names_its_key(told: Full, exported: bytes) -> None:
    checked = check_export(exported)
    assert checked.page_made_again
    assert checked.journal_size == told.house.store.position()
    assert check_export(exported, key=checked.key).key == checked.key
    with pytest.raises(Refused, match="another key"):
        check_export(exported, key=checked.key[:-3] + "aaa")


def test_case_json_says_what_readers_see_of_every_post(told: Full, files: dict[str, bytes]) -> None:
    tables, door = told.house.tables, told.doors.of(told.house.tables, told.case)
    posts = [post for section in ("report", "live") for post in projection.shown(tables, told.case, section)]
    shown = [one for post in posts if (one := show(door, post))]
    said = case_in(files)["posts"]
    assert [post["id"] for post in said] == [one.id for one in shown]
    for post, one in zip(said, shown, strict=True):
        assert (post["status"], post["title"], post["notice"]) == (one.status, one.title, one.notice)
        assert post["text"] or post["notice"] == one.text
        assert (post["key_event"], post["pinned"], len(post["notices"])) == (
            one.key_event,
            one.pinned,
            len(one.notices),
        )
    assert [post["status"] for post in said].count("retracted") == 3
    assert {post["status"] for post in said} == {"published", "withheld", "retracted", "erased"}


def test_case_json_has_state_summary_people_hearings_and_sittings(files: dict[str, bytes]) -> None:
    case = case_in(files)
    assert case["title"] == "The case of the “funicular” – Möwe"
    assert case["coverage"]["state"] == "closed" and case["coverage"]["since"]
    assert case["summary"]["markdown"] == "What is known **so far**.\n\nNot much."
    assert [(one["name"], one["role"]) for one in case["people"]] == [
        ("Corin Vessel", "brakesman"),
        ("Ida Rook", "coroner"),
    ]
    assert [one["title"] for one in case["sittings"]] == ["Day one", "Day two"]
    assert case["sittings"][0]["rose_at"] and not case["sittings"][1]["rose_at"]


def test_any_unzipper_opens_it_and_the_page_needs_nothing_else(exported: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(exported)) as opened:
        assert opened.testzip() is None
        page = opened.read("index.html").decode()
        assert next(name for name in opened.namelist() if name.startswith("media/")) in page
        assert PICTURE in [opened.read(name) for name in opened.namelist()]
    assert "<script" not in page and "style=" not in page and 'src="/' not in page and 'href="/' not in page
    assert page.count("<article") == page.count('id="post-')


def test_the_same_state_gives_the_same_bytes(told: Full, exported: bytes) -> None:
    assert zip_of(told.house, "the-case") == exported


def test_only_the_checkpoint_and_proofs_change_when_something_else_happens(house: House) -> None:
    desk = Desk(house)
    desk.publish("A post.")
    before = check_export(zip_of(house, "the-case")).case
    desk.do(case_commands.open_case("another", "Another"))
    assert check_export(zip_of(house, "the-case")).case == before


def test_a_case_that_is_held_gives_nothing_away(desk: Desk) -> None:
    desk.publish("A post.")
    desk.do(case_commands.hold_case(desk.case, "a reason"))
    with pytest.raises(Refused, match="held"):
        zip_of(desk.house, "the-case")


def test_a_title_under_restriction_stops_the_export_without_saying_the_name(desk: Desk) -> None:
    desk.restrict("The case")
    with pytest.raises(Refused, match="restriction") as stopped:
        zip_of(desk.house, "the-case")
    assert "The case" not in stopped.value.message


def test_a_person_under_restriction_is_left_out_and_the_rest_leaves(desk: Desk) -> None:
    desk.do(case_commands.name_person(desk.case, "Perdita Nameless", "witness"))
    desk.do(case_commands.name_person(desk.case, "Ida Rook", "coroner"))
    desk.restrict("Perdita Nameless")
    checked = check_export(zip_of(desk.house, "the-case"))
    assert [one.name for one in checked.case.people] == ["Ida Rook"]


def test_an_empty_case_can_be_exported(desk: Desk) -> None:
    checked = check_export(zip_of(desk.house, "the-case"))
    assert (checked.case.posts, checked.case.coverage.state, checked.entries) == ((), "announced", 2)


def test_there_is_no_export_of_no_case(house: House) -> None:
    with pytest.raises(NotFound):
        zip_of(house, "nowhere")


def test_nothing_that_did_not_pass_the_door_can_be_put_into_an_export() -> None:
    package = Package()
    with pytest.raises(Corrupt, match="passed the door"):
        package.add("case.json", "words")  # type: ignore[arg-type]
    with pytest.raises(Corrupt):
        package.add_picture("0" * 64, b"picture")  # type: ignore[arg-type]
    with pytest.raises(Corrupt):
        package.add_picture(joined("export", "0" * 64, ()), b"another picture")
    with pytest.raises(TypeError):
        package.add("case.json", Released("words"))
    assert package.files == {}


def test_a_name_restricted_while_the_export_is_made_does_not_leave(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control is in the second half: without the second look the name would be in it."""
    desk.publish("Perdita Nameless was there.")
    from heard.export import making

    made, calls = making._made, []

    def meanwhile(*asked: Any) -> Any:
        exported = made(*asked)
        calls.append(exported)
        if len(calls) == 1:
            desk.restrict("Perdita Nameless")
        return exported

    monkeypatch.setattr(making, "_made", meanwhile)
    assert b"Perdita" not in zip_of(desk.house, "the-case")
    assert len(calls) == 2 and b"Perdita" in calls[0].content
