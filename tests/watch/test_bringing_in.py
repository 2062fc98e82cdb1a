"""History that comes late repairs what is known, clears what it shows to have been kept, and rings nothing falsely."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from heard.engine import now
from heard.engine.errors import Refused
from heard.watch import bringing_in, projection, verdicts
from heard.watch.bringing_in import Store
from heard.watch.entries import AlarmRaised
from heard.watch.watching import Watching
from tests.server import Server
from tests.watch.gate import Gate, Hands
from tests.watch.hand import Hand

TOURS = Store("The tours", calls_it="gate 7", stamped=True)


@pytest.fixture
def gate(gate: Gate) -> Gate:
    gate.begins(gate.one)
    return gate


def brings(gate: Gate, *said: dict[str, Any], store: Store = TOURS) -> int:
    """How many rows were new."""
    read = bringing_in.rows(gate.tables, gate.id, store, said)
    before = gate.house.store.position()
    gate.do(bringing_in.bring_in(gate.id, read.rows), "operator")
    return gate.house.store.position() - before


def check(at: datetime, who: str = "sam@heard.example", **more: Any) -> dict[str, Any]:
    return {"kind": "check", "post": "Gate 7", "who": who, "t": now.text(at), **more}


def state(at: datetime, value: str) -> dict[str, Any]:
    return {"kind": "state", "thing": "Post 7", "value": value, "t": now.text(at)}


def raised(gate: Gate) -> list[datetime]:
    gate.rings()
    return [one.body.lapsed_at for one in gate.house.journal.all() if isinstance(one.body, AlarmRaised)]


def reading(gate: Gate, obligation: str, at: datetime) -> tuple[str, str]:
    """How it stood, as known then and as known now."""
    watched = gate.watching.watched[obligation]
    entries = [one for one in gate.house.journal.all() if one.position > watched.position]
    heard = verdicts.told(one for one in entries if gate.watching.is_told(watched, one))
    taken = gate.watching.taken_up(watched)
    first = gate.watching.told_first(watched, taken)
    of = verdicts.Told(taken.obligation, taken.armed_at, first, heard)
    [then] = verdicts.then(of, at).values()
    [known] = verdicts.now(of, at, now.utc()).values()
    return then.state, known.state


def test_a_check_that_was_made_in_time_clears_its_alarm_and_stands_in_its_place(gate: Gate, hands: Hands) -> None:
    obligation = gate.arms("check", "30 min")
    made_at = hands.at + timedelta(minutes=29)
    hands.go_on(1860)
    asked_at = hands.at
    assert len(raised(gate)) == 1
    hands.go_on(600)
    assert brings(gate, check(made_at)) == 1
    gate.rings()
    [alarm] = projection.alarms(gate.tables)
    assert alarm.cleared_why == "late-evidence"
    assert reading(gate, obligation, asked_at) == ("LAPSED", "DUE")
    assert brings(gate, check(made_at)) == 0, "read in again, it changes nothing"
    assert projection.brought_in(gate.tables, gate.id) == [("The tours", 1)]


def test_a_night_of_checks_in_parts_rings_nothing_in_between(gate: Gate, hands: Hands) -> None:
    gate.arms("check", "30 min")
    began_at = hands.at
    hands.go_on(6 * 3600)
    assert len(raised(gate)) == 1
    for number in range(1, 19):  # each twenty minutes, one part after the other
        brings(gate, check(began_at + timedelta(minutes=20 * number - 1)))
        hands.go_on(2)
        assert len(raised(gate)) == 1, f"after part {number}"
    hands.go_on(1740)
    assert len(raised(gate)) == 2, "and then it is watched as ever"


def test_a_tour_that_stopped_rings_for_the_gap_that_goes_on(gate: Gate, hands: Hands) -> None:
    gate.arms("check", "30 min")
    began_at = hands.at
    hands.go_on(7200)
    raised(gate)
    brings(gate, check(began_at + timedelta(minutes=25)))
    hands.go_on(61)
    assert raised(gate)[1:] == [began_at + timedelta(minutes=55)]


def test_what_was_over_when_it_came_rings_nothing_and_is_known_now(gate: Gate, hands: Hands) -> None:
    """Nobody was there for ten minutes and the gate was thought to be shut: an archive says that it had been open."""
    gate.is_there(gate.one, False)
    gate.is_told("shut")
    obligation = gate.arms("present", "60 s", state="open")
    was_at = hands.at + timedelta(minutes=5)
    hands.go_on(1200)
    gate.is_told("shut")
    hands.go_on(60)
    began = hands.at - timedelta(seconds=1260)
    brings(gate, state(began + timedelta(minutes=1), "open"), state(began + timedelta(minutes=11), "shut"))
    hands.go_on(600)
    assert raised(gate) == []
    assert reading(gate, obligation, was_at) == ("IDLE", "LAPSED")
    here = projection.station(gate.tables, gate.id)
    assert here.state == "shut"
    fresh = Watching(gate.house.journal)
    fresh.catch_up(gate.house.store.position())
    fresh.let_pass(now.utc())
    assert list(fresh.recording.due()) == []


def test_what_was_before_it_was_armed_rings_nothing(gate: Gate, hands: Hands) -> None:
    hands.go_on(7200)
    gate.is_there(gate.one, False)
    gate.is_told("shut")
    gate.arms("check", "30 min")
    gate.arms("present", "60 s", state="open")
    hands.go_on(10)
    long_ago = hands.at - timedelta(hours=1)
    brings(gate, check(long_ago), state(long_ago, "open"), check(long_ago - timedelta(days=300)))
    hands.go_on(1700)
    assert raised(gate) == []
    assert projection.deed_at(gate.tables, gate.id) == long_ago, "the newest of them"


@pytest.mark.parametrize(
    ("said", "store", "why"),
    [
        ({}, Store("The tours", "gate 7"), "Nobody stands by its time"),
        ({"second": "sam@heard.example"}, Store("The tours", "gate 7"), "another than who makes it"),
        ({"who": "Officer 12"}, TOURS, "no account"),
        ({"kind": "position", "lat": 52.0, "lon": 0.0}, TOURS, "where people were is not"),
        ({"kind": "state", "value": "open"}, TOURS, "nothing of now"),
    ],
)
def test_what_nobody_stands_by_is_not_read_in(
    gate: Gate, hands: Hands, said: dict[str, Any], store: Store, why: str
) -> None:
    before = gate.house.store.position()
    with pytest.raises(Refused, match=why):
        brings(gate, {**check(hands.at), **said, "thing": "Gate 7"}, store=store)
    assert gate.house.store.position() == before


def test_a_second_person_a_tag_and_a_name_of_the_store_are_taken(gate: Gate, hands: Hands) -> None:
    store = Store("The tours", "gate 7", people={"Officer 12": "one@heard.example"})
    said = [check(hands.at, "Officer 12", tag="north hinge"), check(hands.at, second="Wren")]
    other = {**check(hands.at), "post": "Gate 8"}
    read = bringing_in.rows(gate.tables, gate.id, store, [*said, other])
    assert [getattr(one, "deed", "") for one in read.rows] == ["check-in", "check"] and read.of_others == 1


def test_a_table_is_read_in_beside_a_running_server(server: Server, tmp_path: Path) -> None:
    hand = Hand(server)
    station = hand.station("Post 70")
    me = hand.me(station)
    hand.does(f"{station}/post", holder=me)
    hand.does(f"mine/{station[9:]}/begin")
    hand.arms(station, "check", "1 s", title="Nobody has checked")
    armed_at = now.utc()
    end = time.monotonic() + 20
    while "Lapsed" not in hand.page(f"{station}/"):
        assert time.monotonic() < end
        time.sleep(0.05)
    at = now.text(armed_at + timedelta(milliseconds=300))
    table = tmp_path / "tours.csv"
    table.write_text(f"Scan time,Officer,Point,Battery\n{at},admin@heard.example,Gate 70,3\n")
    command = [sys.executable, "-m", "heard.cli", "import", "evidence", str(table), "--station", "Post 70"]
    command += ["--store", "The <tours>", "--calls-it", "Gate 70", "--always", "kind=check", "--device-stamped"]
    for name in ("t=Scan time", "who=Officer", "post=Point"):
        command += ["--column", name]
    for said in ("1 row read in. Columns that were not read: Battery.", "0 rows of 1 read in"):
        done = subprocess.run([*command, "--data", str(server.data)], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0 and said in done.stdout, done.stdout + done.stderr
    while not re.search(r"\(late evidence\)", hand.page(f"{station}/")):
        assert time.monotonic() < end + 20
        time.sleep(0.05)
    assert "1 row of The &lt;tours&gt; read in later" in hand.page(f"{station}/")
    twice = subprocess.run([*command[:-1], "--data", str(tmp_path)], capture_output=True, text=True, timeout=60)
    assert twice.returncode != 0
