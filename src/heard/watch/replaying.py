"""Looking back: the timeline of a station, and the replay of any hour as it was known then and as it is known now.

Both readings are made of entries. No position is in them; what phones sent is gone in its time, and nothing here
stands in for it: where nobody told whether somebody was there, it is not known, then and now.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from heard.accounts.model import Caller
from heard.cases.exits import Serving, looking_twice
from heard.engine import now
from heard.engine.entry import Entry
from heard.engine.errors import HeardError, Refused
from heard.engine.projection import Tables
from heard.watch import drawing, looking_back, looks, positions, projection, readings, retention
from heard.watch.arming import local
from heard.watch.asked import looked, names, page, signed_in
from heard.watch.looking_back import Recorded
from heard.watch.model import Station
from heard.watch.readings import Counted, Rung, Says, Stretch, Told, minutes

HOUR = timedelta(hours=1)
#: A timeline of more is a report.
HOURS_MAX = 31 * 24
#: Rows of a table, and entries that are listed; what is beyond is said.
ROWS_MAX = 300
#: The steps that are offered, in seconds.
STEPS = (10, 60, 300)


def routes() -> list[BaseRoute]:
    return [
        Route("/watch/stations/{station}/timeline/", timeline_page, methods=["GET"]),
        Route("/watch/replay/", replay_page, methods=["GET"]),
    ]


class Line(msgspec.Struct, frozen=True):
    """One requirement over a time: its stretches, and how long of it was owed, kept, not kept and not known."""

    id: str
    title: str
    found: list[Stretch]
    picture: str

    @property
    def owed(self) -> timedelta:
        return self.kept + self.broken + self.unknown

    @property
    def kept(self) -> timedelta:
        return readings.lasting(self.found, "kept")

    @property
    def broken(self) -> timedelta:
        return readings.lasting(self.found, "broken")

    @property
    def unknown(self) -> timedelta:
        return readings.lasting(self.found, "unknown")

    @property
    def suspended(self) -> timedelta:
        return readings.lasting(self.found, "suspended")

    @property
    def covered(self) -> str:
        """ "14 of 108 minutes covered"; what is begun of a minute is cut, so that nothing looks better than it was."""
        return f"{minutes(self.kept)} of {minutes(self.owed)} minutes covered"


def line(id: str, told: Told, found: list[Stretch], mark_at: datetime | None = None, how: str = "") -> Line:
    title = told.versions[id][-1].title
    label = f"{title}{how}: " + (
        ", ".join(
            f"{drawing.WORDS[says]} {minutes(lasting)} min"
            for says in readings.SAYS
            if (lasting := readings.lasting(found, says))
        )
    )
    return Line(id, title, found, drawing.bar(found, label, mark_at))


def lines_now(
    told: Told, since: datetime, until: datetime, mark_at: datetime | None = None, how: str = "", only: str = ""
) -> list[Line]:
    """Each requirement that was in force in a time, or `only` one of them, as it is known by what was told."""
    return [
        line(id, told, told.stretches(id, since, until), mark_at, how)
        for id in told.in_force_within(since, until)
        if only in ("", id)
    ]


def _ask(id: str) -> Any:
    return lambda told, at: told.says(id, at)


# A timeline -----------------------------------------------------------------------------------------------------------


async def timeline_page(request: Request) -> Response:
    serving, caller = signed_in(request, "see_watch")

    async def look() -> Response:
        station = projection.station(serving.tables, request.path_params["station"])
        error, at = "", now.utc().replace(microsecond=0)
        since, until = at - 2 * HOUR, at
        try:
            since, until = _asked_for(request.query_params, station, at)
        except HeardError as refusal:
            error = refusal.message
        await looked(serving, caller, "timeline", [looks.Asked(station.id, since, until)])
        entries = await looking_back.told_of(serving.node.journal, serving.tables, station.id, since, until)
        lines = await asyncio.to_thread(lambda: lines_now(readings.told_by(station.id, entries), since, until))
        return page(
            serving, "watch/timeline.html", caller, 422 if error else 200, station=station, since=since, until=until,
            lines=lines, most=ROWS_MAX, words=drawing.WORDS, sample=drawing.sample,
            zone=ZoneInfo(station.zone), error=error, now=at, lasting=lasting,
            erased_until=retention.gone_until(serving.tables, station.id),
        )  # fmt: skip

    return await looking_twice(serving, look)


def _asked_for(asked: Mapping[str, str], station: Station, at: datetime) -> tuple[datetime, datetime]:
    """From and to; the last two hours where nothing is asked. What is to come is not told.

    Raises Refused.
    """
    zone = ZoneInfo(station.zone)
    if not asked.get("since"):
        return at - 2 * HOUR, at
    since = local(asked["since"], zone)
    until = min(local(asked["until"], zone) if asked.get("until") else since + HOUR, at)
    if not since < until <= since + HOURS_MAX * HOUR:
        raise Refused("Ask for a time that has begun, and for at most 31 days. The last two hours are shown.")
    return since, until


def lasting(lasts: timedelta) -> str:
    """ "1 h 2 min 3 s"."""
    whole = round(lasts.total_seconds(), 1)
    hours, rest = divmod(int(whole), 3600)
    parts = [f"{hours} h"] if hours else []
    parts += [f"{rest // 60} min"] if rest // 60 else []
    seconds = rest % 60 + (whole - int(whole))
    return " ".join([*parts, f"{seconds:.3g} s"] if seconds or not parts else parts)


# A replay -------------------------------------------------------------------------------------------------------------


class Moment(msgspec.Struct, frozen=True):
    """A station at one instant, by one of the two readings."""

    state: str | None
    counted: Counted
    says: dict[str, Says]
    ringing: list[Rung]


class Replay(msgspec.Struct, frozen=True):
    """One hour of a station. `then` and `now` are the two readings of the instant `at`."""

    since: datetime
    until: datetime
    at: datetime
    then: Moment
    now: Moment
    titles: dict[str, str]
    lines_then: list[Line]
    lines_now: list[Line]
    recorded: list[Recorded]
    next_at: datetime | None
    before_at: datetime | None


async def replay_page(request: Request) -> Response:
    """Any hour, for whoever audits."""
    serving, caller = signed_in(request, "audit_watch")

    async def look() -> Response:
        tables, asked, at = serving.tables, request.query_params, now.utc().replace(microsecond=0)
        told: dict[str, Any] = {"replay": None, "station": None, "error": ""}
        if asked.get("station"):
            station = projection.station(tables, asked["station"])
            told["station"] = station
            try:
                told |= await shown(serving, caller, station, asked, at)
            except HeardError as refusal:
                told |= {"error": refusal.message}
        return page(
            serving, "watch/replay.html", caller, 422 if told["error"] else 200, **told, now=at,
            only=asked.get("obligation", ""),
            stations=projection.stations(tables), obligations=_all_obligations(serving), most=ROWS_MAX, steps=STEPS,
            words=drawing.WORDS, sample=drawing.sample, zone_of=ZoneInfo, lasting=lasting, precisely=now.text,
            second=timedelta(seconds=1),
        )  # fmt: skip

    return await looking_twice(serving, look)


def _all_obligations(serving: Serving) -> list[tuple[str, str, str]]:
    """Every requirement that ever was, with its station: what is watched no more may be asked about as well."""
    rows = serving.tables.execute("SELECT id, station, title FROM obligation ORDER BY position")
    return [(id, station, title) for id, station, title in rows]


async def shown(
    serving: Serving, caller: Caller, station: Station, asked: Mapping[str, str], at: datetime
) -> dict[str, Any]:
    """The `replay` of the hour that is asked for, what became of its `fixes`, and `erased_until`. That somebody looked
    is an entry by then.

    Raises Refused for what is no hour.
    """
    zone = ZoneInfo(station.zone)
    since = _hour(asked, zone) if asked.get("on") or asked.get("since") else at - HOUR
    if since >= at:
        raise Refused("That hour has not begun. Choose one that has.")
    until = min(since + HOUR, at)
    moment = min(max(local(asked["at"], zone), since), until) if asked.get("at") else since
    tables, journal = serving.tables, serving.node.journal
    entries = await looking_back.told_of(journal, tables, station.id, since, until)
    recorded = await looking_back.recorded(journal, tables, station.id, since, until, names(tables))
    named = {one.of for one in recorded}
    await looked(serving, caller, "replay", [looks.Asked(station.id, since, until, named)])
    only = asked.get("obligation", "")
    # Tens of thousands of entries take a while, in which whoever else asks is answered.
    replay = await asyncio.to_thread(_replay, station.id, entries, recorded, since, until, moment, only)
    became = became_of_fixes(serving.taking, tables, station.id, since, until)
    return {"replay": replay, "fixes": became, "erased_until": retention.gone_until(tables, station.id)}


def _hour(asked: Mapping[str, str], zone: ZoneInfo) -> datetime:
    if asked.get("since"):
        return local(asked["since"], zone)
    return local(f"{asked['on']}T{asked.get('from') or '00:00'}", zone)


def _replay(
    station: str, entries: Sequence[Entry], recorded: list[Recorded], since: datetime, until: datetime, at: datetime,
    only: str,
) -> Replay:  # fmt: skip
    known, then = readings.told_by(station, entries), readings.told_by(station, entries, at)
    lines = lines_now(known, since, until, at, " (now)", only)
    ids = [one.id for one in lines]
    found_then = {
        id: readings.stretches(readings.as_known_then(station, entries, since, until), _ask(id)) for id in ids
    }
    lines_then = [line(id, known, found, at, " (then)") for id, found in found_then.items()]
    changes = {one.since for each in (*lines_then, *lines) for one in each.found} | {one.at for one in recorded}
    return Replay(
        since, until, at, _moment(then, ids, at), _moment(known, ids, at),
        {id: known.versions[id][-1].title for id in ids}, lines_then, lines, recorded,
        min((one for one in changes if at < one <= until), default=None),
        max((one for one in changes if since <= one < at), default=None),
    )  # fmt: skip


def _moment(told: Told, ids: Sequence[str], at: datetime) -> Moment:
    ringing = [one for one in told.ringing(at) if one.obligation in ids]
    return Moment(told.state(at), told.counted(at), {id: told.says(id, at) for id in ids}, ringing)


def became_of_fixes(taking: Any, tables: Tables, station: str, since: datetime, until: datetime) -> str:
    """Of the positions behind it: "kept", "held", "gone", or "none" where none are taken at all."""
    if taking is None:
        return "none"
    if any(where == station and since - HOUR < hour < until for _, where, hour in taking.file.hours()):
        held = any(one.stops(station, since, now.utc()) for one in positions.holds(tables))
        return "held" if held else "kept"
    return "gone"
