"""Arming an obligation: from now on it is watched, and it rings.

Refused where nobody would see it done, nobody would be told, or nothing could show it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
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
from heard.watch import model, obligations, projection
from heard.watch.commands import CHECK
from heard.watch.entries import ObligationArmed, ObligationStoodDown
from heard.watch.obligations import AnyObligation, By, Every, Guard, Keep

#: What is asked for in the common ways, as it is said on the form.
SORTS = {
    "read": "Whoever is on duty reads a new version of an order in time",
    "check": "A supervisor checks again and again while anyone is on duty",
    "present": "So many are at the station, but for short gaps",
    "ping": "Something pings again and again",
}


def arm(
    station: str, title: str, written: dict[str, Any], supervisor: str, *, obligation: str | None = None
) -> Command:
    """Watch it from now on; under the id `obligation` in its next version, which takes the place of the one before.

    Raises Refused when it is not an obligation, or supervisor, ladder or a live source is missing.
    """
    known, obligation = obligation, obligation or new_id()

    def judge(tables: Tables) -> Decision:
        projection.station(tables, station)
        asked = _read(written)
        version = projection.obligation(tables, known).version + 1 if known is not None else 1
        _must_have_a_supervisor(tables, supervisor)
        _must_have_a_ladder(tables, asked)
        source = _live_source(tables, station, asked)
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


def _live_source(tables: Tables, station: str, asked: AnyObligation) -> tuple[str, ...]:
    """The streams, beside the station's, of what can show it.

    Raises Refused when nothing can, or what should has never been heard of.
    """
    match asked:
        case Every(do="ping", where={"source": source}, while_=guard):
            _guard_is_known(tables, station, guard)
            known = projection.source(tables, source)
            if known.station != station or known.heard_at is None:
                raise Refused("This source has never pinged. Nothing was armed; let it ping once, then arm it.")
            return (source,)
        case Every(do=deed, where={"post": post}, while_=guard) if deed == CHECK and post == station:
            _guard_is_known(tables, station, guard)
            return ()
        case By(on="publish", do="ack", for_each_on_duty=post) if post == station:
            orders = tuple(one.id for one in projection.orders(tables, station))
            if not orders:
                raise Refused("This station has no standing order. Nothing was armed; publish one first.")
            return orders
        case Keep(count=count, while_=guard) if count.station == station:
            _guard_is_known(tables, station, guard)
            if len(set(count.group)) < max(1, count.at_least):
                raise Refused("Fewer people are named than must be there. Nothing was armed.")
            told = projection.present(tables, station, now.utc())
            if not any(told.get(one) is not None for one in count.group):
                raise Refused(
                    "Nobody of these tells whether they are at the station, so it would be unknown from the first. "
                    "Nothing was armed; one of them begins the duty and says where they are, then arm it."
                )
            return ()
    raise Refused("Nothing on this server could show this. Nothing was armed.")


def _guard_is_known(tables: Tables, station: str, guard: Guard) -> None:
    if guard.duty not in (None, station) or guard.state not in (None, station):
        raise Refused("It would hold while something is so at another station. Nothing was armed.")
    if guard.state and projection.station(tables, station).state_now(now.utc()) is None:
        raise Refused("Nobody has told the state of this station yet. Nothing was armed; tell it first.")


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


def written_from(station: str, form: Mapping[str, str], group: list[str]) -> dict[str, Any]:
    """The obligation, in the algebra, that a form asks for; `sort` is one of SORTS.

    Raises Refused for words that are none.
    """
    every_s = seconds_of(form.get("within", ""))
    asked: dict[str, Any] = {
        "escalate": [
            {"after_s": seconds_of(form.get(f"after_{n}") or "0"), "to": form[f"to_{n}"]}
            for n in range(1, 4)
            if form.get(f"to_{n}")
        ],
        "wait_s": seconds_of(form.get("wait") or "0"),
    }
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
            return {"op": "keep", "count": count, "gap_s": every_s, "while": guard, **asked}
    raise Refused("Choose what is asked from the list. Nothing was armed.")
