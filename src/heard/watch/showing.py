"""What can be armed: whether what is asked for is within bounds, and whether anything that lives could show it.

A source that was never heard of, a deed that nobody can do, people of whom nothing is told: what rests on these would
be not known from the first, and ring for nothing or, worse, never.
"""

from __future__ import annotations

import math
import re
from datetime import date, time
from zoneinfo import ZoneInfo

from heard.engine import now
from heard.engine.errors import Refused
from heard.engine.projection import Tables
from heard.watch import evaluation, model, positions, projection
from heard.watch.evidence import ARMED, PROCLAIMED, Evidence
from heard.watch.obligations import ENGLAND_AND_WALES, AnyObligation, Before, By, Each, Every, Guard, Keep

CHECK, CHECK_IN = "check", "check-in"
#: Longer than ten years nothing is owed.
LONGEST_S = 10 * 366 * 86400.0
#: A name of a deed that is done by hand, such as "monthly report".
DEED = re.compile(r"[a-z][a-z0-9 -]{1,39}", re.ASCII)
#: What evidence of other kinds is called: by these names no deed is known.
_TAKEN = frozenset(
    (
        CHECK,
        CHECK_IN,
        "publish",
        "ack",
        "withdraw",
        "state",
        "presence",
        "position",
        ARMED,
        PROCLAIMED,
        "suspend",
        "extend",
        "ping",
    )
)
_ACK = ("order", "version")


# Within bounds --------------------------------------------------------------------------------------------------------


def must_be_in_bounds(asked: AnyObligation) -> None:
    """Raises Refused for lengths of time that are none, civil times that are none, and what cannot be evaluated."""
    lengths = [asked.grace_s, asked.wait_s, asked.skew_s, asked.clear_after_s, asked.ack_timeout_s or 0]
    lengths += [step.after_s for step in asked.escalate]
    match asked:
        case By(within_s=within_s, days=days, working_days=working_days, months=months):
            if sum(one is not None for one in (within_s, days, working_days, months)) != 1:
                raise Refused("Say within how long, or how many days, working days or months. Nothing was armed.")
            lengths += [within_s or 0, (days or 0) * 86400.0]
            lengths += [(working_days or 0) * 86400.0 * 7 / 5, (months or 0) * 86400.0 * 31]
            if asked.calendar != ENGLAND_AND_WALES:
                raise Refused("Working days are those of England and Wales. Nothing was armed.")
        case Every(period_s=period_s):
            lengths.append(period_s)
        case Keep(gap_s=gap_s):
            lengths.append(gap_s)
    if not all(math.isfinite(one) and 0 <= one <= LONGEST_S for one in lengths):
        raise Refused("A length of time is from nought to ten years. Nothing was armed.")
    if asked.clear_after_s and not isinstance(asked, Keep):
        raise Refused("A deed is done or not: only what is kept can be over after a while. Nothing was armed.")
    try:
        if isinstance(asked, By | Each):
            ZoneInfo(asked.tz)
        if isinstance(asked, Each):
            _must_be_periods(asked)
        probe, at = evaluation.evaluator(asked), now.utc()
        evaluation.hear(probe, Evidence(ARMED, at, at, {}))
        probe.next_at()
    except (KeyError, ValueError, TypeError, OverflowError, OSError):
        raise Refused("A period, a day, a time or a zone in it is none. Nothing was armed.") from None


def _must_be_periods(asked: Each) -> None:
    if asked.each not in ("month", "day") or asked.calendar != ENGLAND_AND_WALES:
        raise Refused(
            "A period is a month or a day, and working days are those of England and Wales. Nothing was armed."
        )
    if not 0 <= asked.count <= 1200:
        raise Refused("A deed is owed for up to 1,200 periods, or without an end. Nothing was armed.")
    first = date.fromisoformat(f"{asked.from_}-01" if asked.each == "month" else asked.from_)
    if abs((first - now.today()).days) > 400:
        raise Refused("The first period is within a year from now. Nothing was armed.")
    if asked.each == "month" and not 1 <= int(asked.due["working_day"]) <= 15:
        raise Refused("It is due on one of the first fifteen working days of the month after. Nothing was armed.")
    if asked.due.keys() - {"working_day", "time"}:
        raise Refused("It is due on a working_day, at a time. Nothing was armed.")
    if "time" in asked.due:
        time.fromisoformat(asked.due["time"])


# Shown by what --------------------------------------------------------------------------------------------------------


def live_source(tables: Tables, station: str, asked: AnyObligation) -> tuple[str, ...]:
    """The streams, beside the station's, of what can show it.

    Raises Refused when nothing can, or what should has never been heard of.
    """
    each, where = asked.for_each, getattr(asked, "where", {})
    if where.keys() - {"post", "source"} or not all(isinstance(one, str) for one in where.values()):
        raise Refused("A deed is told by its post, a ping by its source, and by nothing else. Nothing was armed.")
    if each is not None:
        _must_be_each(tables, station, asked)
    match asked:
        case Every(do="ping", where={"source": source}, while_=guard) if len(asked.where) == 1 and each is None:
            _guard_is_known(tables, station, guard)
            return (_has_pinged(tables, station, source),)
        case Every(do=deed, where={}, while_=guard) if deed == CHECK and each is not None and each.stations:
            for one in each.stations:
                _guard_is_known(tables, one, _there(guard, station, one))
            return each.stations
        case Every(do=deed, where={"post": post}, while_=guard) if deed == CHECK and (post, each) == (station, None):
            _guard_is_known(tables, station, guard)
            return ()
        case Every(do=deed, where={"post": post}, while_=guard) if deed == CHECK_IN and post == station:
            _guard_is_known(tables, station, guard)
            return _tags(tables, station)
        case By(on="publish", do="ack", match=match, for_each_on_duty=post) if (match, post) == (_ACK, station):
            return _orders(tables, station)
        case By(on=trigger, do=deed, match=("ref",), for_each_on_duty=None) if each is None:
            for one in (trigger, deed):
                _must_be_a_deed(one)
            if trigger == deed:
                raise Refused("What begins it would answer it at once. Nothing was armed.")
            return ()
        case Before(order=order, post=post, at="duty.start") if post == station and each is None:
            if order not in _orders(tables, station):
                raise Refused("This is no standing order of this station. Nothing was armed; publish it first.")
            return (order,)
        case Keep(count=count, while_=guard) if count.station == station and not count.radius_m:
            _guard_is_known(tables, station, guard)
            _are_told_of(tables, station, asked)
            return ()
        case Each(do="ping", where={"source": source}) if len(asked.where) == 1 and each is None:
            return (_has_pinged(tables, station, source),)
        case Each(do=deed, where={"post": post}) if (post, each) == (station, None):
            _must_be_a_deed(deed)
            return ()
        case Each(do=deed, where={}) if each is not None and each.stations:
            _must_be_a_deed(deed)
            return each.stations
    raise Refused("Nothing on this server could show this. Nothing was armed.")


def _must_be_each(tables: Tables, station: str, asked: AnyObligation) -> None:
    """One for each who is on duty here, or for each of some stations, of which this is one."""
    each = asked.for_each
    assert each is not None
    if bool(each.stations) == (each.on_duty is not None) or each.on_duty not in (None, station):
        raise Refused("It is asked of each on duty here, or for each of some stations. Nothing was armed.")
    if each.on_duty is not None and not isinstance(asked, Keep | Every):
        raise Refused("Of each on duty it can be asked to be there, or to check in. Nothing was armed.")
    if each.stations:
        if station not in each.stations or not 2 <= len(set(each.stations)) <= model.MANY:
            raise Refused(f"Choose two to {model.MANY} stations, this one among them. Nothing was armed.")
        for one in each.stations:
            projection.station(tables, one)


def _there(guard: Guard, here: str, there: str) -> Guard:
    """The same guard at another of the stations."""
    if guard.duty not in (None, here) or guard.state not in (None, here):
        return guard
    return Guard(there if guard.state else None, guard.is_, there if guard.duty else None)


def _has_pinged(tables: Tables, station: str, source: object) -> str:
    known = projection.source(tables, str(source))
    if known.station != station or known.heard_at is None:
        raise Refused("This source has never pinged. Nothing was armed; let it ping once, then arm it.")
    return known.id


def _orders(tables: Tables, station: str) -> tuple[str, ...]:
    orders = tuple(one.id for one in projection.orders(tables, station))
    if not orders:
        raise Refused("This station has no standing order. Nothing was armed; publish one first.")
    return orders


def _tags(tables: Tables, station: str) -> tuple[str, ...]:
    tags = tuple(one.id for one in positions.tags(tables, station))
    if not tags:
        raise Refused("There is no tag at which anybody could check in. Nothing was armed; add one first.")
    return tags


def _must_be_a_deed(name: str) -> None:
    """A deed that whoever supervises says is done."""
    if DEED.fullmatch(name) is None or name in _TAKEN:
        raise Refused(
            "A deed has a name of its own, of small letters, digits and spaces, such as “monthly report”. "
            "Nothing was armed."
        )


def _are_told_of(tables: Tables, station: str, asked: Keep) -> None:
    told = projection.present(tables, station, now.utc())
    of_each = asked.for_each is not None
    group = list(told) if of_each else list(asked.count.group)
    if not of_each and (len(set(group)) < max(1, asked.count.at_least) or asked.count.at_least < 1):
        raise Refused("Fewer people are named than must be there. Nothing was armed.")
    if not any(told.get(one) is not None for one in group):
        raise Refused(
            "Nobody of these tells whether they are at the station, so it would be unknown from the first. "
            "Nothing was armed; one of them begins the duty and says where they are, then arm it."
        )


def _guard_is_known(tables: Tables, station: str, guard: Guard) -> None:
    if guard.duty not in (None, station) or guard.state not in (None, station) or guard.who is not None:
        raise Refused("It would hold while something is so at another station. Nothing was armed.")
    if guard.state and projection.station(tables, station).state_now(now.utc()) is None:
        raise Refused("Nobody has told the state of this station yet. Nothing was armed; tell it first.")


# Deeds ----------------------------------------------------------------------------------------------------------------


def deeds(tables: Tables, station: str) -> list[str]:
    """What whoever supervises can say to be done at a station, beside a check: the deeds that are owed there."""
    named: dict[str, None] = {}
    for one in projection.obligations(tables, station):
        of = one.written
        if of.get("op") == "each" and of.get("do") != "ping":
            named[of["do"]] = None
        elif of.get("op") == "by" and of.get("do") != "ack":
            named |= {of["on"]: None, of["do"]: None}
    return list(named)
