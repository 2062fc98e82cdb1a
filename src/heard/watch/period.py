"""The report of a period: how long each requirement was kept, what lapsed and why, and who knew the orders.

By all that is known when it is made. Minutes are cut, never rounded up, and are the same on the page, in the CSV and in
the PDF, since all three are made of the rows here.
"""

from __future__ import annotations

import asyncio
import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta

import msgspec

from heard.engine import now
from heard.engine.errors import Refused
from heard.engine.journal import Journal
from heard.engine.projection import Tables
from heard.watch import civil, looking_back, projection, readings, retention, reviews
from heard.watch import looks as looking
from heard.watch.entries import AlarmClosed
from heard.watch.model import RaisedAlarm, Station
from heard.watch.readings import Says, Stretch, minutes

DAYS_MAX = 366
#: Alarms that are listed one by one; beyond these they are counted.
ALARMS_MAX = 500
#: As many as are read in one go; others are answered in between.
AT_ONCE = 100
#: What a spreadsheet would take for a formula (OWASP, CSV injection). Written as text, it is what it says.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Kept(msgspec.Struct, frozen=True):
    """One requirement in the period. Minutes as they are shown; alarms by when they lapsed."""

    station: str
    title: str
    owed: str
    kept: str
    broken: str
    unknown: str
    suspended: str
    lapses: int
    unproven: int
    late_evidence: int
    to_be_closed: int
    #: How many were closed as false, and by what; since when somebody is to look into that.
    false: int
    false_by: str
    review: str


class Lapsed(msgspec.Struct, frozen=True):
    """One alarm in the period, with times as they are shown."""

    station: str
    title: str
    sort: str
    lapsed: str
    over: str
    closed: str
    by: str
    false_by: str
    reason: str


class Known(msgspec.Struct, frozen=True):
    """An order that binds, and how many of those posted at its station have read its current version."""

    station: str
    title: str
    version: int
    published: str
    read: int
    posted: int


class Period(msgspec.Struct, frozen=True):
    since_on: date
    until_on: date
    made_at: datetime
    station: str
    kept: list[Kept]
    lapsed: list[Lapsed]
    known: list[Known]
    #: Alarms that are counted and not listed; how often positions were read; up to when what was told of people is
    #: destroyed.
    more: int
    looks: int
    erased_until: datetime | None = None


KEPT = (
    *("Station", "Requirement", "Owed, min", "Kept, min", "Not kept, min", "Not known, min", "Suspended, min"),
    *("Lapses", "Unproven", "Cleared by late evidence", "To be closed", "Closed as false", "False by"),
    "Review asked at",
)
LAPSED = ("Station", "Requirement", "Sort", "Lapsed at", "Over at", "Closed at", "Closed by", "False by", "Reason")
KNOWN = ("Station", "Order", "Version", "Published at", "Have read it", "Posted there")


def days_from(asked: Mapping[str, str], today: date) -> tuple[date, date]:
    """The first and the last day; the last seven where none is asked for.

    Raises Refused.
    """
    try:
        until = date.fromisoformat(asked["until"]) if asked.get("until") else today
        since = date.fromisoformat(asked["since"]) if asked.get("since") else until - timedelta(days=6)
    except (ValueError, OverflowError):
        raise Refused("Write days like 2031-03-03.") from None
    if not (date(1971, 1, 1) < since <= until < date(9998, 1, 1) and (until - since).days < DAYS_MAX):
        raise Refused(f"The first day comes before the last, and a report is of at most {DAYS_MAX} days.")
    return since, until


def times(tables: Tables, since: date, until: date, only: str = "") -> list[tuple[Station, datetime, datetime]]:
    """Of one station, or of all, the period by the days of its own zone, as far as it has been.

    Raises NotFound for a station that is none.
    """
    stations, at = [projection.station(tables, only)] if only else projection.stations(tables), now.utc()
    found = list[tuple[Station, datetime, datetime]]()
    for station in stations:
        first = civil.instant(since, time(), station.zone)
        last = min(civil.instant(until + timedelta(days=1), time(), station.zone), at)
        if first < last:
            found.append((station, first, last))
    return found


def closers(tables: Tables, station: str, first: datetime, last: datetime) -> set[str]:
    """Who closed what lapsed in a time: a report names them."""
    rows = tables.execute(
        "SELECT DISTINCT closed_by FROM alarm WHERE station = ? AND lapsed_at >= ? AND lapsed_at < ? "
        "AND closed_by IS NOT NULL",
        (station, now.text(first), now.text(last)),
    )
    return {who for (who,) in rows}


async def report(
    journal: Journal,
    tables: Tables,
    since: date,
    until: date,
    names: Mapping[str, str],
    only: str = "",
    most: int = ALARMS_MAX,
) -> Period:
    """Of one station, or of all, with at most so many alarms of each. Raises NotFound for a station that is none."""
    at = now.utc()
    within = times(tables, since, until, only)
    kept, lapsed, known, looks, rang = list[Kept](), list[tuple[datetime, Lapsed]](), list[Known](), 0, 0
    for station, first, last in within:
        alarms = await _alarms(tables, station.id, first, last)
        rang += len(alarms)
        kept += await _kept(journal, tables, station, alarms, first, last)
        for place, one in enumerate(alarms[:most]):
            lapsed.append((one.lapsed_at, _lapsed(journal, station, one, names)))
            if not place % AT_ONCE:
                await asyncio.sleep(0)
        known += _known(tables, station)
        looks += looking.positions_read(tables, station.id, first, last)
    listed = [one for _, one in sorted(lapsed, key=lambda each: each[0])]
    code = projection.station(tables, only).code if only else ""
    until_at = [(retention.gone_until(tables, station.id), first) for station, first, _ in within]
    gone = [one for one, first in until_at if one is not None and one >= first]
    return Period(since, until, at, code, kept, listed, known, rang - len(listed), looks, max(gone, default=None))


async def _kept(
    journal: Journal, tables: Tables, station: Station, alarms: Sequence[RaisedAlarm], first: datetime, last: datetime
) -> list[Kept]:
    entries = await looking_back.told_of(journal, tables, station.id, first, last)
    asked = {one.obligation: civil.shown(one.asked_at, station.zone) for one in reviews.asked(tables, station.id)}

    def reckon() -> list[Kept]:
        told = readings.told_by(station.id, entries)
        return [
            _row(station, id, told.versions[id][-1].title, told.stretches(id, first, last), alarms, asked.get(id, ""))
            for id in told.in_force_within(first, last)
        ]

    return await asyncio.to_thread(reckon)


def _row(
    station: Station, id: str, title: str, found: Sequence[Stretch], alarms: Sequence[RaisedAlarm], review: str
) -> Kept:
    kept, broken, unknown, suspended = (readings.lasting(found, says) for says in _SAYS)
    mine = [one for one in alarms if one.obligation == id]
    false = Counter(one.false_by for one in mine if one.false_by)
    return Kept(
        *(station.code, title, minutes(kept + broken + unknown), minutes(kept), minutes(broken), minutes(unknown)),
        minutes(suspended),
        sum(one.sort == "lapse" for one in mine),
        sum(one.sort == "unproven" for one in mine),
        sum(one.cleared_why == "late-evidence" for one in mine),
        sum(one.state != "closed" for one in mine),
        false.total(),
        ", ".join(f"{_cause(one)} {count}" for one, count in sorted(false.items())),
        review,
    )


def _cause(false_by: str) -> str:
    return false_by.replace("-", " ")


_SAYS: tuple[Says, ...] = ("kept", "broken", "unknown", "suspended")


async def _alarms(tables: Tables, station: str, first: datetime, last: datetime) -> list[RaisedAlarm]:
    rows = tables.execute(
        "SELECT id FROM alarm WHERE station = ? AND lapsed_at >= ? AND lapsed_at < ? ORDER BY lapsed_at, id",
        (station, now.text(first), now.text(last)),
    )
    found, ids = list[RaisedAlarm](), [id for (id,) in rows]
    for place in range(0, len(ids), AT_ONCE):
        found += [projection.alarm(tables, id) for id in ids[place : place + AT_ONCE]]
        await asyncio.sleep(0)
    return found


def _lapsed(journal: Journal, station: Station, alarm: RaisedAlarm, names: Mapping[str, str]) -> Lapsed:
    reason = ""
    if alarm.closed_at is not None:
        bodies = [one.body for one in journal.stream(alarm.id)]
        reason = next((body.reason for body in bodies if isinstance(body, AlarmClosed)), "")

    def shown(at: datetime | None) -> str:
        return civil.shown(at, station.zone) if at is not None else ""

    return Lapsed(
        station.code, alarm.title, "lapse" if alarm.sort == "lapse" else "not known", shown(alarm.lapsed_at),
        shown(alarm.cleared_at), shown(alarm.closed_at),
        names.get(alarm.closed_by, "somebody") if alarm.closed_by else "",
        _cause(alarm.false_by), reason,
    )  # fmt: skip


def _known(tables: Tables, station: Station) -> list[Known]:
    posted = projection.roster(tables, station.id)
    return [
        Known(
            *(station.code, one.title, one.version, civil.shown(one.published_at, station.zone)),
            sum(who in projection.acknowledged(tables, one) for who in posted),
            len(posted),
        )
        for one in projection.orders(tables, station.id)
    ]


def looks(of: Period) -> str:
    if not of.looks:
        return "Nobody read anybody’s positions."
    times = "once" if of.looks == 1 else f"{of.looks} times"
    return f"Positions were read {times}; each of those sees by whom, and why."


def cells(one: Kept | Lapsed | Known) -> list[str]:
    return [str(value) for value in msgspec.structs.astuple(one)]


def as_csv(heads: Sequence[str], rows: Sequence[Kept] | Sequence[Lapsed] | Sequence[Known]) -> str:
    written = io.StringIO()
    into = csv.writer(written)
    into.writerow(heads)
    into.writerows([[f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells(one)] for one in rows])
    return written.getvalue()
