"""The verbs of the API about the watch that write: what its forms do, and by whom the pages let it be done."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, field
from starlette.responses import Response

from heard.accounts import projection as accounts
from heard.engine.errors import NotFound, Refused
from heard.engine.node import Command, Written
from heard.watch import arming, commands, linking, projection, ringing, suspending, suspensions
from heard.watch.entries import How
from heard.watch.model import FalseBy
from heard.watch.verbs import keeper
from heard.web.asked import Asked, Instant, Line, Words
from heard.web.verbs import Call, Verb, answered


class NewStation(Asked, frozen=True):
    """`code` may be overheard; `place` is shown after signing in only."""

    code: Line
    place: Line = ""
    zone: Line = "Europe/London"


class Posted(Asked, frozen=True):
    """`holder` is the address of an account that may keep a duty; `on` false releases them."""

    holder: Line
    on: bool = True


class NewOrder(Asked, frozen=True):
    """With `order` its next version; then `change` says what is new in it."""

    title: Line
    text: Words
    change: Line = ""
    order: Line = ""


class Why(Asked, frozen=True):
    reason: Line


class Closing(Asked, frozen=True):
    """`false_by` where it ought not to have rung: what made it."""

    reason: Line
    false_by: Annotated[FalseBy, Meta(description="empty: it was right to ring")] = ""


class Version(Asked, frozen=True):
    version: int


class StateNow(Asked, frozen=True):
    """Without `good_for_s` it holds until another is told; a sensor may say since when."""

    state: Line
    good_for_s: float | None = None
    since: Instant | None = None


class Done(Asked, frozen=True):
    """`check`, or a deed that is owed there; `ref` is its month, its day or its matter."""

    deed: Line = "check"
    ref: Line = ""


class OnDuty(Asked, frozen=True):
    on: bool


class Here(Asked, frozen=True):
    present: bool


class NewObligation(Asked, frozen=True):
    """`obligation` is in the algebra, its people by their addresses; with `replaces` the next version of that one."""

    title: Line
    supervisor: Line
    obligation: dict[str, Any]
    replaces: Line = ""


class Allowed(Asked, frozen=True):
    allowed: bool


class LinkFor(Asked, frozen=True):
    """`holder` is the address of the account of somebody who is posted there."""

    holder: Line


class NewSuspension(Asked, frozen=True):
    """`since` may be left out: as soon as another person agrees."""

    until: Instant
    reason: Line
    since: Instant | None = None
    how: Annotated[How, Meta(description="pause: clocks stand still; waive: it is not owed")] = "pause"


class Nothing(Asked, frozen=True):
    """Nothing has to be said."""

    note: Line = field(default="")


def writing() -> list[Verb]:
    at, of = "/watch/stations/{station}", "/watch/obligations/{obligation}"
    return [
        Verb("POST", "/watch/stations", "give_orders", set_station, NewStation),
        Verb("POST", f"{at}/holders", "give_orders", post_holder, Posted),
        Verb("POST", f"{at}/orders", "give_orders", publish_order, NewOrder),
        Verb("POST", f"{at}/state", "supervise", tell_state, StateNow),
        Verb("POST", f"{at}/deeds", "supervise", do_deed, Done),
        Verb("POST", f"{at}/duty", "keep_watch", turn_duty, OnDuty),
        Verb("POST", f"{at}/presence", "keep_watch", tell_presence, Here),
        Verb("POST", f"{at}/obligations", "give_orders", arm, NewObligation),
        Verb("POST", "/watch/orders/{order}/withdrawal", "give_orders", withdraw_order, Why),
        Verb("POST", f"{at}/links", "administer", rule_links, Allowed),
        Verb("POST", "/watch/orders/{order}/links", "give_orders", make_link, LinkFor),
        Verb("POST", "/watch/orders/{order}/acknowledgement", "keep_watch", acknowledge_order, Version),
        Verb("POST", f"{of}/stand_down", "give_orders", stand_down, Why),
        Verb("POST", f"{of}/review", "supervise", review, Why),
        Verb("POST", f"{of}/suspensions", "exempt", suspend, NewSuspension),
        Verb("POST", "/watch/suspensions/{suspension}/agreement", "exempt", agree, Nothing),
        Verb("POST", "/watch/suspensions/{suspension}/ending", "give_orders", end_suspension, Why),
        Verb("POST", "/watch/alarms/{alarm}/acknowledgement", "supervise", acknowledge_alarm, Nothing),
        Verb("POST", "/watch/alarms/{alarm}/closing", "supervise", close_alarm, Closing),
    ]


async def set_station(call: Call) -> Response:
    new: NewStation = call.body
    return _made(await call.do(commands.set_station(new.code, new.place, new.zone), "watch"))


def _made(written: Written, **more: Any) -> Response:
    return answered({"id": written.stream, "position": written.position, **more}, 201, written)


def _station(call: Call) -> str:
    return projection.station(call.tables, call.named("station")).id


async def _does(call: Call, command: Command, scope: str) -> Response:
    written = await call.do(command, scope)
    return answered({"position": written.position or None}, 201, written)


def account(call: Call, address: str) -> str:
    """Whose address it is.

    Raises Refused, which says nothing of who has an account.
    """
    try:
        return accounts.by_email(call.tables, address).id
    except NotFound:
        raise Refused("An address in it is that of no account. Nothing was changed.") from None


async def post_holder(call: Call) -> Response:
    station, holder = _station(call), account(call, call.body.holder)
    if call.body.on:
        return await _does(call, commands.post_holder(station, keeper(call.tables, holder)), station)
    return await _does(call, commands.release_holder(station, holder), station)


async def publish_order(call: Call) -> Response:
    """A standing order, or the next version of one."""
    new, station = call.body, _station(call)
    if new.order and projection.order(call.tables, new.order).station != station:
        raise NotFound("There is no such standing order at this station.")
    command = commands.publish_order(station, new.title, new.text, new.change, order=new.order or None)
    written = await call.do(command, station)
    return _made(written, version=projection.order(call.tables, written.stream).version)


async def tell_state(call: Call) -> Response:
    told: StateNow = call.body
    return await _does(call, commands.tell_state(_station(call), told.state, told.good_for_s, told.since), "watch")


async def do_deed(call: Call) -> Response:
    return await _does(call, commands.do_deed(_station(call), call.body.deed, call.body.ref), "watch")


async def turn_duty(call: Call) -> Response:
    """Begin or end one's own duty: the token's account's."""
    me, station = call.caller.account.id, _station(call)
    command = commands.begin_duty(station, me) if call.body.on else commands.end_duty(station, me)
    return await _does(call, command, station)


async def tell_presence(call: Call) -> Response:
    """Say whether one is at one's station, by one's own word."""
    command = commands.tell_presence(_station(call), call.caller.account.id, call.body.present)
    return await _does(call, command, "watch")


async def arm(call: Call) -> Response:
    """Watch it from now on. Refused without a supervisor, a ladder, or anything live that could show it."""
    new, station = call.body, _station(call)
    if new.replaces and projection.obligation(call.tables, new.replaces).station != station:
        raise NotFound("There is no such obligation at this station.")
    written, supervisor = _by_id(call, new.obligation), account(call, new.supervisor)
    replaces, taking = new.replaces or None, call.serving.taking
    lately = taking.lately if taking is not None else None
    command = arming.arm(station, new.title, written, supervisor, obligation=replaces, lately=lately)
    return _made(await call.do(command, station))


def _by_id(call: Call, written: dict[str, Any]) -> dict[str, Any]:
    """The obligation with its people by the ids of their accounts. What is not one is refused when it is read."""
    made = dict(written)
    if isinstance(steps := made.get("escalate"), list):
        made["escalate"] = [
            {**step, "to": account(call, str(step.get("to")))} if isinstance(step, dict) else step for step in steps
        ]
    if isinstance(count := made.get("count"), dict) and isinstance(group := count.get("group"), list):
        made["count"] = {**count, "group": [account(call, str(one)) for one in group]}
    return made


async def withdraw_order(call: Call) -> Response:
    return await _does(call, commands.withdraw_order(call.named("order"), call.body.reason), "watch")


async def acknowledge_order(call: Call) -> Response:
    """I have read this version: by a holder who is posted there."""
    command = commands.acknowledge_order(call.named("order"), call.body.version, call.caller.account.id)
    return await _does(call, command, "watch")


async def rule_links(call: Call) -> Response:
    """Whether the orders of a station may be read by a link, without signing in."""
    station = _station(call)
    return await _does(call, linking.rule(station, call.body.allowed), station)


async def make_link(call: Call) -> Response:
    """A link to the current version of an order, for one holder, once. Its address is told in this answer alone."""
    order, holder = projection.order(call.tables, call.named("order")), account(call, call.body.holder)
    written = await call.do(linking.make(order.station, order.id, holder), order.station)
    secret = linking.new_address(call.serving.vault, written.stream, holder)
    address = f"{str(call.request.base_url).rstrip('/')}{linking.path(secret)}"
    return _made(written, address=address, version=order.version)


async def stand_down(call: Call) -> Response:
    return await _does(call, arming.stand_down(call.named("obligation"), call.body.reason), "watch")


async def review(call: Call) -> Response:
    """Why so many of its alarms were false, and what follows; where that is asked."""
    return await _does(call, ringing.review(call.named("obligation"), call.body.reason), call.named("obligation"))


async def suspend(call: Call) -> Response:
    """Ask for it not to be watched for a time; another person has to agree."""
    new, obligation = call.body, call.named("obligation")
    written = await call.do(suspending.ask(obligation, new.since, new.until, new.how, new.reason), obligation)
    known = suspensions.of_position(call.tables, written.position)
    return answered({"id": known, "stands": "asked", "position": written.position}, 201, written)


async def agree(call: Call) -> Response:
    """The second of two people. From then on it is in force, and ends by itself."""
    command = suspending.agree(call.named("suspension"), call.caller.account.id)
    return await _does(call, command, call.named("suspension"))


async def end_suspension(call: Call) -> Response:
    """Watch it again before its time is over."""
    return await _does(call, suspending.end(call.named("suspension"), call.body.reason), call.named("suspension"))


async def acknowledge_alarm(call: Call) -> Response:
    """I see to it."""
    return await _does(call, ringing.acknowledge(call.named("alarm")), call.named("alarm"))


async def close_alarm(call: Call) -> Response:
    """What had happened; once it is over."""
    command = ringing.close(call.named("alarm"), call.body.reason, call.body.false_by)
    return await _does(call, command, call.named("alarm"))
