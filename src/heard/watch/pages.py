"""The pages of the watch: the board, a station, an order on a phone, an alarm. All of it works without script."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from heard.accounts import projection as accounts
from heard.accounts.model import Caller
from heard.cases.exits import Serving, looking_twice
from heard.engine import now
from heard.engine.errors import HeardError, NotFound, Unavailable
from heard.watch import by_link, commands, known, ladders, looks, origins, pings, projection, reviews, tags
from heard.watch.arming import SORTS
from heard.watch.arming_page import arming_at, suspended_at
from heard.watch.asked import NO_STORE, do, form_of, looked, names, page, signed_in
from heard.watch.earlier import OfDuty, told_in
from heard.watch.entries import AlarmClosed, OrderPublished
from heard.watch.model import FALSE_BY, Order
from heard.watch.shown import CLOCKS_MAX, board
from heard.watch.verbs import AT_STATION, ON_ALARM, ON_MINE, Form, arm
from heard.watch.watching import TOPIC, Watching

#: A board that waits for news is answered after this, news or not: below the 30 s at which proxies give up.
WAIT_S = 20.0
#: While it waits it is asked so often whether who waits is still signed in: whatever ended it, within a second.
LOOK_S = 0.5
#: Boards that wait at once. Each takes a place at the app; beyond these a board looks again by itself.
WAITING_MAX = 200


def routes() -> list[BaseRoute]:
    return [
        Route("/watch/", board_page, methods=["GET"]),
        Route("/watch/", set_station, methods=["POST"]),
        Route("/watch/live", live, methods=["GET"]),
        Route("/watch/mine/", mine, methods=["GET"]),
        Route("/watch/mine/{station}/{verb}", act_on_mine, methods=["POST"]),
        Route("/watch/stations/{station}/", station_page, methods=["GET"]),
        Route("/watch/stations/{station}/{verb}", act_at_station, methods=["POST"]),
        Route("/watch/orders/{order}/", order_page, methods=["GET"]),
        Route("/watch/orders/{order}/acknowledge", acknowledge_order, methods=["POST"]),
        Route("/watch/alarms/{alarm}/", alarm_page, methods=["GET"]),
        Route("/watch/alarms/{alarm}/{verb}", act_on_alarm, methods=["POST"]),
    ]


# The board ------------------------------------------------------------------------------------------------------------


async def board_page(request: Request) -> Response:
    serving, caller = signed_in(request, "see_watch", "keep_watch")
    if not caller.may("see_watch"):
        return RedirectResponse("/watch/mine/", 303)
    return _board(serving, caller, beyond=number(request, "beyond"))


def number(request: Request, name: str) -> int:
    """One that stands in the address; 0 where none does."""
    said = request.query_params.get(name, "")
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 16 else 0


def _board(serving: Serving, caller: Caller, error: str = "", draft: Form | None = None, beyond: int = 0) -> Response:
    shown = board(serving.tables, serving.watching, now.utc(), beyond)
    status = 422 if error else 200
    return page(
        serving,
        "watch/board.html",
        caller,
        status,
        board=shown,
        clocks_max=CLOCKS_MAX,
        names=names(serving.tables),
        error=error,
        draft=draft or {},
    )


async def set_station(request: Request) -> Response:
    serving, caller = signed_in(request, "give_orders")
    form = await form_of(request)
    command = commands.set_station(form.get("code", ""), form.get("place", ""), form.get("zone") or "Europe/London")
    try:
        written = await do(serving, caller, command, form, "watch")
    except NotFound:
        raise
    except HeardError as refusal:
        return _board(serving, caller, refusal.message, form)
    return RedirectResponse(f"/watch/stations/{written.stream}/", 303)


async def live(request: Request) -> Response:
    """Where the watch stands: a stream of it for who asks for one; else one answer, when anything has changed after a
    position, or after a while.

    What changed is on the pages. Who is not signed in any more hears nothing from then on, within a second.
    """
    serving, caller = signed_in(request, "see_watch", "keep_watch")
    watching: Watching | None = serving.watching
    if watching is None:
        raise Unavailable("This process watches nothing.")
    if "text/event-stream" in request.headers.get("accept", "") and request.method == "GET":
        answer: Response = serving.streams.answer(
            TOPIC, watching.stands(), caller.account.id, lambda: _may_still(request)
        )
        return answer
    after = request.query_params.get("after", "")
    if after.isdecimal() and len(after) < 19 and int(after) >= watching.changed:
        await _change(watching, lambda: signed_in(request, "see_watch", "keep_watch"))
        signed_in(request, "see_watch", "keep_watch")
    return JSONResponse({"changed": watching.changed, "at": now.text(now.utc())}, headers=NO_STORE)


def _may_still(request: Request) -> bool:
    try:
        signed_in(request, "see_watch", "keep_watch")
    except HeardError:
        return False
    return True


async def _change(watching: Watching, still: Callable[[], object]) -> None:
    if len(watching.after_change) >= WAITING_MAX:
        await asyncio.sleep(1)
        return
    changed = asyncio.Event()
    watching.after_change.append(changed.set)
    try:
        for _ in range(int(WAIT_S / LOOK_S)):
            with suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), LOOK_S)
                return
            still()
    finally:
        watching.after_change.remove(changed.set)


# A station ------------------------------------------------------------------------------------------------------------


async def station_page(request: Request) -> Response:
    serving, caller = signed_in(request, "see_watch")

    async def look() -> Response:
        lists = {name: number(request, name) for name in _LISTS}
        return station_at(
            serving, caller, request.path_params["station"], done="done" in request.query_params, beyond=lists
        )

    return await looking_twice(serving, look)


#: What a station's page lists, and so many of each at a time.
_LISTS = {"alarms": 100, "closed": 50, "suspensions": 50}


def station_at(
    serving: Serving,
    caller: Caller,
    station: str,
    status: int = 200,
    beyond: Mapping[str, int] = MappingProxyType({}),
    **more: Any,
) -> Response:
    """Of its lists what is `beyond` so many."""
    tables, at = serving.tables, now.utc()
    begins = {name: beyond.get(name, 0) for name in _LISTS}
    closed = projection.closed_alarms(tables, station, _LISTS["closed"] + 1, begins["closed"])
    alarms = projection.alarms(tables, station, _LISTS["alarms"] + 1, begins["alarms"])
    suspended = suspended_at(serving, station, _LISTS["suspensions"] + 1, begins["suspensions"])
    found = {"alarms": alarms, "closed": closed, "suspensions": suspended["suspensions"]}
    here = projection.station(tables, station)
    orders = projection.orders(tables, station)
    shown = {
        "station": here,
        "state": here.state_now(at),
        "orders": orders,
        "read": {one.id: projection.acknowledged(tables, one) for one in orders},
        "roster": projection.roster(tables, station),
        "on_duty": {one.holder: one.begun_at for one in projection.on_duty(tables, station)},
        "sources": projection.sources(tables, station),
        **known.at_station(serving, station),
        **by_link.at_station(tables, station, orders, at),
        **suspended,
        "obligations": projection.obligations(tables, station),
        "reviews": {one.obligation: one for one in reviews.asked(tables, station)},
        "climbed_on": ladders.climbed_on(tables),
        "origins": {one.obligation: one for one in origins.origins(tables)},
        **{name: found[name][:most] for name, most in _LISTS.items()},
        "begins": begins,
        "goes_on": {name: begins[name] + most if len(found[name]) > most else 0 for name, most in _LISTS.items()},
        "deed_at": projection.deed_at(tables, station),
        "accounts": accounts.all_accounts(tables),
        "may_of": {one.id: Caller(one) for one in accounts.all_accounts(tables)},
        "names": names(tables),
        "sorts": SORTS,
        "changed": serving.watching.changed if serving.watching else 0,
        "now": at,
    }
    return page(serving, "watch/station.html", caller, status, **{**_NOTHING, **shown, **more})


_NOTHING = {"done": False, "error": "", "draft": {}, "address": "", "sends_to": "", "opens": "", "link_to": ""}


async def act_at_station(request: Request) -> Response:
    """One verb at a station. What cannot be done comes back with everything that was typed."""
    serving: Serving = request.app.state.serving
    station, form = request.path_params["station"], await form_of(request)

    async def done() -> Response:
        if (verb := AT_STATION.get(request.path_params["verb"])) is None:
            raise NotFound("A station has no such verb.")
        _, caller = signed_in(request, verb.needs)
        projection.station(serving.tables, station)
        try:
            asked = serving.tables, station, {**form, "me": caller.account.id}
            weighs = verb.make is arm and serving.taking is not None
            command = arm(*asked, lately=serving.taking.lately) if weighs else verb.make(*asked)
            written = await do(serving, caller, command, form, station)
        except HeardError as refusal:
            if form.get("page") == "arming":
                return arming_at(serving, caller, station, form, refusal.message)
            return station_at(serving, caller, station, 422, error=refusal.message, draft=form)
        if request.path_params["verb"] == "source":  # the only answer that ever says the address
            address = pings.new_address(serving.vault, written.stream)
            return station_at(serving, caller, station, address=str(request.base_url).rstrip("/") + address)
        if request.path_params["verb"] == "feed":
            return station_at(serving, caller, station, sends_to=known.address_of(request, serving, written.stream))
        if request.path_params["verb"] == "tag":
            at = f"{str(request.base_url).rstrip('/')}/watch/tags/{tags.new_address(serving.vault, written.stream)}/"
            return station_at(serving, caller, station, opens=at)
        return RedirectResponse(f"/watch/stations/{station}/?done", 303)

    return await looking_twice(serving, done)


# What a holder has on the phone ---------------------------------------------------------------------------------------


async def mine(request: Request) -> Response:
    serving, caller = signed_in(request, "keep_watch")
    duty = number(request, "duty")
    return mine_page(
        *(serving, caller),
        done="done" in request.query_params,
        looks_before=number(request, "before"),
        duties_before=number(request, "duties"),
        of_duty=await told_in(serving, caller.account.id, duty) if duty else None,
    )


def mine_page(
    serving: Serving,
    caller: Caller,
    *,
    done: bool | str = False,
    error: str = "",
    address: str = "",
    looks_before: int = 0,
    duties_before: int = 0,
    of_duty: OfDuty | None = None,
) -> Response:
    tables, me, at = serving.tables, caller.account.id, now.utc()
    duties = {one.station: one.begun_at for one in projection.duties(tables, me)}
    posted = [
        {
            "station": station,
            "begun_at": duties.get(station.id),
            "unread": projection.unread(tables, station.id, me),
            "orders": projection.orders(tables, station.id),
            "present": projection.present(tables, station.id, at).get(me),
            "phone": serving.taking.now(me, station.id) if serving.taking is not None else None,
            "state": station.state_now(at),
            # Those under watch hear of it first: the aim is that somebody walks back to the gate.
            "alarms": projection.alarms(tables, station.id) if station.id in duties else [],
            "alarms_in_all": projection.how_many_alarms(tables, station.id),
        }
        for station in projection.posted_at(tables, me)
    ]
    return page(
        serving, "watch/mine.html", caller, 422 if error else 200, posted=posted, done=done, error=error,
        names=names(tables), known=known.of_me(serving, me, looks_before, duties_before),
        of_duty=of_duty, address=address,
        changed=serving.watching.changed if serving.watching else 0, now=at,
    )  # fmt: skip


async def act_on_mine(request: Request) -> Response:
    """Begin or end one's own duty; say where one is."""
    serving, caller = signed_in(request, "keep_watch")
    station, form, me = request.path_params["station"], await form_of(request), caller.account.id
    if (make := ON_MINE.get(request.path_params["verb"])) is None:
        raise NotFound("There is no such verb.")
    try:
        await do(serving, caller, make(station, me), form, station)
    except HeardError as refusal:
        return mine_page(serving, caller, error=refusal.message)
    return RedirectResponse("/watch/mine/?done", 303)


# An order -------------------------------------------------------------------------------------------------------------


async def order_page(request: Request) -> Response:
    serving, caller = signed_in(request, "keep_watch", "see_watch")

    async def look() -> Response:
        return _order(serving, caller, projection.order(serving.tables, request.path_params["order"]))

    return await looking_twice(serving, look)


def _order(serving: Serving, caller: Caller, order: Order, error: str = "") -> Response:
    me, tables = caller.account.id, serving.tables
    is_mine = me in projection.roster(tables, order.station)
    if not (is_mine or caller.may("see_watch")):
        raise NotFound("There is no such standing order in force.")
    entry = serving.node.journal.entry(order.position)
    words = entry.body if entry and isinstance(entry.body, OrderPublished) else OrderPublished("", 0, "", "")
    return page(
        serving, "watch/order.html", caller, 422 if error else 200, order=order, words=words, is_mine=is_mine,
        error=error, link_by=names(tables).get(by_link.maker(tables, order, me), ""),
        read_at=projection.acknowledged(tables, order).get(me), station=projection.station(tables, order.station),
    )  # fmt: skip


async def acknowledge_order(request: Request) -> Response:
    serving, caller = signed_in(request, "keep_watch")
    order, form = request.path_params["order"], await form_of(request)
    version = int(form["version"]) if form.get("version", "").isdecimal() else 0
    try:
        await do(serving, caller, commands.acknowledge_order(order, version, caller.account.id), form, order)
    except NotFound:
        raise
    except HeardError as refusal:
        return _order(serving, caller, projection.order(serving.tables, order), refusal.message)
    return RedirectResponse("/watch/mine/?done", 303)


# An alarm -------------------------------------------------------------------------------------------------------------


async def alarm_page(request: Request) -> Response:
    serving, caller = signed_in(request, "see_watch")

    async def look() -> Response:
        return await _alarm(serving, caller, request.path_params["alarm"])

    return await looking_twice(serving, look)


async def _alarm(serving: Serving, caller: Caller, alarm: str, error: str = "", draft: Form | None = None) -> Response:
    """What was typed comes back also where the look cannot be written down: then without who was told."""
    tables = serving.tables
    raised, told, reason = projection.alarm(tables, alarm), ladders.told(tables, alarm), ""
    try:
        await looked(serving, caller, "alarm", looks.of_alarm(tables, raised))
    except Unavailable:
        if not error:
            raise
        told = []
    if raised.state == "closed":
        closings = (one.body for one in serving.node.journal.stream(alarm))
        reason = next((body.reason for body in closings if isinstance(body, AlarmClosed)), "")
    return page(
        serving, "watch/alarm.html", caller, 422 if error else 200, alarm=raised, reason=reason, names=names(tables),
        told=told, station=projection.station(tables, raised.station), error=error, draft=draft or {},
        causes=FALSE_BY, climbed_on=bool(ladders.climbed_on(tables, alarm)),
        changed=serving.watching.changed if serving.watching else 0,
    )  # fmt: skip


async def act_on_alarm(request: Request) -> Response:
    serving, caller = signed_in(request, "supervise")
    alarm, form = request.path_params["alarm"], await form_of(request)
    if (make := ON_ALARM.get(request.path_params["verb"])) is None:
        raise NotFound("There is no such verb.")
    try:
        await do(serving, caller, make(alarm, form), form, alarm)
    except NotFound:
        raise
    except HeardError as refusal:
        return await _alarm(serving, caller, alarm, refusal.message, form)
    return RedirectResponse(f"/watch/alarms/{alarm}/", 303)
