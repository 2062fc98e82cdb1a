"""A body, or a coroner area, over time: for each quarter what was asked, and what is published of what came.

Counts, and no rank: nobody with fewer than twenty requests is drawn, since a picture of few is one of chance, and a
private person has no page on which one could stand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Literal

import msgspec

from heard.reports import bodies, clocks, drawing
from heard.reports.figures import REQUESTS_MIN
from heard.reports.model import Promise
from heard.reports.shown import Shown
from heard.reports.standing import Stand

#: Twenty years; what is before them is one row.
QUARTERS_MAX = 80
_RULE = (
    "its quarter is that of the day on which the report was sent to the addressee, or where that is not recorded of "
    "the report’s date. Answered within "
    f"{clocks.DAYS} days: a response of its own is published and dated on day {clocks.DAYS} of the clock or before. "
    "Answered later: dated after it; an extension, which may have been given, moves nothing here and stands with the "
    "report. Answered, day not known: published without its date. None published: its last day is past, and a source "
    "that was read since has none. Not known: nobody looked since the last day, or only an interim reply or a number "
    "of responses is published. Promised: promises that were recorded from its responses to the requests of that "
    "quarter. Every count is of the requests of its quarter, “asked”."
)

RULE = f"A request is one report that was sent to it as an addressee; {_RULE}"
RULE_OF_AREA = f"A request is one addressee of one report of this area, whoever it is; {_RULE}"

Sort = Literal["within", "later", "undated", "none", "awaited", "unknown"]
#: Each sort in words, in the order of the columns.
SORTS: dict[Sort, str] = {
    "within": f"Answered within {clocks.DAYS} days",
    "later": "Answered later",
    "undated": "Answered, day not known",
    "none": "None published",
    "awaited": "Awaited",
    "unknown": "Not known",
}
#: Before all quarters, after them, and of no known day.
_BEFORE, _AFTER, _NO_DAY = -1, 10**6, 10**6 + 1


class Quarter(msgspec.Struct, frozen=True):
    """One row: of `asked` requests, how many are of each sort; together they are all of them."""

    name: str
    asked: int
    counts: dict[Sort, int]
    promised: int


class OverTime(msgspec.Struct, frozen=True):
    rule: str
    on: date
    quarters: tuple[Quarter, ...]
    title: str


def owed(stands: Iterable[Stand]) -> dict[Sort, int]:
    """How many requests are of each sort on the day of the stands."""
    counted = Counter(map(_sort, stands))
    return {sort: counted[sort] for sort in SORTS}


def of_body(
    rows: Sequence[tuple[Shown, Stand]], promises: Iterable[tuple[Shown, Promise]], on: date
) -> OverTime | None:
    """The requests of a body by quarter, with its promises; None where they are too few."""
    title = "What it was asked by quarter, and what is published of what came"
    return _over_time(rows, promises, on, RULE, title)


def of_area(stands: Mapping[str, Sequence[Stand]], theirs: Sequence[Shown], on: date) -> OverTime | None:
    """The requests of all reports of an area by quarter; None where they are too few."""
    rows = [(one, stand) for one in theirs for stand in stands[one.id]]
    title = "What was asked in reports of this area by quarter, and what is published of what came"
    promises = [(one, promise) for one in theirs for promise in one.promises]
    return _over_time(rows, promises, on, RULE_OF_AREA, title)


def _over_time(
    rows: Sequence[tuple[Shown, Stand]], promises: Iterable[tuple[Shown, Promise]], on: date, rule: str, title: str
) -> OverTime | None:
    if len(rows) < REQUESTS_MIN:
        return None
    first = _number(on) - QUARTERS_MAX + 1
    quarters: dict[tuple[str, str], int] = {}
    counts: dict[int, Counter[Sort]] = {}
    for one, stand in rows:
        quarter = quarters[_request(one, stand.addressee.name)] = _quarter(stand, first, on)
        counts.setdefault(quarter, Counter())[_sort(stand)] += 1
    requests = [_request(one, promise.by) for one, promise in promises]
    promised = Counter(quarters[request] for request in requests if request in quarters)
    return OverTime(rule, on, tuple(_rows(counts, promised, first, on)), title)


def _request(one: Shown, addressee: str) -> tuple[str, str]:
    return one.id, bodies.key(addressee) or addressee


def _rows(counts: dict[int, Counter[Sort]], promised: Counter[int], first: int, on: date) -> Iterator[Quarter]:
    """Every quarter from the first request to the last, those without any too: a gap is seen as one."""
    dated = [number for number in counts if first <= number <= _number(on)]
    between = range(min(dated), max(dated) + 1) if dated else ()
    for number in (_BEFORE, *between, _AFTER, _NO_DAY):
        found = counts.get(number, Counter())
        if found or number in between:
            told = {sort: found[sort] for sort in SORTS}
            yield Quarter(_name(number, first, on), found.total(), told, promised[number])


def _sort(stand: Stand) -> Sort:
    if stand.state == "response published":
        dated = stand.response and stand.response.dated_on
        if not dated or not stand.due:
            return "undated"
        return "within" if dated <= stand.due.counted else "later"
    if stand.state == "none published":
        return "none"
    return "awaited" if stand.state == "awaited" else "unknown"


def _quarter(stand: Stand, first: int, on: date) -> int:
    if not stand.due:
        return _NO_DAY
    number = _number(stand.due.start)
    return _BEFORE if number < first else _AFTER if number > _number(on) else number


def _number(day: date) -> int:
    return day.year * 4 + (day.month - 1) // 3


def _name(number: int, first: int, on: date) -> str:
    if number == _BEFORE:
        return f"before {_name(first, first, on)}"
    if number == _AFTER:
        return f"after {_name(_number(on), first, on)}"
    return "no date" if number == _NO_DAY else f"{number // 4} Q{number % 4 + 1}"


def picture(told: OverTime) -> str:
    """The rows as columns; those that are awaited or not known are one part of each."""
    columns = [
        (one.name, (*(one.counts[sort] for sort in _DRAWN), one.counts["awaited"] + one.counts["unknown"]))
        for one in told.quarters
    ]
    words = (*(SORTS[sort] for sort in _DRAWN), "Awaited or not known")
    return drawing.columns(columns, words, told.title)


_DRAWN: tuple[Sort, ...] = ("within", "later", "undated", "none")


def table(told: OverTime) -> Iterator[tuple[str, ...]]:
    """The same as rows of CSV: the rule, the day, the heading, a row for each quarter."""
    yield "rule", told.rule
    yield "as of", str(told.on)
    yield ("quarter", "asked", *(words.lower() for words in SORTS.values()), "promised")
    for one in told.quarters:
        yield (one.name, str(one.asked), *(str(one.counts[sort]) for sort in SORTS), str(one.promised))
