"""Arming an obligation: from now on it is watched, and it rings.

Refused where nobody would see it done, nobody would be told, or nothing could show it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

import msgspec

from heard.accounts import projection as accounts
from heard.accounts.model import Account, Caller
from heard.cases.model import checked_words
from heard.engine import now
from heard.engine.entry import Draft, new_id
from heard.engine.errors import NotFound, Refused
from heard.engine.node import Command, Decision
from heard.engine.projection import Tables
from heard.watch import model, obligations, projection, showing, weighing
from heard.watch.entries import ObligationArmed, ObligationStoodDown
from heard.watch.obligations import AnyObligation
from heard.watch.showing import CHECK, CHECK_IN
from heard.watch.weighing import Lately

#: What is asked for in the common ways, as it is said on the form.
SORTS = {
    "read": "Whoever is on duty reads a new version of an order in time",
    "check": "A supervisor checks again and again while anyone is on duty",
    "present": "So many are at the station, but for short gaps",
    "ping": "Something pings again and again",
}
#: What else can be asked for, each on a page of its own.
MORE_SORTS = {
    "before": "Whoever begins a duty has read an order before",
    "each-present": "Each who is on duty is at the station, but for short gaps",
    "each-check-in": "Each who is on duty checks in at a tag again and again",
    "rounds": "A supervisor checks each of several stations again and again",
    "answer": "What was begun is answered within so many days, working days or months",
    "month": "Something is done for each month",
    "day": "Something is done for each day",
    "ping-day": "Something pings each day by a time",
}


def arm(
    station: str, title: str, written: dict[str, Any], supervisor: str, *, obligation: str | None = None,
    lately: Lately | None = None,
) -> Command:  # fmt: skip
    """Watch it from now on; under the id `obligation` in its next version, which takes the place of the one before.
    `lately` has what phones said last, where this process takes positions in.

    Raises Refused when it is not an obligation, or supervisor, ladder or a live source is missing, or what its sources
    say of themselves cannot show it.
    """
    known, obligation = obligation, obligation or new_id()

    def judge(tables: Tables) -> Decision:
        projection.station(tables, station)
        asked = _read(written)
        version = projection.obligation(tables, known).version + 1 if known is not None else 1
        _must_have_a_supervisor(tables, supervisor)
        _must_have_a_ladder(tables, asked)
        showing.must_be_in_bounds(asked)
        if lately is not None:
            weighing.must_show(tables, station, asked, lately)
        source = showing.live_source(tables, station, asked)
        rests_on = tuple(dict.fromkeys((station, *source)))
        body = ObligationArmed(
            station, version, checked_words(title, "title", model.TITLE_MAX), written, supervisor, rests_on
        )
        return Decision((Draft(obligation, body),), (obligation, *rests_on))

    return judge


def stand_down(obligation: str, reason: str) -> Command:
    """It is watched no more. What had lapsed stays, to be looked at and closed."""

    def judge(tables: Tables) -> Decision:
        projection.obligation(tables, obligation)
        words = checked_words(reason, "reason", model.REASON_MAX)
        return Decision((Draft(obligation, ObligationStoodDown(words)),), (obligation,))

    return judge


def _read(written: dict[str, Any]) -> AnyObligation:
    try:
        return obligations.read(written)
    except msgspec.ValidationError as wrong:
        raise Refused(f"This is not an obligation: {wrong}. Nothing is watched by it.") from None


def _must_have_a_supervisor(tables: Tables, supervisor: str) -> None:
    account = _account(tables, supervisor)
    if account is None or not Caller(account).may("supervise"):
        raise Refused("It has no supervisor, whose account may supervise. Nothing was armed; name one.")


def _must_have_a_ladder(tables: Tables, asked: AnyObligation) -> None:
    if not asked.escalate:
        raise Refused("Nobody would be told. Nothing was armed; say who is told first, and who next.")
    if len(asked.escalate) > model.MANY or any(step.after_s < 0 for step in asked.escalate):
        raise Refused("The ladder is too long, or a step of it comes before the alarm. Nothing was armed.")
    for step in asked.escalate:
        account = _account(tables, step.to)
        if account is None or not (Caller(account).may("see_watch") or Caller(account).may("keep_watch")):
            raise Refused("Somebody on the ladder has no account that may see the watch. Nothing was armed.")


def _account(tables: Tables, account: str) -> Account | None:
    try:
        return accounts.by_id(tables, account)
    except NotFound:
        return None


# From a form ----------------------------------------------------------------------------------------------------------

_TIMES = {"": 1, "s": 1, "sec": 1, "second": 1, "min": 60, "minute": 60, "h": 3600, "hour": 3600, "day": 86400}
_TIME = re.compile(r"(\d{1,6}(?:\.\d{1,3})?) ?([a-z]*?)s?", re.ASCII)


def seconds_of(words: str) -> float:
    """ "90 s", "30 min", "2 hours" or a number of seconds.

    Raises Refused.
    """
    found = _TIME.fullmatch(words.strip().lower())
    if found is None or found[2] not in _TIMES:
        raise Refused(f"“{words[:40]}” is not a length of time. Write it like 90 s, 30 min or 2 h.")
    return float(found[1]) * _TIMES[found[2]]


def local(words: str, zone: tzinfo) -> datetime:
    """A day or a moment as a form has it, in the time of a station.

    Raises Refused.
    """
    try:
        at = datetime.fromisoformat(words.strip())
    except ValueError:
        raise Refused(f"“{words[:40]}” is no day or moment, such as 2031-03-03T08:00. Nothing was changed.") from None
    if not 1971 < at.year < 9998:
        raise Refused("That is a year in which nothing here happens. Nothing was changed.")
    return at if at.tzinfo is not None else at.replace(tzinfo=zone)


def written_from(
    station: str, form: Mapping[str, str], group: list[str], stations: Sequence[str] = ()
) -> dict[str, Any]:
    """The obligation, in the algebra, that a form asks for; `sort` is one of SORTS or MORE_SORTS, `stations` are those
    that were chosen.

    Raises Refused for words that are none.
    """
    asked: dict[str, Any] = {
        "escalate": [
            {"after_s": seconds_of(form.get(f"after_{n}") or "0"), "to": form[f"to_{n}"]}
            for n in range(1, 4)
            if form.get(f"to_{n}")
        ],
        "wait_s": seconds_of(form.get("wait") or "0"),
    }
    if form.get("grace"):
        asked["grace_s"] = seconds_of(form["grace"])
    if form.get("climbs_on"):
        asked["ack_timeout_s"] = seconds_of(form["climbs_on"])
    if form.get("sort") in _WITHOUT_A_LENGTH:
        return {**_by_calendar(station, form), **asked}
    every_s = seconds_of(form.get("within", ""))
    guard = {"state": station, "is": form["state"].strip()} if form.get("state", "").strip() else {"duty": station}
    match form.get("sort"):
        case "read":
            within = {"on": "publish", "do": "ack", "match": ["order", "version"], "within_s": every_s}
            return {"op": "by", **within, "for_each_on_duty": station, **asked}
        case "check":
            return {
                "op": "every",
                "do": CHECK,
                "period_s": every_s,
                "where": {"post": station},
                "while": guard,
                **asked,
            }
        case "ping":
            where = {"source": form.get("source", "")}
            return {"op": "every", "do": "ping", "period_s": every_s, "where": where, **asked}
        case "present":
            least = int(form["at_least"]) if form.get("at_least", "").isdecimal() else 1
            count = {"group": group, "station": station, "at_least": least}
            return {"op": "keep", "count": count, "gap_s": every_s, "while": guard, **_clears(form), **asked}
        case "each-present":
            count = {"group": [], "station": station, "at_least": 1}
            each = {"for_each": {"on_duty": station}, **_clears(form), **asked}
            return {"op": "keep", "count": count, "gap_s": every_s, "while": guard, **each}
        case "each-check-in":
            each = {"for_each": {"on_duty": station}, "where": {"post": station}, **asked}
            return {"op": "every", "do": CHECK_IN, "period_s": every_s, "while": guard, **each}
        case "rounds":
            each = {"for_each": {"stations": list(dict.fromkeys([station, *stations]))}, **asked}
            return {"op": "every", "do": CHECK, "period_s": every_s, "while": guard, **each}
    raise Refused("Choose what is asked from the list. Nothing was armed.")


#: What is counted of an answer that is owed, as the form has it.
DAYS = {"": "days", "working": "working_days", "months": "months"}
#: Due by days of the calendar, or at once.
_WITHOUT_A_LENGTH = frozenset(("before", "answer", "month", "day", "ping-day"))


def _by_calendar(station: str, form: Mapping[str, str]) -> dict[str, Any]:
    deed, zone = " ".join(form.get("deed", "").split()).lower(), form.get("zone") or "Europe/London"
    due: dict[str, Any] = {"time": form["by"].strip()} if form.get("by", "").strip() else {}
    today = now.today()
    match form.get("sort"):
        case "before":
            return {"op": "before", "at": "duty.start", "order": form.get("order", ""), "post": station}
        case "answer":
            on = " ".join(form.get("begins", "").split()).lower()
            within = {DAYS.get(form.get("of_days", ""), "days"): _number(form, "days")}
            return {"op": "by", "on": on, "do": deed, "match": ["ref"], **within, "tz": zone}
        case "month":
            due["working_day"] = _number(form, "working_day")
            first = {"each": "month", "from": today.isoformat()[:7], "due": due, "tz": zone}
            return {"op": "each", "do": deed, "where": {"post": station}, **first}
        case "day":
            first = {"each": "day", "from": today.isoformat(), "due": due, "tz": zone}
            return {"op": "each", "do": deed, "where": {"post": station}, **first}
    first = {"each": "day", "from": today.isoformat(), "due": due, "tz": zone}
    return {"op": "each", "do": "ping", "where": {"source": form.get("source", "")}, **first}


def _clears(form: Mapping[str, str]) -> dict[str, Any]:
    """For how long it must be so again before it is over."""
    return {"clear_after_s": seconds_of(form["clear_after"])} if form.get("clear_after") else {}


def _number(form: Mapping[str, str], name: str) -> int:
    said = form.get(name, "").strip()
    if not (said.isascii() and said.isdecimal() and 0 < len(said) < 5):
        raise Refused(f"“{said[:40]}” is no number of days. Nothing was armed.")
    return int(said)
