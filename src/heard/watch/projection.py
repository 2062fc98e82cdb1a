"""The tables of the watch: how its entries fold into them, and the questions that pages and commands ask."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from heard.engine import now
from heard.engine.errors import NotFound
from heard.engine.projection import Room, Tables
from heard.watch import entries, folds, model, positions, suspensions
from heard.watch.model import Armed, Duty, Order, RaisedAlarm, Source, Station

SCHEMA = """
CREATE TABLE IF NOT EXISTS station (
    id TEXT PRIMARY KEY, code TEXT NOT NULL, place TEXT NOT NULL, zone TEXT NOT NULL,
    state TEXT, state_at TEXT, state_until TEXT, deed_at TEXT, set_position INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS roster (
    station TEXT NOT NULL, holder TEXT NOT NULL, posted_at TEXT NOT NULL, PRIMARY KEY (station, holder)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS standing_order (
    id TEXT PRIMARY KEY, station TEXT NOT NULL, title TEXT NOT NULL, version INTEGER NOT NULL,
    position INTEGER NOT NULL, published_at TEXT NOT NULL, withdrawn INTEGER
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS standing_order_station ON standing_order (station);
CREATE TABLE IF NOT EXISTS acknowledgement (
    standing_order TEXT NOT NULL, version INTEGER NOT NULL, holder TEXT NOT NULL, at TEXT NOT NULL,
    PRIMARY KEY (standing_order, version, holder)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS duty (
    station TEXT NOT NULL, holder TEXT NOT NULL, begun_at TEXT NOT NULL, PRIMARY KEY (station, holder)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS presence (
    station TEXT NOT NULL, holder TEXT NOT NULL, present INTEGER, since TEXT NOT NULL, until TEXT, why TEXT NOT NULL,
    PRIMARY KEY (station, holder)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS presence_step (
    station TEXT NOT NULL, holder TEXT NOT NULL, since TEXT NOT NULL, present INTEGER, why TEXT NOT NULL,
    PRIMARY KEY (station, holder, since)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS area (
    station TEXT PRIMARY KEY, written BLOB NOT NULL, set_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS feed (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, holder TEXT NOT NULL, station TEXT NOT NULL, ended_at TEXT
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS device (
    feed TEXT NOT NULL, device TEXT NOT NULL, holder TEXT NOT NULL, PRIMARY KEY (feed, device)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tag (
    id TEXT PRIMARY KEY, station TEXT NOT NULL, name TEXT NOT NULL, ended_at TEXT
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS hold (
    id TEXT PRIMARY KEY, station TEXT NOT NULL, since TEXT NOT NULL, until TEXT NOT NULL, review_at TEXT NOT NULL,
    asked_by TEXT NOT NULL, asked_at TEXT NOT NULL, agreed_by TEXT, ended_at TEXT
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ping_source (
    id TEXT PRIMARY KEY, station TEXT NOT NULL, name TEXT NOT NULL, heard_at TEXT, said TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS obligation (
    id TEXT PRIMARY KEY, station TEXT NOT NULL, version INTEGER NOT NULL, title TEXT NOT NULL, written BLOB NOT NULL,
    supervisor TEXT NOT NULL, armed_at TEXT NOT NULL, position INTEGER NOT NULL, stood_down INTEGER
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS history (
    digest TEXT PRIMARY KEY, station TEXT NOT NULL, store TEXT NOT NULL, position INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS obligation_at (
    station TEXT NOT NULL, obligation TEXT NOT NULL, PRIMARY KEY (station, obligation)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS obligation_at_obligation ON obligation_at (obligation);
CREATE TABLE IF NOT EXISTS obligation_ever_at (
    station TEXT NOT NULL, obligation TEXT NOT NULL, PRIMARY KEY (station, obligation)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS alarm (
    id TEXT NOT NULL UNIQUE, obligation TEXT NOT NULL, station TEXT NOT NULL, title TEXT NOT NULL, sort TEXT NOT NULL,
    key TEXT NOT NULL, state TEXT NOT NULL, lapsed_at TEXT NOT NULL, raised_at TEXT NOT NULL, acknowledged_at TEXT,
    acknowledged_by TEXT, cleared_at TEXT, cleared_why TEXT, closed_at TEXT, closed_by TEXT,
    position INTEGER PRIMARY KEY, cleared_told_at TEXT, false_by TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS alarm_state ON alarm (state, lapsed_at, id);
CREATE INDEX IF NOT EXISTS alarm_station ON alarm (station, lapsed_at, id);
CREATE INDEX IF NOT EXISTS alarm_obligation ON alarm (obligation, lapsed_at);
CREATE TABLE IF NOT EXISTS origin (
    obligation TEXT PRIMARY KEY, report TEXT NOT NULL, concern TEXT NOT NULL, words TEXT NOT NULL,
    named_at TEXT NOT NULL, late_days INTEGER, decided_by TEXT NOT NULL, stood_down_at TEXT
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS origin_report ON origin (report);
"""


def room() -> Room:
    """What the room `watch` folds."""
    import heard.watch.projection as here
    from heard.watch import (
        by_link,
        calendar_entries,
        calendars,
        lasting,
        link_entries,
        look_entries,
        looks,
        plan_entries,
        plans,
        position_entries,
        retention,
        retention_entries,
        reviews,
    )

    own = (suspensions, plans, looks, lasting, by_link, reviews, retention, calendars)
    return Room(
        "watch",
        SCHEMA + "".join(one.SCHEMA for one in own),
        {
            **folds.FOLDS,
            **positions.FOLDS,
            **suspensions.FOLDS,
            **plans.FOLDS,
            **looks.FOLDS,
            **by_link.FOLDS,
            **reviews.FOLDS,
            **retention.FOLDS,
            **calendars.FOLDS,
        },
        (
            *(entries, position_entries, plan_entries, look_entries, link_entries, retention_entries, calendar_entries),
            *(model, folds, positions, suspensions, plans, looks),
            *(lasting, by_link, reviews, retention, calendars, here),
        ),
        folds.TOGETHER,
    )


# Questions ------------------------------------------------------------------------------------------------------------


def folded_to(tables: Tables) -> int:
    """How far the journal is folded into these tables."""
    [(position,)] = tables.execute("SELECT position FROM cursor")
    return int(position)


def stations(tables: Tables) -> list[Station]:
    """Every station, in the order in which they were set up."""
    return [_station_of(row) for row in tables.execute(f"{_STATION} ORDER BY set_position")]


_STATION = "SELECT id, code, place, zone, state, state_at, state_until FROM station"


def station(tables: Tables, station: str) -> Station:
    """Raises NotFound."""
    for row in tables.execute(f"{_STATION} WHERE id = ?", (station,)):
        return _station_of(row)
    raise NotFound("There is no such station.")


def _station_of(row: Any) -> Station:
    columns: list[Any] = [*row[:5], _instant(row[5]), _instant(row[6])]
    return Station(*columns)


def deed_at(tables: Tables, station: str) -> datetime | None:
    """When a check was last done at a station."""
    return next(
        (_instant(at) for (at,) in tables.execute("SELECT deed_at FROM station WHERE id = ?", (station,))), None
    )


def roster(tables: Tables, station: str) -> list[str]:
    """Who may have duty at a station, and must know its orders."""
    return [who for (who,) in tables.execute("SELECT holder FROM roster WHERE station = ? ORDER BY holder", (station,))]


def posted_at(tables: Tables, holder: str) -> list[Station]:
    """The stations at which someone may have duty."""
    mine = {where for (where,) in tables.execute("SELECT station FROM roster WHERE holder = ?", (holder,))}
    return [one for one in stations(tables) if one.id in mine]


_ORDER = "SELECT id, station, title, version, position, published_at FROM standing_order WHERE withdrawn IS NULL"


def orders(tables: Tables, station: str) -> list[Order]:
    """The standing orders of a station that bind, each in its current version."""
    rows = tables.execute(f"{_ORDER} AND station = ? ORDER BY id", (station,))
    return [_order_of(row) for row in rows]


def order(tables: Tables, order: str) -> Order:
    """Raises NotFound for one that was withdrawn, too."""
    for row in tables.execute(f"{_ORDER} AND id = ?", (order,)):
        return _order_of(row)
    raise NotFound("There is no such standing order in force.")


def _order_of(row: Any) -> Order:
    columns: list[Any] = [*row[:5], now.instant(row[5])]
    return Order(*columns)


def acknowledged(tables: Tables, order: Order) -> dict[str, datetime]:
    """Who has read the current version of an order, and when they said so."""
    rows = tables.execute(
        "SELECT holder, at FROM acknowledgement WHERE standing_order = ? AND version = ?", (order.id, order.version)
    )
    return {holder: now.instant(at) for holder, at in rows}


def unread(tables: Tables, station: str, holder: str) -> list[Order]:
    """The orders of a station whose current version a holder has not acknowledged."""
    return [one for one in orders(tables, station) if holder not in acknowledged(tables, one)]


def on_duty(tables: Tables, station: str) -> list[Duty]:
    rows = tables.execute("SELECT station, holder, begun_at FROM duty WHERE station = ? ORDER BY holder", (station,))
    return [Duty(where, who, now.instant(at)) for where, who, at in rows]


def duties(tables: Tables, holder: str) -> list[Duty]:
    """Where a holder is on duty."""
    rows = tables.execute("SELECT station, holder, begun_at FROM duty WHERE holder = ? ORDER BY begun_at", (holder,))
    return [Duty(where, who, now.instant(at)) for where, who, at in rows]


def all_duties(tables: Tables) -> list[Duty]:
    rows = tables.execute("SELECT station, holder, begun_at FROM duty ORDER BY station, holder")
    return [Duty(where, who, now.instant(at)) for where, who, at in rows]


def present(tables: Tables, station: str, at: datetime) -> dict[str, bool | None]:
    """Whether each who is on duty is at the station; None where that is not known, or not any more."""
    rows = tables.execute("SELECT holder, present, until FROM presence WHERE station = ?", (station,))
    good = [(who, is_there) for who, is_there, until in rows if until is None or now.text(at) < until]
    known = {who: None if is_there is None else bool(is_there) for who, is_there in good}
    return {duty.holder: known.get(duty.holder) for duty in on_duty(tables, station)}


def why_unknown(tables: Tables, station: str) -> list[str]:
    """Why it is not known of those on duty at a station, by their phones; each reason once, and never of whom."""
    rows = tables.execute(
        "SELECT DISTINCT why FROM presence WHERE station = ? AND present IS NULL AND why != '' ORDER BY why", (station,)
    )
    return [why for (why,) in rows]


_SOURCE = "SELECT id, station, name, heard_at, said FROM ping_source"


def sources(tables: Tables, station: str) -> list[Source]:
    """What pings for a station."""
    return [_source_of(row) for row in tables.execute(f"{_SOURCE} WHERE station = ? ORDER BY name, id", (station,))]


def source(tables: Tables, source: str) -> Source:
    """Raises NotFound."""
    for row in tables.execute(f"{_SOURCE} WHERE id = ?", (source,)):
        return _source_of(row)
    raise NotFound("There is no such source.")


def _source_of(row: Any) -> Source:
    columns: list[Any] = [*row[:3], _instant(row[3]), row[4]]
    return Source(*columns)


_ARMED = "SELECT id, station, version, title, written, supervisor, armed_at, position FROM obligation"


def obligations(tables: Tables, station: str = "") -> list[Armed]:
    """What is watched, at a station or anywhere."""
    of_station = "AND (id IN (SELECT obligation FROM obligation_at WHERE station = ?) OR ? = '') ORDER BY position"
    rows = tables.execute(f"{_ARMED} WHERE stood_down IS NULL {of_station}", (station, station))
    return [_armed_of(row) for row in rows]


def obligation(tables: Tables, obligation: str) -> Armed:
    """Raises NotFound for one that was stood down, too."""
    for row in tables.execute(f"{_ARMED} WHERE stood_down IS NULL AND id = ?", (obligation,)):
        return _armed_of(row)
    raise NotFound("There is no such obligation in force.")


def _armed_of(row: Any) -> Armed:
    columns: list[Any] = [*row[:4], msgspec.json.decode(row[4]), row[5], now.instant(row[6]), row[7]]
    return Armed(*columns)


_ALARM = (
    "SELECT id, obligation, station, title, sort, key, state, lapsed_at, raised_at, acknowledged_at, acknowledged_by, "
    "cleared_at, cleared_why, closed_at, closed_by, position, false_by FROM alarm"
)


#: Named one by one they are found by an index, and whatever was closed in years is not looked at.
_NOT_CLOSED = "state IN ('open', 'acknowledged', 'cleared')"


def alarms(tables: Tables, station: str = "", limit: int = 100, beyond: int = 0) -> list[RaisedAlarm]:
    """Alarms that are not closed: those that nobody sees to first, then those that go on, then those to be looked at;
    the oldest first. Nothing that lapsed is out of sight until somebody closes it: `beyond` so many there are more.
    """
    rows = tables.execute(
        f"{_ALARM} WHERE {_NOT_CLOSED} AND (station = ? OR ? = '') ORDER BY "
        "CASE state WHEN 'open' THEN 0 WHEN 'acknowledged' THEN 1 ELSE 2 END, lapsed_at, id LIMIT ? OFFSET ?",
        (station, station, limit, beyond),
    )
    return [_alarm_of(row) for row in rows]


def how_many_alarms(tables: Tables, station: str = "") -> int:
    """How many are not closed."""
    asked = f"SELECT count(*) FROM alarm WHERE {_NOT_CLOSED} AND (station = ? OR ? = '')"
    [(count,)] = tables.execute(asked, (station, station))
    return int(count)


def going_on(tables: Tables) -> dict[str, set[str]]:
    """The sorts of alarms that go on, by station; of all of them, however many there are."""
    found = dict[str, set[str]]()
    asked = "SELECT DISTINCT station, sort FROM alarm WHERE state IN ('open', 'acknowledged') AND cleared_at IS NULL"
    for station, sort in tables.execute(asked):
        found.setdefault(station, set()).add(sort)
    return found


def alarms_after(tables: Tables, station: str, closed: bool, after: str, limit: int) -> list[RaisedAlarm]:
    """Those that are not closed, the oldest first; or all that ever rang, the newest first; from the one `after` on,
    which may have been closed since.
    """
    asked = (
        f"{_ALARM} WHERE (station = ?1 OR ?1 = '') AND (?2 = '' OR (lapsed_at, id) < "
        "(SELECT lapsed_at, id FROM alarm WHERE id = ?2)) ORDER BY lapsed_at DESC, id DESC LIMIT ?3"
        if closed
        else f"{_ALARM} WHERE {_NOT_CLOSED} AND (station = ?1 OR ?1 = '') AND (?2 = '' OR (lapsed_at, id) > "
        "(SELECT lapsed_at, id FROM alarm WHERE id = ?2)) ORDER BY lapsed_at, id LIMIT ?3"
    )
    rows = tables.execute(asked, (station, after, limit))
    return [_alarm_of(row) for row in rows]


def brought_in(tables: Tables, station: str) -> list[tuple[str, int]]:
    """From which stores history of a station was read in, and how many rows of each."""
    asked = "SELECT store, count(*) FROM history WHERE station = ? GROUP BY store ORDER BY store"
    return [(store, rows) for store, rows in tables.execute(asked, (station,))]


def closed_alarms(tables: Tables, station: str, limit: int = 50, beyond: int = 0) -> list[RaisedAlarm]:
    """The newest that were closed, beyond the first so many."""
    rows = tables.execute(
        f"{_ALARM} WHERE state = 'closed' AND station = ? ORDER BY lapsed_at DESC, id LIMIT ? OFFSET ?",
        (station, limit, beyond),
    )
    return [_alarm_of(row) for row in rows]


def alarm(tables: Tables, alarm: str) -> RaisedAlarm:
    """Raises NotFound."""
    for row in tables.execute(f"{_ALARM} WHERE id = ?", (alarm,)):
        return _alarm_of(row)
    raise NotFound("There is no such alarm.")


def _alarm_of(row: Any) -> RaisedAlarm:
    instants = {7, 8, 9, 11, 13}
    columns: list[Any] = [_instant(value) if number in instants else value for number, value in enumerate(row)]
    return RaisedAlarm(*columns)


def _instant(written: str | None) -> Any:
    return now.instant(written) if written else None
