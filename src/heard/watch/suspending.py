"""Suspending what is owed: never by one person alone, never without a reason, never without an end."""

from __future__ import annotations

from datetime import datetime, timedelta

from heard.cases.model import checked_words
from heard.engine import now
from heard.engine.entry import Draft, new_id
from heard.engine.errors import NotAllowed, Refused
from heard.engine.node import Command, Decision
from heard.engine.projection import Tables
from heard.watch import model, projection, suspensions
from heard.watch.entries import How, SuspensionAgreed, SuspensionAsked, SuspensionEnded

#: Longer is asked for again: a mute that nobody looks at any more is how a gate came to be left.
LASTS_MAX = timedelta(days=7)
#: So far ahead it may be asked for.
AHEAD_MAX = timedelta(days=60)


def ask(obligation: str, since_at: datetime | None, until_at: datetime, how: How, reason: str) -> Command:
    """Not to watch it from an instant (or from when another agrees) until another; another person has to agree."""
    suspension = new_id()

    def judge(tables: Tables) -> Decision:
        known, at = projection.obligation(tables, obligation), now.utc()
        since = max(since_at or at, at)
        words = checked_words(reason, "reason", model.REASON_MAX)
        if not since < until_at:
            raise Refused("A suspension ends after it begins, and not before now. Nothing was suspended.")
        if until_at - since > LASTS_MAX:
            raise Refused("At most seven days are suspended at a time. Nothing was suspended; ask again then.")
        if since - at > AHEAD_MAX:
            raise Refused("That is more than sixty days ahead. Nothing was suspended.")
        for one in suspensions.of_obligation(tables, obligation, at):
            if one.since_at < until_at and since < one.until_at:
                raise Refused("It is suspended at that time, or that was asked for. Nothing more was suspended.")
        # A rule has no clock that could stand still: while it is suspended its guard is off.
        sort: How = "waive" if known.written.get("op") == "keep" else how
        body = SuspensionAsked(suspension, known.version, since, until_at, sort, words)
        return Decision((Draft(obligation, body),), (obligation,))

    return judge


def agree(suspension: str, by: str) -> Command:
    """Another person agrees: from now on, or from its beginning, it is in force."""

    def judge(tables: Tables) -> Decision:
        known, at = suspensions.suspension(tables, suspension), now.utc()
        if known.asked_by == by:
            raise NotAllowed("You asked for this suspension; another person has to agree to it. Nothing was suspended.")
        if known.agreed_at is not None and known.ended_at is None:
            return Decision((), ())
        if known.stands(at) != "asked":
            raise Refused("It was dropped, or its time is over. Nothing was suspended; ask for another.")
        how: How = "waive" if known.how == "waive" else "pause"
        body = SuspensionAgreed(suspension, max(known.since_at, at), known.until_at, how)
        return Decision((Draft(known.obligation, body),), (known.obligation,))

    return judge


def end(suspension: str, reason: str) -> Command:
    """It is watched again from now on: that takes one person alone."""

    def judge(tables: Tables) -> Decision:
        known, at = suspensions.suspension(tables, suspension), now.utc()
        words = checked_words(reason, "reason", model.REASON_MAX)
        if known.stands(at) in ("ended", "over", "lapsed"):
            raise Refused("It has ended already. Nothing was changed.")
        return Decision((Draft(known.obligation, SuspensionEnded(suspension, words)),), (known.obligation,))

    return judge
