"""Alarms as entries: what has come to pass is recorded once; people acknowledge and close.

A record is keyed by the clock and its due instant and guarded over the alarm's stream and every stream that its
evidence comes from. Two nodes that notice the same lapse have one outcome; a deed that was appended a moment before is
folded first, and then there may be nothing to record.
"""

from __future__ import annotations

from collections.abc import Sequence

from heard.cases.model import checked_words
from heard.engine import now
from heard.engine.entry import Body, Draft
from heard.engine.errors import Refused
from heard.engine.node import Command, Decision
from heard.engine.projection import Tables
from heard.watch import ladders, model, projection, reviews
from heard.watch.entries import (
    AlarmAcknowledged,
    AlarmCleared,
    AlarmClosed,
    AlarmProven,
    AlarmRaised,
    AlarmsReviewed,
)
from heard.watch.watched import Due
from heard.watch.watching import Watching

#: Who is in the header of what the watch itself records.
WATCH = "watch"


def key_of(due: Due) -> str:
    """The key under which it is recorded: the same for whoever does it."""
    if due.move == "raise":
        clock = f"{due.watched.id}.{due.of.version}/{due.alarm.key}"
        before = due.of.rang_before(due.alarm)
        return f"lapse/{clock}/{now.text(due.alarm.lapsed_at)}" + (f"/{before}" if before else "")
    return f"{due.move}/{due.id}"


def record(watching: Watching, due: Due) -> Command:
    """Record what has come to pass, if it still has when it is judged."""

    return record_all(watching, (due,))


def record_all(watching: Watching, dues: Sequence[Due]) -> Command:
    """The same for many that fell due together, in one writing.

    It bears no key: each is guarded over its alarm's own stream, and whoever comes second finds it recorded.
    """

    def judge(tables: Tables) -> Decision:
        # What was folded and not heard yet may show it otherwise: then it is judged again in a moment.
        has_heard = watching.position >= projection.folded_to(tables)
        still = [due for due in dues if has_heard and watching.recording.is_still(due)]
        rests_on: dict[str, tuple[str, ...]] = {}
        over: dict[str, None] = {}
        for due in still:
            station = due.watched.station
            if station not in rests_on:
                rests_on[station] = tuple(one.id for one in projection.orders(tables, station))
            beside = (
                due.watched.source.split()
            )  # its calendar too: a day that was proclaimed just now may have moved it
            over |= dict.fromkeys((due.id, due.watched.id, *beside, *due.of.rests_on, *rests_on[station]))
        return Decision(tuple(Draft(due.id, _body(due)) for due in still), tuple(over))

    return judge


def _body(due: Due) -> Body:
    alarm, watched = due.alarm, due.watched
    if due.move == "raise":
        sort = alarm.kind_at_raise or alarm.kind
        return AlarmRaised(
            watched.id, due.of.version, watched.station_of(alarm), "unproven" if sort == "unproven" else "lapse",
            alarm.key, alarm.lapsed_at,
        )  # fmt: skip
    if due.move == "prove":
        assert alarm.upgraded_at is not None
        return AlarmProven(alarm.upgraded_at)
    assert alarm.cleared_at is not None
    return AlarmCleared(alarm.cleared_at, alarm.cleared_by or "")


def acknowledge(alarm: str) -> Command:
    """Somebody sees to it. A second time says nothing new, unless the ladder was climbed on since."""

    def judge(tables: Tables) -> Decision:
        known = projection.alarm(tables, alarm)
        if known.state == "acknowledged" and not ladders.climbed_on(tables, alarm):
            return Decision((), ())
        model.ALARM_MOVES.after(known.state, "acknowledged")
        return Decision((Draft(alarm, AlarmAcknowledged()),), (alarm,))

    return judge


def close(alarm: str, reason: str, false_by: str = "") -> Command:
    """Somebody looked at what had happened; `false_by` one of `model.FALSE_BY` where it ought not to have rung.

    Raises Refused while it still goes on, without a reason, and for a cause that is none.
    """

    def judge(tables: Tables) -> Decision:
        known = projection.alarm(tables, alarm)
        words = checked_words(reason, "reason", model.REASON_MAX)
        cause = next((one for one in ("", *model.FALSE_BY) if one == false_by), None)
        if cause is None:
            raise Refused(
                f"An alarm was false by one of {', '.join(model.FALSE_BY)}; or it was right. It was not closed."
            )
        model.ALARM_MOVES.after(known.state, "closed")
        return Decision((Draft(alarm, AlarmClosed(words, cause)),), (alarm,))

    return judge


def review(obligation: str, reason: str) -> Command:
    """Somebody looked into why more than one in twenty of its alarms were false, and says what follows from it.

    Raises Refused where no review is asked, and without a reason.
    """

    def judge(tables: Tables) -> Decision:
        projection.obligation(tables, obligation)
        words = checked_words(reason, "reason", model.REASON_MAX)
        asked = reviews.asked(tables, obligation=obligation)
        if not asked:
            raise Refused("No review of its alarms is asked, or somebody was faster. Nothing was recorded.")
        return Decision((Draft(obligation, AlarmsReviewed(asked[0].alarms, asked[0].false, words)),), (obligation,))

    return judge
