"""Civil time: days end at midnight where the obligation lives, and a working day is one on which offices are open."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

LAST = timedelta(milliseconds=1)

#: Days that were moved, or given once, by proclamation. Of a later one an entry tells (`calendars`): put here, it would
#: change what was known before it was proclaimed.
_MOVED_FROM = {date(2012, 5, 28), date(2020, 5, 4), date(2022, 5, 30)}
_GIVEN_ONCE = {
    *(date(2011, 4, 29), date(2012, 6, 4), date(2012, 6, 5), date(2020, 5, 8), date(2022, 6, 2), date(2022, 6, 3)),
    *(date(2022, 9, 19), date(2023, 5, 8)),
}


def end_of_day(day: date, zone: str) -> datetime:
    """The last millisecond of a civil day."""
    return instant(day + timedelta(days=1), time(), zone) - LAST


def instant(day: date, at: time, zone: str) -> datetime:
    """A clock time of a civil day. One that comes twice is the first; one that does not exist is read with the offset
    before the gap (RFC 5545, section 3.3.5).
    """
    return datetime.combine(day, at, ZoneInfo(zone)).astimezone(UTC)


def apart(since: datetime, until: datetime, zone: str) -> timedelta:
    """How long it is between two instants by the clock on the wall."""
    here = ZoneInfo(zone)
    return until.astimezone(here).replace(tzinfo=None) - since.astimezone(here).replace(tzinfo=None)


def later(at: datetime, by: timedelta, zone: str) -> datetime:
    """So much later by the clock on the wall: what was due at the end of a day is due at the end of another."""
    here = ZoneInfo(zone)
    return (at.astimezone(here).replace(tzinfo=None) + by).replace(tzinfo=here).astimezone(UTC)


def local_day(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()


def shown(at: datetime, zone: str) -> str:
    """ "2031-03-03 14:05:09", in the time of a place: for tables."""
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S}"


def day(on: date) -> str:
    """ "3 March 2031"."""
    return f"{on.day} {on:%B %Y}"


def months_later(on: date, months: int) -> date:
    """The corresponding date: the day of that number in the month so many later, or its last day where it has none
    (Dodds v Walker [1981] 1 WLR 1027).
    """
    year, month = divmod(on.year * 12 + on.month - 1 + months, 12)
    return min(date(year, month + 1, 1) + timedelta(days=on.day - 1), _last_of(year, month + 1))


def _last_of(year: int, month: int) -> date:
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


class Calendar:
    """The working days of England and Wales: no weekend, no bank holiday, not Christmas Day or Good Friday; and
    whatever was proclaimed otherwise.
    """

    def __init__(self, proclaimed: Mapping[date, bool] | None = None) -> None:
        self.proclaimed = dict(proclaimed or {})

    def say(self, day: date, is_working: bool) -> None:
        """It was proclaimed."""
        self.proclaimed[day] = is_working

    def is_working(self, day: date) -> bool:
        return day.weekday() < 5 and self.proclaimed.get(day, day not in bank_holidays(day.year))

    def of_month(self, year: int, month: int, number: int) -> date:
        """The so-manieth working day of a month."""
        return self.after(date(year, month, 1) - timedelta(days=1), number)

    def after(self, day: date, number: int) -> date:
        """The so-manieth working day after a day, which itself does not count."""
        while number:
            day += timedelta(days=1)
            number -= self.is_working(day)
        return day


@lru_cache(maxsize=256)
def bank_holidays(year: int) -> frozenset[date]:
    """Bank and public holidays in England and Wales (Banking and Financial Dealings Act 1971, Sch. 1, and by
    proclamation until 2023).
    """
    easter = _easter(year)
    regular = {
        easter - timedelta(days=2),
        easter + timedelta(days=1),
        _monday_from(date(year, 5, 1)),
        _monday_from(date(year, 5, 25)),
        _monday_from(date(year, 8, 25)),
        _next_working(date(year, 1, 1), set()),
    }
    christmas = {date(year, 12, 25), date(year, 12, 26)}
    for day in sorted(christmas):
        regular.add(_next_working(day, christmas | regular) if day.weekday() > 4 else day)
    return frozenset({day for day in regular | _GIVEN_ONCE if day.year == year} - _MOVED_FROM)


def _monday_from(day: date) -> date:
    return day + timedelta(days=-day.weekday() % 7)


def _next_working(day: date, taken: set[date]) -> date:
    while day.weekday() > 4 or day in taken:
        day += timedelta(days=1)
    return day


def _easter(year: int) -> date:
    """Western Easter Sunday (Meeus, Astronomical Algorithms, 1991, chapter 8)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e, f = b // 4, b % 4, (b + 8) // 25
    h = (19 * a + b - d - (b - f + 1) // 3 + 15) % 30
    i, k = c // 4, c % 4
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)
