"""Taking back what one submitted: by who wrote it, until it is let out, and its words are a draft again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest

from heard.accounts import projection as accounts
from heard.accounts.model import Caller
from heard.cases import projection as cases
from heard.cases.exits import Serving
from heard.coverage import commands, drafting, drafts, projection
from heard.coverage.elements import Text
from heard.coverage.entries import PostPublished
from heard.engine.errors import Unavailable
from heard.engine.node import Command, Written
from tests.coverage.test_drafts import keeps, kept, readers_see, somebody
from tests.coverage.test_words_seen import page
from tests.desk import Desk
from tests.server import Server, running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("taken-back") / "data") as server:
        yield server


def submits(who: httpx2.Client, slug: str, **form: str) -> str:
    assert who.post(f"/desk/{slug}/publish", data=form).headers["location"].endswith("done=submitted")
    page = who.get(f"/desk/{slug}/").text.partition('<h2 id="submitted"')[2]
    return page.partition('data-post="')[2].partition('"')[0]


def test_who_wrote_it_has_it_back_in_the_box_with_all_that_was_typed(server: Server) -> None:
    slug = server.open_case("back-1", "A case")
    speaker = server.post(f"/cases/{slug}/people", {"name": "Miriam Stanbeck", "role": "witness"}).json()["id"]
    author, other, editor = (somebody(server, role) for role in ("contributor", "contributor", "editor"))
    typed = {
        "text": "The gate was open.",
        "title": "Gate",
        "speaker": speaker,
        "setting": "evidence",
        "key_event": "on",
    }
    typed |= {"link": "https://example.org/", "link_title": "A page"}
    post = submits(author, slug, **typed)
    assert (
        "Take it back" in author.get(f"/desk/{slug}/").text and "Take it back" not in other.get(f"/desk/{slug}/").text
    )
    assert other.post(f"/desk/{slug}/take-back", data={"post": post}).status_code == 422
    assert other.post(f"/api/v1/posts/{post}/take_back", json={}).status_code == 422
    back = author.post(f"/desk/{slug}/take-back", data={"post": post}).headers["location"]
    assert "&done=taken-back" in back
    box = author.get(back).text
    for shown in (
        ">The gate was open.</textarea>",
        'value="Gate"',
        f'<option value="{speaker}"',
        "A page",
        "Taken back",
    ):
        assert shown in box
    assert " selected>Miriam Stanbeck" in box and ">evidence</option>" in box
    assert kept(author, slug) and not kept(other, slug) and 'id="submitted"' not in box
    assert author.post(f"/desk/{slug}/take-back", data={"post": post}).status_code == 422, "once"
    assert editor.post(f"/desk/{slug}/release", data={"post": post}).status_code == 422
    assert not readers_see(server, slug, "The gate was open.")


def test_what_was_let_out_is_taken_back_by_nobody(server: Server) -> None:
    slug = server.open_case("back-2", "A case")
    author, editor = somebody(server, "contributor"), somebody(server, "editor")
    post = submits(author, slug, text="Out.")
    assert editor.post(f"/desk/{slug}/release", data={"post": post}).status_code == 303
    refused = author.post(f"/api/v1/posts/{post}/take_back", json={})
    assert refused.status_code == 422 and "as long as nobody has let it out" in refused.json()["detail"]
    assert readers_see(server, slug, "Out.") and not kept(author, slug)


def test_over_the_api_it_is_a_draft_once_and_sent_again_it_is_another_post(server: Server) -> None:
    slug = server.open_case("back-3", "A case")
    author, editor = somebody(server, "contributor"), somebody(server, "editor")
    post = author.post(f"/api/v1/cases/{slug}/posts", json={"text": "Once.", "speaker": "Somebody", "role": "clerk"})
    told = author.post(f"/api/v1/posts/{post.json()['id']}/take_back", json={}).json()
    assert told["status"] == "dropped" and kept(author, slug) == {told["draft"]: "Once.\n\n(Somebody, clerk)"}
    again = author.post(f"/api/v1/cases/{slug}/posts", json={"text": "Once more.", "draft": told["draft"]}).json()
    assert again["status"] == "submitted" and again["id"] == told["draft"] and not kept(author, slug)
    assert editor.post(f"/api/v1/posts/{again['id']}/release", json={}).status_code == 201
    assert readers_see(server, slug, "Once more.")


def test_pressed_twice_at_once_it_is_taken_back_once_and_its_words_are_there(server: Server) -> None:
    slug = server.open_case("back-5", "A case")
    author = somebody(server, "contributor")
    for n in range(5):
        post = submits(author, slug, text=f"Pressed twice, {n}.")

        def press(_: int, post: str = post) -> int:
            return author.post(f"/desk/{slug}/take-back", data={"post": post}).status_code

        with ThreadPoolExecutor(4) as at_once:
            answers = [*at_once.map(press, range(4))]
        assert 303 in answers and {*answers} <= {303, 422}, "one that came when all was done is told so"
        assert [*kept(author, slug).values()].count(f"Pressed twice, {n}.") == 1


def test_what_the_box_has_no_room_for_is_not_taken_back_and_loses_nothing(server: Server) -> None:
    slug = server.open_case("back-6", "A case")
    author, editor = somebody(server, "contributor"), somebody(server, "editor")
    links = [{"url": f"https://example.org/{n}", "title": f"Page {n}"} for n in range(2)]
    sent = author.post(f"/api/v1/cases/{slug}/posts", json={"text": "With two.", "links": links}).json()
    refused = author.post(f"/api/v1/posts/{sent['id']}/take_back", json={})
    assert refused.status_code == 422 and "one link, and this has more" in refused.json()["detail"]
    assert not kept(author, slug)
    assert editor.post(f"/desk/{slug}/release", data={"post": sent["id"]}).status_code == 303
    assert readers_see(server, slug, "Page 1")


def test_where_nobody_knows_whether_it_was_written_its_words_are_a_draft(desk: Desk) -> None:
    """It failed and landed: the line to the disk was lost after the entry was on it."""
    page(desk, "contributor")
    mira = accounts.by_email(desk.tables, "contributor@heard.example")
    content = PostPublished(desk.case, (Text("The gate was open."),))
    post = desk.do(commands.publish(desk.doors, content, submit=True), by=mira.id).stream

    async def do(command: Command, **asked: Any) -> Written:
        desk.house.node.do(command, **asked)
        raise Unavailable("This could not be written just now.")

    serving = Serving(desk.house.node, desk.doors, desk.house.vault, None, desk.house.media, do, "e")
    caller, case = Caller(mira, in_session=True).at(desk.case), cases.by_id(desk.tables, desk.case)
    with pytest.raises(Unavailable):
        asyncio.run(drafting.taken_back(serving, case, post, caller))
    assert projection.by_id(desk.tables, post).status == "dropped"
    [left] = drafts.seen(desk.journal, desk.tables, desk.case, mira.id, every=False)
    assert left.typed["text"] == "The gate was open."


def test_an_editor_has_their_own_back_and_lets_it_out_neither_before_nor_after(server: Server) -> None:
    slug = server.open_case("back-4", "A case")
    author, editor = somebody(server, "contributor"), somebody(server, "editor")
    server.post(f"/cases/{slug}/second_eyes", {"needed": True})
    draft = keeps(author, slug, text="Ours.", once="1")
    editor.post(f"/desk/{slug}/keep", data={"text": "Ours, said better.", "draft": draft, "stood": "1"})
    post = author.post(f"/api/v1/cases/{slug}/posts", json={"text": "Ours, said better.", "draft": draft}).json()["id"]
    told = editor.post(f"/desk/{slug}/release", data={"post": post})
    assert told.status_code == 422 and "they wrote or changed" in told.text
    back = author.post(f"/api/v1/posts/{post}/take_back", json={}).json()["draft"]
    author.post(f"/api/v1/cases/{slug}/posts", json={"text": "Ours, said better.", "draft": back})
    assert editor.post(f"/desk/{slug}/release", data={"post": back}).status_code == 422, (
        "the writers stay with the words"
    )
    assert somebody(server, "lawyer").post(f"/desk/{slug}/release", data={"post": back}).status_code == 303
