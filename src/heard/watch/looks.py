"""Looks at people: at their positions, and at what they did; who looked, when, and at which time.

A look at a person is whatever looks back over a time in which they were on duty, and whatever names them in it: a page,
an answer of the API, a table or a printed report alike. How a station stands now, with its roster, is none: it is what
a station is led by, and so is an alarm while it goes on, since nothing may stand between it and who sees to it.

It is an entry before anything is shown; and one for each looker, person, station and hour, so that a page which looks
again by itself, or a look at another minute of the same hour, writes nothing more.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from heard.engine import now
from heard.engine.entry import Body, Draft, Entry
from heard.engine.node import Command, Decision
from heard.engine.projection import Fold, Tables
from heard.watch import ladders, lasting
from heard.watch.look_entries import RecordLookedAt, What
from heard.watch.model import RaisedAlarm
from heard.watch.position_entries import PositionsRead

#: For so long what one looked at counts as looked at.
HOUR = timedelta(hours=1)
#: As many as one entry names; of a year of a large station there are several.
NAMED_MAX = 500
#: Looks on one page.
SHOWN = 50


class Look(msgspec.Struct, frozen=True):
    """Somebody looked at a holder. Of positions, `what` is "positions", and why is in the entry at `position`; of
    anything else, from when to when.
    """

    position: int
    station: str
    by: str
    at: datetime
    what: str
    since_at: datetime | None
    until_at: datetime | None


class Asked(msgspec.Struct, frozen=True):
    """What is asked for of a station: a time of it, and whom the answer names besides those on duty in it."""

    station: str
    since_at: datetime
    until_at: datetime
    named: Collection[str] = ()

    def looks_at(self, tables: Tables, since: datetime, until: datetime) -> set[str]:
        """Whom whoever asks sees something of."""
        return {*self.named, *lasting.on_duty_within(tables, self.station, since, until)}


class OfNamed(Asked, frozen=True):
    """What is asked for tells of nobody but those that it names."""

    def looks_at(self, tables: Tables, since: datetime, until: datetime) -> set[str]:
        return set(self.named)


def look(by: str, what: What, asked: Sequence[Asked]) -> Command:
    """Write down that an account looks, where it has not looked in this hour. One's own duty is nobody's secret."""

    def judge(tables: Tables) -> Decision:
        drafts = list[Draft]()
        for one in asked:
            since, until = _whole_hours(one.since_at, one.until_at)
            seen = one.looks_at(tables, since, until)
            new = sorted(seen - {by, ""} - _looked_at(tables, by, one.station, since, until))
            for place in range(0, len(new), NAMED_MAX):
                these = tuple(new[place : place + NAMED_MAX])
                drafts.append(Draft(by, RecordLookedAt(one.station, these, since, until, what)))
        return Decision(tuple(drafts), (by,))

    return judge


def of_alarm(tables: Tables, alarm: RaisedAlarm) -> list[Asked]:
    """Whom an alarm that is over names of those who were on duty. One that goes on is no look back."""
    if alarm.cleared_at is None:
        return []
    of = {one.account for one in ladders.told(tables, alarm.id) if one.step == ladders.THEMSELVES}
    return [OfNamed(alarm.station, alarm.lapsed_at, alarm.cleared_at, of)]


def _whole_hours(since: datetime, until: datetime) -> tuple[datetime, datetime]:
    """The hours that a time lies in: the last two hours are the same for as long as the hour lasts."""
    first = since.replace(minute=0, second=0, microsecond=0)
    last = until.replace(minute=0, second=0, microsecond=0)
    return first, last if last == until and last > first else last + HOUR


def _looked_at(tables: Tables, by: str, station: str, since: datetime, until: datetime) -> set[str]:
    rows = tables.execute(
        "SELECT holder FROM look WHERE by = ? AND at > ? AND station = ? AND since <= ? AND until >= ?",
        (by, now.text(now.utc() - HOUR), station, now.text(since), now.text(until)),
    )
    return {holder for (holder,) in rows}


# Tables ---------------------------------------------------------------------------------------------------------------

SCHEMA = """
CREATE TABLE IF NOT EXISTS look (
    position INTEGER NOT NULL, station TEXT NOT NULL, holder TEXT NOT NULL, by TEXT NOT NULL, at TEXT NOT NULL,
    what TEXT NOT NULL, since TEXT, until TEXT, PRIMARY KEY (holder, position)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS look_by ON look (by, at);
CREATE INDEX IF NOT EXISTS look_station ON look (station, at);
"""


def _read(tables: Tables, entry: Entry, body: PositionsRead) -> None:
    row = (entry.position, entry.stream, body.holder, entry.by, now.text(entry.at))
    tables.execute("INSERT INTO look VALUES (?, ?, ?, ?, ?, 'positions', NULL, NULL)", row)


def _looked(tables: Tables, entry: Entry, body: RecordLookedAt) -> None:
    when = (entry.by, now.text(entry.at), body.what, now.text(body.since_at), now.text(body.until_at))
    for holder in body.holders:
        row = (entry.position, body.station, holder, *when)
        tables.execute("INSERT INTO look VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)


FOLDS: Mapping[type[Body], Fold] = {PositionsRead: _read, RecordLookedAt: _looked}

# Questions ------------------------------------------------------------------------------------------------------------


def of_holder(tables: Tables, holder: str, before: int = 0, most: int = SHOWN) -> tuple[list[Look], int]:
    """Who has looked at somebody, the last first; and the position before which there are more, or 0."""
    rows = tables.execute(
        "SELECT position, station, by, at, what, since, until FROM look WHERE holder = ? AND (position < ? OR ? = 0) "
        "ORDER BY position DESC LIMIT ?",
        (holder, before, before, most + 1),
    )
    found = [
        Look(row[0], row[1], row[2], now.instant(row[3]), row[4], _instant(row[5]), _instant(row[6])) for row in rows
    ]
    return found[:most], found[most - 1].position if len(found) > most else 0


def positions_read(tables: Tables, station: str, first: datetime, last: datetime) -> int:
    """How often positions were read at a station in a time."""
    [(count,)] = tables.execute(
        "SELECT count(*) FROM look WHERE station = ? AND at >= ? AND at < ? AND what = 'positions'",
        (station, now.text(first), now.text(last)),
    )
    return int(count)


def _instant(written: str | None) -> datetime | None:
    return now.instant(written) if written else None
