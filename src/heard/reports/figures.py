"""Figures over all reports: how many responses are published, by year, body, area and category.

Every figure names its rule, its denominator and its day. Nobody with fewer than twenty requests is listed, and private
persons are nowhere. Requests that are still awaited, or of which nothing is known since their last day, are counted
apart.
"""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date

import msgspec

from heard.reports import drawing, standing
from heard.reports.model import SOURCES
from heard.reports.register import Register
from heard.reports.shown import Shown
from heard.reports.standing import Stand

#: Nobody is listed of whom fewer than this was asked: a rate of few is a rank of chance.
REQUESTS_MIN = 20
LISTED_MAX = 30

RULE_BY_ADDRESSEE = (
    "A request is one addressee of one report. It counts as answered where a response is published that is that "
    "addressee’s by its name; where only their number is known, as many count as are published, and for bodies as "
    "not known."
)
RULE_OF_AGO = (
    "Requests by how long ago their last day was, which is day 56 or a later one that the coroner gave. "
    "Whether a response came by then or after is not asked: most are published without their date."
)
#: Days since the last day, up to which one counts so.
AGO = (
    (56, "up to 8 weeks ago"),
    (182, "8 to 26 weeks ago"),
    (365, "half a year to a year ago"),
    (731, "one to two years ago"),
    (1826, "two to five years ago"),
    (10**6, "more than five years ago"),
)
RULE_OF_DAYS = (
    "Responses that are published and an addressee’s by its name. The share is of those whose own date and last day "
    "are both known, by whether they are dated by then: day 56, or a later one that the coroner gave. A date after it "
    "does not say that a response was late, since extensions are seldom published."
)
RULE_OF_TRACKER = (
    "The Preventable Deaths Tracker’s rule: a report is completed where as many replies are published as it has "
    "addressees, whosever they are."
)


RULE_OF_CATEGORIES = f"{RULE_BY_ADDRESSEE} Categories are the publisher’s, judiciary.uk, as the sources list them."
#: By `model.THEMES`: the title, and what is to be known of who set them.
THEMES = {
    "tags": (
        "By research tag",
        "People set them for studies, each of some years alone: a report without one may be about the same.",
    ),
    "labels": (
        "By theme that a machine set",
        "A machine read the reports about road traffic and set them; nobody has looked at each.",
    ),
}


class Line(msgspec.Struct, frozen=True):
    """One row: of `requests`, so many are answered, have no response published, are awaited, or are not known."""

    name: str
    key: str
    requests: int
    answered: int
    none: int
    awaited: int
    unknown: int

    @property
    def due(self) -> int:
        """The denominator: requests whose last day is past and of which something is known, and all answered ones."""
        return self.answered + self.none

    @property
    def share(self) -> str:
        """The part that is answered, or in words why there is none: of nothing there is no share."""
        if self.due:
            return f"{100 * self.answered / self.due:.0f} %"
        return "nothing is known" if self.unknown else "all are awaited"

    @property
    def said(self) -> str:
        """ "12 of 20 (60 %)", and never "0 of 0"."""
        return f"{self.answered:,} of {self.due:,} ({self.share})" if self.due else self.share


#: What of a line stands in a table, and how it is called there.
OF_REQUESTS = {
    "requests": "Asked",
    "answered": "Answered",
    "none": "None published",
    "awaited": "Awaited",
    "unknown": "Not known",
}
OF_DAYS = {
    "requests": "Responses",
    "answered": "Dated by the last day",
    "none": "Dated after it",
    "unknown": "A day not known",
}


class Figure(msgspec.Struct, frozen=True):
    name: str
    title: str
    rule: str
    on: date
    lines: tuple[Line, ...]
    columns: Mapping[str, str] = msgspec.field(default_factory=lambda: OF_REQUESTS)
    #: Said where there is no line.
    nothing: str = "There are too few requests for this."


def figures(register: Register, on: date) -> list[Figure]:
    """All figures as of a day, worked out once for each edition of the register."""
    return register.once("figures", on, lambda: _worked_out(register, on))


def _worked_out(register: Register, on: date) -> list[Figure]:
    stood = register.stands(on)
    requests = [
        (one, stand.addressee.name, stand.addressee.key, sort, counted)
        for one in register
        if one.id in stood  # a thread counts while the register grows: what came since is of the next edition
        for stand, sort, counted in _sorted(one, stood[one.id], on)
    ]

    def by(
        name: str,
        title: str,
        group: Callable[[Shown, str, str], Iterable[tuple[str, str]]],
        least: int,
        *,
        years: bool = False,
        rule: str = RULE_BY_ADDRESSEE,
    ) -> Figure:
        counts = defaultdict[tuple[str, str], Counter[str]](Counter)
        for one, addressee, key, sort, counted in requests:
            for place in group(one, addressee, key):
                counts[place][sort if name == "bodies" else counted] += 1
        lines = [
            Line(label, key, count.total(), count["answered"], count["none"], count["awaited"], count["unknown"])
            for (label, key), count in counts.items()
            if count.total() >= least
        ]
        lines.sort(key=lambda line: line.name if years else (-line.requests, line.name))
        return Figure(name, title, rule, on, tuple(lines if years else lines[:LISTED_MAX]))

    def by_themes(name: str) -> Figure:
        title, about = THEMES[name]
        read = {(found.source, found.on) for one in register if (found := one.themes.get(name))}
        if not read:
            return Figure(name, title, about, on, (), nothing="No source that sets them was read.")
        source, day = max(read, key=lambda one: one[1])
        rule = f"{RULE_BY_ADDRESSEE} The source is {SOURCES[source].title}, read as of {day.day} {day:%B %Y}. {about}"
        return by(name, title, lambda one, *_: [(theme, "") for theme in _themes(one, name)], REQUESTS_MIN, rule=rule)

    return [
        by(
            "years",
            "By the year of the report",
            lambda one, *_: [(str(one.dated.year), "")] if one.dated else [],
            1,
            years=True,
        ),
        by("bodies", "By body", lambda _, addressee, key: [(addressee, key)] if key else [], REQUESTS_MIN),
        by("areas", "By coroner area", lambda one, *_: [(one.area, "")] if one.area else [], REQUESTS_MIN),
        by(
            "categories",
            "By category",
            lambda one, *_: [(category, "") for category in one.categories],
            REQUESTS_MIN,
            rule=RULE_OF_CATEGORIES,
        ),
        by_themes("tags"),
        by_themes("labels"),
        _days(register, stood, on),
        _ago(register, stood, on),
        _trackers(register, on),
    ]


def _themes(one: Shown, name: str) -> tuple[str, ...]:
    found = one.themes.get(name)
    return found.names if found else ()


def _days(register: Register, stood: Mapping[str, Sequence[Stand]], on: date) -> Figure:
    """How many responses are dated by their last day, by the year of the report."""
    counts, days = defaultdict[str, Counter[str]](Counter), list[int]()
    for one in register:
        for stand in stood.get(one.id, ()):
            if stand.state != "response published" or one.dated is None:
                continue
            dated = stand.response.dated_on if stand.response else None
            if dated is None or stand.due is None:
                counts[str(one.dated.year)]["unknown"] += 1
                continue
            counts[str(one.dated.year)]["answered" if dated <= stand.due.on else "none"] += 1
            days += [] if stand.day is None else [stand.day]
    known = sum(count["answered"] + count["none"] for count in counts.values())
    lines = [
        Line(year, "", count.total(), count["answered"], count["none"], 0, count["unknown"])
        for year, count in sorted(counts.items())
        if known >= REQUESTS_MIN
    ]
    rule = RULE_OF_DAYS + (f" The one in the middle is dated day {statistics.median_low(days)}." if days else "")
    few = f"Of fewer than {REQUESTS_MIN} responses both days are known: {known}."
    return Figure("days", "By year: responses dated by their last day", rule, on, tuple(lines), OF_DAYS, few)


def _ago(register: Register, stood: Mapping[str, Sequence[Stand]], on: date) -> Figure:
    """How much is answered of what has been over for how long."""
    counts = {name: Counter[str]() for _, name in AGO}
    for one in register:
        for stand, _, counted in _sorted(one, stood.get(one.id, ()), on):
            if stand.due and stand.due.on < on:
                days = (on - stand.due.on).days
                counts[next(name for most, name in AGO if days <= most)][counted] += 1
    lines = [
        Line(name, "", count.total(), count["answered"], count["none"], count["awaited"], count["unknown"])
        for name, count in counts.items()
        if count
    ]
    return Figure("ago", "By how long ago the last day was", RULE_OF_AGO, on, tuple(lines))


def _sorted(one: Shown, stands: Sequence[Stand], on: date) -> Iterator[tuple[Stand, str, str]]:
    """Each request with its sort, by whose the response is and by how many there are."""
    count = one.counted(on)
    more = (count.replies if count else 0) - sum(stand.state == "response published" for stand in stands)
    for stand in stands:
        sort = _SORTS.get(stand.state, "unknown")
        counted = sort
        if stand.state == "responses counted":  # so many of these are answered, whosever they are
            counted, more = ("answered" if more > 0 else "none"), more - 1
        yield stand, sort, counted


_SORTS = {"response published": "answered", "none published": "none", "awaited": "awaited"}


def _trackers(register: Register, on: date) -> Figure:
    """The same by the other rule, so that nobody has to wonder why two rates differ."""
    counts: dict[str, Counter[str]] = {}
    for one in register:
        if one.dated and (status := standing.by_tracker(one, on)):
            counts.setdefault(str(one.dated.year), Counter())[status] += 1
    lines = [
        Line(year, "", count.total(), count["completed"], count["partial"] + count["overdue"], count["pending"], 0)
        for year, count in sorted(counts.items())
    ]
    return Figure("tracker", "Reports by the tracker’s rule, by year", RULE_OF_TRACKER, on, tuple(lines))


def picture(figure: Figure) -> str:
    """The shares as bars."""
    rows = [(line.name, line.answered, line.due, line.said) for line in figure.lines]
    return drawing.shares(rows, figure.title)
