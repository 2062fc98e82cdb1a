"""Two hours of a gate that are over, in a data directory: what a server that is started on it can tell of them."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from heard.engine.entry import Draft
from heard.engine.node import Command, Decision
from heard.engine.projection import Tables
from heard.opening import open_house
from heard.watch import commands, ringing
from heard.watch.entries import PresenceTold
from tests.watch.gate import Gate, Hands


class Past(msgspec.Struct, frozen=True):
    """The station, what was owed there, and when it was armed; people left it after 14 minutes, and came back."""

    station: str
    present: str
    check: str
    since: datetime
    left_at: datetime
    told_at: datetime


#: Names that a font has to have letters for.
ZOE = "Zoë O’Năstase-Ŵyn Łukasz"


def past(data: Path) -> Past:
    """The first who leaves is told of late: seven minutes after the fact, from a phone without a link."""
    since = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(hours=3)
    house = open_house(data, synchronous="OFF")
    with ExitStack() as stack:
        hands = Hands(stack, since)
        gate = Gate(house)
        zoe = gate.account("zoe@heard.example", "supervisor", ZOE)
        order = gate.publish()
        for who in (gate.one, gate.two):
            gate.reads(order, 1, who)
            gate.begins(who)
            gate.is_there(who, good_for_s=6 * 3600)
        gate.is_told("open")
        present = gate.arms("present", "60 s", state="open", at_least="2", wait="5 s")
        check = gate.arms("check", "30 min", wait="5 s")
        left_at = hands.go_on(14 * 60)
        gate.is_there(gate.two, None)
        told_at = hands.go_on(7 * 60)
        gate.rings()
        gate.do(_late(gate, gate.two, left_at), gate.sam)
        gate.rings()
        hands.go_on(20 * 60)
        gate.rings()
        gate.do_check()
        gate.do(_late(gate, gate.two, hands.at, True), gate.sam)
        hands.go_on(60)
        for alarm in {one.stream for one in gate.rings()}:
            gate.do(ringing.close(alarm, "A fall at the other gate; Siân was called there."), zoe)
        for _ in range(3):
            hands.go_on(20 * 60)
            gate.do_check()
        gate.is_told("shut")
        gate.do(commands.end_duty(gate.id, gate.two), gate.two)
        gate.do(commands.end_duty(gate.id, gate.one), gate.one)
        hands.go_on(1)
        gate.rings()
        found = Past(gate.id, present, check, since, left_at, told_at)
    house.close()
    return found


def _late(gate: Gate, who: str, since: datetime, present: bool = False) -> Command:
    def judge(tables: Tables) -> Decision:
        return Decision((Draft(gate.id, PresenceTold(who, present, None, since)),), (gate.id,))

    return judge
