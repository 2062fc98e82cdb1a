"""How long things are kept, by a clock of Heard's own: the rule, who set it, and what its time has come for.

    raw fixes ── 72 hours, or as it is set ──▶ keys and blocks destroyed; digests stay
    what was told of somebody on duty ── a year, or as it is set ──▶ the words destroyed; that there was an entry stays
    orders, who read them, duties, alarms, looks ──▶ stay as long as what they are of

A hold of the station and the time stops both. What was told of a duty is destroyed when the duty is over for so long,
whole or not at all, and not before every alarm of that time is closed: till then somebody has to look at it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from heard.cases.model import checked_words
from heard.engine import now
from heard.engine.entry import Body, Draft, Entry
from heard.engine.errors import Refused
from heard.engine.node import Command, Decision
from heard.engine.projection import Fold, Tables
from heard.watch import model, positions
from heard.watch.retention_entries import RULE, RetentionSet, VerdictsErased

#: Long enough to learn that something happened; and for a year it can be asked how a gate was kept.
FIXES_H, VERDICTS_DAYS = 72, 365
#: Shorter, what is heard late could not be put right. Longer is what holds are for, of a place and a time.
FIXES_H_BOUNDS, VERDICTS_DAYS_BOUNDS = (1, 168), (28, 366)
#: Entries whose words are destroyed in one writing, after which the tables are written anew.
AT_ONCE = 2000

SCHEMA = """
CREATE TABLE IF NOT EXISTS retention (
    position INTEGER PRIMARY KEY, fixes_h INTEGER NOT NULL, verdicts_days INTEGER NOT NULL, set_by TEXT NOT NULL,
    set_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS verdicts_gone_until (station TEXT PRIMARY KEY, until TEXT NOT NULL) WITHOUT ROWID;
"""


class Rule(msgspec.Struct, frozen=True):
    """How long things are kept. Who set it, and why, is in the entry at `position`; none says so at first."""

    fixes: timedelta = timedelta(hours=FIXES_H)
    verdicts: timedelta = timedelta(days=VERDICTS_DAYS)
    set_by: str = ""
    set_at: datetime | None = None
    position: int = 0

    @property
    def fixes_h(self) -> int:
        return self.fixes // timedelta(hours=1)


class Over(msgspec.Struct, frozen=True):
    """A duty whose time is over: where it began and ended in the journal, and when."""

    position: int
    station: str
    holder: str
    begun_at: datetime
    ended_position: int
    ended_at: datetime


class Going(msgspec.Struct):
    """The duties of a station of which what was told is to be destroyed, and where it was told."""

    station: str
    duties: list[Over] = []
    told: list[int] = []


# How entries change the tables ----------------------------------------------------------------------------------------


def _set(tables: Tables, entry: Entry, body: RetentionSet) -> None:
    row = (entry.position, body.fixes_h, body.verdicts_days, entry.by, now.text(entry.at))
    tables.execute("INSERT INTO retention VALUES (?, ?, ?, ?, ?)", row)


def _erased(tables: Tables, entry: Entry, body: VerdictsErased) -> None:
    for duty in body.duties:
        tables.execute("UPDATE duty_time SET gone = 1 WHERE position = ?", (duty,))
    tables.execute(
        "INSERT INTO verdicts_gone_until VALUES (?, ?) "
        "ON CONFLICT (station) DO UPDATE SET until = max(until, excluded.until)",
        (entry.stream, now.text(body.until_at)),
    )


FOLDS: Mapping[type[Body], Fold] = {RetentionSet: _set, VerdictsErased: _erased}

# Questions ------------------------------------------------------------------------------------------------------------


def rules(tables: Tables) -> list[Rule]:
    """As it was set, the newest first."""
    rows = tables.execute(
        "SELECT fixes_h, verdicts_days, set_by, set_at, position FROM retention ORDER BY position DESC"
    )
    return [
        Rule(timedelta(hours=fixes_h), timedelta(days=days), by, now.instant(at), position)
        for fixes_h, days, by, at, position in rows
    ]


def in_force(tables: Tables) -> Rule:
    return next(iter(rules(tables)), Rule())


def gone_until(tables: Tables, *stations: str) -> datetime | None:
    """Up to when of any of these stations something that was told of people may be destroyed."""
    asked = "SELECT until FROM verdicts_gone_until WHERE station = ?"
    return max((now.instant(until) for one in stations for (until,) in tables.execute(asked, (one,))), default=None)


def is_gone(tables: Tables, duty: int) -> bool:
    """Whether what was told of the duty that began at a position was destroyed."""
    return any(True for _ in tables.execute("SELECT 1 FROM duty_time WHERE position = ? AND gone", (duty,)))


def over(tables: Tables, at: datetime) -> Iterator[Over]:
    """The duties of which what was told is to be destroyed now: not what is held, or has an alarm to be closed."""
    cut, holds = at - in_force(tables).verdicts, positions.holds(tables)
    rows = list(
        tables.execute(
            "SELECT position, station, holder, begun_at, ended_position, ended_at FROM duty_time "
            "WHERE gone = 0 AND ended_at <= ? ORDER BY station, position",
            (now.text(cut),),
        )
    )
    waits = {
        station
        for (station,) in tables.execute(
            "SELECT DISTINCT station FROM alarm WHERE state IN ('open', 'acknowledged', 'cleared') AND lapsed_at <= ?",
            (now.text(cut),),
        )
    }
    for position, station, holder, begun_at, ended_position, ended_at in rows:
        one = Over(position, station, holder, now.instant(begun_at), ended_position, now.instant(ended_at))
        is_held = any(hold.stops_of(station, one.begun_at, one.ended_at, at) for hold in holds)
        if not is_held and station not in waits:
            yield one


# Verbs ----------------------------------------------------------------------------------------------------------------


def keep_for(fixes_h: int, verdicts_days: int, reason: str) -> Command:
    """From now on things are kept for so long. What is older by then goes within the hour, and does not come back."""

    def judge(tables: Tables) -> Decision:
        (least_h, most_h), (least_days, most_days) = FIXES_H_BOUNDS, VERDICTS_DAYS_BOUNDS
        if not least_h <= fixes_h <= most_h:
            raise Refused(
                f"Positions are kept for {least_h} to {most_h} hours. Nothing was changed; what has to be kept longer "
                "is held, for a station and a time, by two people."
            )
        if not least_days <= verdicts_days <= most_days:
            raise Refused(
                f"What was told of people is kept for {least_days} to {most_days} days. Nothing was changed; what has "
                "to be kept longer is held, for a station and a time, by two people."
            )
        words = checked_words(reason, "reason", model.REASON_MAX)
        return Decision((Draft(RULE, RetentionSet(fixes_h, verdicts_days, words)),), (RULE,))

    return judge


def erase(going: Sequence[Going]) -> Command:
    """Destroy what was told of these duties; but not at a station of which a hold or an alarm stops any by now.

    What is set, held or told there in this very moment is a conflict, and it is judged again.
    """

    def judge(tables: Tables) -> Decision:
        may_go = {one.position for one in over(tables, now.utc())}
        drafts, over_streams = [], {RULE: None}
        for one in going:
            over_streams[one.station] = None
            duties = tuple(duty.position for duty in one.duties)
            if may_go.issuperset(duties):
                until_at = max(duty.ended_at for duty in one.duties)
                drafts.append(Draft(one.station, VerdictsErased(until_at, duties, tuple(one.told))))
        return Decision(tuple(drafts), tuple(over_streams))

    return judge
