"""Reviews: where more than one in twenty alarms of something were false, somebody has to look into it.

    too many were closed as false ──▶ asked ── a named person looked into it, and says what follows ──▶ not asked
                                        └── it is watched no more ──▶ not asked

Counted are all its alarms but those that were closed before the last review. It is asked by itself, with the closing
that makes it so, and stays asked: alarms that are right, later, do not end it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from heard.engine import now
from heard.engine.entry import Body, Entry
from heard.engine.projection import Fold, Tables
from heard.watch.entries import AlarmsReviewed
from heard.watch.model import FALSE_ONE_IN

SCHEMA = """
CREATE TABLE IF NOT EXISTS alarm_review (
    obligation TEXT PRIMARY KEY, asked_at TEXT, false_since INTEGER NOT NULL, closed_before INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS alarm_review_asked ON alarm_review (asked_at) WHERE asked_at IS NOT NULL;
"""


class Review(msgspec.Struct, frozen=True):
    """A review that is asked: `false` of so many `alarms`. The rest is the obligation's."""

    obligation: str
    asked_at: datetime
    station: str
    title: str
    supervisor: str
    alarms: int
    false: int


# How entries change the table -----------------------------------------------------------------------------------------


def closed_as_false(tables: Tables, obligation: str, at: datetime) -> None:
    """One more of its alarms, at this instant. However many it has, an index alone counts them."""
    tables.execute(
        "INSERT INTO alarm_review VALUES (?, NULL, 1, 0) "
        "ON CONFLICT (obligation) DO UPDATE SET false_since = false_since + 1",
        (obligation,),
    )
    alarms, false = counted(tables, obligation)
    if false * FALSE_ONE_IN > alarms:
        tables.execute(
            "UPDATE alarm_review SET asked_at = coalesce(asked_at, ?2) WHERE obligation = ?1 "
            "AND EXISTS (SELECT 1 FROM obligation WHERE id = ?1 AND stood_down IS NULL)",
            (obligation, now.text(at)),
        )


def _reviewed(tables: Tables, entry: Entry, body: AlarmsReviewed) -> None:
    tables.execute(
        "INSERT OR REPLACE INTO alarm_review "
        "SELECT ?1, NULL, 0, count(*) FROM alarm WHERE obligation = ?1 AND state = 'closed'",
        (entry.stream,),
    )


def not_asked(tables: Tables, obligation: str) -> None:
    """It is watched no more."""
    tables.execute("UPDATE alarm_review SET asked_at = NULL WHERE obligation = ?", (obligation,))


FOLDS: Mapping[type[Body], Fold] = {AlarmsReviewed: _reviewed}

# Questions ------------------------------------------------------------------------------------------------------------


#: All that it ever had, but for those that were closed when the last review was made.
_ALARMS = "(SELECT count(*) FROM alarm WHERE alarm.obligation = alarm_review.obligation) - closed_before"


def counted(tables: Tables, obligation: str) -> tuple[int, int]:
    """Of an obligation of which one was false: the alarms that count for its review, and the false ones of them."""
    rows = tables.execute(f"SELECT {_ALARMS}, false_since FROM alarm_review WHERE obligation = ?", (obligation,))
    [(alarms, false)] = rows
    return int(alarms), int(false)


def asked(tables: Tables, station: str = "", obligation: str = "") -> list[Review]:
    """The reviews that are asked, the one that waits longest first; of a station, or of one obligation."""
    rows = tables.execute(
        f"SELECT obligation.id, asked_at, station, title, supervisor, {_ALARMS}, false_since FROM alarm_review "
        "JOIN obligation ON obligation.id = alarm_review.obligation WHERE asked_at IS NOT NULL "
        "AND (station = ?1 OR ?1 = '') AND (obligation.id = ?2 OR ?2 = '') ORDER BY asked_at, obligation.id",
        (station, obligation),
    )
    return [Review(row[0], now.instant(row[1]), row[2], row[3], row[4], row[5], row[6]) for row in rows]
