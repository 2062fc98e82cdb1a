"""The Guardian's block JSON: times, key events, the pin and updates as such; nothing fetched, nothing lost."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from heard.coverage.elements import Embed, Heading, Image, Link, Quote, Text, checked, plain
from heard.engine.errors import Refused
from heard.ingest import liveblogs
from heard.ingest.blog import Blog, Post
from heard.text.markdown import to_text
from heard.text.paragraphs import text_of

FILES = {"guardian-2021-02-19-perseverance.json": 16, "guardian-2023-12-13-politics.json": 23}


def posts(blog: Blog) -> dict[str, Post]:
    return {one.id: one for one in blog.live if isinstance(one, Post)}


@pytest.mark.parametrize(("name", "count"), FILES.items())
def test_real_files_keep_every_block_with_its_facts(shared_data: Path, name: str, count: int) -> None:
    raw = (shared_data / "liveblogs" / name).read_bytes()
    page = json.loads(raw)
    blog = liveblogs.read(raw, name)
    read = posts(blog)

    assert len(read) == len(blog.live) == count == len(page["blocks"])
    assert blog.title.words == page["headline"]
    assert (blog.suffix, blog.headline) == ("as it happened", page["headline"].rpartition(" – ")[0])
    assert (blog.byline, blog.dropped, blog.summary, blog.report) == (page["byline"], (), (), ())
    assert [post.published_at for post in read.values()] == sorted(at(b["firstPublished"]) for b in page["blocks"])

    for block in page["blocks"]:
        post = read[block["id"]]
        assert post.title == (block["title"] or "")
        assert post.published_at == at(block["firstPublished"])
        late = block["lastUpdated"] - block["firstPublished"] > 60_000
        assert post.updated_at == (at(block["lastUpdated"]) if late else None)
        assert post.key_event == (block["attributes"]["keyEvent"] or block["id"] in page["keyEvents"])
        assert post.pinned == (block["id"] == page["pinned"])
        assert post.summary == block["attributes"]["summary"]
        assert post.byline == ", ".join(block["contributors"])
        assert checked(post.elements) == post.elements  # a post can hold them
        assert words_of(post) == [words for element in block["elements"] if (words := told(element))]


def at(since_1970: int) -> datetime:
    return datetime.fromtimestamp(since_1970 / 1000, UTC)


def words_of(post: Post) -> list[str]:
    """The words of each element, texts that were put together taken apart again."""
    found: list[str] = []
    for element in post.elements:
        match element:
            case Text(markdown):
                found += to_text(markdown).split("\n\n")
            case Quote(words):
                found.append(words)
            case Image(alt):
                found.append(alt)
            case Link(_, title) | Embed(_, _, title):
                found.append(title)
    return found


def told(element: dict[str, Any]) -> str:
    match element["type"]:
        case "TextBlockElement" | "BlockquoteBlockElement":
            return text_of(element["html"])
        case "ImageBlockElement":
            return element["data"]["alt"]
        case "TweetBlockElement":
            return " ".join(text_of(element["html"]).split())
        case _:
            return " ".join((element.get("text") or element.get("title") or element.get("mediaTitle")).split())


def test_the_two_files_hold_what_was_counted_by_hand(shared_data: Path) -> None:
    blogs = [liveblogs.read((shared_data / "liveblogs" / name).read_bytes()) for name in FILES]
    every = [post for blog in blogs for post in posts(blog).values()]
    elements = [element for post in every for element in post.elements]
    assert sum(post.updated_at is not None for post in every) == 17
    assert [post.title for post in every if post.pinned] == ["PMQs – snap verdict"]
    assert [sum(post.key_event for post in posts(blog).values()) for blog in blogs] == [4, 18]
    assert sum(isinstance(element, Quote) for element in elements) == 18
    assert sum(isinstance(element, Embed) for element in elements) == 20
    assert {e.as_said for e in elements if isinstance(e, Quote)} == {"reported"}
    assert {e.setting for e in elements if isinstance(e, Quote)} == {"not recorded"}


def page(*elements: dict[str, Any], **block: Any) -> bytes:
    return json.dumps({"headline": "H", "blocks": [{"id": "b1", "elements": list(elements), **block}]}).encode()


def only(raw: bytes) -> Post:
    [post] = posts(liveblogs.read(raw)).values()
    return post


def test_a_kind_that_is_not_known_leaves_a_placeholder() -> None:
    post = only(
        page(
            {"type": "InteractiveBlockElement", "url": "https://a.example/map", "alt": "A map of the line"},
            {"type": "SomethingNewBlockElement", "title": {"of": 3}},
            {"type": "VimeoBlockElement", "source": "Vimeo", "originalUrl": "javascript:x", "title": "Film"},
            {},
        )
    )
    assert post.elements == (
        Embed("Interactive", "https://a.example/map", "A map of the line"),
        Embed("Something New", "", ""),
        Text("Film"),
        Embed("something", "", ""),
    )


def test_elements_that_a_post_cannot_hold_keep_their_words() -> None:
    post = only(
        page(
            {"type": "RichLinkBlockElement", "url": "/relative", "text": "Read *this*"},
            {"type": "SubheadingBlockElement", "html": "<h2>Later</h2>"},
            {"type": "ImageBlockElement", "data": {"alt": "Gate", "caption": "The <b>gate</b>, at noon"}},
            {"type": "TextBlockElement", "html": "<p></p>"},
            {"type": "TweetBlockElement", "url": "https://a.example/1", "html": "<p>" + "long " * 200 + "</p>"},
        )
    )
    assert plain(post.elements[:2]) == "Read *this*\n\nLater"
    assert post.elements[1:4] == (Heading("Later"), Image("Gate"), Text("The gate, at noon"))
    embed = post.elements[4]
    assert isinstance(embed, Embed) and len(embed.title) == 500 and embed.title.endswith("…")


def test_a_time_that_is_not_given_is_not_invented() -> None:
    text = {"type": "TextBlockElement", "html": "<p>a</p>"}
    assert (only(page(text)).published_at, only(page(text)).updated_at) == (None, None)
    assert only(page(text, lastUpdated=1700000000000)).updated_at is None
    minute = only(page(text, firstPublished=1700000000000, lastUpdated=1700000060000))
    assert (minute.published_at, minute.updated_at) == (datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC), None)
    later = only(page(text, firstPublished=1700000000000, lastUpdated=1700000060001))
    assert later.updated_at == datetime(2023, 11, 14, 22, 14, 20, 1000, tzinfo=UTC)


def test_a_block_with_a_title_alone_is_a_post_and_an_empty_one_is_listed() -> None:
    raw = {
        "headline": "H",
        "blocks": [{"id": "a", "title": "Only *this*", "elements": []}, {"id": "b", "elements": []}],
    }
    blog = liveblogs.read(json.dumps(raw).encode())
    assert [post.words for post in posts(blog).values()] == ["Only *this*"]
    assert [line.words for line in blog.dropped] == ["block b, in which there is nothing"]


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b'{"headline": "H",\n "blocks": [}', "Line 2 "),
        (b'{"headline": "H", "blocks"', "Line 1 "),
        (b'{"headline": "\xff"}', "not JSON"),
        (b"{}", "headline"),
        (b'{"headline": "H", "blocks": 5}', r"\$\.blocks"),
        (b'{"headline": "H", "blocks": []}', "no posts"),
        (b'{"headline": "H", "blocks": [{"id": 1, "elements": []}]}', r"\$\.blocks\[0\]\.id"),
        (page({"type": "TextBlockElement"}), "Block b1.*html"),
        (page({"type": "TextBlockElement", "html": 5}), "Block b1.*html"),
        (page({"type": "ImageBlockElement", "data": []}), "Block b1.*data"),
        (page({"type": "TextBlockElement", "html": "a"}, firstPublished=10**18), "Block b1.*no time"),
        (page({"type": "TextBlockElement", "html": "a"}, firstPublished="noon"), "firstPublished"),
        (
            b'{"headline": "H", "webPublicationDate": "soon", "blocks": [{"id": "a", "title": "t", "elements": []}]}',
            "soon",
        ),
        (
            b'{"headline": "H", "blocks": [' + b",".join([b'{"id": "a", "title": "t", "elements": []}'] * 2) + b"]}",
            "same id",
        ),
        (b'{"a":' * 100_000, "nested|not JSON"),
    ],
)
def test_json_that_is_damaged_or_something_else_is_refused_saying_where(raw: bytes, says: str) -> None:
    with pytest.raises(Refused, match=says) as refusal:
        liveblogs.read(raw, "blog.json")
    assert "Nothing was imported" in str(refusal.value)


def test_no_json_document_of_the_corpus_does_more_than_be_refused(shared_data: Path) -> None:
    documents = [json.loads(line) for line in (shared_data / "corpora" / "json-parsing.jsonl").open()]
    assert len(documents) == 318
    for document in documents:
        raw = base64.b64decode(document["base64"])
        inside = b'{"headline": "H", "blocks": [{"id": "a", "title": "t", "elements": [' + raw + b"]}]}"
        for written in (raw, inside):
            try:
                liveblogs.read(written, document["name"])
            except Refused as refusal:
                assert "Nothing was imported" in str(refusal)


def test_the_format_is_told_by_content_and_not_by_the_files_name() -> None:
    assert liveblogs.read(b"\xef\xbb\xbf \n" + page({"type": "X"}), "blog.txt").source == "guardian"
    assert liveblogs.read(b"[Live] Funicular inquest\nMr Vessel says no", "blog.json").source == "plain text"
    assert liveblogs.read(b"A headline\n{not json}", "blog.json").source == "plain text"
    with pytest.raises(Refused, match="JSON"):
        liveblogs.read(b"[1, 2]", "blog.txt")
