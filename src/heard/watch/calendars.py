"""Calendars of working days are evidence: which version was known when, and what was proclaimed in each.

    version 0, by rule (`civil.bank_holidays`) ── a day is proclaimed to be none of work, or one ──▶ the next version

A deadline that is open moves with it; what was known before, and what was met or closed, stays as it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from heard.cases.model import checked_words
from heard.engine import now
from heard.engine.entry import Body, Draft, Entry
from heard.engine.errors import Refused
from heard.engine.node import Command, Decision
from heard.engine.projection import Fold, Tables
from heard.watch import civil, model
from heard.watch.calendar_entries import DayProclaimed
from heard.watch.obligations import ENGLAND_AND_WALES

#: A day is proclaimed so long before, and put right so long after it.
AHEAD, BEHIND = timedelta(days=3 * 366), timedelta(days=366)

SCHEMA = """
CREATE TABLE IF NOT EXISTS proclaimed (
    position INTEGER PRIMARY KEY, calendar TEXT NOT NULL, number INTEGER NOT NULL, day TEXT NOT NULL,
    is_working INTEGER NOT NULL, words TEXT NOT NULL, told_by TEXT NOT NULL, told_at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS proclaimed_calendar ON proclaimed (calendar, number);
"""


class Proclaimed(msgspec.Struct, frozen=True):
    """One version of a calendar, by what it changed."""

    number: int
    on: date
    is_working: bool
    words: str
    told_by: str
    told_at: datetime


def _proclaimed(tables: Tables, entry: Entry, body: DayProclaimed) -> None:
    tables.execute(
        "INSERT INTO proclaimed VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(entry.position, entry.stream, body.number, body.on.isoformat(), body.is_working, body.words),
            *(entry.by, now.text(entry.at)),
        ),
    )


FOLDS: Mapping[type[Body], Fold] = {DayProclaimed: _proclaimed}

# Questions ------------------------------------------------------------------------------------------------------------


def versions(tables: Tables, calendar: str = ENGLAND_AND_WALES) -> list[Proclaimed]:
    """All but the first, which is by rule; the newest first."""
    rows = tables.execute(
        "SELECT number, day, is_working, words, told_by, told_at FROM proclaimed WHERE calendar = ? "
        "ORDER BY number DESC",
        (calendar,),
    )
    return [_version(row) for row in rows]


def _version(row: Any) -> Proclaimed:
    number, day, is_working, words, told_by, told_at = row
    return Proclaimed(number, date.fromisoformat(day), bool(is_working), words, told_by, now.instant(told_at))


def as_known(tables: Tables, calendar: str = ENGLAND_AND_WALES) -> civil.Calendar:
    """As it is known now."""
    return civil.Calendar({one.on: one.is_working for one in reversed(versions(tables, calendar))})


def days_off(calendar: civil.Calendar, year: int) -> list[date]:
    """The days of a year, but for weekends, on which nobody works."""
    first = date(year, 1, 1)
    days = (first + timedelta(days=number) for number in range(366))
    return [day for day in days if day.year == year and day.weekday() < 5 and not calendar.is_working(day)]


# Verbs ----------------------------------------------------------------------------------------------------------------


def proclaim(on: date, is_working: bool, words: str, calendar: str = ENGLAND_AND_WALES) -> Command:
    """A day is none of work, or is one after all; `words` say by what."""

    def judge(tables: Tables) -> Decision:
        today = now.today()
        if not today - BEHIND <= on <= today + AHEAD:
            raise Refused("That day is more than a year ago, or three years to come. Nothing was changed.")
        if on.weekday() > 4:
            raise Refused(f"{civil.day(on)} is a {on:%A}: nobody works on it anyway. Nothing was changed.")
        if as_known(tables, calendar).is_working(on) == is_working:
            stands = "a working day" if is_working else "no working day"
            raise Refused(f"{civil.day(on)} is {stands} already. Nothing was changed.")
        said = checked_words(words, "reason", model.REASON_MAX)
        number = next((one.number for one in versions(tables, calendar)), 0) + 1
        return Decision((Draft(calendar, DayProclaimed(number, on, is_working, said)),), (calendar,))

    return judge
