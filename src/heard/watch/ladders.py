"""Who is to be told of an alarm and when, and who was: the ladder that was in force when it rang, as tables.

    rung ── its time comes ──▶ told ── all channels took it ──▶ done
     │ └── seen to, over ──▶ gone     └── one did not ──▶ rung again, a little later, until it is given up

Those under watch are on the lowest rung: they hear when it rings, before or with whoever is above them. An
acknowledgement takes away what is not due yet; where the ladder says after how long it climbs on unless it is over, the
rest is put off until then. What a rung has come to is an entry, so that whoever starts next sends what was not sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import msgspec

from heard.engine import now
from heard.engine.entry import Body, Entry
from heard.engine.projection import Fold, FoldTogether, Room, Tables
from heard.engine.told import GONE, NOT_OPEN, SENT
from heard.watch import entries
from heard.watch.entries import (
    AlarmAcknowledged,
    AlarmCleared,
    AlarmClosed,
    AlarmProven,
    AlarmRaised,
    AlarmTold,
    ObligationArmed,
)

#: The rung of those under watch.
THEMSELVES = -1

SCHEMA = """
CREATE TABLE IF NOT EXISTS ladder (
    obligation TEXT NOT NULL, version INTEGER NOT NULL, op TEXT NOT NULL, each_on_duty INTEGER NOT NULL,
    steps BLOB NOT NULL, climbs_on_s REAL, PRIMARY KEY (obligation, version)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rung (
    alarm TEXT NOT NULL, step INTEGER NOT NULL, account TEXT NOT NULL, again INTEGER NOT NULL, due_at TEXT NOT NULL,
    attempt INTEGER NOT NULL, without BLOB NOT NULL, climbs_on_s REAL, UNIQUE (alarm, step, account, again)
);
CREATE INDEX IF NOT EXISTS rung_due ON rung (due_at);
CREATE TABLE IF NOT EXISTS alarm_told (
    alarm TEXT NOT NULL, position INTEGER NOT NULL, step INTEGER NOT NULL, account TEXT NOT NULL, at TEXT NOT NULL,
    by BLOB NOT NULL, attempt INTEGER NOT NULL, again INTEGER NOT NULL, PRIMARY KEY (alarm, position)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS not_reached (
    account TEXT NOT NULL, channel TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (account, channel)
) WITHOUT ROWID;
"""


class Rung(msgspec.Struct, frozen=True):
    """Somebody who is to be told of an alarm; `without` are the channels that have taken it already."""

    alarm: str
    step: int
    account: str
    again: bool
    due_at: datetime
    attempt: int
    without: tuple[str, ...]
    #: Of the alarm.
    station: str
    sort: str


class Told(msgspec.Struct, frozen=True):
    """Somebody who was told, or could not be; `by` says of each channel how it went."""

    step: int
    account: str
    at: datetime
    by: dict[str, str]
    attempt: int
    again: bool


def room() -> Room:
    """What the room `ladders` folds: it reads the entries of the watch, and its tables."""
    import heard.watch.ladders as here

    return Room("ladders", SCHEMA, FOLDS, (entries, here), TOGETHER)


# How entries change the tables ----------------------------------------------------------------------------------------


def _armed(tables: Tables, entry: Entry, body: ObligationArmed) -> None:
    of = body.written
    tables.execute(
        "INSERT OR REPLACE INTO ladder VALUES (?, ?, ?, ?, ?, ?)",
        (
            *(entry.stream, body.number, of.get("op", ""), _is_each_on_duty(of)),
            *(msgspec.json.encode(of.get("escalate", [])), of.get("ack_timeout_s")),
        ),
    )


def _is_each_on_duty(of: dict[str, Any]) -> bool:
    return of.get("for_each_on_duty") is not None or (of.get("for_each") or {}).get("on_duty") is not None


def _raised(tables: Tables, entry: Entry, body: AlarmRaised) -> None:
    _raised_together(tables, (entry,))


def _raised_together(tables: Tables, entries: Sequence[Entry]) -> None:
    raised = [(entry, entry.body) for entry in entries if isinstance(entry.body, AlarmRaised)]
    known = tables.executemany(
        "SELECT ?, op, each_on_duty, steps, climbs_on_s, EXISTS (SELECT 1 FROM duty WHERE station = ?) "
        "FROM ladder WHERE obligation = ? AND version = ?",
        [(number, body.station, body.obligation, body.number) for number, (_, body) in enumerate(raised)],
    )
    rungs = list[tuple[Any, ...]]()
    for number, op, each_on_duty, steps, climbs_on_s, some_on_duty in known:
        entry, body = raised[number]
        if op == "before" or each_on_duty:
            rungs.append((entry.stream, THEMSELVES, body.key.rpartition("/")[2], False, now.text(entry.at), None))
        elif some_on_duty:
            holders = tables.execute("SELECT holder FROM duty WHERE station = ? ORDER BY holder", (body.station,))
            rungs += [(entry.stream, THEMSELVES, one, False, now.text(entry.at), None) for (one,) in holders]
        for step, (after_s, to) in enumerate(_steps(steps)):
            due_at = now.text(entry.at + timedelta(seconds=after_s))
            rungs.append((entry.stream, step, to, False, due_at, climbs_on_s))
    tables.executemany(_PUT, rungs)


@lru_cache(256)  # thousands that ring in one second have a few ladders among them
def _steps(written: bytes) -> tuple[tuple[float, str], ...]:
    return tuple((one["after_s"], one["to"]) for one in msgspec.json.decode(written))


_PUT = "INSERT OR IGNORE INTO rung VALUES (?, ?, ?, ?, ?, 1, '[]', ?)"


def _put(
    tables: Tables,
    alarm: str,
    step: int,
    account: str,
    due_at: datetime,
    *,
    again: bool = False,
    climbs_on_s: float | None = None,
) -> None:
    tables.execute(_PUT, (alarm, step, account, again, now.text(due_at), climbs_on_s))


def _told(tables: Tables, entry: Entry, body: AlarmTold) -> None:
    which = (entry.stream, body.step, body.to, body.again)
    tables.execute(
        "INSERT INTO alarm_told VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(entry.stream, entry.position, body.step, body.to, now.text(entry.at)),
            *(msgspec.json.encode(body.by), body.attempt, body.again),
        ),
    )
    if body.next_at is None:
        tables.execute("DELETE FROM rung WHERE alarm = ? AND step = ? AND account = ? AND again = ?", which)
    else:
        before = tables.execute(
            "SELECT without FROM rung WHERE alarm = ? AND step = ? AND account = ? AND again = ?", which
        )
        took_it = {one for (known,) in before for one in msgspec.json.decode(known)}
        took_it |= {one for one, how in body.by.items() if how in (SENT, NOT_OPEN)}
        tables.execute(
            "UPDATE rung SET due_at = ?, attempt = ?, without = ? WHERE alarm = ? AND step = ? AND account = ? AND "
            "again = ?",
            (now.text(body.next_at), body.attempt + 1, msgspec.json.encode(sorted(took_it)), *which),
        )
    if body.attempt == 1:  # by which one is not told any more one cannot be out of reach
        kept = msgspec.json.encode(list(body.by)).decode()
        tables.execute(
            "DELETE FROM not_reached WHERE account = ? AND channel NOT IN (SELECT value FROM json_each(?))",
            (body.to, kept),
        )
    for channel, how in body.by.items():
        if how == SENT:
            tables.execute("DELETE FROM not_reached WHERE account = ? AND channel = ?", (body.to, channel))
        elif how == GONE or (how != NOT_OPEN and body.next_at is None):
            lost = (body.to, channel, now.text(entry.at))
            tables.execute("INSERT OR REPLACE INTO not_reached VALUES (?, ?, ?)", lost)


def _proven(tables: Tables, entry: Entry, body: AlarmProven) -> None:
    told = "SELECT DISTINCT step, account FROM alarm_told WHERE alarm = ? AND again = 0"
    for step, account in list(tables.execute(told, (entry.stream,))):
        _put(tables, entry.stream, step, account, entry.at, again=True)


def _acknowledged(tables: Tables, entry: Entry, body: AlarmAcknowledged) -> None:
    asked = "SELECT step, account, due_at, climbs_on_s FROM rung WHERE alarm = ? AND again = 0 AND attempt = 1 "
    coming = list(tables.execute(f"{asked} AND due_at >= ? ORDER BY due_at, step", (entry.stream, now.text(entry.at))))
    _over(tables, entry, body)
    for step, account, due_at, climbs_on_s in coming:
        if climbs_on_s is not None:
            later = entry.at + timedelta(seconds=climbs_on_s) - now.instant(coming[0][2])
            _put(tables, entry.stream, step, account, now.instant(due_at) + later, climbs_on_s=climbs_on_s)


def _over(tables: Tables, entry: Entry, body: Body) -> None:
    tables.execute("DELETE FROM rung WHERE alarm = ?", (entry.stream,))


FOLDS: Mapping[type[Body], Fold] = {
    ObligationArmed: _armed,
    AlarmRaised: _raised,
    AlarmTold: _told,
    AlarmProven: _proven,
    AlarmAcknowledged: _acknowledged,
    AlarmCleared: _over,
    AlarmClosed: _over,
}
TOGETHER: Mapping[type[Body], FoldTogether] = {AlarmRaised: _raised_together}


# Questions ------------------------------------------------------------------------------------------------------------

_RUNG = (
    "SELECT rung.alarm, step, account, again, due_at, attempt, without, alarm.station, alarm.sort FROM rung JOIN alarm "
    "ON alarm.id = rung.alarm"
)


def due(tables: Tables, at: datetime, limit: int) -> list[Rung]:
    """Whose turn has come, the longest waiting first; of one instant those under watch before the others."""
    rows = tables.execute(f"{_RUNG} WHERE due_at <= ? ORDER BY due_at, step LIMIT ?", (now.text(at), limit))
    return [_rung(row) for row in rows]


def is_due(tables: Tables, rung: Rung) -> bool:
    """Whether it still waits for this attempt."""
    which = (rung.alarm, rung.step, rung.account, rung.again, rung.attempt)
    asked = "SELECT 1 FROM rung WHERE alarm = ? AND step = ? AND account = ? AND again = ? AND attempt = ?"
    return any(True for _ in tables.execute(asked, which))


def _rung(row: Any) -> Rung:
    alarm, step, account, again, due_at, attempt, without, station, sort = row
    took_it = tuple(msgspec.json.decode(without))
    return Rung(alarm, step, account, bool(again), now.instant(due_at), attempt, took_it, station, sort)


def next_due_at(tables: Tables) -> datetime | None:
    """When somebody is to be told next."""
    return next((now.instant(at) for (at,) in tables.execute("SELECT min(due_at) FROM rung") if at), None)


def told(tables: Tables, alarm: str) -> list[Told]:
    """Who was told of an alarm, in order."""
    rows = tables.execute(
        "SELECT step, account, at, by, attempt, again FROM alarm_told WHERE alarm = ? ORDER BY position", (alarm,)
    )
    return [
        Told(step, account, now.instant(at), msgspec.json.decode(by), attempt, bool(again))
        for step, account, at, by, attempt, again in rows
    ]


def climbed_on(tables: Tables, alarm: str = "") -> set[str]:
    """The alarms that somebody sees to and that are not over, of which others were told since by the ladder."""
    rows = tables.execute(
        "SELECT DISTINCT id FROM alarm JOIN alarm_told ON alarm_told.alarm = id AND step >= 0 AND again = 0 "
        "AND at > acknowledged_at WHERE state = 'acknowledged' AND (id = ?1 OR ?1 = '')",
        (alarm,),
    )
    return {id for (id,) in rows}


def not_reached(tables: Tables) -> Iterator[tuple[str, str, datetime]]:
    """The accounts that could not be told by a channel, and since when nothing came through."""
    for account, channel, at in tables.execute("SELECT account, channel, at FROM not_reached ORDER BY at"):
        yield account, channel, now.instant(at)
