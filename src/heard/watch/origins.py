"""Why something is watched, and what the public may know of it: the way back from the gate to the concern.

An obligation can answer a coroner's concern. Then the page of that report can say whether it is kept: if a named person
decided that it may, as it stood some days ago and not as it stands now, and never where. Who could walk in at a gate
that nobody keeps must not read it here.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from heard.cases.model import checked_words
from heard.engine import now
from heard.engine.entry import Body, Draft
from heard.engine.errors import NotFound, Refused
from heard.engine.node import Command, Decision
from heard.engine.projection import Tables
from heard.watch import projection, suspensions
from heard.watch.entries import DeedDone, ObligationArmed, OriginNamed, PublicBegun, PublicEnded

LATE_DAYS_MIN, LATE_DAYS_MAX = 1, 366
WORDS_MAX, NAME_MAX = 300, 200


class Origin(msgspec.Struct, frozen=True):
    """Where an obligation comes from. `late_days` is None while nothing of it is public."""

    obligation: str
    report: str
    concern: str
    words: str
    named_at: datetime
    late_days: int | None
    decided_by: str
    stood_down_at: datetime | None


#: As the page says it; "unknown": nobody could say, which is never taken for kept; "not yet": it was armed so late that
#: nothing may be said until `since_on`; "suspended": two people agreed that it is not watched for a time.
Stands = Literal["kept", "lapsed", "unknown", "suspended", "closed", "not yet"]

#: When one began, and when it ended.
Stretch = tuple[datetime, datetime | None]


class Kept(msgspec.Struct, frozen=True):
    """How an obligation was kept up to the end of `until_on`: kept, lapsed, unknown, suspended or closed since
    `since_on`. Kept is what was neither broken nor not known, and was watched, all the time since then.

    Days only, Europe/London: hours would tell when a place is weak. `unproven` counts the times nobody could say,
    `false` those that a named person, or late evidence, showed to be no lapse.
    """

    concern: str
    words: str
    stands: Stands
    until_on: date
    since_on: date
    lapses: int
    last_on: date | None
    unproven: int
    false: int
    decided_by: str
    #: Since when it is said to be of this concern.
    named_at: datetime


def name_origin(obligation: str, report: str, concern: str, words: str) -> Command:
    """Say why it is watched. The caller knows that there is such a report. Named anew, nothing of it is public."""

    def judge(tables: Tables) -> Decision:
        projection.obligation(tables, obligation)
        body = OriginNamed(
            report,
            checked_words(concern, "number of the concern", 40, needed=False),
            checked_words(words, "what is watched", WORDS_MAX),
        )
        return Decision((Draft(obligation, body),), (obligation,))

    return judge


def because(arming: Command, report: str, concern: str, words: str, begins: DeedDone) -> Command:
    """What is armed for a report's sake, with why it is and what begins it: all is written, or nothing. The caller
    knows the report.
    """
    why = OriginNamed(report, concern, checked_words(words, "what is watched", WORDS_MAX))

    def judge(tables: Tables) -> Decision:
        armed = arming(tables)
        every = [(one.stream, one.body) for one in armed.drafts if isinstance(one.body, ObligationArmed)]
        besides = [draft for stream, body in every for draft in (Draft(stream, why), Draft(body.station, begins))]
        return msgspec.structs.replace(armed, drafts=(*armed.drafts, *besides))

    return judge


def tell_in_public(obligation: str, late_days: int, decided_by: str) -> Command:
    """Let the page of its origin say how it was kept, so many days late. Refused without the name of who decided."""

    def body() -> Body:
        if not LATE_DAYS_MIN <= late_days <= LATE_DAYS_MAX:
            raise Refused(
                f"Write after how many days it may be known, {LATE_DAYS_MIN} to {LATE_DAYS_MAX}. Nothing is public."
            )
        return PublicBegun(late_days, checked_words(decided_by, "name of who decided", NAME_MAX))

    return _on_origin(obligation, body)


def tell_no_more(obligation: str, reason: str) -> Command:
    """The page of its origin says nothing of it any more."""
    return _on_origin(obligation, lambda: PublicEnded(checked_words(reason, "reason", 4000)))


def _on_origin(obligation: str, make: Callable[[], Body]) -> Command:
    def judge(tables: Tables) -> Decision:
        if origin(tables, obligation) is None:
            raise Refused("Say first which concern it answers. Nothing was changed.")
        return Decision((Draft(obligation, make()),), (obligation,))

    return judge


_ORIGIN = "SELECT obligation, report, concern, words, named_at, late_days, decided_by, stood_down_at FROM origin"


def origin(tables: Tables, obligation: str) -> Origin | None:
    return next(map(_of, tables.execute(f"{_ORIGIN} WHERE obligation = ?", (obligation,))), None)


def origins(tables: Tables) -> list[Origin]:
    """All of them, of whatever report."""
    return [_of(row) for row in tables.execute(f"{_ORIGIN} ORDER BY report, concern, obligation")]


def told_of(tables: Tables) -> set[str]:
    """The reports of whose concerns the public may know how something that is watched is kept."""
    return {one.report for one in origins(tables) if one.late_days is not None}


def _of(row: tuple[object, ...]) -> Origin:
    obligation, report, concern, words, named_at, late_days, decided_by, stood_down_at = row
    return Origin(
        *(str(obligation), str(report), str(concern), str(words), now.instant(str(named_at))),
        None if late_days is None else int(str(late_days)),
        str(decided_by),
        None if stood_down_at is None else now.instant(str(stood_down_at)),
    )


def kept(tables: Tables, report: str, at: datetime) -> list[Kept]:
    """What the page of a report may say at this instant of what is watched because of it."""
    known = [_of(row) for row in tables.execute(f"{_ORIGIN} WHERE report = ? ORDER BY concern, obligation", (report,))]
    return [_kept(tables, one, at) for one in known if one.late_days is not None]


def _kept(tables: Tables, origin: Origin, at: datetime) -> Kept:
    until = _end_of_day_before(at, origin.late_days or 0)
    armed_at = _armed_at(tables, origin.obligation)
    lapsed, unproven, false = _alarms(tables, origin.obligation, until)
    stands: Stands = "kept"
    suspended = [one for one in suspensions.times(tables, origin.obligation) if one[0] <= until]
    over = [ended for _, ended in (*lapsed, *unproven) if ended is not None]
    over += [ended for _, ended in suspended if ended <= until]
    since = max([armed_at, *over])
    if origin.stood_down_at is not None and origin.stood_down_at <= until:
        stands, since = "closed", origin.stood_down_at
    elif armed_at > until:
        stands, since = "not yet", armed_at + timedelta(days=origin.late_days or 0)
    elif going_on := [begun for begun, ended in lapsed if ended is None]:
        stands, since = "lapsed", min(going_on)
    elif going_on := [begun for begun, ended in unproven if ended is None]:
        stands, since = "unknown", min(going_on)
    elif going_on := [begun for begun, ended in suspended if ended > until]:
        stands, since = "suspended", min(going_on)
    last = max((begun for begun, _ in lapsed), default=None)
    return Kept(
        *(origin.concern, origin.words, stands, _day(until), _day(since), len(lapsed), last and _day(last)),
        *(len(unproven), len(false), origin.decided_by, origin.named_at),
    )


def _end_of_day_before(at: datetime, days: int) -> datetime:
    """A page changes once a day, not at the hour at which something happened so many days ago."""
    day = _day(at) - timedelta(days=days - 1)
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo("Europe/London")) - timedelta(microseconds=1)


def _day(at: datetime) -> date:
    return at.astimezone(ZoneInfo("Europe/London")).date()


def _armed_at(tables: Tables, obligation: str) -> datetime:
    for (armed_at,) in tables.execute("SELECT armed_at FROM obligation WHERE id = ?", (obligation,)):
        return now.instant(str(armed_at))
    raise NotFound("There is no such obligation.")


def _alarms(tables: Tables, obligation: str, until: datetime) -> tuple[list[Stretch], list[Stretch], list[Stretch]]:
    """The lapses, what nobody could say, and what was found to be neither; an end where it was known by then."""
    lapsed, unproven, false = list[Stretch](), list[Stretch](), list[Stretch]()
    for sort, begun, ended, false_by, why in tables.execute(
        "SELECT sort, lapsed_at, cleared_at, false_by, cleared_why FROM alarm WHERE obligation = ? ORDER BY lapsed_at",
        (obligation,),
    ):
        began_at, ended_at = now.instant(begun), now.instant(ended) if ended else None
        if began_at > until:
            continue
        known = false if false_by or why == "late-evidence" else lapsed if sort == "lapse" else unproven
        known.append((began_at, ended_at if ended_at and ended_at <= until else None))
    return lapsed, unproven, false
