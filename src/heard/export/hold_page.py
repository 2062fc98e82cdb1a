"""The page of a record under a legal hold: made of record.json and the carried entries alone, to be made again.

Words stand on it as they were typed, a field of an entry a paragraph: whoever checks it need read no Markdown.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path

from heard import templates
from heard.cases.entries import CaseDescribed, CaseOpened, HearingListed, PersonNamed, SittingBegan
from heard.coverage.elements import Element, Embed, Heading, Image, Link, Quote, Text
from heard.coverage.entries import (
    PostClarified,
    PostCorrected,
    PostPublished,
    PostRetracted,
    PostTakenOver,
    SummaryWritten,
    Told,
)
from heard.coverage.model import RETRACTION_NOTICES
from heard.engine import now
from heard.engine.entry import Body
from heard.engine.errors import Corrupt
from heard.export import hold
from heard.export.hold import HoldRecord, Wording
from heard.export.reading_page import said_on, stand_in, words_in

_TEMPLATE = "export/record.html"


def page(record: HoldRecord, bodies: Mapping[int, Body]) -> str:
    """Each wording as an article, those of one thing together, with its from and until."""
    groups: dict[str, list[Wording]] = {}
    for one in record.wordings:
        groups.setdefault(one.of, []).append(one)
    return (
        templates.render(
            _TEMPLATE,
            record=record,
            groups=list(groups.values()),
            words={at: words_of(body) for at, body in bodies.items()},
            lines={line.position: line for line in record.lines},
            orders={one.id: one for one in record.orders},
            left_out={why: sum(one.why == why for one in record.lines) for why in ("erased", "name", "desk")},
            instant=now.instant,
        )
        + "\n"
    )


def words_of(body: Body) -> list[str]:
    """What an entry says to readers, a field each, in this order; those that are empty left out."""
    match body:
        case PostPublished():
            said = [body.title, *_said(body.elements), body.byline]
        case PostTakenOver():
            notices = [words for one in body.notices for words in (one.text, one.old)]
            said = [body.title, *_said(body.elements), *notices, body.byline]
        case PostCorrected():
            said = [body.title, *_said(body.elements), body.notice, body.old_shown]
        case PostClarified():
            said = [body.title, *_said(body.elements), body.notice]
        case PostRetracted():
            said = [body.notice or RETRACTION_NOTICES[body.code]]
        case CaseOpened() | CaseDescribed():
            said = [body.title, body.standfirst]
        case PersonNamed():
            said = [body.name, body.role, body.note]
        case HearingListed():
            said = [body.title, body.place]
        case SittingBegan():
            said = [body.title]
        case SummaryWritten():
            said = [body.markdown]
        case Told():
            said = [body.words]
        case _:
            said = []
    return [words for words in said if words]


def _said(elements: tuple[Element, ...]) -> Iterator[str]:
    for element in elements:
        match element:
            case Text(markdown):
                yield markdown
            case Quote(words, speaker, role):
                yield from (speaker, role, words)
            case Heading(text):
                yield text
            case Image(alt, credit):
                yield from (alt, element.caption, credit)
            case Link(url, title, text):
                yield from (title, text, url)
            case Embed(provider, url, title, text):
                yield from (provider, title, text, url)


def check_page(html: str, record: HoldRecord, bodies: Mapping[int, Body]) -> None:
    """Raises Corrupt when a wording is missing or too many, or lacks its from, its until, or a word."""
    articles, around = said_on(html)
    if list(articles) != [f"entry-{one.entry}" for one in _together(record)]:
        raise Corrupt("record.html does not show the wordings of record.json, each once.")
    for one in record.wordings:
        body = bodies.get(one.entry)
        shown, times = words_in(articles[f"entry-{one.entry}"]), words_in(f"{one.from_at} {one.until_at}")
        if shown[: len(times)] != times or not stand_in(words_of(body) if body else [], " ".join(shown[len(times) :])):
            raise Corrupt(f"record.html does not say what entry {one.entry} says, or not when.", position=one.entry)
    if not stand_in([record.title], around):
        raise Corrupt("record.html does not say the title of the case.")


def _together(record: HoldRecord) -> list[Wording]:
    """The wordings, those of one thing together, the things in the order in which they came."""
    first: dict[str, int] = {}
    for one in record.wordings:
        first.setdefault(one.of, one.entry)
    return sorted(record.wordings, key=lambda one: (first[one.of], one.entry))


@functools.cache
def maker() -> str:
    """Twelve hex digits that name the code which makes the record and its page."""
    code = hashlib.sha256()
    for module in (hold, templates):
        code.update(Path(inspect.getfile(module)).read_bytes())
    code.update(Path(__file__).read_bytes())
    code.update((Path(inspect.getfile(templates)).parent / _TEMPLATE).read_bytes())
    return code.hexdigest()[:12]
