"""What the board shows: how each station stands, what runs, what lapsed, and where the watch itself is blind.

Counts and states only. Who is where is on no page but one's own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from heard.engine import now
from heard.engine.projection import Tables
from heard.watch import ladders, projection, reviews, suspensions
from heard.watch.model import RaisedAlarm, Station
from heard.watch.obligations import By
from heard.watch.reviews import Review
from heard.watch.tracks import WHY
from heard.watch.watched import Watched
from heard.watch.watching import Watching

#: Running clocks on the board: those that fall due first.
CLOCKS_MAX = 50
#: Alarms on one page of the board.
ALARMS_MAX = 100


class StationShown(msgspec.Struct, frozen=True):
    """A station at a glance. `stands` is one of alarm, unproven, blind, suspended, kept, or not watched."""

    station: Station
    stands: str
    state: str | None
    on_duty: int
    present: int
    unknown: int
    orders: int
    have_read: int
    must_read: int
    obligations: int
    heard_at: datetime | None


class ClockShown(msgspec.Struct, frozen=True):
    """A deed or a gap with its time. `who` is an account, if one person owes it."""

    station: Station
    title: str
    who: str
    due_at: datetime


class SuspendedShown(msgspec.Struct, frozen=True):
    station: Station
    title: str
    until_at: datetime


class Itself(msgspec.Struct, frozen=True):
    """Whether it can be relied on: what every page of the watch says. A quiet page never hides a blind monitor."""

    at: datetime
    zone: str
    since_at: datetime | None
    last_heard_at: datetime | None
    #: By what alarms leave, beside the open page.
    channels: list[str]
    has_outside: bool
    outside_heard_at: datetime | None
    blind_spots: list[str]
    #: What is not watched for a time, by two people: on every page while it is so.
    suspended: list[SuspendedShown]


class Board(msgspec.Struct, frozen=True):
    at: datetime
    zone: str
    changed: int
    stations: list[StationShown]
    clocks: list[ClockShown]
    #: Those of this page; `in_all` there are so many, and they begin `beyond` the first so many.
    alarms: list[RaisedAlarm]
    in_all: int
    beyond: int
    codes: dict[str, Station]
    since_at: datetime | None
    last_heard_at: datetime | None
    blind_spots: list[str]
    #: What somebody has to look into, since too many of its alarms were false; alarms whose ladder was climbed on.
    reviews: list[Review]
    climbed_on: set[str]


def itself(tables: Tables, watching: Watching | None, at: datetime) -> Itself:
    """How it stands with the watch itself."""
    known = projection.stations(tables)
    codes = {one.id: one for one in known}
    return Itself(
        at,
        known[0].zone if known else "Europe/London",
        watching.since_at if watching else None,
        watching.last_heard_at if watching else None,
        [one for one in watching.channels if one != "page"] if watching else [],
        bool(watching and watching.has_outside),
        watching.outside_heard_at if watching else None,
        list(_blind_spots(tables, watching, known, at)),
        [
            SuspendedShown(codes[one.station], one.title, one.until_at)
            for one in suspensions.in_force(tables, at)
            if one.station in codes
        ],
    )


def board(tables: Tables, watching: Watching | None, at: datetime, beyond: int = 0) -> Board:
    """As it is known at this instant. Alarms `beyond` the first so many; how a station stands all of them tell."""
    known = projection.stations(tables)
    going_on = projection.going_on(tables)
    codes = {one.id: one for one in known}
    return Board(
        at,
        known[0].zone if known else "Europe/London",
        watching.changed if watching else 0,
        [_station(tables, watching, one, going_on.get(one.id, set()), at) for one in known],
        _clocks(watching, codes, at),
        projection.alarms(tables, limit=ALARMS_MAX, beyond=beyond),
        projection.how_many_alarms(tables),
        beyond,
        codes,
        watching.since_at if watching else None,
        watching.last_heard_at if watching else None,
        list(_blind_spots(tables, watching, known, at)),
        reviews.asked(tables),
        ladders.climbed_on(tables),
    )


def _station(
    tables: Tables, watching: Watching | None, station: Station, going_on: Collection[str], at: datetime
) -> StationShown:
    on_duty = projection.on_duty(tables, station.id)
    present = projection.present(tables, station.id, at)
    orders = projection.orders(tables, station.id)
    must_read = projection.roster(tables, station.id)
    return StationShown(
        station,
        _stands(tables, watching, station, going_on, at),
        station.state_now(at),
        len(on_duty),
        sum(one is True for one in present.values()),
        sum(one is None for one in present.values()),
        len(orders),
        sum(not projection.unread(tables, station.id, one) for one in must_read),
        len(must_read),
        len(_watched(watching, station.id)),
        watching.heard_at.get(station.id) if watching else None,
    )


def _watched(watching: Watching | None, station: str) -> list[Watched]:
    return watching.at_station(station) if watching else []


def _stands(
    tables: Tables, watching: Watching | None, station: Station, going_on: Collection[str], at: datetime
) -> str:
    if going_on:
        return "alarm" if "lapse" in going_on else "unproven"
    if watching is None or watching.has_stopped:
        return "blind"
    watched = _watched(watching, station.id)
    if not watched:
        return "not watched"
    if not all(_is_known(watching, one, at) for one in watched):
        return "blind"
    # A station of which a part is not watched is never said to be kept.
    return (
        "suspended"
        if {one.obligation for one in suspensions.in_force(tables, at)} & {one.id for one in watched}
        else "kept"
    )


def _is_known(watching: Watching, watched: Watched, at: datetime) -> bool:
    return not watched.may_be_unknown or watching.taken_up(watched).evaluator.is_known(at)


def _clocks(watching: Watching | None, codes: dict[str, Station], at: datetime) -> list[ClockShown]:
    if watching is None or watching.has_stopped:  # no clock runs, and what stopped it may be what it would say
        return []
    running = list[ClockShown]()
    for watched in watching.first_to_ring(CLOCKS_MAX):
        taken, title = watching.taken_up(watched), watching.title(watched)
        for instance in taken.evaluator.stands(at).values():
            if instance.state == "DUE" and instance.due is not None:
                who = instance.who if isinstance(taken.obligation, By) else ""
                where = instance.key if instance.key in watched.stations else watched.station
                running.append(ClockShown(codes[where], title, who, instance.due))
    return sorted(running, key=lambda clock: clock.due_at)[:CLOCKS_MAX]


def _blind_spots(tables: Tables, watching: Watching | None, known: list[Station], at: datetime) -> Any:
    if watching is None or watching.has_stopped:
        yield "Nothing is watched: no clock runs, and nothing rings. The log of the server says why."
    yield from _of_time(watching, known[0].zone if known else "Europe/London", at)
    if watching is not None and watching.outside_lost_at is not None:
        yield "Who watches this server from outside cannot be reached: if it stopped now, nobody would be told."
    for channel in sorted({channel for _, channel, _ in ladders.not_reached(tables)}):
        yield f"Somebody who was to be told of an alarm could not be reached by {channel}; the alarm says who."
    for station in known:
        watched = _watched(watching, station.id)
        if not watched:
            yield f"{station.code}: nothing is watched here."
        for one in watched:
            if watching is not None and not watching.has_stopped and not _is_known(watching, one, at):
                yield f"{station.code}: nobody can say whether this is kept: {watching.title(one)}."
        if station.state is not None and station.state_now(at) is None:
            yield f"{station.code}: its state was told for a time that is over."
        for why in projection.why_unknown(tables, station.id):
            yield f"{station.code}: of somebody on duty it is not known: {WHY[why]}."
        for source in projection.sources(tables, station.id):
            if source.heard_at is None:
                yield f"{station.code}: {source.name} has never pinged."


def _of_time(watching: Watching | None, zone: str, at: datetime) -> Iterator[str]:
    """What its time hangs on."""
    if (set_by := now.set_by()) is not None:
        way = "ahead" if set_by.total_seconds() > 0 else "behind"
        yield (
            f"The clock of this machine is {abs(round(set_by.total_seconds()))} s {way} of the time that is kept here, "
            f"and is not believed since {_moment(now.doubted_since() or at, zone)}: time goes on by what has passed. "
            "Put the clock right; if it is right, heard watch believe-clock says so."
        )
    if (still_until := now.still_until()) is not None:
        yield (
            f"Until {_moment(still_until, zone)} no time passes here and nothing rings: that far the record goes, and "
            "the clock that is believed is before it."
        )
    if watching is not None and watching.watched and (missed := watching.missed(at)) is not None:
        between = f"Between {_moment(missed.since_at, zone)} and {_moment(missed.until_at, zone)} "
        if missed.others:
            yield between + "this server did not watch. If no other of the same record did, there is no evidence of it."
            return
        yield f"{between}there is no evidence: " + (
            "nobody watched."
            if missed.is_certain
            else "nobody watched, or the clock of this machine was set ahead before it was started. Only somebody "
            "outside can tell which; what rang for want of evidence then is to be read so."
        )


def _moment(at: datetime, zone: str) -> str:
    local = at.astimezone(ZoneInfo(zone))
    return f"{local:%H:%M:%S} on {local.day} {local:%B %Y}"
