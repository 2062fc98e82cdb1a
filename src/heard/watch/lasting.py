"""What holds on at a station: its duties and states, by when they began and ended, and by where the journal tells it.

A look back at an hour needs what was told in it and what had been told before and held on; these tables say where that
is, so that nobody reads the years before.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from heard.engine import now
from heard.engine.entry import Entry
from heard.engine.projection import Tables
from heard.watch.entries import DutyBegun, DutyEnded
from heard.watch.keeping import REPAIRS

#: A clock that runs ahead by no more is believed (`commands.SKEW`).
AHEAD = timedelta(seconds=2)

SCHEMA = """
CREATE TABLE IF NOT EXISTS duty_time (
    position INTEGER PRIMARY KEY, station TEXT NOT NULL, holder TEXT NOT NULL, begun_at TEXT NOT NULL,
    ended_position INTEGER, ended_at TEXT, gone INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS duty_time_over ON duty_time (ended_at) WHERE gone = 0 AND ended_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS duty_time_of ON duty_time (station, holder, position);
CREATE INDEX IF NOT EXISTS duty_time_holder ON duty_time (holder, position);
CREATE TABLE IF NOT EXISTS state_time (
    position INTEGER PRIMARY KEY, station TEXT NOT NULL, since TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS state_time_of ON state_time (station, since, position);
"""


def begun(tables: Tables, entry: Entry, body: DutyBegun) -> None:
    row = (entry.position, entry.stream, body.holder, now.text(entry.at))
    tables.execute("INSERT INTO duty_time VALUES (?, ?, ?, ?, NULL, NULL, 0)", row)


def ended(tables: Tables, entry: Entry, body: DutyEnded) -> None:
    tables.execute(
        "UPDATE duty_time SET ended_position = ?, ended_at = ? WHERE station = ? AND holder = ? AND ended_at IS NULL",
        (entry.position, now.text(entry.at), entry.stream, body.holder),
    )


def told(tables: Tables, entry: Entry, since: datetime) -> None:
    """A state was told that is so since an instant. What was so long before it was told puts nothing right."""
    if since >= entry.at - REPAIRS:
        tables.execute("INSERT INTO state_time VALUES (?, ?, ?)", (entry.position, entry.stream, now.text(since)))


# Questions ------------------------------------------------------------------------------------------------------------


def on_duty_within(tables: Tables, station: str, since: datetime, until: datetime) -> list[str]:
    """Who was on duty at a station at any instant of a time."""
    rows = tables.execute(
        "SELECT DISTINCT holder FROM duty_time "
        "WHERE station = ? AND begun_at < ? AND (ended_at IS NULL OR ended_at > ?)",
        (station, now.text(until), now.text(since)),
    )
    return sorted(holder for (holder,) in rows)


def from_where(tables: Tables, station: str, cut: int, cut_at: datetime) -> tuple[int, list[int]]:
    """After which position all that is told of a station has to be heard, to know how it stands from `cut_at` on, where
    `cut` is the last entry that is earlier: the beginning of the longest duty that goes on there. And what was told
    before that and holds on: of each other holder the end of their last duty, and the last state, with any that a clock
    which runs ahead told of a moment to come.
    """
    after, single = cut, list[int]()
    newest = "SELECT max(position) FROM duty_time WHERE station = ? AND position <= ? GROUP BY holder"
    of_last = f"SELECT position, ended_position FROM duty_time WHERE position IN ({newest})"
    for position, ended_position in tables.execute(of_last, (station, cut)):
        if ended_position is None or ended_position > cut:
            after = min(after, position - 1)
        else:
            single.append(ended_position)
    of_states = "FROM state_time WHERE station = ?1 AND position <= ?2"
    states = tables.execute(
        f"SELECT position {of_states} AND since < ?4 "
        f"AND since >= coalesce((SELECT max(since) {of_states} AND since <= ?3), '')",
        (station, cut, now.text(cut_at), now.text(cut_at + AHEAD)),
    )
    return after, [one for one in (*single, *(position for (position,) in states)) if one <= after]
