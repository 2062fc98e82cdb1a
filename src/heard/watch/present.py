"""Presence by positions: what the fixes of a holder say, written down when it changes.

It is judged again when it is written: whoever noticed first, what is written is what is lacking, and once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from heard.cases.model import checked_words
from heard.engine import now
from heard.engine.entry import Draft, new_id
from heard.engine.errors import NotAllowed, Refused
from heard.engine.node import Command, Decision
from heard.engine.projection import Tables
from heard.watch import model, positions, projection
from heard.watch.entries import PresenceTold
from heard.watch.position_entries import FixesDigested, HoldAgreed, HoldAsked, HoldEnded, PositionsRead, StationHeld
from heard.watch.tracks import Track, corrections

#: So many changes are written at a time; what is left follows.
CHANGES_MAX = 200


class Change(msgspec.Struct, frozen=True):
    """Since an instant something else may be so of a holder than is written down."""

    holder: str
    track: Track
    since: datetime
    digest: str


def tell(station: str, changes: Sequence[Change]) -> Command:
    """Write down what the fixes say of every instant from one on, where it is not written yet. Nothing is written of
    one who is not on duty there.

    All of a station at once: each rests on who is on duty there, and one by one they would contradict each other.
    """

    def judge(tables: Tables) -> Decision:
        on_duty = {one.holder for one in projection.on_duty(tables, station)}
        told = list[PresenceTold]()
        for one in changes:
            if one.holder in on_duty:
                first = max(one.since, one.track.since)
                steps = one.track.steps(now.utc(), first)
                found = corrections(positions.steps(tables, station, one.holder, first), steps, first)
                told += (PresenceTold(one.holder, it.present, None, it.at, it.why, one.digest) for it in found)
        return Decision(tuple(Draft(station, body) for body in told[:CHANGES_MAX]), (station,))

    return judge


def digest(station: str, holder: str, head: str) -> Command:
    """All the fixes kept of them have this digest."""

    def judge(tables: Tables) -> Decision:
        return Decision((Draft(station, FixesDigested(holder, head)),), ())

    return judge


def read_positions(station: str, holder: str, reason: str) -> Command:
    """Somebody reads what is kept: it is told before it is shown, and why."""

    def judge(tables: Tables) -> Decision:
        projection.station(tables, station)
        words = checked_words(reason, "reason", model.REASON_MAX)
        return Decision((Draft(station, PositionsRead(holder, words)),), ())

    return judge


# Holds ----------------------------------------------------------------------------------------------------------------


def ask_for_hold(station: str, since_at: datetime, until_at: datetime, review_at: datetime, reason: str) -> Command:
    """The fixes of a station are not erased, for now; another person has to agree."""
    hold = new_id()

    def judge(tables: Tables) -> Decision:
        projection.station(tables, station)
        if not since_at < until_at:
            raise Refused("A hold ends after it begins. Nothing was held.")
        if review_at <= now.utc():
            raise Refused("Say a day to come on which the hold is looked at again. Nothing was held.")
        words = checked_words(reason, "reason", model.REASON_MAX)
        body = HoldAsked(station, since_at, until_at, review_at, words)
        return Decision((Draft(hold, body), Draft(station, StationHeld(hold))), (hold, station))

    return judge


def agree_to_hold(hold: str, by: str) -> Command:
    """Two people, neither of whom can do it alone."""

    def judge(tables: Tables) -> Decision:
        known = positions.hold(tables, hold)
        if known.agreed_by is not None:
            return Decision((), ())
        if known.asked_by == by:
            raise NotAllowed("You asked for this hold; another person has to agree to it. Nothing was changed.")
        drafts = (Draft(hold, HoldAgreed()), Draft(known.station, StationHeld(hold)))
        return Decision(drafts, (hold, known.station))

    return judge


def end_hold(hold: str, reason: str) -> Command:
    def judge(tables: Tables) -> Decision:
        positions.hold(tables, hold)
        words = checked_words(reason, "reason", model.REASON_MAX)
        return Decision((Draft(hold, HoldEnded(words)),), (hold,))

    return judge
