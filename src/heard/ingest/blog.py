"""A live blog as it was read from a file: its parts, each with where it stood and its exact words.

Nothing is guessed. A time that the file does not give is None ("time not recorded"); what was left out as page
furniture is listed, so that whoever imports can see that nothing else went missing.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Literal

import msgspec

from heard.coverage.elements import Element

#: What a headline says of how the page came about; both mean that the day is over.
Suffix = Literal["as it happened", "as they happened"]


class Line(msgspec.Struct, frozen=True):
    """Words with where they stood: the number of the line, counted from 1; None where the format has no lines."""

    words: str
    number: int | None = None


class Post(msgspec.Struct, frozen=True, tag="post"):
    """One post. `id` is its name in the source ("line 20", or the source's own id), the same at every reading."""

    id: str
    words: str  # exactly as printed, as plain text
    elements: tuple[Element, ...]
    number: int | None = None
    title: str = ""
    byline: str = ""
    published_at: datetime | None = None
    updated_at: datetime | None = None  # only where the source was changed more than a minute after publication
    key_event: bool = False
    pinned: bool = False
    summary: bool = False  # the source calls it a summary


class Until(msgspec.Struct, frozen=True):
    """When the court is to be back, as far as the words say: a time of day and a day in the reporter's words.

    Neither is an instant, since the words do not say which date "Monday" is.
    """

    time: time | None = None
    day: str = ""


class State(msgspec.Struct, frozen=True, tag="state"):
    """A notice that the hearing or its coverage paused, went on or ended, in its own words."""

    id: str
    words: str
    verb: Literal["paused", "resumed", "closed"]
    number: int | None = None
    lasting: timedelta | None = None
    until: Until | None = None

    @property
    def duration(self) -> str:
        """`lasting` as ISO 8601 ("PT1H"), empty where no length was given."""
        minutes = int(self.lasting.total_seconds()) // 60 if self.lasting else 0
        hours, minutes = divmod(minutes, 60)
        written = f"{f'{hours}H' if hours else ''}{f'{minutes}M' if minutes else ''}"
        return f"PT{written}" if written else ""


class Blog(msgspec.Struct, frozen=True):
    """A whole live blog, in the source's own order of reading: title, standfirst, summary, report, live."""

    source: Literal["plain text", "guardian"]
    digest: str  # SHA-256 of the file, hexadecimal: what makes importing twice the same as once
    title: Line  # the whole first line
    headline: str  # the title without its hearing and suffix
    hearing: str = ""
    suffix: Suffix | None = None
    standfirst: Line | None = None
    summary: tuple[Line, ...] = ()
    report: tuple[Post, ...] = ()  # the written-through article that stands above the running posts
    live: tuple[Post | State, ...] = ()
    dropped: tuple[Line, ...] = ()  # page furniture
    byline: str = ""
    published_at: datetime | None = None
