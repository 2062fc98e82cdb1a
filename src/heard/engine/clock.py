"""A clock: a running period that was started by one entry and can fall due."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import msgspec

from heard.engine.errors import Refused

_DURATION = re.compile(r"P(?:(\d{1,3})D)?(?:T(?:(\d{1,3})H)?(?:(\d{1,4})M)?(?:(\d{1,5})S)?)?")


class Clock(msgspec.Struct, frozen=True):
    """A period from `started_at`; it is due at `due_at`, or open when that is None."""

    started_at: datetime
    due_at: datetime | None = None

    def due(self, at: datetime) -> bool:
        return self.due_at is not None and at >= self.due_at


def duration(written: str) -> timedelta:
    """An ISO 8601 duration of days, hours, minutes and seconds ("PT1H").

    Raises Refused for anything else, and for nought.
    """
    found = _DURATION.fullmatch(written)
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups()) if found else (0, 0, 0, 0)
    length = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    if not length:
        raise Refused(f"“{written[:40]}” is not a length of time. Write it like PT1H or PT90M.")
    return length
