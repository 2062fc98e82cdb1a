"""Lines of the corpora in every part of a post, rendered as pages and streams render it: parsed, and opened.

Nothing between the template and the browser: no policy, no server. What is dangerous by itself shows here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import nh3
import pytest
from playwright.sync_api import Browser

from heard import templates
from heard.cases.guard import Guard
from heard.cases.model import Case
from heard.cases.release import Door
from heard.coverage import linked_data, model
from heard.coverage.elements import Element, Embed, Heading, Image, Link, Quote, Text
from heard.coverage.shown import Shown, show
from heard.text import markdown
from tests.conftest import SHARED_DATA
from tests.hostile.allowed import in_page, words_of
from tests.hostile.corpora import OWN, SWEEP, rendered_alone
from tests.hostile.tripwire import Watched

AT = datetime(2031, 3, 3, 10, tzinfo=UTC)
PER_PAGE = 250
#: A browser that is shown a page needs no server.
NOWHERE = "http://127.0.0.1:9"
DOOR = Door("c", Guard(), False)
CASE = Case("c", "the-case", "The case", "What it is about", "Europe/London", "r", AT)


@pytest.fixture(scope="module")
def every() -> list[str]:
    return rendered_alone(SHARED_DATA)


def posts(number: int, line: str) -> Iterator[Shown]:
    """A line in each part of a post that takes words; withdrawn, it is the notice."""
    more = (Heading(line), Image(line, line), Link("https://heard.example/", line, line), Embed(line, "", line))
    shapes: list[tuple[Element, ...]] = [(Text(line),), (Quote(line, line, line, "verbatim"), *more)]
    times = dict.fromkeys(("published_at", "said_at", "written_at", "updated_at"), AT)
    kept = {"key_event": True, "pinned": False, "section": "live", "sitting": "", "place": "0001", "case": "c"}
    for shape, parts in enumerate((*shapes, ())):
        status: Any = "published" if parts else "retracted"
        notices = (model.Notice("corrected" if parts else "retracted", AT, line, line),)
        at: dict[str, Any] = {"id": f"p{number}x{shape}", "position": 1, "published_position": 1, **times, **kept}
        words: dict[str, Any] = {"title": line, "elements": parts, "byline": line, "notices": notices, "state": ""}
        shown = show(DOOR, model.Post(kind="post", status=status, **at, **words))
        assert shown is not None
        yield shown


def rendered(lines: Sequence[str]) -> str:
    """All of them on one page."""
    every = [post for number, line in enumerate(lines) for post in posts(number, line)]
    return "\n".join(templates.render("coverage/post.html", case=CASE, post=post) for post in every)


@pytest.fixture(scope="module")
def pages(every: list[str]) -> list[tuple[list[str], str]]:
    cut = [every[at : at + PER_PAGE] for at in range(0, len(every), PER_PAGE)]
    return [(lines, rendered(lines)) for lines in cut]


def test_every_line_becomes_words(pages: list[tuple[list[str], str]]) -> None:
    found = []
    for lines, page in pages if SWEEP else pages[:2]:  # slower than the browser, which is shown all of them
        assert page.count("<article") == 3 * len(lines)
        if in_page(page):
            found += [(line, offence) for line in lines for offence in in_page(rendered([line]))]
    assert found == []


def test_every_line_is_kept_whole_in_what_machines_read(every: list[str]) -> None:
    coverage = model.Coverage("c", "live", AT, "", None, "", None, "", 1)
    for at in range(0, len(every), PER_PAGE):
        lines = every[at : at + PER_PAGE]
        shown = [post for number, line in enumerate(lines) for post in posts(number, line)]
        made = linked_data.live_blog(DOOR, CASE, coverage, shown, "https://heard.example")
        assert in_page(f'<script type="application/ld+json">{made}</script>') == []
        updates = json.loads(made)["liveBlogUpdate"]
        assert [one["author"]["name"] for one in updates] == [line for line in lines for _ in range(2)]


def test_every_line_runs_nothing_in_a_browser(chromium: Browser, pages: list[tuple[list[str], str]]) -> None:
    watched = Watched(chromium, NOWHERE, bypass=False)
    for lines, page in pages:
        told = watched.shows(f'<!doctype html><html><body><main id="main">{page}</main></body></html>')
        assert told == ([], [], []), lines
        assert watched.page.locator("article").count() == 3 * len(lines)
    watched.close()


class Who(NamedTuple):
    name: str
    role: str
    note: str


@pytest.mark.parametrize("line", OWN)
def test_what_is_typed_as_words_is_printed_as_typed(line: str) -> None:
    """Nothing is made harmless by leaving it out: a reporter may have to quote it."""
    page = templates.render("coverage/people.html", case=CASE, people=[Who(line, line, line)])
    assert words_of(page).count(line) == 3


@pytest.fixture
def unescaped(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The control: templates that escape nothing."""
    environment = templates._environment()
    assert environment.cache is not None
    monkeypatch.setattr(environment, "autoescape", False)
    environment.cache.clear()
    yield
    environment.cache.clear()


def test_control_a_template_that_escapes_nothing_is_caught(chromium: Browser, unescaped: None) -> None:
    lines = [line for line in OWN if "onerror" in line or "<script" in line]
    page = rendered(lines)
    watched = Watched(chromium, NOWHERE, bypass=False)
    told = watched.shows(f"<!doctype html><html><body><main>{page}</main></body></html>")
    watched.close()
    assert in_page(page)
    assert told.ran
    assert told.outside


def test_control_markdown_that_lets_markup_through_is_caught(
    chromium: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both of its guards have to go: what the reader of Markdown lets through, the list of allowed elements stops."""
    lines = ["<img src=x onerror=alert(1)> *words*", "<javascript:alert(2)> *words*"]
    monkeypatch.setitem(markdown._READER.options, "html", True)
    markdown._READER.enable(["html_inline", "html_block"])
    try:
        assert in_page("".join(markdown.read(line) for line in lines)) == []
        monkeypatch.setattr(nh3, "clean", lambda html, **_: html)
        page = "".join(markdown.read(line) for line in lines)
    finally:
        markdown._READER.disable(["html_inline", "html_block"])
    watched = Watched(chromium, NOWHERE, bypass=False)
    told = watched.shows(f"<!doctype html><html><body><main>{page}</main></body></html>")
    watched.close()
    assert in_page(page)
    assert told.ran
