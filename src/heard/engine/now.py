"""The only module that asks what time it is.

Instants are aware UTC (`…_at`); they are shown in the time zone of their court.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

#: The machine's clock is followed in steps of up to this, which is how it is put right from time to time (NTP steps
#: from 0.128 s on, and slews below). A longer one is not believed by a process that has to keep time.
FOLLOWED = timedelta(seconds=0.5)
#: By as much of the time that has passed two clocks may have come apart by themselves.
DRIFTS = 0.001

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
    that. The new time is taken up as soon as the clock is back, or an operator says that it is right.
    """

    def __init__(self, at_least: datetime, went_on: datetime | None = None, passed_s: float = 0.0) -> None:
        """Not before `at_least`: the journal's newest entry, behind which its time would stand still.

        `went_on` is what it must be by the time of a process before this one and the `passed_s` since, where the
        machine ran on: then the clock is believed only if it agrees.
        """
        wall, drift = _wall(), timedelta(seconds=passed_s * DRIFTS)
        is_believed = went_on is None or abs(wall - went_on) <= FOLLOWED + drift
        #: An instant, and how far the machine had run by then. Threads ask too, so the two are put in place as one.
        self._base = _elapsed_s(), max(wall if is_believed or went_on is None else went_on, at_least)
        #: By how much the machine's clock is ahead of this one, where it was set; and since when, by this one.
        self.apart: timedelta | None = None
        self.apart_since: datetime | None = None
        #: Until then it stands still: a clock was believed that is before what time had come to.
        self.still_until: datetime | None = None

    def utc(self) -> datetime:
        elapsed_s, wall = _elapsed_s(), _wall()
        (since_s, at), still_until = self._base, self.still_until
        steady = at + timedelta(seconds=elapsed_s - since_s)
        if abs(wall - steady) <= FOLLOWED:
            self._base, self.apart, self.apart_since = (elapsed_s, wall), None, None
            steady = wall
        else:
            self.apart, self.apart_since = wall - steady, self.apart_since or steady
        if still_until is not None:
            if steady < still_until:
                return still_until
            self.still_until = None
        return steady

    def believe(self) -> None:
        """The machine's clock is right. Time never goes back for it: it stands still until the clock is there."""
        self.still_until = self.utc()
        self._base = _elapsed_s(), _wall()


def keep_steady(at_least: datetime, went_on: datetime | None = None, passed_s: float = 0.0) -> None:
    """From now on, for all of this process; as `Steady` has it."""
    _steady.append(Steady(at_least, went_on, passed_s))


@contextmanager
def kept_steady(at_least: datetime, went_on: datetime, passed_s: float) -> Iterator[None]:
    """For as long as a command runs."""
    keep_steady(at_least, went_on, passed_s)
    try:
        yield
    finally:
        _steady.pop()


def believe() -> None:
    """An operator says that the machine's clock is right."""
    for steady in _steady[-1:]:
        steady.believe()


def running() -> tuple[str, float]:
    """Which run of the machine this is, "" where it does not say, and for how many seconds it goes on."""
    try:
        return _RUN.read_text().strip(), _elapsed_s()
    except OSError:
        return "", _elapsed_s()


_RUN = Path("/proc/sys/kernel/random/boot_id")


def doubted_since() -> datetime | None:
    """Since when the machine's clock is not believed."""
    return _steady[-1].apart_since if _steady else None


def still_until() -> datetime | None:
    """Until when no time passes here, if it stands still."""
    return _steady[-1].still_until if _steady else None


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
