"""The fictional night post of the demonstration: its people, station, order and source, set up once."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import msgspec

from heard.accounts import commands as account_commands
from heard.accounts import projection as accounts
from heard.accounts.commands import OPERATOR
from heard.demo import drawing
from heard.engine.entry import new_id
from heard.engine.errors import HeardError
from heard.engine.node import Command
from heard.opening import House
from heard.reports import projection as reports
from heard.watch import arming, commands, feeds, linking, origins, pings, plans
from heard.watch.areas import Area
from heard.watch.plan_pictures import DRAWER

WRITTEN = Path(__file__).with_name("gate.toml")
SCOPE = "demo/gate"
LAMP_REPORTED, LAMP_SEEN_TO = "lamp reported", "lamp seen to"


class Gate(msgspec.Struct, frozen=True):
    """The ids of what was set up; `people` by their keys in gate.toml, `ping` the path of the source's address.
    `phones` are the secrets of the keepers' own, none in a demonstration of before there were any; nor had it a `plan`,
    or another station, whose order its keeper reads by a link.
    """

    station: str
    order: str
    source: str
    ping: str
    people: dict[str, str]
    phones: dict[str, str] = {}
    plan: str = ""
    other: str = ""
    other_order: str = ""
    other_keeper: str = ""


def story() -> dict[str, Any]:
    return tomllib.loads(WRITTEN.read_text("utf-8"))


def set_up(house: House, by: str) -> Gate:
    """The post, as it was set up before or as it is now; nothing of it comes twice."""
    house.node.catch_up()
    if kept := house.vault.get("demo", "gate"):
        return _with_another(house, _with_plan(house, _with_phones(house, msgspec.json.decode(kept, type=Gate))), by)
    written, source = story(), new_id()
    people = {one["key"]: _account(house, one, by) for one in written["person"]}
    supervisor = people["corwen"]

    def do(command: Command) -> str:
        return house.node.do(command, by=supervisor, scope=SCOPE).stream

    station = do(commands.set_station(written["station"]["code"], written["station"]["place"]))
    for key in ("ivo", "petra"):
        do(commands.post_holder(station, people[key]))
    order = do(commands.publish_order(station, written["order"]["title"], written["order"]["text"]))
    do(commands.add_source(station, written["source"]["name"], source=source))
    gate = Gate(station, order, source, pings.new_address(house.vault, source), people)
    return _with_another(house, _with_plan(house, _with_phones(house, gate)), by)


def _with_phones(house: House, gate: Gate) -> Gate:
    """Where the post is, and a phone for each keeper."""
    if gate.phones:
        return gate
    at, supervisor = story()["station"], gate.people["corwen"]
    area = Area((at["lat"], at["lon"]), at["radius"])
    house.node.do(feeds.set_area(gate.station, area), by=supervisor, scope=SCOPE)
    phones = {}
    for key in ("ivo", "petra"):
        holder = gate.people[key]
        feed = house.node.do(feeds.add_phone(holder), by=holder, scope=SCOPE).stream
        phones[key] = feeds.new_address(house.vault, feed)
    gate = msgspec.structs.replace(gate, phones=phones)
    house.vault.put("demo", "gate", msgspec.json.encode(gate))
    return gate


def _with_plan(house: House, gate: Gate) -> Gate:
    """A plan of the port, with the post on it."""
    if gate.plan:
        return gate
    media = house.media.apart(DRAWER).keep(drawing.plan())

    def do(command: Command, key: str) -> str:
        return house.node.do(command, by=gate.people["corwen"], scope=SCOPE, key=key).stream

    plan = do(plans.draw_plan(story()["plan"]["name"], media, drawing.WIDTH, drawing.HEIGHT), "plan")
    do(plans.place(plan, gate.station, *drawing.POST), "plan/place")
    gate = msgspec.structs.replace(gate, plan=plan)
    house.vault.put("demo", "gate", msgspec.json.encode(gate))
    return gate


def _with_another(house: House, gate: Gate, by: str) -> Gate:
    """A station of which nothing is asked but that its order is read before a duty: whoever keeps it has no phone."""
    if gate.other:
        return gate
    told, supervisor = story()["other"], gate.people["corwen"]
    keeper = _account(house, told["keeper"], by)

    def do(command: Command, who: str = supervisor) -> str:
        return house.node.do(command, by=who, scope=SCOPE).stream

    station = do(commands.set_station(told["code"], told["place"]))
    do(commands.post_holder(station, keeper))
    order = do(commands.publish_order(station, told["title"], told["text"]))
    do(linking.rule(station, True), OPERATOR)
    before = {"op": "before", "at": "duty.start", "order": order, "post": station}
    written = {**before, "escalate": [{"after_s": 0, "to": supervisor}]}
    do(arming.arm(station, told["owed"], written, supervisor))
    gate = msgspec.structs.replace(gate, other=station, other_order=order, other_keeper=keeper)
    house.vault.put("demo", "gate", msgspec.json.encode(gate))
    return gate


def link_to_read(house: House, gate: Gate) -> str:
    """The path at which the other station's order is read without signing in; nothing once it has been."""
    try:
        made = house.node.do(linking.make(gate.other, gate.other_order, gate.other_keeper), by=gate.people["corwen"])
    except HeardError:
        return ""
    return linking.path(linking.new_address(house.vault, made.stream, gate.other_keeper))


def _account(house: House, one: dict[str, Any], by: str) -> str:
    email = f"{one['key']}@saltmere.example"
    known = [account for account in accounts.all_accounts(house.tables) if account.email == email]
    if not known:
        house.node.do(account_commands.add_account(email, one["role"], one["name"]), by=by)
    return accounts.by_email(house.tables, email).id


def arm(house: House, gate: Gate, seconds: dict[str, float], speed: float) -> None:
    """Watch that the post is not empty, orders are read, the button is tested and lamps are seen to; once for all.

    Somebody must be on duty there and say so, and the source must have pinged: else it is refused.
    """
    supervisor, keepers = gate.people["corwen"], [gate.people["ivo"], gate.people["petra"]]
    on_duty, ladder = {"duty": gate.station}, [{"after_s": 0, "to": supervisor}]
    owed: dict[str, dict[str, Any]] = {
        "The post is not left empty": {
            "op": "keep",
            "count": {"group": keepers, "station": gate.station, "at_least": 1},
            "gap_s": seconds["gap"] / speed,
            "while": on_duty,
        },
        "Whoever is on duty reads the order": {
            "op": "by",
            "on": "publish",
            "do": "ack",
            "match": ["order", "version"],
            "within_s": seconds["read"] / speed,
            "for_each_on_duty": gate.station,
        },
        "The alarm button is tested": {
            "op": "every",
            "do": "ping",
            "period_s": seconds["test"] / speed,
            "where": {"source": gate.source},
            "while": on_duty,
        },
        story()["false"]["title"]: {
            "op": "by",
            "on": LAMP_REPORTED,
            "do": LAMP_SEEN_TO,
            "match": ["ref"],
            "within_s": seconds["lamp"] / speed,
        },
    }
    for title, written in owed.items():
        command = arming.arm(gate.station, title, {**written, "escalate": ladder}, supervisor)
        obligation = house.node.do(command, by=supervisor, scope=SCOPE, key=f"arm/{title}").stream
        for one in story()["origin"]:
            if one["title"] == title:
                _answers(house, obligation, one)


def _answers(house: House, obligation: str, origin: dict[str, Any]) -> None:
    """The page of a report of the demonstration may say how this is kept, a day late."""
    ends = f"-{origin['report']:04}"
    for report in (id for id, slug in reports.all_reports(house.tables) if slug.endswith(ends)):
        decided = (
            origins.name_origin(obligation, report, origin["concern"], origin["words"]),
            origins.tell_in_public(obligation, 1, "the Port of Saltmere Authority (fictional)"),
        )
        for step, command in enumerate(decided):
            house.node.do(command, by=OPERATOR, scope=SCOPE, key=f"origin/{origin['title']}/{step}")
