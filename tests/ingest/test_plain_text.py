"""Plain text, one line a post: every line is kept, in order and word for word, in the part it belongs to."""

from __future__ import annotations

import json
from datetime import time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heard.coverage.elements import Quote, Text, plain
from heard.engine.errors import Refused
from heard.ingest import liveblogs
from heard.ingest.blog import Blog, Post, State, Until
from heard.ingest.plain_text import split_title

HERE = Path(__file__).parent


def numbered(blog: Blog) -> dict[int, str]:
    """Every line of the blog that was kept, by its number."""
    heads = [blog.title, *([blog.standfirst] if blog.standfirst else []), *blog.summary]
    return {one.number or 0: one.words for one in (*heads, *blog.report, *blog.live)}


def test_the_seed_keeps_33_of_34_lines_word_for_word_and_in_their_sections(shared_data: Path) -> None:
    raw = (shared_data / "seed" / "westminster-attack-inquests.txt").read_bytes()
    expected = json.loads((shared_data / "seed" / "expected.json").read_text())
    blog = liveblogs.read(raw, "the seed")

    lines = dict(enumerate(raw.decode().split("\n"), start=1))
    assert numbered(blog) == {n: words for n, words in lines.items() if n != 7}
    assert list(numbered(blog)) == [n for n in range(1, 35) if n != 7]
    assert [(line.number, line.words) for line in blog.dropped] == [(7, lines[7])]

    assert blog.digest == expected["source"]["sha256"]
    assert (blog.hearing, blog.suffix) == (expected["hearing"]["title"], expected["hearing"]["headline_suffix"])
    assert blog.headline == lines[1].partition(": ")[2]
    of = {section: set(range(first, last + 1)) for section, (first, last) in expected["sections"].items()}
    assert {blog.title.number, blog.standfirst.number if blog.standfirst else 0} == of["head"]
    assert {line.number for line in blog.summary} == of["summary"] - {7}
    assert {post.number for post in blog.report} == of["report"]
    assert {one.number for one in blog.live} == of["live"]

    notices = {post["n"]: post for post in expected["posts"] if post["kind"] == "notice" and post["n"] != 7}
    states = [one for one in blog.live if isinstance(one, State)]
    assert [(one.number, one.verb) for one in states] == [(25, "paused"), (26, "resumed")]
    assert [one.words for one in states] == [notices[25]["text"], notices[26]["text"]]
    assert states[0].lasting == timedelta(seconds=notices[25]["pause_seconds"])
    assert (states[0].duration, states[0].until) == ("PT1H", None)

    for post in (*blog.report, *(one for one in blog.live if isinstance(one, Post))):
        assert plain(post.elements) == post.words
        assert (post.published_at, post.updated_at, blog.published_at) == (None, None, None)
    bare = {post["n"] for post in expected["posts"] if post["kind"] == "quote"} - {
        11,
        33,
    }  # these name or add something
    assert quotations(blog) == bare


def quotations(blog: Blog) -> set[int | None]:
    posts = [*blog.report, *(one for one in blog.live if isinstance(one, Post))]
    found = [post for post in posts if isinstance(post.elements[0], Quote)]
    assert all(isinstance(post.elements[0], Quote) and not post.elements[0].speaker for post in found)
    return {post.number for post in found}


def test_another_blog_in_other_words_passes_the_same_code() -> None:
    raw = (HERE / "funicular.txt").read_bytes()
    expected = json.loads((HERE / "funicular.expected.json").read_text())
    lines = {n: words for n, words in enumerate(raw.decode().splitlines(), start=1) if words}
    # A mark at the beginning of the file and Windows line ends change nothing.
    for written in (raw, b"\xef\xbb\xbf" + raw.replace(b"\n", b"\r\n")):
        blog = liveblogs.read(written)
        assert numbered(blog) == {n: words for n, words in lines.items() if n not in expected["dropped"]}
        assert (blog.hearing, blog.headline, blog.suffix) == (
            expected["hearing"],
            expected["headline"],
            expected["suffix"],
        )
        assert blog.title.number == expected["title"]
        assert blog.standfirst is not None and blog.standfirst.number == expected["standfirst"]
        assert [line.number for line in blog.summary] == expected["summary"]
        assert [post.number for post in blog.report] == expected["report"]
        assert [one.number for one in blog.live] == expected["live"]
        assert [line.number for line in blog.dropped] == expected["dropped"]
        assert quotations(blog) == set(expected["quotes"])
        assert [told(one) for one in blog.live if isinstance(one, State)] == expected["states"]
        assert all(plain(one.elements) == one.words for one in blog.live if isinstance(one, Post))


def told(state: State) -> dict[str, object]:
    until = state.until or Until()
    facts = {
        "line": state.number,
        "verb": state.verb,
        "duration": state.duration,
        "time": until.time.strftime("%H:%M") if until.time else "",
        "day": until.day,
    }
    return {name: fact for name, fact in facts.items() if fact}


RUNNING = [f"Mr Vessel says {words}" for words in ("no", "yes", "it was the lever", "nobody asked")]
WRITTEN = [f"Mr Vessel said {words}." for words in ("no", "yes", "it was the lever", "nobody asked")]


@pytest.mark.parametrize(
    "lines",
    [
        ["Funicular inquest: live", *RUNNING],
        ["Funicular inquest: live", *WRITTEN],
        ["Funicular inquest – as it happened", *WRITTEN],  # no running post: which part would it be?
        ["Funicular inquest – as it happened", WRITTEN[0], *RUNNING],  # one line is an introduction, no article
        ["Funicular inquest – as it happened", *WRITTEN, RUNNING[0], *WRITTEN],  # past tense throughout, but once
        ["Funicular inquest", *WRITTEN, *RUNNING],  # nothing says that the page was finished
        ["Funicular inquest", *RUNNING, "Refresh for updates", *RUNNING],  # too late to be a head
    ],
)
def test_where_the_parts_are_unclear_everything_is_a_running_post(lines: list[str]) -> None:
    blog = liveblogs.read("\n".join(lines).encode())
    assert [one.words for one in blog.live] == [line for line in lines[1:] if line != "Refresh for updates"]
    assert (blog.standfirst, blog.summary, blog.report) == (None, (), ())


@pytest.mark.parametrize(
    "lines",
    [
        ["A title", "standfirst", "Please wait a moment while the live blog loads", *RUNNING],
        ["A title", "standfirst", *WRITTEN, "Follow our live coverage below", *RUNNING],
    ],
)
def test_the_line_where_the_page_loads_ends_the_summary(lines: list[str]) -> None:
    blog = liveblogs.read("\n".join(lines).encode())
    assert blog.standfirst is not None and blog.standfirst.words == "standfirst"
    assert [line.words for line in blog.summary] == [line for line in lines if line in WRITTEN]
    assert [one.words for one in blog.live] == RUNNING


@pytest.mark.parametrize(
    ("title", "headline", "hearing", "suffix"),
    [
        ("A inquest - as it happened: B said C", "B said C", "A inquest", "as it happened"),
        ("A inquests – as they happened", "A inquests", "", "as they happened"),
        ("As it happened: A inquest", "A inquest", "", "as it happened"),
        ("A inquest, as it happened", "A inquest", "", "as it happened"),
        ("A: B", "A: B", "", None),
        ("He told it as it happened to him", "He told it as it happened to him", "", None),
    ],
)
def test_a_title_is_split_at_its_suffix(title: str, headline: str, hearing: str, suffix: str | None) -> None:
    assert split_title(title) == (headline, hearing, suffix)


def test_a_quotation_that_goes_on_in_the_next_line_is_one_and_a_stray_mark_is_not() -> None:
    lines = [
        "T",
        "T.",
        "“One goes on",
        "“Two.”",
        "“Three has no end",
        "He says so.",
        '"Four", he says, "five."',
        '"Six".',
    ]
    blog = liveblogs.read("\n".join(lines).encode())
    assert [type(one.elements[0]) for one in blog.live if isinstance(one, Post)] == [
        *(Text, Quote, Quote, Text, Text, Text, Quote),
    ]
    assert [one.words for one in blog.live] == lines[1:]


def test_a_clock_in_a_line_stays_in_its_words_and_sets_no_time() -> None:
    blog = liveblogs.read(b"Title\n10.42am: The coroner comes in.\n11:05 - She says good morning.")
    assert [(one.words, one.published_at) for one in blog.live if isinstance(one, Post)] == [
        ("10.42am: The coroner comes in.", None),
        ("11:05 - She says good morning.", None),
    ]


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "no posts"),
        (b"\n \n", "no posts"),
        (b"Only a headline", "no posts"),
        (b"Headline\nShare\nRefresh for updates", "no posts"),
        (b"Headline\nfine\nbad \xff byte", "Line 3"),
        ("Headline\nfine".encode("utf-16"), "Line 1"),
        (b"Headline\nfine\nnul \x00 here", "Line 3"),
        (b"Headline\n\x1b[31mred", "Line 2"),
        (b"Headline\n" + b"x" * 9_001, "Line 2"),
        (b"Headline\n" * 20_001, "20,001 lines"),
        (b"PK\x03\x04zip", "Line 1"),
        (b"x" * (32 * 1024 * 1024 + 1), "32 MiB"),
    ],
)
def test_what_is_no_live_blog_is_refused_saying_where(raw: bytes, says: str) -> None:
    with pytest.raises(Refused, match=says) as refusal:
        liveblogs.read(raw, "blog.txt")
    assert "blog.txt" in str(refusal.value)
    assert "Nothing was imported" in str(refusal.value)


@given(st.lists(st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1), min_size=2))
def test_no_line_of_any_text_is_lost(lines: list[str]) -> None:
    raw = "\n".join(lines).encode()
    words = [line.removeprefix("\ufeff") if n == 0 else line for n, line in enumerate(lines)]
    try:
        blog = liveblogs.read(raw)
    except Refused:
        return
    kept = [*numbered(blog).values(), *(line.words for line in blog.dropped)]
    assert sorted(kept) == sorted(line.strip() for line in words if line.strip())


def test_hostile_lines_take_no_time() -> None:
    # Each would be slow in a pattern that backtracks: the longest line that is read, in several hundred lines.
    for piece in (
        "the ",
        "a ",
        '"',
        "“",
        "is now ",
        "we ",
        "refresh ",
        "back at ",
        "1",
        "that's all ",
        "as it happened ",
    ):
        line = (piece * 9_000)[:9_000]
        liveblogs.read("\n".join(["Title", *[line.strip()] * 20]).encode())


def test_until_is_read_as_a_court_means_it() -> None:
    blog = liveblogs.read(b"Title\nFirst.\nBack at 2\nBack at 10\nBack at noon\nBack at 9.15pm")
    assert [one.until.time for one in blog.live if isinstance(one, State) and one.until] == [
        *(time(14), time(10), time(12), time(21, 15)),
    ]
