"""The verbs of the API about the watch that read: stations, what is owed and how it stands, alarms, suspensions.

Counts and states, as on the pages: who is where is told nowhere. A person is named by the address of their account.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from starlette.responses import Response

from heard.accounts import projection as accounts
from heard.engine import now
from heard.engine.errors import NotFound, Refused, Unavailable
from heard.watch import ladders, looks, projection, retention, reviews, suspensions, verdicts
from heard.watch.asked import looked
from heard.watch.entries import AlarmClosed
from heard.watch.evidence import Evidence
from heard.watch.model import Armed, RaisedAlarm
from heard.watch.obligations import AnyObligation, Keep, calendar_of
from heard.watch.owed import Instance
from heard.watch.reviews import Review
from heard.watch.shown import board
from heard.watch.standing import KINDS
from heard.watch.suspensions import Suspended
from heard.watch.watched import Watched
from heard.watch.watching import AT_ONCE, Watching
from heard.web import watch_looking
from heard.web.verbs import Call, Verb, answered
from heard.web.watch_asked import writing

#: So many entries since it was armed are gone through for one question.
ENTRIES_MAX = 200_000


def verbs() -> list[Verb]:
    return [
        Verb("GET", "/watch/stations", "see_watch", list_stations),
        Verb("GET", "/watch/obligations", "see_watch", list_obligations, asks=("station",)),
        Verb("GET", "/watch/obligations/{obligation}", "see_watch", read_obligation),
        Verb("GET", "/watch/obligations/{obligation}/instances", "see_watch", list_instances, asks=("at", "known")),
        Verb("GET", "/watch/alarms", "see_watch", list_alarms, asks=("station", "closed")),
        Verb("GET", "/watch/alarms/{alarm}", "see_watch", read_alarm),
        Verb("GET", "/watch/suspensions", "see_watch", list_suspensions),
        *writing(),
        *watch_looking.verbs(),
    ]


async def list_stations(call: Call) -> Response:
    """Each station at a glance: who is on duty and there is counted, and named nowhere."""
    shown = {one.station.id: one for one in board(call.tables, call.serving.watching, now.utc()).stations}

    def told(station: Any) -> dict[str, Any]:
        one = shown[station.id]
        counts = {"on_duty": one.on_duty, "present": one.present, "not_known": one.unknown}
        state = {"state": one.state, "state_at": station.state_at if one.state else None}
        named = {"id": station.id, "code": station.code, "place": station.place, "zone": station.zone}
        return {**named, **state, **counts, "stands": one.stands, "heard_at": one.heard_at}

    return call.listed("/api/v1/watch/stations", projection.stations(call.tables), told)


async def list_obligations(call: Call) -> Response:
    """What is watched, each in the version that is in force."""
    station = call.request.query_params.get("station", "")
    known = projection.obligations(call.tables, station)
    further = f"&station={station}" if station.isalnum() else ""
    names, asked = addresses(call), {one.obligation: one for one in reviews.asked(call.tables)}
    page, more = call.page(known)
    following = f"/api/v1/watch/obligations?limit={call.limit()}&after={more}{further}" if more else None
    return answered({"items": [_obligation(one, names, asked.get(one.id)) for one in page], "next": following})


async def read_obligation(call: Call) -> Response:
    one = projection.obligation(call.tables, call.named("obligation"))
    going_on = suspensions.of_obligation(call.tables, one.id, now.utc())
    names = addresses(call)
    review = next(iter(reviews.asked(call.tables, obligation=one.id)), None)
    told = {**_obligation(one, names, review), "suspensions": [suspension_told(call, each, names) for each in going_on]}
    return answered(told)


def _obligation(one: Armed, names: Mapping[str, str], review: Review | None) -> dict[str, Any]:
    facts = {"id": one.id, "station": one.station, "title": one.title, "version": one.version}
    written = dict(one.written)
    written["escalate"] = [{**step, "to": names.get(step["to"], "")} for step in written.get("escalate", [])]
    if "count" in written:
        group = [names.get(who, "") for who in written["count"].get("group", [])]
        written["count"] = {**written["count"], "group": group}
    armed = {"armed_at": one.armed_at, "supervisor": names.get(one.supervisor, "")}
    asked = None if review is None else {"at": review.asked_at, "alarms": review.alarms, "false": review.false}
    return {**facts, **armed, "review": asked, "obligation": written}


def addresses(call: Call) -> dict[str, str]:
    return {one.id: one.email for one in accounts.all_accounts(call.tables)}


# How it stands --------------------------------------------------------------------------------------------------------


async def list_instances(call: Call) -> Response:
    """How it stood at an instant: as was known then, and as is known now (or at `known`)."""
    armed, at_now = projection.obligation(call.tables, call.named("obligation")), now.utc()
    watching: Watching | None = call.serving.watching
    watched = watching.watched.get(armed.id) if watching is not None and not watching.has_stopped else None
    if watching is None or watched is None:
        raise Unavailable("This process watches nothing at this moment. Ask again in a little while.")
    at, known_at = (_instant(call, name, at_now) for name in ("at", "known"))
    taken = watching.taken_up(watched)
    if at < taken.armed_at:
        raise Refused(f"Version {taken.version} was armed after that instant; before, this was not asked.")
    if at > at_now or known_at < at:
        raise Refused("at is an instant that has been, and known is no earlier. Nothing is told.")
    first, heard = watching.told_first(watched, taken), await _heard(call, watching, watched, known_at)
    of, names = verdicts.Told(taken.obligation, taken.armed_at, first, heard), addresses(call)
    # So many entries take a while, in which what rings is not kept from it.
    known_then = await asyncio.to_thread(verdicts.then, of, at)
    known_now = await asyncio.to_thread(verdicts.now, of, at, known_at)
    if named := _named(taken.obligation, {*known_then, *known_now}, names):
        await looked(call.serving, call.caller, "standing", [looks.OfNamed(armed.station, at, at, named)])
    told: dict[str, Any] = {
        "at": at,
        "known_at": known_at,
        "then": _instances(taken.obligation, known_then, names),
        "now": _instances(taken.obligation, known_now, names),
        "erased_until": retention.gone_until(call.tables, *watched.stations),
    }
    if name := calendar_of(taken.obligation):
        versions = {"then": verdicts.calendar_version(of, at), "now": verdicts.calendar_version(of, known_at)}
        told["calendar"] = {"name": name, **versions}
    return answered({"obligation": armed.id, "version": taken.version, **told})


def _instant(call: Call, name: str, otherwise: datetime) -> datetime:
    said = call.request.query_params.get(name, "").replace(" ", "+")
    if not said:
        return otherwise
    try:
        found = datetime.fromisoformat(said)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None or not 1971 < found.year < 9998:
        raise Refused(f"{name} is an instant with its offset, such as 2031-03-03T10:15:00Z. Nothing is told.")
    return found


async def _heard(call: Call, watching: Watching, watched: Watched, until: datetime) -> list[Evidence]:
    """All that it heard of from its arming to an instant, a little at a time."""
    journal, position, to = call.serving.node.journal, watched.position, call.serving.node.projection.position()
    heard = list[Evidence]()
    while position < to:
        up_to = min(to, position + AT_ONCE)
        for entry in journal.opened(journal.store.of_kinds(KINDS, position, up_to)):
            if entry.at > until:
                return heard
            if watching.is_told(watched, entry):
                heard += verdicts.told([entry])
        if len(heard) > ENTRIES_MAX:
            raise Refused("More was told since it was armed than is gone through for one question. Nothing is told.")
        position = up_to
        await asyncio.sleep(0)
    return heard


def _named(asked: AnyObligation, keys: Iterable[str], names: Mapping[str, str]) -> set[str]:
    """The people whom `_instances` names."""
    return set() if isinstance(asked, Keep) else {part for key in keys for part in key.split("/") if part in names}


def _instances(asked: AnyObligation, found: Mapping[str, Instance], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Each with what it is of. Of presence asked of each on duty no one is named: that would tell who is where."""
    is_presence = isinstance(asked, Keep)
    told = []
    for key, one in found.items():
        of = [] if is_presence else [names.get(part, part) for part in key.split("/") if part]
        due = one.due if one.state in ("DUE", "LAPSED") else None
        told.append({"of": of, "state": one.state, "due": due})
    return sorted(told, key=lambda one: str(one["state"])) if is_presence else told


# Alarms and suspensions -----------------------------------------------------------------------------------------------


async def list_alarms(call: Call) -> Response:
    """Alarms that are not closed, the oldest first; with `closed=yes` all, the newest first."""
    asked = call.request.query_params
    station, closed = asked.get("station", ""), asked.get("closed") == "yes"
    limit, after = call.limit(), asked.get("after", "")
    if after:
        projection.alarm(call.tables, after)
    found = projection.alarms_after(call.tables, station, closed, after, limit + 1)
    page, more, names = found[:limit], found[limit - 1].id if len(found) > limit else "", addresses(call)
    more_asked = (f"&station={station}" if station.isalnum() else "") + ("&closed=yes" if closed else "")
    following = f"/api/v1/watch/alarms?limit={call.limit()}&after={more}{more_asked}" if more else None
    return answered({"items": [alarm_told(one, names) for one in page], "next": following})


async def read_alarm(call: Call) -> Response:
    one, names = projection.alarm(call.tables, call.named("alarm")), addresses(call)
    await looked(call.serving, call.caller, "alarm", looks.of_alarm(call.tables, one))
    told = [
        {"at": it.at, "who": names.get(it.account, ""), "step": it.step, "by": it.by, "again": it.again}
        for it in ladders.told(call.tables, one.id)
    ]
    closings = (it.body for it in call.serving.node.journal.stream(one.id)) if one.state == "closed" else ()
    reason = next((body.reason for body in closings if isinstance(body, AlarmClosed)), None)
    return answered({**alarm_told(one, names), "told": told, "reason": reason})


def alarm_told(one: RaisedAlarm, names: Mapping[str, str]) -> dict[str, Any]:
    """Without its key, which may tell of a person where they were not."""
    facts = {"id": one.id, "obligation": one.obligation, "station": one.station, "title": one.title, "sort": one.sort}
    seen = {"acknowledged_at": one.acknowledged_at, "acknowledged_by": names.get(one.acknowledged_by or "")}
    over = {"cleared_at": one.cleared_at, "cleared_why": one.cleared_why}
    closed = {"closed_at": one.closed_at, "closed_by": names.get(one.closed_by or ""), "false_by": one.false_by or None}
    return {
        **facts,
        "state": one.state,
        "lapsed_at": one.lapsed_at,
        "raised_at": one.raised_at,
        **seen,
        **over,
        **closed,
    }


async def list_suspensions(call: Call) -> Response:
    """All of what is watched, the newest first; how each `stands` now."""
    names = addresses(call)
    limit = call.limit()
    found = suspensions.of_all(call.tables, call.request.query_params.get("after", ""), limit + 1)
    more = f"/api/v1/watch/suspensions?limit={limit}&after={found[limit - 1].id}" if len(found) > limit else None
    return answered({"items": [suspension_told(call, one, names) for one in found[:limit]], "next": more})


def suspension_told(call: Call, one: Suspended, names: Mapping[str, str]) -> dict[str, Any]:
    entry = call.serving.node.journal.entry(one.position)
    if entry is None:
        raise NotFound("There is no such suspension of anything that is watched.")
    facts = {"id": one.id, "obligation": one.obligation, "station": one.station, "stands": one.stands(now.utc())}
    times = {"since": one.since_at, "until": one.until_at, "how": one.how, "reason": getattr(entry.body, "reason", "")}
    asked = {"asked_by": names.get(one.asked_by, ""), "agreed_by": names.get(one.agreed_by or "")}
    return {**facts, **times, **asked, "ended_at": one.ended_at}
