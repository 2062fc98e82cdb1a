"""The tables of areas, feeds and holds: how entries fold into them, and what is asked of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from heard.engine import now
from heard.engine.entry import Body, Entry
from heard.engine.errors import NotFound
from heard.engine.projection import Fold, Tables
from heard.watch.areas import Area
from heard.watch.position_entries import (
    AreaSet,
    DeviceBound,
    FeedAdded,
    FeedEnded,
    FixesDigested,
    HoldAgreed,
    HoldAsked,
    HoldEnded,
    StationHeld,
    TagAdded,
    TagEnded,
)
from heard.watch.tracks import Step

#: A hold that only one person asked for ends by itself: long enough to find a second.
UNAGREED = timedelta(hours=72)


class Feed(msgspec.Struct, frozen=True):
    """Something that sends positions: of one holder, or of the devices at a station."""

    id: str
    name: str
    holder: str
    station: str


class Tag(msgspec.Struct, frozen=True):
    """Something at a station that is opened to check in."""

    id: str
    station: str
    name: str


class Hold(msgspec.Struct, frozen=True):
    """The fixes of a station between two instants are not erased; its reason is in its first entry."""

    id: str
    station: str
    since_at: datetime
    until_at: datetime
    review_at: datetime
    asked_by: str
    asked_at: datetime
    agreed_by: str | None

    def stops(self, station: str, hour: datetime, at: datetime) -> bool:
        """Whether it stops what was received at a station in an hour from being erased now."""
        return self.stops_of(station, hour, hour + timedelta(hours=1), at)

    def stops_of(self, station: str, since: datetime, until: datetime, at: datetime) -> bool:
        """The same of anything that is of a station and a time."""
        counts = self.agreed_by is not None or at < self.asked_at + UNAGREED
        return counts and station == self.station and since < self.until_at and self.since_at < until


def _area_set(tables: Tables, entry: Entry, body: AreaSet) -> None:
    area = Area((body.lat, body.lon), body.radius_m, body.corners, body.good_for_s)
    tables.execute(
        "INSERT OR REPLACE INTO area VALUES (?, ?, ?)", (entry.stream, msgspec.json.encode(area), now.text(entry.at))
    )


def _feed_added(tables: Tables, entry: Entry, body: FeedAdded) -> None:
    tables.execute("INSERT INTO feed VALUES (?, ?, ?, ?, NULL)", (entry.stream, body.name, body.holder, body.station))


def _device_bound(tables: Tables, entry: Entry, body: DeviceBound) -> None:
    tables.execute("DELETE FROM device WHERE feed = ? AND device = ?", (entry.stream, body.device))
    if body.holder:
        tables.execute("INSERT INTO device VALUES (?, ?, ?)", (entry.stream, body.device, body.holder))


def _feed_ended(tables: Tables, entry: Entry, body: FeedEnded) -> None:
    tables.execute("UPDATE feed SET ended_at = ? WHERE id = ?", (now.text(entry.at), entry.stream))
    tables.execute("DELETE FROM device WHERE feed = ?", (entry.stream,))


def _tag_added(tables: Tables, entry: Entry, body: TagAdded) -> None:
    tables.execute("INSERT INTO tag VALUES (?, ?, ?, NULL)", (entry.stream, body.station, body.name))


def _tag_ended(tables: Tables, entry: Entry, body: TagEnded) -> None:
    tables.execute("UPDATE tag SET ended_at = ? WHERE id = ?", (now.text(entry.at), entry.stream))


def _digested(tables: Tables, entry: Entry, body: FixesDigested) -> None:
    """It is proof, and nothing is asked of it."""


def _held(tables: Tables, entry: Entry, body: StationHeld) -> None:
    """It is there to be seen by who erases, and nothing is asked of it."""


def _hold_asked(tables: Tables, entry: Entry, body: HoldAsked) -> None:
    tables.execute(
        "INSERT INTO hold VALUES (?, ?, ?, ?, ?, ?, ?, NULL, NULL)",
        (
            *(entry.stream, body.station, now.text(body.since_at), now.text(body.until_at), now.text(body.review_at)),
            *(entry.by, now.text(entry.at)),
        ),
    )


def _hold_agreed(tables: Tables, entry: Entry, body: HoldAgreed) -> None:
    tables.execute("UPDATE hold SET agreed_by = ? WHERE id = ?", (entry.by, entry.stream))


def _hold_ended(tables: Tables, entry: Entry, body: HoldEnded) -> None:
    tables.execute("UPDATE hold SET ended_at = ? WHERE id = ?", (now.text(entry.at), entry.stream))


FOLDS: Mapping[type[Body], Fold] = {
    AreaSet: _area_set,
    FeedAdded: _feed_added,
    DeviceBound: _device_bound,
    FeedEnded: _feed_ended,
    TagAdded: _tag_added,
    TagEnded: _tag_ended,
    FixesDigested: _digested,
    HoldAsked: _hold_asked,
    StationHeld: _held,
    HoldAgreed: _hold_agreed,
    HoldEnded: _hold_ended,
}

# Questions ------------------------------------------------------------------------------------------------------------


def area(tables: Tables, station: str) -> tuple[Area, datetime] | None:
    """Where a station is, and since when that counts; None where nobody has said."""
    for written, set_at in tables.execute("SELECT written, set_at FROM area WHERE station = ?", (station,)):
        return msgspec.json.decode(written, type=Area), now.instant(set_at)
    return None


def feed(tables: Tables, feed: str) -> Feed:
    """Raises NotFound for one that was ended, too."""
    for row in tables.execute("SELECT id, name, holder, station FROM feed WHERE id = ? AND ended_at IS NULL", (feed,)):
        return Feed(*row)
    raise NotFound("There is no such feed of positions.")


def feeds(tables: Tables, *, holder: str = "", station: str = "") -> list[Feed]:
    """Those of a holder's phones, or of a station's devices."""
    rows = tables.execute(
        "SELECT id, name, holder, station FROM feed "
        "WHERE holder = ? AND station = ? AND ended_at IS NULL ORDER BY name, id",
        (holder, station),
    )
    return [Feed(*row) for row in rows]


def devices(tables: Tables, feed: str) -> dict[str, str]:
    """Whose each device of a feed is."""
    return dict(tables.execute("SELECT device, holder FROM device WHERE feed = ? ORDER BY device", (feed,)))


_TAG = "SELECT id, station, name FROM tag WHERE ended_at IS NULL"


def tags(tables: Tables, station: str) -> list[Tag]:
    """What is opened at a station to check in."""
    rows = tables.execute(
        "SELECT id, station, name FROM tag WHERE station = ? AND ended_at IS NULL ORDER BY name, id", (station,)
    )
    return [Tag(*row) for row in rows]


def tag(tables: Tables, tag: str) -> Tag:
    """Raises NotFound for one that was ended, too."""
    for row in tables.execute(f"{_TAG} AND id = ?", (tag,)):
        return Tag(*row)
    raise NotFound("There is no such tag. It may have been ended; ask who keeps the station.")


def steps(tables: Tables, station: str, holder: str, since: datetime | None = None) -> list[Step]:
    """What was written down, by positions, of a holder in this duty; from the step before an instant on."""
    rows = tables.execute(
        "SELECT since, present, why FROM presence_step WHERE station = ? AND holder = ? AND since >= coalesce("
        "(SELECT max(since) FROM presence_step WHERE station = ? AND holder = ? AND since < ?), '') ORDER BY since",
        (station, holder, station, holder, now.text(since) if since else ""),
    )
    return [_step(*row) for row in rows]


def newest_steps(tables: Tables) -> dict[tuple[str, str], Any]:
    """Whether each (holder, station) is there, as it was written down last by positions; None where it is not known."""
    rows = tables.execute("SELECT holder, station, present, max(since) FROM presence_step GROUP BY holder, station")
    return {(holder, station): None if present is None else bool(present) for holder, station, present, _ in rows}


def _step(since: str, present: Any, why: str) -> Step:
    return Step(now.instant(since), None if present is None else bool(present), why)


_HOLD = "SELECT id, station, since, until, review_at, asked_by, asked_at, agreed_by FROM hold WHERE ended_at IS NULL"


def holds(tables: Tables) -> list[Hold]:
    return [_hold_of(row) for row in tables.execute(f"{_HOLD} ORDER BY asked_at, id")]


def hold(tables: Tables, hold: str) -> Hold:
    """Raises NotFound for one that was ended, too."""
    for row in tables.execute(f"{_HOLD} AND id = ?", (hold,)):
        return _hold_of(row)
    raise NotFound("There is no such hold in force.")


def _hold_of(row: Any) -> Hold:
    since, until, review = (now.instant(at) for at in row[2:5])
    return Hold(row[0], row[1], since, until, review, row[5], now.instant(row[6]), row[7])
