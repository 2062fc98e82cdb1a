"""The verbs of the API about plans of a site, and about an hour played again: what their pages show and do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from heard.engine import now
from heard.engine.errors import Refused
from heard.watch import plans, projection, replaying
from heard.watch.plans import Plan
from heard.watch.readings import Stretch
from heard.watch.replaying import Line, Moment, Replay
from heard.watch.shown import board
from heard.web.asked import Asked
from heard.web.asked import Line as Typed
from heard.web.verbs import Call, Verb, answered


class PlacedAt(Asked, frozen=True):
    """Where a station stands: per cent from the left and from the top."""

    station: Typed
    across: float
    down: float


class Off(Asked, frozen=True):
    station: Typed


def verbs() -> list[Verb]:
    return [
        Verb("GET", "/watch/plans", "see_watch", list_plans),
        Verb("GET", "/watch/plans/{plan}", "see_watch", read_plan),
        Verb("POST", "/watch/plans/{plan}/place", "give_orders", place, PlacedAt),
        Verb("POST", "/watch/plans/{plan}/off", "give_orders", take_off, Off),
        Verb("GET", "/watch/stations/{station}/replay", "audit_watch", replay, asks=("since", "at", "obligation")),
    ]


# Plans ----------------------------------------------------------------------------------------------------------------


async def list_plans(call: Call) -> Response:
    """Each plan with the stations on it, and how these stand: never anybody's place."""
    stands = _stands(call)
    return call.listed("/api/v1/watch/plans", plans.plans(call.tables), lambda one: _plan(call, one, stands))


async def read_plan(call: Call) -> Response:
    return answered(_plan(call, plans.of_plan(call.tables, call.named("plan")), _stands(call)))


def _stands(call: Call) -> dict[str, str]:
    return {one.station.id: one.stands for one in board(call.tables, call.serving.watching, now.utc()).stations}


def _plan(call: Call, one: Plan, stands: dict[str, str]) -> dict[str, Any]:
    placed = [
        {"station": it.station, "across": it.across, "down": it.down, "stands": stands.get(it.station)}
        for it in plans.placed(call.tables, one.id)
    ]
    picture = f"/watch/plans/{one.id}/picture"
    size = {"width": one.width, "height": one.height}
    return {"id": one.id, "name": one.name, **size, "picture": picture, "stations": placed}


async def place(call: Call) -> Response:
    """Put a station on a plan, or elsewhere on it."""
    new: PlacedAt = call.body
    written = await call.do(plans.place(call.named("plan"), new.station, new.across, new.down), call.named("plan"))
    return answered({"position": written.position}, 201, written)


async def take_off(call: Call) -> Response:
    written = await call.do(plans.take_off(call.named("plan"), call.body.station), call.named("plan"))
    return answered({"position": written.position}, 201, written)


# A replay -------------------------------------------------------------------------------------------------------------


async def replay(call: Call) -> Response:
    """An hour of a station from `since` on, as known then and as known now, at the instant `at`. Whom it names is told
    that you looked, before you are answered.
    """
    station, asked = projection.station(call.tables, call.named("station")), call.request.query_params
    told = {name: asked[name].replace(" ", "+") for name in ("since", "at", "obligation") if asked.get(name)}
    if "since" not in told:
        raise Refused("since is the instant at which the hour begins, such as 2031-03-03T10:00:00Z. Nothing is told.")
    at_now = now.utc().replace(microsecond=0)
    shown = await replaying.shown(call.serving, call.caller, station, told, at_now)
    found: Replay = shown["replay"]
    recorded = [{"at": one.at, "words": one.words, "of_at": one.of_at} for one in found.recorded]
    return answered(
        {
            "station": station.id,
            "since": found.since,
            "until": found.until,
            "at": found.at,
            "known_at": at_now,
            "then": _moment(found.then),
            "now": _moment(found.now),
            "requirements": [_both(one, other) for one, other in zip(found.lines_then, found.lines_now, strict=True)],
            "recorded": recorded[: replaying.ROWS_MAX],
            "recorded_in_all": len(recorded),
            "positions": shown["fixes"],
            "erased_until": shown["erased_until"],
        }
    )


def _moment(one: Moment) -> dict[str, Any]:
    people = {"on_duty": one.counted.on_duty, "present": one.counted.here, "not_known": one.counted.unknown}
    ringing = [{"id": it.id, "obligation": it.obligation, "lapsed_at": it.lapsed_at} for it in one.ringing]
    return {"state": one.state, "people": people, "says": one.says, "alarms": ringing}


def _both(then: Line, today: Line) -> dict[str, Any]:
    in_all = {"then_in_all": len(then.found), "now_in_all": len(today.found)}
    return {
        "id": today.id,
        "title": today.title,
        "then": _stretches(then.found),
        "now": _stretches(today.found),
        **in_all,
    }


def _stretches(found: Sequence[Stretch]) -> list[dict[str, Any]]:
    return [{"since": one.since, "until": one.until, "says": one.says} for one in found[: replaying.ROWS_MAX]]
