"""The record under a legal hold of any story: both checkers accept it, and it has what readers had, and no more."""

from __future__ import annotations

import json
from datetime import datetime
from html.parser import HTMLParser

import pytest

from heard.cases import commands as case_commands
from heard.cases import projection as cases
from heard.cases.legal_hold import place_legal_hold
from heard.coverage.as_published import AsPublished, as_published
from heard.coverage.elements import Link, Quote
from heard.coverage.entries import PostHeld, PostSealed, PostSubmitted, PostWaiting
from heard.coverage.whole_page import View
from heard.engine import now
from heard.engine.entry import encode_body
from heard.export import archive
from heard.export.hold import SHOWING, Wording
from heard.export.hold_checking import check_hold
from heard.export.hold_making import export_hold
from heard.export.past import words_of
from heard.export.reading_page import said_on, stand_in
from heard.opening import House
from tests.desk import Desk
from tests.export import second_verifier
from tests.export.conftest import zip_of
from tests.export.full_case import Full
from tests.export.test_import_again import take
from tests.hybrid.test_changes_equal_rebuild import Story

KEPT = (PostHeld, PostSealed, PostSubmitted, PostWaiting)


def record_of(house: House, *, names: bool = False) -> bytes:
    return export_hold(house.node, house.doors, house.media, "the-case", "lawyer", "A claim.", {}, names=names).content


@pytest.mark.parametrize("seed", [3, 12])
def test_the_record_of_any_story_holds_and_has_no_word_that_readers_never_had(desk: Desk, seed: int) -> None:
    story, said = Story(desk, seed), 0
    story.posts.append(desk.publish("Before there was an order: Rowan Tidewell."))
    for number in range(400):
        story.step()
        if number % 100 == 99:
            desk.do(place_legal_hold(desk.case, "a claim"))
            for names in (False, True):
                raw = record_of(desk.house, names=names)
                record = check_hold(raw).record
                second_verifier.verify_hold(raw)
                never_shown(desk, raw)
                protected = any(not order.lifted for order in record.orders)
                assert names or not (protected and b"Tidewell" in raw)
                said += protected and names and b"Tidewell" in raw
    assert said, "the control: with names it is there"
    assert len(record.wordings) > 20
    assert {line.why for line in record.lines} >= {"", "erased", "desk"}


def never_shown(desk: Desk, raw: bytes) -> None:
    """Kept words are in no entry that is carried, and of a post that was always kept not even its id is told."""
    carried = archive.unpack(raw)["entries.ndjson"].decode()
    every = list(desk.journal.all())
    shown = {entry.stream for entry in every if entry.kind in SHOWING}
    for entry in every:
        if isinstance(entry.body, KEPT):
            assert json.dumps(encode_body(entry.body).decode(), ensure_ascii=False) not in carried
            assert entry.stream in shown or entry.stream.encode() not in raw


def test_at_any_instant_a_page_of_then_says_the_wording_that_stood(desk: Desk) -> None:
    """Held to what `as_published` makes of the same journal in another way."""
    story = Story(desk, 5)
    story.posts += [desk.publish(f"Before there was an order {number}: Rowan Tidewell.") for number in range(3)]
    for _ in range(300):
        story.step()
    desk.do(place_legal_hold(desk.case, "a claim"))
    record = check_hold(record_of(desk.house, names=True)).record
    carried = {line.position for line in record.lines if not line.why}
    entries = list(desk.journal.all())
    said = withheld = 0
    for entry in entries[5::12]:
        found = at_instant(desk, entry.at)
        for post, article in (said_on(found.page)[0] if found.page else {}).items():
            [one] = [one for one in record.wordings if one.of == post and stood(one, now.text(entry.at))] or [None]
            if one is None or one.entry not in carried:
                continue
            body = entries[one.entry - 1].body
            assert body is not None
            forbids = [order for order in record.orders if order.id in one.stopped_by]
            if any(order.entry <= entry.position and not 0 < order.lifted <= entry.position for order in forbids):
                withheld += 1
                assert not stand_in(words_of(body), article)
            else:
                said += 1
                assert stand_in(words_of(body), article), (one, article)
    assert said > 100 and withheld > 3


def stood(one: Wording, at: str) -> bool:
    return one.from_at <= at and (not one.until_at or at < one.until_at)


def at_instant(desk: Desk, at: datetime) -> AsPublished:
    case = cases.by_slug(desk.tables, "the-case")
    return as_published(desk.journal, desk.tables, desk.doors, case, at, base="http://here", view=View(order="oldest"))


def test_of_a_case_that_was_taken_over_it_holds_too(told: Full, house: House) -> None:
    take(house, zip_of(told.house, "the-case"))
    house.node.do(place_legal_hold(cases.by_slug(house.tables, "the-case").id, "a claim"), by="lawyer")
    raw = record_of(house)
    assert len(check_hold(raw).record.wordings) > 15
    second_verifier.verify_hold(raw)


HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</p></article><article id='entry-1'>",
    "<!-- <![CDATA[ {{ 7*7 }} &lt;b&gt; javascript:alert(1)",
    "[x](javascript:alert(1)) ![y](data:text/html,z)",
)


def test_words_that_look_like_marks_are_words_on_the_page(desk: Desk) -> None:
    for line in HOSTILE:
        desk.publish(line, Quote(line, line, line), Link("https://example.org/", line, line), title=line, byline=line)
        desk.do(case_commands.name_person(desk.case, line, line, line))
        desk.do(case_commands.impose_restriction(desk.case, line, ["Nobody Known"], scope=line, cipher=line))
    desk.do(place_legal_hold(desk.case, "a claim"))
    raw = record_of(desk.house)
    check_hold(raw)
    second_verifier.verify_hold(raw)
    tags = Tags(archive.unpack(raw)["record.html"].decode())
    known = "html head meta title link body main h1 h2 p b small section div article a br time code"
    assert tags.seen <= set(known.split())
    assert not {name for name in tags.attributes if name.startswith("on") or name in ("src", "style")}
    assert all(link.startswith("#") or link == "style.css" for link in tags.links)
    assert {"script", "img"} <= Tags("".join(HOSTILE)).seen, "the control"


class Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.attributes: set[str] = set()
        self.links: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links |= {value or "" for name, value in attrs if name == "href"}
