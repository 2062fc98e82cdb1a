"""The only module that asks what time it is.

Instants are aware UTC (`…_at`); they are shown in the time zone of their court.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

#: The machine's clock is followed in steps of up to this, which is how it is put right from time to time (NTP steps
#: from 0.128 s on, and slews below). A longer one is not believed by a process that has to keep time.
FOLLOWED = timedelta(seconds=0.5)

_held: list[datetime] = []
_steady: list[Steady] = []


def utc() -> datetime:
    """This instant, aware UTC."""
    if _held:
        return _held[-1]
    return _steady[-1].utc() if _steady else _wall()


class Steady:
    """Time that goes on as it went, whatever the machine's clock is set to meanwhile.

    Half an hour is half an hour also when the clock is set by one: what is owed would lapse, or not, for no reason but
    that. The new time is taken up by the next process, or as soon as the clock is back.
    """

    def __init__(self, at_least: datetime) -> None:
        """Not before `at_least`: the journal's newest entry, behind which its time would stand still."""
        self._since, self._from = _elapsed_s(), max(_wall(), at_least)
        #: By how much the machine's clock is ahead of this one, where it was set.
        self.apart: timedelta | None = None

    def utc(self) -> datetime:
        elapsed_s, wall = _elapsed_s(), _wall()
        steady = self._from + timedelta(seconds=elapsed_s - self._since)
        if abs(wall - steady) <= FOLLOWED:
            self._since, self._from, self.apart = elapsed_s, wall, None
            return wall
        self.apart = wall - steady
        return steady


def keep_steady(at_least: datetime) -> None:
    """From now on, for all of this process."""
    _steady.append(Steady(at_least))


def set_by() -> timedelta | None:
    """By how much the machine's clock was set, while that is not believed."""
    return _steady[-1].apart if _steady else None


def _wall() -> datetime:
    return datetime.now(UTC)


def _elapsed_s() -> float:
    """Goes on while the machine sleeps, where the system has such a clock."""
    return time.clock_gettime(_CLOCK)


_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def today(zone: str = "Europe/London") -> date:
    """The civil day that it is at a place."""
    return utc().astimezone(ZoneInfo(zone)).date()


@lru_cache(2048)  # what is written in one transaction is written at one instant, and in many tables
def text(at: datetime) -> str:
    """RFC 3339 in UTC with microseconds, always the same width, so that text order is time order."""
    if at.tzinfo is not UTC:
        at = at.astimezone(UTC)
    return at.isoformat(timespec="microseconds")[:-6] + "Z"  # without its +00:00


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
