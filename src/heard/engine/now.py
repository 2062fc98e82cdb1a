"""The only module that asks what time it is.

Instants are aware UTC (`…_at`); they are shown in the time zone of their court.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

_held: list[datetime] = []


def utc() -> datetime:
    """This instant, aware UTC."""
    return _held[-1] if _held else datetime.now(UTC)


def today(zone: str = "Europe/London") -> date:
    """The civil day that it is at a place."""
    return utc().astimezone(ZoneInfo(zone)).date()


def text(at: datetime) -> str:
    """RFC 3339 in UTC with microseconds, always the same width, so that text order is time order."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def instant(written: str) -> datetime:
    """The instant that `text` wrote.

    Raises ValueError for anything that is not an RFC 3339 instant with its offset.
    """
    at = datetime.fromisoformat(written)
    if at.tzinfo is None:
        raise ValueError("an instant needs its offset from UTC")
    return at.astimezone(UTC)


@contextmanager
def held_at(at: datetime) -> Iterator[None]:
    """Hold the clock still, for tests of what depends on it."""
    _held.append(at.astimezone(UTC))
    try:
        yield
    finally:
        _held.pop()
