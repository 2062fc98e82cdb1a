"""What readers see of an imported blog: every line in its place on the page, and no time that nobody recorded."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest

from heard.cases import projection as cases
from heard.coverage import projection
from heard.coverage.frames import Page
from heard.coverage.shown import Shown, show
from heard.ingest import liveblogs
from heard.ingest.liveblogs import import_blog
from heard.opening import House
from heard.text.paragraphs import text_of


def page_of(house: House, slug: str) -> Page:
    case = cases.by_slug(house.tables, slug)
    return Page(case, house.tables, house.doors.of(house.tables, case.id))


def shown(page: Page, section: str) -> list[Shown]:
    posts = projection.shown(page.tables, page.case.id, section)
    return [one for post in posts if (one := show(page.door, post))]


def read_by(markup: str) -> str:
    """The words of a fragment as a reader sees them, single-spaced."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", markup)).split())


def test_readers_see_the_seed_word_for_word_in_order_and_no_time(house: House, shared_data: Path) -> None:
    folder = shared_data / "seed"
    expected = json.loads((folder / "expected.json").read_text())
    lines = [post["text"] for post in expected["posts"]]
    import_blog(house.node, liveblogs.read((folder / expected["source"]["file"]).read_bytes()), "seed", "", "editor")
    page = page_of(house, "seed")

    head = [page.case.title, page.case.standfirst]
    summary = page.area_html("summary")
    report, live = (shown(page, section) for section in ("report", "live"))
    assert head == lines[0:2]
    assert [text_of(part) for part in re.findall(r"<p>(.*?)</p>", summary)] == lines[2:6]
    assert [post.text for post in report] == lines[7:19]
    assert [post.text for post in live] == lines[19:34]
    assert {post.status for post in (*report, *live)} == {"published"}

    kept = [*head, *lines[2:6], *(post.text for post in (*report, *live))]
    assert kept == [line for number, line in enumerate(lines, 1) if number != 7]
    assert len(kept) == 33

    rendered = [page.html(post) for post in (*report, *live)]
    for markup, line in zip(rendered, [*lines[7:19], *lines[19:34]], strict=True):
        assert " ".join(line.split()) in read_by(markup)
        assert "<time" not in markup
        assert "time not recorded" in markup
    state = page.area_html("state")
    assert "<time" not in state + summary
    assert read_by(state) == "As it happened"

    assert [(n, post.state) for n, post in enumerate(live, 20) if post.kind == "state"] == [
        (25, "paused"),
        (26, "resumed"),
    ]
    everything = " ".join([*head, summary, *rendered, state])
    assert lines[6] not in read_by(everything)


@pytest.mark.parametrize(
    ("file", "posts"), [("guardian-2021-02-19-perseverance", 16), ("guardian-2023-12-13-politics", 23)]
)
def test_readers_see_times_key_events_pin_and_updates_of_a_guardian_file(
    house: House, shared_data: Path, file: str, posts: int
) -> None:
    raw = (shared_data / "liveblogs" / f"{file}.json").read_bytes()
    source = json.loads(raw)
    import_blog(house.node, liveblogs.read(raw), "blog", "", "editor")
    page = page_of(house, "blog")
    live = shown(page, "live")
    assert len(live) == posts == len(source["blocks"])

    for block, post in zip(source["blocks"], live, strict=True):
        markup = page.html(post)
        first, last = block["firstPublished"], block["lastUpdated"]
        assert post.published_at and post.published_at.timestamp() * 1000 == first
        assert f'<time datetime="{post.published_at:%Y-%m-%dT%H:%M:%SZ}">' in markup
        assert ("updated at source" in markup) == (last - first > 60_000)
        assert ("Key event" in markup) == (block["id"] in source["keyEvents"])
        assert ("Pinned" in markup) == (block["id"] == source["pinned"])
        for element in block["elements"]:
            if element["type"].endswith("TextBlockElement"):
                assert read_by(element["html"]) in read_by(markup)

    assert page.area_html("key").count("<li>") == len(source["keyEvents"])
    assert (" hidden" in page.area_html("pinned")) == (source["pinned"] is None)


def test_importing_twice_leaves_the_journal_where_it_was(house: House) -> None:
    raw = (Path(__file__).parent / "funicular.txt").read_bytes()
    import_blog(house.node, liveblogs.read(raw), "funicular", "", "editor")
    before = house.journal.store.position()
    again = import_blog(house.node, liveblogs.read(raw), "funicular", "", "editor")
    assert (again.new, house.journal.store.position()) == (0, before)
    assert before > 30
