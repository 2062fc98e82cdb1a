"""A real process that records what has fallen due in the watch: another victim of tests/faults.

Its directory is one in which nobody has watched for three hours: of that time alarms are to be raised, proven and
cleared, each with the instant at which it was due.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import msgspec

from heard.engine import now
from heard.engine.node import Written
from heard.opening import House, open_house
from heard.watch import commands
from heard.watch.entries import AlarmCleared, AlarmProven, AlarmRaised
from heard.watch.ringing import WATCH, key_of, record
from heard.watch.watching import Watching
from heard.web.resuming import keep_on
from tests.watch.gate import Gate, Hands

RESUMING = "watch-swept.sqlite"


def prepare_ringing(data: Path) -> None:
    """Pings, checks and presence that lapse, two of them for a time; and one version that is read too late."""
    house = open_house(data)
    with ExitStack() as stack:
        hands = Hands(stack, now.utc() - timedelta(hours=3))
        gate = Gate(house)
        order = gate.publish()
        for who in (gate.one, gate.two):
            gate.reads(order, 1, who)
        gate.begins(gate.one)
        gate.is_there(gate.one, good_for_s=600)
        gate.do_check()
        gate.do(commands.add_source(gate.id, "The camera", source="camera"), gate.sam)
        gate.do(commands.ping("camera", "success"), "camera")
        gate.arms("ping", "60 s", source="camera")
        gate.arms("check", "10 min")
        gate.arms("present", "60 s")
        gate.arms("read", "5 min")
        gate.publish("Stay nearer.", "Nearer", order)
        hands.go_on(600)
        gate.reads(order, 2, gate.one)
        gate.do(commands.ping("camera", "success"), "camera")
        hands.go_on(300)
        gate.is_there(gate.one, False)
        hands.go_on(300)
        gate.is_there(gate.one, good_for_s=20)
    house.close()


def do_ring(house: House, told: Callable[[str, Written], None], *, hasty: bool = False) -> None:
    """As an app does that starts: what was worked out before is taken up, the rest heard, and what is due recorded.

    `hasty`: a mutant, which lays down that it is recorded before it is.
    """
    house.node.catch_up()
    watching, keeping = keep_on(house.journal, house.data / RESUMING)
    _let_pass(house, watching)
    if hasty:
        said = [(one.move, one.id) for one in watching.recording.due()]
        watching.recording.recorded |= set(said)
        watching.unkept.recorded += said
        keeping.end()
        watching = Watching(house.journal)
        _let_pass(house, watching)
    while due := list(watching.recording.due()):
        for one in due:
            key = key_of(one)
            told(key.replace(" ", "_"), house.node.do(record(watching, one), by=WATCH, scope=WATCH, key=key))
    if not hasty:
        keeping.end()


def _let_pass(house: House, watching: Watching) -> None:
    house.node.after_fold.append(lambda folded: watching.catch_up(house.node.projection.position()))
    watching.catch_up(house.node.projection.position())
    watching.let_pass(now.utc())


def alarms(house: House) -> list[tuple[str, str, bytes]]:
    """All that the journal says of them."""
    kinds = (AlarmRaised, AlarmProven, AlarmCleared)
    entries = [one for one in house.journal.all() if isinstance(one.body, kinds)]
    return sorted((one.stream, one.kind, msgspec.json.encode(one.body)) for one in entries)
