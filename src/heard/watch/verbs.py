"""What the forms of the watch ask for, and at a station who may ask it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple
from zoneinfo import ZoneInfo

from heard.accounts import projection as accounts
from heard.accounts.model import Caller
from heard.engine.entry import new_id
from heard.engine.errors import NotFound, Refused
from heard.engine.node import Command
from heard.engine.projection import Tables
from heard.watch import (
    areas,
    arming,
    commands,
    feeds,
    positions,
    present,
    projection,
    ringing,
    suspending,
    suspensions,
    tags,
)
from heard.watch.areas import Area
from heard.watch.entries import How
from heard.watch.weighing import Lately

Form = Mapping[str, str]


class Verb(NamedTuple):
    """`needs` is a verb of the table of roles. In the form that it makes a command of, `me` is who asks."""

    needs: str
    make: Callable[[Tables, str, Form], Command]


def _named(form: Form) -> str:
    return form.get("holder", "")


def _post(tables: Tables, station: str, form: Form) -> Command:
    return commands.post_holder(station, _who(tables, form, "keep_watch"))


def _who(tables: Tables, form: Form, verb: str) -> str:
    """The account that a form names.

    Raises Refused when there is none, or it may not do what it is named for.
    """
    return keeper(tables, _named(form), verb)


def keeper(tables: Tables, who: str, verb: str = "keep_watch") -> str:
    """The account, if it may keep a duty.

    Raises Refused when there is none, or it may not.
    """
    try:
        account = accounts.by_id(tables, who)
    except NotFound:
        raise Refused("There is no such account. Nothing was changed; choose one from the list.") from None
    if not Caller(account).may(verb):
        raise Refused("This account may not keep a duty. Nothing was changed; an administrator gives it the role.")
    return account.id


def _publish(tables: Tables, station: str, form: Form) -> Command:
    order = _at(tables, station, form["order"]) if form.get("order") else None
    return commands.publish_order(
        station, form.get("title", ""), form.get("text", ""), form.get("change", ""), order=order
    )


def _at(tables: Tables, station: str, order: str) -> str:
    """Raises NotFound for an order that is not this station's."""
    if projection.order(tables, order).station != station:
        raise NotFound("There is no such standing order at this station.")
    return order


def _withdraw(tables: Tables, station: str, form: Form) -> Command:
    return commands.withdraw_order(_at(tables, station, form.get("order", "")), form.get("reason", ""))


def _state(tables: Tables, station: str, form: Form) -> Command:
    lasting = form.get("lasting", "").strip()
    return commands.tell_state(station, form.get("state", ""), arming.seconds_of(lasting) if lasting else None)


def arm(tables: Tables, station: str, form: Form, lately: Lately | None = None) -> Command:
    group = [one for one in projection.roster(tables, station) if f"in-{one}" in form]
    stations = [one.id for one in projection.stations(tables) if f"at-{one.id}" in form]
    zoned = {**form, "zone": projection.station(tables, station).zone}
    written = arming.written_from(station, zoned, group, stations)
    obligation = _obligation_at(tables, station, form["obligation"]) if form.get("obligation") else None
    title, supervisor = form.get("title", ""), form.get("supervisor", "")
    return arming.arm(station, title, written, supervisor, obligation=obligation, lately=lately)


def _area(tables: Tables, station: str, form: Form) -> Command:
    good_for_s = arming.seconds_of(form.get("good_for") or "90 s")
    corners = areas.corners_from(form.get("corners", ""))
    if corners:
        return feeds.set_area(station, Area(corners[0], 0, corners, good_for_s))
    try:
        lat, lon, radius_m = (float(form.get(name, "").strip()) for name in ("lat", "lon", "radius"))
    except ValueError:
        raise Refused("A latitude, a longitude and a radius in metres are wanted. Nothing was changed.") from None
    return feeds.set_area(station, Area((lat, lon), radius_m, (), good_for_s))


def _device(tables: Tables, station: str, form: Form) -> Command:
    return feeds.bind_device(form.get("feed", ""), form.get("device", ""), _named(form), station=station)


def _hold(tables: Tables, station: str, form: Form) -> Command:
    zone = ZoneInfo(projection.station(tables, station).zone)
    since, until, review = (arming.local(form.get(name, ""), zone) for name in ("since", "until", "review"))
    return present.ask_for_hold(station, since, until, review, form.get("reason", ""))


def _agree(tables: Tables, station: str, form: Form) -> Command:
    return present.agree_to_hold(_hold_at(tables, station, form), form["me"])


def _end_hold(tables: Tables, station: str, form: Form) -> Command:
    return present.end_hold(_hold_at(tables, station, form), form.get("reason", ""))


def _hold_at(tables: Tables, station: str, form: Form) -> str:
    """Raises NotFound for a hold that is not this station's."""
    known = positions.hold(tables, form.get("hold", ""))
    if known.station != station:
        raise NotFound("There is no such hold at this station.")
    return known.id


def _suspend(tables: Tables, station: str, form: Form) -> Command:
    obligation = _obligation_at(tables, station, form.get("obligation", ""))
    zone = ZoneInfo(projection.station(tables, station).zone)
    since = arming.local(form["since"], zone) if form.get("since", "").strip() else None
    how: How = "waive" if form.get("how") == "waive" else "pause"
    return suspending.ask(obligation, since, arming.local(form.get("until", ""), zone), how, form.get("reason", ""))


def _obligation_at(tables: Tables, station: str, obligation: str) -> str:
    """Raises NotFound for an obligation that is not this station's."""
    if projection.obligation(tables, obligation).station != station:
        raise NotFound("There is no such obligation at this station.")
    return obligation


def _suspension_at(tables: Tables, station: str, form: Form) -> str:
    """Raises NotFound for a suspension that is not this station's."""
    known = suspensions.suspension(tables, form.get("suspension", ""))
    if known.station != station:
        raise NotFound("There is no such suspension at this station.")
    return known.id


AT_STATION: dict[str, Verb] = {
    "name": Verb(
        "give_orders",
        lambda tables, station, form: commands.set_station(
            form.get("code", ""), form.get("place", ""), form.get("zone") or "Europe/London", station=station
        ),
    ),
    "post": Verb("give_orders", _post),
    "release": Verb(
        "give_orders", lambda tables, station, form: commands.release_holder(station, form.get("holder", ""))
    ),
    "publish": Verb("give_orders", _publish),
    "withdraw": Verb("give_orders", _withdraw),
    "state": Verb("supervise", _state),
    "check": Verb("supervise", lambda tables, station, form: commands.do_deed(station)),
    "end": Verb("supervise", lambda tables, station, form: commands.end_duty(station, _named(form))),
    "source": Verb(
        "give_orders",
        lambda tables, station, form: commands.add_source(station, form.get("name", ""), source=new_id()),
    ),
    "area": Verb("give_orders", _area),
    "feed": Verb("give_orders", lambda tables, station, form: feeds.add_feed(station, form.get("name", ""))),
    "device": Verb("give_orders", _device),
    "end-feed": Verb(
        "give_orders", lambda tables, station, form: feeds.end_feed(form.get("feed", ""), station=station)
    ),
    "tag": Verb("give_orders", lambda tables, station, form: tags.add_tag(station, form.get("name", ""))),
    "end-tag": Verb("give_orders", lambda tables, station, form: tags.end_tag(form.get("tag", ""), station=station)),
    "hold": Verb("exempt", _hold),
    "agree-to-hold": Verb("exempt", _agree),
    "end-hold": Verb("give_orders", _end_hold),
    "arm": Verb("give_orders", arm),
    "suspend": Verb("exempt", _suspend),
    "agree-to-suspend": Verb(
        "exempt", lambda tables, station, form: suspending.agree(_suspension_at(tables, station, form), form["me"])
    ),
    "end-suspension": Verb(
        "give_orders",
        lambda tables, station, form: suspending.end(_suspension_at(tables, station, form), form.get("reason", "")),
    ),
    "deed": Verb(
        "supervise",
        lambda tables, station, form: commands.do_deed(station, form.get("deed", ""), form.get("ref", "").strip()),
    ),
    "review": Verb(
        "supervise",
        lambda tables, station, form: ringing.review(
            _obligation_at(tables, station, form.get("obligation", "")), form.get("reason", "")
        ),
    ),
    "stand-down": Verb(
        "give_orders",
        lambda tables, station, form: arming.stand_down(
            _obligation_at(tables, station, form.get("obligation", "")), form.get("reason", "")
        ),
    ),
}

#: Of a holder's own duty, at a station.
ON_MINE: dict[str, Callable[[str, str], Command]] = {
    "begin": commands.begin_duty,
    "end": commands.end_duty,
    "here": lambda station, me: commands.tell_presence(station, me, True),
    "away": lambda station, me: commands.tell_presence(station, me, False),
}

ON_ALARM: dict[str, Callable[[str, Form], Command]] = {
    "acknowledge": lambda alarm, form: ringing.acknowledge(alarm),
    "close": lambda alarm, form: ringing.close(alarm, form.get("reason", ""), form.get("false_by", "")),
}
