"""How far concerns have come, as tables for others: a row for each concern and each addressee, as CSV and as JSON."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from heard.reports import standing, tables
from heard.reports.axes import Axes, axes
from heard.reports.register import Register
from heard.reports.shown import Shown

#: Reports of which rows are made in one go: about five milliseconds.
MAKE_AT_ONCE = 25


COLUMNS = (
    *("report", "concern", "number", "addressee", "response", "response_words", "last_read"),
    *("action", "action_by", "passage", "judgement", "judged_by", "judged_on", "reason", "closed", "superseded_by"),
    *("kept", "kept_words", "kept_by", "kept_until", "ntsb", "gao", "as_of"),
)


def as_rows(shown: Shown, some: Iterable[Axes], on: date) -> Iterator[tuple[str, ...]]:
    """By `COLUMNS`; of several that are watched for one concern, each cell has all, a bar between them."""
    for one in some:
        kept = [
            " | ".join(map(_cell, of_each))
            for of_each in zip(*((each.value, each.words, each.by, each.on) for each in one.kept), strict=True)
        ]
        cells = (
            *(shown.slug, one.concern, one.number, one.addressee),
            *(one.response.value, one.response.words, one.response.on),
            *(one.action.value, one.action.by, one.action.words),
            *(one.judgement.value, one.judgement.by, one.judgement.on, one.judgement.words),
            *("yes" if one.closed else "", one.superseded_by, *kept, one.ntsb, one.gao, on),
        )
        yield tuple(map(_cell, cells))


def _cell(value: object) -> str:
    return "" if value is None else str(value)


def as_json(some: Iterable[Axes]) -> list[dict[str, Any]]:
    """The same rows; null where a value has nobody's name, words or day."""
    return [
        {
            "concern": one.concern or None,
            "number": one.number or None,
            "addressee": one.addressee or None,
            "response": {"is": one.response.value, "words": one.response.words or None, "last_read": one.response.on},
            "action": {"is": one.action.value, "by": one.action.by or None, "passage": one.action.words or None},
            "judgement": {
                "is": one.judgement.value,
                "by": one.judgement.by or None,
                "on": one.judgement.on,
                "reason": one.judgement.words or None,
                "closes": one.closed,
                "superseded_by": one.superseded_by or None,
            },
            "kept": [
                {"is": each.value, "words": each.words or None, "by": each.by or None, "until": each.on}
                for each in one.kept
            ],
            "ntsb": one.ntsb,
            "gao": one.gao,
        }
        for one in some
    ]


async def lines_of(register: Register, some: Sequence[Shown], on: date) -> dict[str, str]:
    """By report: its rows as lines of a CSV, without what is watched. Made anew only of those that are new since.

    Beside what serves, a few at a time, and never in a thread: what is listed of a report and its texts, of which a
    row is made, are changed one after the other. What was taken out of sight meanwhile has no line.
    """
    while True:
        made, there = register.kept("axes", on), [now for one in some if (now := register.find(one.id))]
        old = [one for one in there if made.get(one.id, (None,))[0] is not one]
        if not old:
            return {one.id: made[one.id][1] for one in there}
        for start in range(0, len(old), MAKE_AT_ONCE):
            for one in old[start : start + MAKE_AT_ONCE]:
                stands = standing.stands(one, register.days_read(one.id), on)
                told = as_rows(one, axes(one, register.texts(one.id), stands, ()), on)
                made[one.id] = one, tables.lines(told)
            await asyncio.sleep(0)
