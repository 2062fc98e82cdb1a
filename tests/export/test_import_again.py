"""Our own export, imported into another house, is the same case; imported twice it changes nothing."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec
import pytest

from heard.cases import commands as case_commands
from heard.coverage import commands, projection
from heard.coverage.elements import Text
from heard.engine.errors import Refused, Unavailable
from heard.export import archive
from heard.export.checking import Checked, check_export
from heard.ingest.liveblogs import Imported
from heard.ingest.own_export import import_case
from heard.opening import House
from tests.desk import Desk
from tests.export.conftest import zip_of
from tests.export.full_case import Full


def take(house: House, exported: bytes, slug: str = "the-case") -> Imported:
    checked: Checked = check_export(exported)
    for content in checked.media.values():
        house.media.keep(content)
    return import_case(house.node, checked.case, slug, "", "operator")


def case_json(exported: bytes) -> dict[str, Any]:
    return json.loads(archive.unpack(exported)["case.json"])  # type: ignore[no-any-return]


def without_checked(case: dict[str, Any]) -> dict[str, Any]:
    """The case without the post that was being checked, which has no words to take over."""
    return {**case, "posts": [post for post in case["posts"] if post["status"] != "withheld"]}


def test_the_imported_case_is_exported_as_the_same_case(exported: bytes, another: House) -> None:
    imported = take(another, exported)
    before, after = case_json(exported), case_json(zip_of(another, "the-case"))
    assert after == without_checked(before)
    assert (imported.held, imported.erased) == (0, 0)
    assert imported.new == imported.kept == len(after["posts"]) == len(before["posts"]) - 1


def test_a_third_house_gets_the_same_bytes_as_the_second(exported: bytes, another: House, house: House) -> None:
    take(another, exported)
    second = zip_of(another, "the-case")
    take(house, second)
    third = zip_of(house, "the-case")
    assert archive.unpack(third)["case.json"] == archive.unpack(second)["case.json"]
    assert archive.unpack(third)["index.html"] == archive.unpack(second)["index.html"]


def test_importing_twice_changes_nothing(exported: bytes, another: House) -> None:
    first = take(another, exported)
    before = another.store.position()
    again = take(another, exported)
    assert (again.case, again.new, again.kept) == (first.case, 0, first.kept)
    assert another.store.position() == before


def test_an_export_made_later_of_the_same_case_is_the_same_import(told: Full, exported: bytes, another: House) -> None:
    """Its checkpoint and proofs are others, what it says is not."""
    take(another, exported)
    before = another.store.position()
    checked = check_export(exported)
    assert import_case(another.node, checked.case, "the-case", "", "operator").new == 0
    assert another.store.position() == before


def test_beside_the_original_it_gets_ids_of_its_own_and_leaves_the_original_alone(house: House) -> None:
    Full(house)
    original = zip_of(house, "the-case")
    imported = take(house, original, "a-copy")
    assert take(house, original, "a-copy").new == 0
    assert case_json(zip_of(house, "the-case")) == case_json(original)
    copy = zip_of(house, "a-copy")
    check_export(copy)
    ids = {post["id"] for post in case_json(original)["posts"]}
    assert ids.isdisjoint({post["id"] for post in case_json(copy)["posts"]})

    def anonymous(case: dict[str, Any]) -> str:
        known: dict[str, str] = {}
        text = json.dumps({**without_checked(case), "slug": ""})
        return re.sub(r"\b[a-z2-7]{16}\b", lambda found: known.setdefault(found[0], f"id {len(known)}"), text)

    assert anonymous(case_json(copy)) == anonymous(case_json(original))
    assert imported.case != case_json(original)["id"]


def test_another_case_at_the_address_is_not_mixed_with_it(exported: bytes, desk: Desk) -> None:
    before = desk.house.store.position()
    with pytest.raises(Refused, match="already"):
        take(desk.house, exported)
    assert desk.house.store.position() == before


def test_an_import_that_broke_off_goes_on_where_it_stopped(
    exported: bytes, another: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    append, appended = another.journal.append, 0

    def failing(batch: Any) -> Any:
        nonlocal appended
        appended += 1
        if appended in (2, 4, 7):
            raise Unavailable("the disk is full")
        return append(batch)

    monkeypatch.setattr(another.journal, "append", failing)
    for _ in range(3):
        with pytest.raises(Unavailable):
            take(another, exported)
    take(another, exported)
    assert case_json(zip_of(another, "the-case")) == without_checked(case_json(exported))


def test_importing_again_after_editors_worked_on_it_changes_nothing(exported: bytes, another: House) -> None:
    imported = take(another, exported)
    posts = [post for post in projection.shown(another.tables, imported.case) if post.status == "published"]
    worded = [post for post in posts if post.kind == "post"]
    doors = another.doors
    for command in (
        commands.set_state(doors, imported.case, "reopened"),
        commands.correct(doors, worded[0].id, (Text("Put right here."),), "a reason"),
        commands.retract(doors, worded[1].id),
        commands.erase(another.journal, worded[2].id, "an order"),
    ):
        another.node.do(command, by="editor")
    before = another.store.position()
    again = take(another, exported)
    assert (again.new, again.erased, another.store.position()) == (0, 1, before)
    checked = check_export(zip_of(another, "the-case"))
    said = {post.id: post for post in checked.case.posts}
    assert said[worded[0].id].text == "Put right here."
    assert said[worded[1].id].status == "retracted" and said[worded[2].id].status == "erased"


def test_changes_folded_one_by_one_equal_a_rebuild(exported: bytes, another: House) -> None:
    from heard.rebuilding import rebuild

    take(another, exported)
    before = case_json(zip_of(another, "the-case"))
    another.close()
    rebuild(another.data)
    from heard.opening import open_house

    again = open_house(another.data, synchronous="OFF")
    assert case_json(zip_of(again, "the-case")) == before
    again.close()


@pytest.mark.parametrize(
    "change",
    [
        {"posts": {"id": '"><script>'}},
        {"posts": {"id": "slugs"}},
        {"id": "emails"},
        {"zone": "Mars/Olympus"},
        {"title": ""},
        {"posts": {"state": "enthroned"}},
        {"posts": {"elements": [{"type": "link", "url": "javascript:alert(1)", "title": "x"}]}},
        {"posts": {"elements": []}},
        {"posts": {"title": "x" * 301}},
        {"posts": {"status": "retracted"}},
        {"posts": {"notices": [{"kind": "erased", "at": "2031-03-03T10:00:00Z", "text": "x"}]}},
        {"coverage": {"state": "paused", "since": None, "due_at": "2031-03-03T10:00:00Z"}},
    ],
)
def test_an_export_made_to_do_harm_does_none(another: House, exported: bytes, change: dict[str, Any]) -> None:
    """Whoever signs with a key of their own can say anything: what is taken over is judged like anything else."""
    told = json.loads(archive.unpack(exported)["case.json"])
    plain = next(post for post in told["posts"] if post["status"] == "published" and post["kind"] == "post")
    told |= {"posts": [{**plain, **change.get("posts", {})}], "sittings": [], "people": []}
    told |= {name: value for name, value in change.items() if name != "posts"}
    from heard.export.released import ReleasedCase

    case = msgspec.convert(told, ReleasedCase)
    try:
        imported = import_case(another.node, case, "the-case", "", "operator")
    except Refused:
        return
    ids = [imported.case, *(post.id for post in projection.shown(another.tables, imported.case))]
    assert all(re.fullmatch("[a-z2-7]{16}", id) for id in ids)
    check_export(zip_of(another, "the-case"))


def test_a_restriction_here_holds_what_comes_by_an_import(another: House, exported: bytes) -> None:
    """The case is opened first by an import that broke off; then an order; then the import goes on."""
    checked = check_export(exported)
    first = msgspec.structs.replace(checked.case, posts=(), sittings=(), summary=type(checked.case.summary)("", None))
    opened = import_case(another.node, first, "a-case", "", "operator").case
    another.node.do(case_commands.impose_restriction(opened, "an order", ["right word"]), by="editor")
    taken = [post for post in checked.case.posts if post.text == "The right word."]
    from heard.coverage.entries import PostTakenOver
    from heard.coverage.taking_over import take_over_post
    from heard.engine.entry import new_id

    content = PostTakenOver(opened, taken[0].elements, source="heard: x")
    held = another.node.do(take_over_post(another.doors, content, new_id()), by="operator")
    assert held.kind == "coverage.post_held"
