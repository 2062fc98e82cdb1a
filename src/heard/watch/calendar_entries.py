"""What can happen to a calendar of working days. Each calendar is a stream, by its name."""

from __future__ import annotations

from datetime import date

from heard.engine.entry import Body, written_as


@written_as("watch.day_proclaimed")
class DayProclaimed(Body, frozen=True):
    """On the calendar's stream, its next version: a day is one of work, or is none; `words` say by what."""

    number: int
    on: date
    is_working: bool
    words: str
