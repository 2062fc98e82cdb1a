"""What is said with a change of state is Markdown, as a post's text is; a title is not, nor is what is taken over."""

from __future__ import annotations

from heard.cases import commands as case_commands
from heard.coverage import commands, projection
from heard.coverage.model import Post
from heard.coverage.shown import show
from heard.export.page import page
from heard.export.released import released_case
from heard.ingest import liveblogs
from heard.opening import House
from tests.desk import Desk

BLOG = b"""\
Harbour inquest - as it happened
The coroner opens the hearing into the loss of the *Kittiwake*.
The hearing has risen for an *hour* [1] for lunch.
We are back.
The skipper is sworn.
"""


def told(house: House, case: str) -> dict[str, Post]:
    return {post.state: post for post in projection.shown(house.tables, case) if post.kind == "state"}


def text_of(house: House, case: str, state: str) -> str:
    shown = show(house.doors.of(house.tables, case), told(house, case)[state])
    assert shown is not None
    return shown.text


def test_words_of_a_state_are_markdown_as_those_of_a_post_are(desk: Desk) -> None:
    desk.publish("**Twelve** steps.")
    desk.do(commands.set_state(desk.doors, desk.case, "paused", "**Back** at [two](https://example.org/)."))
    shown = page(released_case(desk.tables, desk.doors, "the-case"))
    assert "<strong>Twelve</strong> steps." in shown and "<strong>Back</strong> at <a " in shown
    assert text_of(desk.house, desk.case, "paused") == "Back at two."


def test_the_title_of_a_sitting_is_printed_as_it_was_typed(desk: Desk) -> None:
    hearing = desk.do(case_commands.list_hearing(desk.case, "Inquest", "Court 2")).stream
    desk.do(case_commands.begin_sitting(desk.case, hearing, "1. Day *one* <b> [a](https://example.org/)"))
    shown = page(released_case(desk.tables, desk.doors, "the-case"))
    assert "1. Day *one* &lt;b&gt; [a](https://example.org/)" in shown and "<em>one</em>" not in shown
    assert text_of(desk.house, desk.case, "sitting") == "1. Day *one* <b> [a](https://example.org/)"


def test_a_pause_in_a_plain_text_keeps_its_words_as_they_stand(house: House) -> None:
    imported = liveblogs.import_blog(house.node, liveblogs.read(BLOG), "harbour", "", "operator")
    assert text_of(house, imported.case, "paused") == "The hearing has risen for an *hour* [1] for lunch."
