"""The duties that a holder had, and what is on record of them in each: for the holder alone.

Where they were is not in it: positions are kept for a while, apart, and shown on their own page (`known.read`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime

import msgspec

from heard.cases.exits import Serving
from heard.engine import now
from heard.engine.entry import Entry
from heard.engine.errors import NotFound
from heard.engine.projection import Tables
from heard.watch import retention
from heard.watch.entries import DeedDone, OrderAcknowledged, PresenceTold
from heard.watch.tracks import WHY

#: Duties on one page, and pieces of what was told in one, the last ones.
DUTIES_SHOWN, TOLD_SHOWN = 20, 500
#: Positions that are read at a time; others are answered in between.
AT_ONCE = 400


class Duty(msgspec.Struct, frozen=True):
    """One that is over; `position` is where it began in the journal, `ended_position` where it ended."""

    position: int
    station: str
    begun_at: datetime
    ended_position: int
    ended_at: datetime


class Told(msgspec.Struct, frozen=True):
    at: datetime
    words: str


class OfDuty(msgspec.Struct, frozen=True):
    """What is on record of one in a duty, in order of time; `more` that was earlier is not among it. Where they were
    said to be may be `gone` by now.
    """

    duty: Duty
    told: list[Told]
    more: int
    gone: bool


_DUTY = "SELECT position, station, begun_at, ended_position, ended_at FROM duty_time WHERE holder = ?"


def of_holder(tables: Tables, holder: str, before: int = 0) -> tuple[list[Duty], int]:
    """Those that are over, the last first; and the position before which there are more, or 0."""
    rows = tables.execute(
        f"{_DUTY} AND ended_at IS NOT NULL AND (position < ? OR ? = 0) ORDER BY position DESC LIMIT ?",
        (holder, before, before, DUTIES_SHOWN + 1),
    )
    found = [Duty(row[0], row[1], now.instant(row[2]), row[3], now.instant(row[4])) for row in rows]
    more = found[DUTIES_SHOWN - 1].position if len(found) > DUTIES_SHOWN else 0
    return found[:DUTIES_SHOWN], more


async def told_in(serving: Serving, holder: str, position: int) -> OfDuty:
    """What is on record of a holder in the duty that began there.

    Raises NotFound where that is no duty of theirs which is over.
    """
    tables = serving.tables
    for row in tables.execute(f"{_DUTY} AND ended_at IS NOT NULL AND position = ?", (holder, position)):
        duty = Duty(row[0], row[1], now.instant(row[2]), row[3], now.instant(row[4]))
        break
    else:
        raise NotFound("You had no such duty, or it goes on.")
    told = list(_rang(tables, duty))
    titles = dict(tables.execute("SELECT id, title FROM standing_order WHERE station = ?", (duty.station,)))
    for first in range(duty.position, duty.ended_position, AT_ONCE):
        last = min(duty.ended_position, first + AT_ONCE)
        for stream in (duty.station, *titles):
            for entry in serving.node.journal.opened(serving.node.journal.store.stream(stream, first, last)):
                told += _of_holder(entry, holder, titles)
        await asyncio.sleep(0)
    told.sort(key=lambda one: one.at)
    gone = retention.is_gone(tables, duty.position)
    return OfDuty(duty, told[-TOLD_SHOWN:], max(0, len(told) - TOLD_SHOWN), gone)


def _of_holder(entry: Entry, holder: str, titles: dict[str, str]) -> Iterator[Told]:
    match entry.body:
        case PresenceTold(holder=who, present=present, since_at=since_at, why=why) if who == holder:
            unknown = f"not known: {WHY[why]}" if why in WHY else "not known"
            words = unknown if present is None else "here" if present else "not here"
            yield Told(since_at or entry.at, words)
        case DeedDone(deed=deed, who=who, done_at=done_at) if holder in (who, entry.by):
            yield Told(done_at or entry.at, f"you: {deed}")
        case OrderAcknowledged(number=number, link=link) if entry.by == holder:
            yield Told(entry.at, f"you read “{titles[entry.stream]}”, version {number}{', by a link' if link else ''}")


def _rang(tables: Tables, duty: Duty) -> Iterator[Told]:
    """What lapsed at the station meanwhile: whoever is on duty there hears of it, and is asked about it."""
    rows = tables.execute(
        "SELECT raised_at, title, sort, cleared_why FROM alarm WHERE station = ? AND lapsed_at >= ? AND lapsed_at <= ?",
        (duty.station, now.text(duty.begun_at), now.text(duty.ended_at)),
    )
    for at, title, sort, why in rows:
        rang = "it rang" if sort == "lapse" else "it rang, as not known to be kept"
        yield Told(now.instant(at), f"{rang}: {title}" + (f" (over: {why.replace('-', ' ')})" if why else ""))
