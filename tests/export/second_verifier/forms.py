"""Rule 5: the form of case.json and of bodies, field by field."""

import re
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from .bad import need
from .entries import read

TELL_OF = ("went_live", "paused", "resumed", "closed", "reopened", "sitting")


def instant(text):
    """Seconds since 1970, exactly; None for null."""
    if text is None:
        return None
    found = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)", text, re.A)
    need(found, f"{text!r} is not a time")
    at = datetime.fromisoformat(found[1] + found[3].replace("Z", "+00:00"))
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1) + Fraction("0" + (found[2] or ".0"))


TYPES = {
    "text": lambda value: type(value) is str,
    "time": lambda value: value is None or instant(value) is not None,
    "begun": lambda value: instant(value) is not None,
    "flag": lambda value: type(value) is bool,
    "number": lambda value: type(value) is int and value >= 0,
    "array": lambda value: type(value) is list,
    "object": lambda value: type(value) is dict,
    "elements": lambda value: type(value) is list and all(map(is_element, value)),
    "notices": lambda value: type(value) is list and all(map(is_notice, value)),
}


def form(**fields):
    return {name: kind for kind, names in fields.items() for name in names.split()}


def has_form(thing, fields, where):
    need(type(thing) is dict and set(thing) == set(fields), f"{where} has other fields")
    for name, kind in fields.items():
        need(TYPES[kind](thing[name]), f"{where} has a {name} of another type")


CASE = form(
    text="format id slug title standfirst zone", object="coverage summary", array="people hearings sittings posts"
)
COVERAGE, SUMMARY = form(text="state", time="since due_at"), form(text="markdown", time="written_at")
PERSON, HEARING = form(text="id name role note"), form(text="id title place")
SITTING = form(text="id hearing title", begun="began_at", time="rose_at back_at")
POST = form(
    text="id kind status state section sitting title byline text notice",
    time="published_at said_at written_at updated_at",
    flag="key_event pinned",
    elements="elements",
    notices="notices",
)
#: For each type the fields that are always there, and those that are left out when they have the value given for them.
ELEMENTS = {
    "text": ("markdown", {}),
    "quote": ("words", {"speaker": "", "role": "", "as_said": "reported", "setting": "not recorded"}),
    "heading": ("text", {}),
    "image": ("alt", {"credit": "", "media": "", "width": 0, "height": 0, "caption": "", "renditions": []}),
    "link": ("url title", {"text": ""}),
    "embed": ("provider url", {"title": "", "text": "", "frame": ""}),
}
SETTINGS = {
    *("evidence", "submission", "ruling or conclusion", "read from a document", "said outside court"),
    "from the gallery",
}
AMONG = {"as_said": {"verbatim"}, "setting": SETTINGS}


def is_element(one):
    always, sometimes = ELEMENTS[one["type"]]
    there = set(one) - {"type"}
    return (
        set(always.split()) <= there <= {*always.split(), *sometimes}
        and all(type(one[name]) is str for name in always.split())
        and all(
            type(one[name]) is type(empty) and one[name] != empty and one[name] in AMONG.get(name, [one[name]])
            for name, empty in sometimes.items()
            if name in one
        )
        and all(is_rendition(other) for other in one.get("renditions", ()))
    )


def is_rendition(one):
    return (
        type(one) is dict
        and set(one) == {"media", "sort", "width"}
        and type(one["media"]) is str
        and one["sort"] in ("jpg", "webp")
        and type(one["width"]) is int
    )


def is_notice(one):
    return (
        {"kind", "at", "text"} <= set(one) <= {"kind", "at", "text", "old"}
        and one["kind"] in ("corrected", "clarified", "retracted", "erased")
        and instant(one["at"]) is not None
        and type(one["text"]) is type(one.get("old", "")) is str
        and one.get("old") != ""
    )


def case_of(raw):
    case = read(raw.decode())
    has_form(case, CASE, "case.json")
    need(case["format"] == "heard case 1", "case.json is of another format")
    has_form(case["coverage"], COVERAGE, "coverage")
    has_form(case["summary"], SUMMARY, "summary")
    for name, fields in (("people", PERSON), ("hearings", HEARING), ("sittings", SITTING), ("posts", POST)):
        for one in case[name]:
            has_form(one, fields, f"one of {name}")
        need(len({one["id"] for one in case[name]}) == len(case[name]), f"one of {name} is there twice")
    for post in case["posts"]:
        need(post["kind"] == ("state" if post["state"] else "post"), "a post has a kind that is not that of its state")
        need(post["status"] in ("published", "withheld", "retracted", "erased"), "a post has another status")
        need(post["state"] in ("", *TELL_OF), "a post has another state")
    sections = [post["section"] for post in case["posts"]]
    need(
        set(sections) <= {"report", "live"} and sections == sorted(sections, reverse=True), "sections are out of order"
    )
    return case


CONTENT = {
    "text": "case title byline sitting section place source",
    "time": "said_at written_at source_at source_updated_at",
    "flag": "key_event pinned",
    "elements": "elements",
}
TOLD = {"text": "notice words source", "time": "source_at"}
BODIES = {
    "cases.opened": form(text="slug title rules standfirst zone"),
    "cases.described": form(text="title standfirst"),
    "cases.slug_taken": form(text="slug case"),
    "cases.person_named": form(text="case name role note"),
    "cases.hearing_listed": form(text="case title place"),
    "cases.sitting_began": form(text="case hearing title", time="source_at"),
    "cases.sitting_rose": form(text="case", time="back_at source_at"),
    "coverage.summary_written": form(text="markdown source", time="source_at"),
    "coverage.went_live": form(**TOLD),
    "coverage.resumed": form(**TOLD),
    "coverage.closed": form(**TOLD),
    "coverage.reopened": form(**TOLD),
    "coverage.paused": form(text="notice words source lasting", time="source_at until_at"),
    "coverage.taken_over": form(text="state", time="since_at due_at"),
    "coverage.post_published": form(**CONTENT),
    "coverage.post_taken_over": form(**{**CONTENT, "text": CONTENT["text"] + " status state"}, notices="notices"),
    "coverage.post_corrected": form(text="case title notice old_shown", elements="elements"),
    "coverage.post_clarified": form(text="case title notice", elements="elements"),
    "coverage.post_retracted": form(text="case code notice"),
    "coverage.post_placed": form(text="case place"),
    "coverage.key_event_marked": form(text="case"),
    "coverage.key_event_unmarked": form(text="case"),
    "coverage.post_pinned": form(text="case"),
    "coverage.post_unpinned": form(text="case"),
}
EMPTY = {"text": "", "time": None, "flag": False, "elements": [], "notices": []}
MISSING = {"zone": "Europe/London", "section": "live", "status": "published", "code": "error"}


def whole(header, body):
    """The body with every field that its kind has."""
    need(header["kind"] in BODIES, f"{header['kind']} may not be in an export")
    fields = BODIES[header["kind"]]
    full = {name: MISSING.get(name, EMPTY[kind]) for name, kind in fields.items()}
    need(type(body) is dict, "a body is no object")
    has_form({**full, **body}, fields, f"the body of entry {header['position']}")
    return {**full, **body}
