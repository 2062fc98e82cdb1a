"""What can be owed, as it is written down: two primitives (`by`, `keep`) and three ways of saying common ones.

    by      after each trigger, a deed within a time                  respond within 56 days
    keep    something holds, but for gaps of at most so long, while a guard holds      two officers near an open gate
    before  something is so at the start of something else            the current order is read before a duty
    every   a deed again and again while a guard holds                a supervisor's check every half hour
    each    a deed for each period of a calendar                      a monthly report by the third working day

The meaning is that of metric temporal logic over three values; what is not known is never taken for so.
"""

from __future__ import annotations

from typing import Any

import msgspec

#: The only calendar there is, and its stream.
ENGLAND_AND_WALES = "england-and-wales"


class Step(msgspec.Struct, frozen=True):
    """One rung of a ladder: who is told, so many seconds after an alarm was raised."""

    after_s: float
    to: str


class ForEach(msgspec.Struct, frozen=True):
    """One instance for each who is on duty at a post, or for each of these stations."""

    on_duty: str | None = None
    stations: tuple[str, ...] = ()


class Obligation(msgspec.Struct, frozen=True, kw_only=True, tag_field="op", omit_defaults=True):
    """`grace_s`: late without an alarm. `wait_s`: allowed for delivery. `skew_s`: how far ahead a clock is believed."""

    escalate: tuple[Step, ...] = ()
    for_each: ForEach | None = None
    grace_s: float = 0
    wait_s: float = 0
    skew_s: float = 2
    clear_after_s: float = 0
    ack_timeout_s: float | None = None


class By(Obligation, frozen=True, kw_only=True, tag="by"):
    """One instance for each trigger `on` (and for each person on duty at a post): due after `days` civil days,
    `working_days` of a calendar, or `months` to the corresponding date, each to its end; or `within_s`.
    """

    on: str
    do: str
    match: tuple[str, ...] = ()
    days: int | None = None
    working_days: int | None = None
    months: int | None = None
    within_s: float | None = None
    calendar: str = ENGLAND_AND_WALES
    tz: str = "Europe/London"
    for_each_on_duty: str | None = None


class Before(Obligation, frozen=True, kw_only=True, tag="before"):
    """At each `at` of someone at a post, they have acknowledged the current version of an order."""

    order: str
    post: str
    at: str = "duty.start"


class Guard(msgspec.Struct, frozen=True, omit_defaults=True):
    """While a state is so, while anyone (or this one) is on duty at a post; or while both."""

    state: str | None = None
    is_: Any = msgspec.field(name="is", default=None)
    duty: str | None = None
    who: str | None = None
    #: What is told of the state is good for so long, where it does not say itself.
    ttl_s: float | None = None


class Every(Obligation, frozen=True, kw_only=True, tag="every"):
    do: str
    period_s: float
    while_: Guard = msgspec.field(name="while", default_factory=Guard)
    where: dict[str, Any] = {}


class Count(msgspec.Struct, frozen=True):
    """At least so many of a group are within a radius of a place, each known with a confidence; or at a station, as is
    told of them.
    """

    group: tuple[str, ...]
    place: tuple[float, float] = (0.0, 0.0)
    radius_m: float = 0
    station: str = ""
    at_least: int = 1
    confidence: float | str = 0.95
    ttl_s: float = 90


class Keep(Obligation, frozen=True, kw_only=True, tag="keep"):
    count: Count
    gap_s: float = 0
    while_: Guard = msgspec.field(name="while", default_factory=Guard)
    guard_unknown: str = "on"


class Each(Obligation, frozen=True, kw_only=True, tag="each"):
    """`count` periods (`month` or `day`) from the first on, or without an end; due on a working day of the next month,
    or at a time of the day.
    """

    each: str
    do: str
    from_: str = msgspec.field(name="from")
    count: int = 0
    due: dict[str, Any]
    where: dict[str, Any] = {}
    calendar: str = ENGLAND_AND_WALES
    tz: str = "Europe/London"


AnyObligation = By | Before | Every | Keep | Each


def calendar_of(obligation: AnyObligation) -> str:
    """The calendar by whose working days it is due, if it is."""
    match obligation:
        case By(working_days=int(), calendar=calendar) | Each(each="month", calendar=calendar):
            return calendar
    return ""


def read(written: object) -> AnyObligation:
    """The obligation.

    Raises msgspec.ValidationError, which says which part is not one.
    """
    if isinstance(written, dict) and written.get("op") != "by" and "for_each_on_duty" in written:
        of = {name: value for name, value in written.items() if name != "for_each_on_duty"}
        written = {**of, "for_each": {"on_duty": written["for_each_on_duty"]}}
    obligation: AnyObligation = msgspec.convert(written, AnyObligation)
    return obligation
