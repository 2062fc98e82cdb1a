"""How each addressee stands on a day, in words that are true of what is known.

Nobody "failed" or "did not respond": what can be said is that no response was published, by whom, and when that was
last looked at. Where nobody has looked since the last day, it is not known.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Literal

import msgspec

from heard.reports import clocks
from heard.reports.clocks import Due, TrackerStatus
from heard.reports.model import Addressee, Response, Standing
from heard.reports.shown import Shown

State = Literal["response published", "interim reply", "responses counted", "awaited", "none published", "not known"]


#: How a report's standing is said: beside other reports, and in a sentence of its own.
SAID: dict[str, tuple[str, str]] = {
    "answered": ("every response published", "A response of every addressee is published."),
    "partly": ("some responses published", "Responses of some addressees are published."),
    "none published": ("no response published", "No response is published."),
    "awaited": ("responses awaited", "Responses are awaited."),
    "not known": ("not known since the sources were last read", "What was published since is not known."),
}


class Stand(msgspec.Struct, frozen=True):
    """One addressee on a day."""

    addressee: Addressee
    due: Due | None
    state: State
    response: Response | None
    #: On which day of the clock the response is dated, where its day is known.
    day: int | None
    since: date | None

    @property
    def words(self) -> str:
        """The state as a sentence's middle: "no response published", "response dated 18 February 2019, day 61"."""
        if self.response and self.state in ("response published", "interim reply"):
            name = "interim reply" if self.state == "interim reply" else "response"
            if not self.response.dated_on:
                return f"{name} published; its date is not known"
            said = f"{name} dated {in_words(self.response.dated_on)}"
            if self.day is None or self.due is None:
                return said
            if self.response.dated_on <= self.due.on:
                return f"{said}, day {self.day}"
            extension = f"extended to {in_words(self.due.extended)}" if self.due.extended else "extension: not known"
            return f"{said}, day {self.day}; {extension}"
        if self.state == "response published":  # as many are published as there are addressees; none names this one
            return "response published; its date is not known"
        if self.state == "awaited" and self.due:
            return f"awaited; the last day is {in_words(self.due.on)}"
        if self.state == "none published":
            return "no response published"
        if self.state == "responses counted":
            return "responses are published; whose they are is not known"
        return f"not known since {in_words(self.since)}" if self.since else "not known"

    @property
    def further(self) -> tuple[tuple[str, date | None], ...]:
        """When its response was received and when it was published, None where not known: two days besides its own."""
        if self.state not in ("response published", "interim reply"):
            return ()
        response = self.response
        return (
            ("received", response.received_on if response else None),
            ("published", response.published_on if response else None),
        )

    @property
    def further_words(self) -> str:
        """ "received: 12 February 2019; published: not known", or nothing where no response of theirs is published."""
        return "; ".join(f"{name}: {in_words(on) if on else 'not known'}" for name, on in self.further)


def stands(shown: Shown, read: Sequence[date], on: date) -> list[Stand]:
    """Every addressee on a day; `read` are the days on which a source of responses was read."""
    until = [day for day in read if day <= on]
    last = until[-1] if until else None
    count = shown.counted(on)
    theirs = [_newest(shown.responses, addressee.name, on) for addressee in shown.addressees]
    # Responses that are published and nobody's by name: named so by a link, or counted since the links were read.
    unclaimed = shown.unclaimed + max(0, (count.replies if count else 0) - max(shown.linked, len(shown.responses)))
    all_claimed_by_count = unclaimed >= theirs.count(None)
    found = []
    for place, addressee in enumerate(shown.addressees):
        due = shown.dues[place]
        response = theirs[place]
        day = clocks.day_number(due.start, response.dated_on) if due and response and response.dated_on else None
        state: State
        if response:
            state = "interim reply" if response.answer == "interim" else "response published"
        elif unclaimed:
            state = "response published" if all_claimed_by_count else "responses counted"
        elif due and on <= due.on:
            state = "awaited"
        elif due is None or last is None or last <= due.on:
            state = "not known"
        else:
            state = "none published"
        found.append(Stand(addressee, due, state, response, day, last))
    return found


def _newest(responses: Sequence[Response], by: str, on: date) -> Response | None:
    """The addressee's last response of that day or before; one without a date counts as there."""
    theirs = [one for one in responses if one.by == by and (one.dated_on or date.min) <= on]
    final = [one for one in theirs if one.answer != "interim"]
    found = final or theirs
    return found[-1] if found else None


def standing(found: Sequence[Stand]) -> Standing:
    """The report's standing, of its addressees' states."""
    states = [one.state for one in found]
    answered = states.count("response published")
    if states and answered == len(states):
        return "answered"
    if answered or "responses counted" in states or "interim reply" in states:
        return "partly"
    if "not known" in states or not states:
        return "not known"
    return "awaited" if "awaited" in states else "none published"


class Course(msgspec.Struct, frozen=True):
    """How a report stands from each of these days on; before the first as on it."""

    days: tuple[date, ...]
    standings: tuple[Standing, ...]

    def on(self, day: date) -> Standing:
        return self.standings[max(0, bisect_right(self.days, day) - 1)]


def course(shown: Shown, read: Sequence[date]) -> Course:
    """How a report stands on every day: it changes only where something was read, counted or dated, and the day after a
    last day.
    """
    after = (one.on + timedelta(1) for one in shown.dues if one and one.on < date.max)
    dated = (one.dated_on for one in shown.responses if one.dated_on)
    days, stood = [date.min], [standing(stands(shown, read, date.min))]
    for day in sorted({*read, *(one.on for one in shown.counts), *dated, *after}):
        if (found := standing(stands(shown, read, day))) != stood[-1]:
            days.append(day)
            stood.append(found)
    return Course(tuple(days), tuple(stood))


def by_tracker(shown: Shown, on: date) -> TrackerStatus | None:
    """The status by the tracker's rule, from the newest count of that day or before; None where nothing was counted."""
    count = shown.counted(on)
    if count is None or shown.dated is None:
        return None
    return clocks.by_the_trackers_rule(count.sent, count.replies, shown.dated, on)


def in_words(on: date) -> str:
    return f"{on.day} {on:%B %Y}"
