"""What is known of somebody: their phones, what their fixes said, who has looked; and the reading of what is kept.

Nobody reads positions without saying why, and that is an entry before a place is shown.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from heard.accounts import projection as accounts
from heard.accounts.model import Caller
from heard.accounts.still import still
from heard.cases.exits import Serving
from heard.engine import now
from heard.engine.errors import Corrupt, Unavailable
from heard.watch import earlier, feeds, looks, positions, present, projection, retention, subscriptions
from heard.watch.asked import page
from heard.watch.looks import Look
from heard.watch.position_entries import PositionsRead
from heard.watch.tracks import WHY, Placed

#: As many fixes as one page shows, the last ones.
SHOWN = 500
#: As many changes of what was told of one in this duty.
STEPS_SHOWN = 200
MY_OWN = "My own."
_blocks = msgspec.msgpack.Decoder(list[Placed])


class Looked(msgspec.Struct, frozen=True):
    """Somebody looked at one: who, when, where one was on duty, at what; for positions why, else at which time."""

    by: str
    at: datetime
    station: str
    what: str
    reason: str
    since_at: datetime | None
    until_at: datetime | None


def of_me(serving: Serving, me: str, before: int = 0, duties_before: int = 0) -> dict[str, Any]:
    """What the page of one's own duty shows of what is known of one; looks from those `before` a position on, and so
    earlier duties.
    """
    found, more = looks.of_holder(serving.tables, me, before)
    duties, duties_more = earlier.of_holder(serving.tables, me, duties_before)
    kept = serving.taking.file.kept(me) if serving.taking is not None else []
    tables = serving.tables
    steps = {one.station: positions.steps(tables, one.station, me) for one in projection.duties(tables, me)}
    keeps_for = retention.in_force(tables).fixes
    return {
        "phones": positions.feeds(serving.tables, holder=me),
        "kept": {one.station: one for one in kept},
        "erased_at": {one.station: one.newest + keeps_for for one in kept},
        "steps": {station: told[-STEPS_SHOWN:][::-1] for station, told in steps.items()},
        "steps_in_all": {station: len(told) for station, told in steps.items()},
        "why": WHY,
        "duties": duties,
        "duties_more": duties_more,
        "duties_before": duties_before,
        "looks": [_looked(serving, one) for one in found],
        "looks_more": more,
        "looks_before": before,
        "codes": {one.id: one for one in projection.stations(serving.tables)},
        "rings": subscriptions.of(serving.node.journal, me) if serving.push is not None else None,
    }


def _looked(serving: Serving, look: Look) -> Looked:
    words = ""
    if look.what == "positions":
        entry = serving.node.journal.entry(look.position)
        words = entry.body.reason if entry and isinstance(entry.body, PositionsRead) else ""
    return Looked(look.by, look.at, look.station, look.what, words, look.since_at, look.until_at)


def at_station(serving: Serving, station: str) -> dict[str, Any]:
    """What a station's page shows of its area, its feeds, and what may not be erased."""
    area, sending = positions.area(serving.tables, station), positions.feeds(serving.tables, station=station)
    return {
        "area": area[0] if area else None,
        "area_set_at": area[1] if area else None,
        "feeds": sending,
        "devices": {one.id: positions.devices(serving.tables, one.id) for one in sending},
        "tags": positions.tags(serving.tables, station),
        "holds": [one for one in positions.holds(serving.tables) if one.station == station],
        "blind": _blind(serving, station),
    }


def _blind(serving: Serving, station: str) -> list[str]:
    """Why it is not known of those on duty, once each; never of whom."""
    if serving.taking is None:
        return []
    steps = [serving.taking.now(one.holder, station) for one in projection.on_duty(serving.tables, station)]
    return sorted({WHY[one.why] for one in steps if one is not None and one.present is None})


async def read(serving: Serving, caller: Caller, station: str, holder: str, reason: str) -> Response:
    """The fixes that are kept of a holder at a station. The entry first: who reads, of whom, and why.

    Raises Refused without a reason, NotFound where nobody of that name is.
    """
    known = accounts.by_id(serving.tables, holder)
    if serving.taking is None:
        raise Unavailable("No positions are kept by this server.")
    await serving.do(still(caller, present.read_positions(station, holder, reason)), by=caller.account.id)
    try:
        blocks = await asyncio.to_thread(serving.taking.file.read, holder, station, most=SHOWN)
    except Corrupt as wrong:
        raise Unavailable(wrong.message) from None
    all_kept = await asyncio.to_thread(serving.taking.file.kept, holder)
    kept = next((one.fixes for one in all_kept if one.station == station), 0)
    fixes = sorted((one for block in blocks for one in _blocks.decode(block)), key=lambda one: one.at)
    return page(
        serving, "watch/positions.html", caller, of=known.name or known.email,
        station=projection.station(serving.tables, station), fixes=fixes[-SHOWN:][::-1], kept=kept, why=WHY,
        now=now.utc(),
    )  # fmt: skip


def address_of(request: Request, serving: Serving, feed: str) -> str:
    """Where the phone sends to, with its secret: shown once."""
    return f"{str(request.base_url).rstrip('/')}/fixes/{feeds.new_address(serving.vault, feed)}"
