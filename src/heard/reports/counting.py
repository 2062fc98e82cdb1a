"""How many were asked and how many responded, as sources counted them: by the day of each count."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any

import msgspec

from heard.reports.entries import Told
from heard.reports.knowledge import Knowledge, Said, known, listed


class Count(msgspec.Struct, frozen=True):
    """How many were asked and how many responses are published, as a source counted them on a day."""

    on: date
    sent: int
    replies: int


def counts(life: Sequence[Any]) -> Iterable[Count]:
    """Every count that a source took, by its day: its own figures where it gives them, else what it lists.

    A reading that tells nothing new of either is not here: what was counted before stands.
    """
    days = sorted(
        {
            body.on
            for body in life
            if isinstance(body, Told) and not body.facts.keys().isdisjoint(_COUNTED) and body.source in _COUNTING
        }
    )
    last: tuple[int, int] | None = None
    for on in days:
        then = known(life, on, _COUNTED)
        sent = _newer(then, "counted_sent", "sent_to", lambda said: len(listed(said)))
        replies = _newer(then, "counted_replies", "replies", lambda said: len(re.findall(r"https?://", said.words)))
        if (sent, replies) != last:
            last = (sent, replies)
            yield Count(on, sent, replies)


#: Sources that list responses for the sake of counting them; a record is of those that somebody read.
_COUNTING = ("tracker", "tracker-scrape", "judiciary")
_COUNTED = ("sent_to", "counted_sent", "replies", "counted_replies")


def _newer(knowledge: Knowledge, counted: str, listed: str, count: Callable[[Said], int]) -> int:
    figure, words = knowledge.facts.get(counted), knowledge.facts.get(listed)
    if figure and figure.words.strip().isdecimal() and (words is None or figure.on >= words.on):
        return int(figure.words)
    return count(words) if words else 0
