"""What the fixes of one holder on duty say of one station, instant by instant: there, not there, or not known.

    a fix, good for a while ──▶ present / absent, where its whole circle of error is in or out of the area
    its circle crosses the edge, it has no error, is mocked or typed in ──▶ not known
    its clock is ahead of ours, it leaps, or it says the same place again and again ──▶ not known, by that name
    nothing more is heard ──▶ not known, from the instant at which the last was not good any more

Everything is by the times that are claimed, so that what comes late puts the past right: `corrections` compares what
the fixes say now with what was written down, and gives what is to be written so that both are the same.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from heard.watch.areas import Area, apart_m
from heard.watch.signals import TO_95, Known, seconds

#: A clock that runs ahead by more is not believed.
SKEW = timedelta(seconds=2)
#: Nobody who walks a post is quicker, in m/s; what is has leapt. A helicopter's cruise.
LEAPS_M_S = 70.0
#: A fix without its error may be this far off, in metres.
ERROR_M = 100.0
#: So many fixes are held of one duty to put the past right by: five hours at ten seconds, half an hour at one.
HELD = 2000

FOREVER = datetime.max.replace(tzinfo=UTC)

#: Why it is not known: the blind spots, by their names.
WHY = {
    "silent": "nothing is heard from the phone",
    "late": "the phone's word comes later than it is good for",
    "lost": "the phone's link is lost",
    "ahead": "the phone's clock is ahead",
    "leapt": "the phone has leapt from one place to another",
    "repeats": "the phone says the same place again and again",
    "mock": "the phone's place is mocked",
    "by hand": "the phone's place was typed in",
    "no error": "the phone does not say how exact its place is",
    "edge": "the phone is too inexact to tell",
    "unread": "what was kept of the phone cannot be read",
}


class Placed(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One fix as it is kept. `said` is "mock", "by hand", "lost", "ahead", or "outside": then no place is kept."""

    at: datetime
    received_at: datetime
    lat: float | None = None
    lon: float | None = None
    acc: float | None = None
    good_until: datetime | None = None
    said: str = ""


class Point(msgspec.Struct, frozen=True, gc=False):
    """What a fix shows from its instant until it is not good any more (`ends`: why not), or the next one's."""

    at: datetime
    until: datetime
    present: Known
    why: str = ""
    ends: str = "silent"


class Step(msgspec.Struct, frozen=True):
    """So from this instant on, until the next step."""

    at: datetime
    present: Known
    why: str = ""


def believed(placed: Placed) -> Placed:
    """As it counts. Whose clock runs ahead of ours was heard when we heard it; if by more than a little, it shows
    nothing either.
    """
    if placed.at <= placed.received_at:
        return placed
    said = "ahead" if placed.at > placed.received_at + SKEW else placed.said
    return msgspec.structs.replace(placed, at=placed.received_at, said=said)


def without_place(placed: Placed, area: Area) -> Placed:
    """As it is kept of one who is far from the station: no place, only that they are outside."""
    if placed.said or placed.acc is None or placed.lat is None or placed.lon is None:
        return placed
    if area.is_far(placed.lat, placed.lon, placed.acc):
        return msgspec.structs.replace(placed, lat=None, lon=None, acc=None, said="outside")
    return placed


class _Reading:
    """Fixes one after the other, in the order of their times, and what gives them away."""

    def __init__(self, area: Area) -> None:
        self.area, self.good_for = area, seconds(area.good_for_s)
        self._last: Placed | None = None
        self._same_since: datetime | None = None
        self._unsettled_until: datetime | None = None

    def read(self, placed: Placed) -> Point:
        at, until, ends = placed.at, placed.at + self.good_for, "silent"
        if placed.good_until is not None and placed.good_until < until:
            until = placed.good_until
        if placed.said == "outside":
            self._last = self._same_since = None
            return Point(at, until, False, "", "late" if placed.received_at >= until else ends)
        if placed.said or placed.lat is None or placed.lon is None:
            return Point(at, until, None, placed.said or "lost")
        self._compare(placed)
        if self._unsettled_until is not None and at < self._unsettled_until:
            return Point(at, until, None, "leapt")
        if self._same_since is not None and until > self._same_since + self.good_for:
            until, ends = self._same_since + self.good_for, "repeats"
        if until <= at:
            return Point(at, until, None, "repeats" if ends == "repeats" else "late")
        present = self.area.holds(placed.lat, placed.lon, placed.acc)
        why = "" if present is not None else "edge" if placed.acc else "no error"
        return Point(at, until, present, why, "late" if placed.received_at >= until else ends)

    def _compare(self, placed: Placed) -> None:
        """With the one before: is it the very same, or farther away than anybody gets in that time?"""
        last, self._last = self._last, placed
        if last is None or last.lat is None or last.lon is None or placed.lat is None or placed.lon is None:
            self._same_since = placed.at
            return
        if (last.lat, last.lon, last.acc) == (placed.lat, placed.lon, placed.acc):
            return
        self._same_since = placed.at
        apart = apart_m((last.lat, last.lon), (placed.lat, placed.lon))
        errors = TO_95 * ((last.acc or ERROR_M) + (placed.acc or ERROR_M))
        if apart > errors + LEAPS_M_S * max(1.0, (placed.at - last.at).total_seconds()):
            self._unsettled_until = placed.at + self.good_for


class Track:
    """The fixes of a holder on duty at a station. It says nothing of any instant before `since`; `why` nothing is known
    of them at first.
    """

    def __init__(self, area: Area, since: datetime, why: str = "silent") -> None:
        self.area, self.since, self.why = area, since, why
        self._placed: list[Placed] = []
        self._points: list[Point] = []
        self._reading = _Reading(area)

    def hear(self, fixes: Sequence[Placed], at: datetime) -> datetime | None:
        """Since when something else may be so than is written down; None if they only make the same good for longer.

        `at` is now: what had ended by then may have been written down as ended.
        """
        since = None
        newest = self._points[-1].at if self._points else None
        coming = sorted(fixes, key=lambda one: one.at)
        late = [one for one in coming if newest is not None and one.at <= newest]
        if late:
            since = self._hear_late(late)
        for placed in coming[len(late) :]:
            changed_at = self._hear_next(placed, at)
            since = since if changed_at is None else min(since or changed_at, changed_at)
        if len(self._points) > 2 * HELD:
            self._forget()
        return since if since is None else max(since, self.since)

    def _hear_next(self, placed: Placed, now: datetime) -> datetime | None:
        before = self._points[-1] if self._points else None
        if before is not None and placed == self._placed[-1]:
            return None
        point = self._reading.read(placed)
        self._placed.append(placed)
        self._points.append(point)
        if before is None:
            return point.at
        is_same = before.present is point.present and before.until >= point.at and before.until > now
        return None if is_same else min(before.until, point.at)

    def _hear_late(self, late: Sequence[Placed]) -> datetime | None:
        fresh = [one for one in late if not self._has(one)]
        if not fresh:
            return None
        self._placed = sorted([*self._placed, *fresh], key=lambda one: one.at)
        self._read_again()
        return fresh[0].at

    def _has(self, placed: Placed) -> bool:
        """Whether it was said before: of the same instant and place, whenever it was received. Of one that was far away
        another process finds no place any more.
        """
        begins = bisect_left(self._placed, placed.at, key=lambda one: one.at)
        ends = bisect_right(self._placed, placed.at, key=lambda one: one.at)
        return any(
            (one.lat, one.lon, one.said) == (placed.lat, placed.lon, placed.said)
            or (one.received_at == placed.received_at and "outside" in (one.said, placed.said))
            for one in self._placed[begins:ends]
        )

    def _forget(self) -> None:
        del self._placed[:-HELD], self._points[:-HELD]
        self.since = max(self.since, self._points[0].at)

    def newest(self) -> Placed | None:
        return self._placed[-1] if self._placed else None

    def lately(self, most: int) -> list[Placed]:
        """The last so many fixes, the oldest of them first."""
        return self._placed[-most:]

    def _read_again(self) -> None:
        self._reading = _Reading(self.area)
        self._points = [self._reading.read(one) for one in self._placed]

    def moved(self, area: Area, since: datetime) -> Track:
        """The same fixes for another area, which counts from an instant on."""
        other = Track(area, max(self.since, since), self.why)
        other._placed = list(self._placed)
        other._read_again()
        return other

    def ends_at(self) -> datetime | None:
        """When what is known now is not known any more, if nothing is heard."""
        return self._points[-1].until if self._points and self._points[-1].present is not None else None

    def now(self, at: datetime) -> Step:
        """What is so at this instant, and why it is not known."""
        return self.steps(at, max(self.since, at))[-1]

    def present(self, at: datetime) -> Known:
        """The same without the reason, and quicker: ten thousand are asked each second."""
        last = self._points[-1] if self._points else None
        if last is None or at < max(last.at, self.since):
            return self.now(at).present
        return last.present if at < last.until else None

    def steps(self, at: datetime, since: datetime) -> list[Step]:
        """What was so from an instant on, and is now; each step is other than the one before."""
        steps = [Step(since, None, self.why)]
        first = max(0, bisect_right(self._points, since, key=lambda one: one.at) - 1)
        for number in range(first, len(self._points)):
            point = self._points[number]
            if point.at > at:
                break
            _step(steps, Step(max(point.at, since), point.present, point.why))
            until = self._points[number + 1].at if number + 1 < len(self._points) else FOREVER
            if point.present is not None and point.until <= at and point.until < until:
                _step(steps, Step(max(point.until, since), None, point.ends))
        return steps


def _step(steps: list[Step], step: Step) -> None:
    if steps[-1].at >= step.at:
        steps.pop()
    if not steps or steps[-1].present is not step.present:
        steps.append(step)


def corrections(recorded: Sequence[Step], wanted: Sequence[Step], since: datetime) -> list[Step]:
    """What has to be written beside `recorded` so that it says the same as `wanted` at every instant from `since` on.

    Both hold from step to step; of two for one instant the one written later counts; before the first nothing is known.
    """
    was, said = {one.at: one.present for one in recorded}, {one.at: one for one in wanted}
    present = next((one.present for one in reversed(recorded) if one.at < since), None)
    aim = next((one for one in reversed(wanted) if one.at <= since), Step(since, None, "silent"))
    found = []
    for at in sorted({since, *(at for at in (*was, *said) if at >= since)}):
        aim = said.get(at, aim)
        present = was.get(at, present)
        if present is not aim.present:
            found.append(Step(at, aim.present, aim.why))
        present = aim.present
    return found
