"""The nouns of published reports, and what may be said of them. No I/O."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Literal

import msgspec

from heard.engine.errors import Refused

#: What a source can say of a report. `replies` are links or a list of them, `counted_…` what it counts itself;
#: `unfound` are the texts of which it says that it found none, which is more than a blank.
FIELDS = (
    "ref",
    "dated",
    "added",
    "deceased",
    "age",
    "coroner",
    "area",
    "categories",
    "tags",
    "labels",
    "sent_to",
    "counted_sent",
    "replies",
    "counted_replies",
    "kept_at",
    "pdf",
    "investigation",
    "circumstances",
    "concerns",
    "action",
    "deadline",
    "copies",
    "unfound",
)
#: Fields that hold running text, in which any name may stand.
TEXTS = ("investigation", "circumstances", "concerns", "action", "deadline", "copies")
#: What a source says that stands on no page: it decides only whose names are hidden.
NOT_SHOWN = frozenset({"age"})
#: What is counted in figures and stands on no page of one report: themes that people (tags) or a machine (labels) set.
THEMES = ("tags", "labels")
#: Fields that say who somebody is: where one was taken out, what stood there is withheld.
NAMED = ("deceased", "coroner", "sent_to")

#: What stands where a name is not shown.
HIDDEN = "[name withheld]"

#: What an axis says where nobody has said anything, which is not "no".
NOT_KNOWN = "not known"

#: A report's standing on a day, by responses that were published.
Standing = Literal["answered", "partly", "none published", "awaited", "not known"]

#: From a text, the text without names that are hidden or that orders protect.
Masking = Callable[[str], str]

REF = re.compile(r"\s*(\d{4})\s*[-–—]\s*(\d{3,5})\s*([A-Za-z]?)\s*")


class Source(msgspec.Struct, frozen=True):
    """Where facts come from.

    Of several voices the highest stands, of one voice the newest word, and of one day's the most careful. `whole`: one
    reading holds all that it has, so that what is missing is gone. `barred`: it puts a bar between addressees, and a
    comma stands in a name. `replies`: it tells of responses, so that reading it says that there is none.
    """

    name: str
    title: str
    voice: int
    care: int = 0
    whole: bool = False
    barred: bool = False
    replies: bool = True


#: Texts that a machine read off a scan are the lowest voice: they fill gaps.
SOURCES = {
    one.name: one
    for one in (
        Source("record", "a record made by hand from the published report", 4, barred=True),
        Source("judiciary", "judiciary.uk", 3),
        Source("pdf", "the report as a PDF", 2, replies=False),
        Source("tracker", "the Preventable Deaths Tracker", 1, 1, whole=True, barred=True),
        Source("tracker-scrape", "the Preventable Deaths Tracker, as scraped", 1, 0, whole=True),
        Source("toolkit", "PFD Toolkit, read by machine", 0, replies=False),
        Source("tracker-tags", "the Preventable Deaths Tracker’s research tags", 0, 1, replies=False),
        Source("toolkit-labels", "PFD Toolkit’s themes, set by machine", 0, 0, replies=False),
    )
}


#: The sources whose silence means that no response was published.
OF_RESPONSES = tuple(one.name for one in SOURCES.values() if one.replies)


class Addressee(msgspec.Struct, frozen=True):
    """One who was asked to respond; `key` names the body in addresses and is empty for a private person."""

    name: str
    key: str


class Response(msgspec.Struct, frozen=True):
    """A response that somebody published. `by` is the addressee's name, or empty where only a count is known."""

    by: str
    dated_on: date | None = None
    received_on: date | None = None
    published_on: date | None = None
    answer: str = "not read"
    concerns: tuple[str, ...] = ()
    words: str = ""
    link: str = ""


class Concern(msgspec.Struct, frozen=True):
    """A matter of concern: `number` as the report gives it, `to` the addressees it is put to (empty: all)."""

    id: str
    number: str
    words: str
    to: tuple[str, ...] = ()
    suggestion: bool = False


class Cell(msgspec.Struct, frozen=True):
    """What stands where the concerns of a report should: concerns, only the form's own sentences, the word of a source
    that it found none, or nothing that is here. Two have the same words there whose kind and `key` are the same.
    """

    kind: Literal["concerns", "form", "none", ""] = ""
    key: str = ""
    #: The source that says it found none.
    by: str = ""


class Themes(msgspec.Struct, frozen=True):
    """What a report is about, as one source that is not its publisher set it, and the day as of which that was read."""

    source: str
    on: date
    names: tuple[str, ...]


class Promise(msgspec.Struct, frozen=True):
    by: str
    words: str
    concern: str = ""
    due_on: date | None = None


class Judged(msgspec.Struct, frozen=True):
    """What a named person says came of a concern."""

    concern: str
    addressee: str
    outcome: str
    judged_by: str
    passage: str


class GivenJudgement(msgspec.Struct, frozen=True):
    """How a named person judges what an addressee did about a concern, since when, and why."""

    concern: str
    addressee: str
    judgement: str
    judged_by: str
    judged_on: date
    reason: str
    closes: bool = False
    superseded_by: str = ""


def tidy_ref(words: str) -> str:
    """The reference as 2019-0000, or with its letter; empty where there is none."""
    found = REF.fullmatch(words)
    return f"{found[1]}-{found[2].zfill(4)}{found[3].upper()}" if found else ""


def checked_source(name: str) -> Source:
    if name not in SOURCES:
        raise Refused(f"“{name[:40]}” is no source of reports. They are: {', '.join(SOURCES)}. Nothing was changed.")
    return SOURCES[name]


def checked_facts(facts: dict[str, str]) -> dict[str, str]:
    """Facts by known fields, each within what a published report can hold."""
    for field, words in facts.items():
        if field not in FIELDS:
            raise Refused(f"A report has no field “{field[:40]}”. Nothing was changed.")
        if len(words) > TEXT_MAX:
            raise Refused(f"The field {field} is longer than {TEXT_MAX:,} characters. Nothing was changed.")
    return facts


#: The longest report that was seen has 27 pages.
TEXT_MAX = 200_000
