"""What the forms of the watch ask for, and at a station who may ask it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from heard.accounts import projection as accounts
from heard.accounts.model import Caller
from heard.engine.entry import new_id
from heard.engine.errors import NotFound, Refused
from heard.engine.node import Command
from heard.engine.projection import Tables
from heard.watch import arming, commands, projection, ringing

Form = Mapping[str, str]


class Verb(NamedTuple):
    """`needs` is a verb of the table of roles."""

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
    try:
        account = accounts.by_id(tables, _named(form))
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


def _arm(tables: Tables, station: str, form: Form) -> Command:
    group = [one for one in projection.roster(tables, station) if f"in-{one}" in form]
    written = arming.written_from(station, form, group)
    obligation = form.get("obligation") or None
    return arming.arm(station, form.get("title", ""), written, form.get("supervisor", ""), obligation=obligation)


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
    "arm": Verb("give_orders", _arm),
    "stand-down": Verb(
        "give_orders",
        lambda tables, station, form: arming.stand_down(form.get("obligation", ""), form.get("reason", "")),
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
    "close": lambda alarm, form: ringing.close(alarm, form.get("reason", "")),
}
