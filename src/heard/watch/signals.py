"""Signals of three values that expire: true, false, and not known. No data is never "so"."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterator
from datetime import datetime, timedelta
from math import asin, cos, radians, sin, sqrt
from typing import Any

import msgspec
from msgspec import structs

EARTH_M = 6_371_008.8
#: From the radius that holds 68 % of fixes to the one that holds 95 %, for errors alike in all directions.
TO_95 = 1.6215
#: Cursor-on-Target's "not known".
NOT_KNOWN = 9_999_999

Known = bool | None


class Said(msgspec.Struct, frozen=True, order=True):
    """A value from an instant until it expires, if it does. Of two for one instant the one heard last counts."""

    at: datetime
    number: int
    value: Any = msgspec.field(default=None)
    until: datetime | None = None


class Signal:
    """What one source says of one thing, by the times that it claims."""

    def __init__(self) -> None:
        self._said: list[Said] = []
        self._number = 0

    def say(self, at: datetime, value: Any, until: datetime | None = None) -> None:
        self._number += 1
        insort(self._said, Said(at, self._number, value, until), key=lambda one: (one.at, one.number))

    def changes(self, after: datetime) -> Iterator[datetime]:
        """When, later than an instant, it may change by itself or by what was said."""
        for one in self._said[max(0, self._next(after) - 1) :]:
            if one.at > after:
                yield one.at
            if one.until is not None and one.until > after:
                yield one.until

    def _next(self, at: datetime) -> int:
        """Where what was said of later instants begins."""
        return bisect_right(self._said, at, key=lambda one: one.at)

    def value(self, at: datetime) -> Any:
        """As known now, for an instant; None where nothing is known."""
        place = self._next(at)
        if not place:
            return None
        newest = self._said[place - 1]
        return None if newest.until is not None and at >= newest.until else newest.value

    def state(self) -> list[Any]:
        """All that was said, to be taken up again."""
        return [self._number, [structs.astuple(one) for one in self._said]]

    def go_on_from(self, state: list[Any]) -> None:
        self._number, said = state
        self._said = [Said(*one) for one in said]

    def forget_before(self, at: datetime) -> None:
        """Drop what can say nothing of any later instant."""
        del self._said[: max(0, self._next(at) - 1)]

    def gather_before(self, at: datetime) -> None:
        """Of what was said up to an instant, behind which nothing more is said, the same again and again is one."""
        place, gathered = self._next(at), list[Said]()
        for one in self._said[:place]:
            last = gathered[-1] if gathered else None
            if last is not None and last.value == one.value and (last.until is None or last.until >= one.at):
                gathered[-1] = structs.replace(last, until=one.until)
            else:
                gathered.append(one)
        self._said[:place] = gathered


def near(
    place: tuple[float, float], radius_m: float, lat: float, lon: float, acc: float | None, *, by_centre: bool = False
) -> Known:
    """Whether a fix with its circle of error lies within a radius of a place, outside, or neither for certain.

    One without its error is neither, by its centre too: mocked, typed-in and invalid fixes come without it.
    """
    if acc is None or acc <= 0 or acc >= NOT_KNOWN:
        return None
    error = 0.0 if by_centre else TO_95 * acc
    distance = metres(place, (lat, lon))
    if distance + error <= radius_m:
        return True
    return False if distance - error > radius_m else None


def metres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Along the great circle (haversine)."""
    lat1, lon1, lat2, lon2 = radians(one[0]), radians(one[1]), radians(other[0]), radians(other[1])
    half = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_M * asin(sqrt(min(1.0, half)))


def at_least(wanted: int, values: Iterator[Known]) -> Known:
    """Whether so many are so: not known while those who are not known could make the difference."""
    so = unknown = 0
    for value in values:
        so += value is True
        unknown += value is None
    if so >= wanted:
        return True
    return False if so + unknown < wanted else None


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)
