"""An alarm is closed as false with its cause; of more than one in twenty a named person has to say why they rang."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import pytest

from heard.engine.errors import Refused
from heard.watch import arming, commands, projection, reviews, ringing
from heard.watch.entries import AlarmAcknowledged, AlarmsReviewed
from tests.server import Server, running
from tests.waiting import wait_until
from tests.watch.gate import Gate, Hands
from tests.watch.hand import Hand
from tests.watch.test_ladders import rung, tell_all_due


@pytest.fixture
def checks(gate: Gate) -> str:
    gate.begins(gate.one)
    return gate.arms("check", "10 s")


def lapses(gate: Gate, hands: Hands, times: int = 1) -> list[str]:
    """Nobody checks in time, and then somebody does; the alarms."""
    rang = []
    for _ in range(times):
        hands.go_on(11)
        [raised] = gate.rings()
        gate.do_check()
        gate.rings()
        rang.append(raised.stream)
    return rang


def closes(gate: Gate, alarm: str, false_by: str = "") -> None:
    gate.do(ringing.close(alarm, "looked at", false_by), gate.sam)


def test_a_review_is_asked_above_one_in_twenty_and_not_at_one_in_twenty(gate: Gate, hands: Hands, checks: str) -> None:
    rang = lapses(gate, hands, 20)
    for alarm in rang[:3]:
        closes(gate, alarm)
    closes(gate, rang[3], "sensor")
    assert projection.alarm(gate.tables, rang[3]).false_by == "sensor"
    assert reviews.counted(gate.tables, checks) == (20, 1) and reviews.asked(gate.tables) == []
    closes(gate, rang[4], "rule")
    [asked] = reviews.asked(gate.tables)
    assert (asked.obligation, asked.supervisor, asked.alarms, asked.false) == (checks, gate.sam, 20, 2)
    more = lapses(gate, hands, 21)
    for alarm in more:
        closes(gate, alarm)
    assert reviews.counted(gate.tables, checks) == (41, 2)
    assert reviews.asked(gate.tables) != [], "what is right, later, does not end it"


def test_only_a_persons_review_with_a_reason_ends_it_and_then_it_is_counted_anew(
    gate: Gate, hands: Hands, checks: str
) -> None:
    with pytest.raises(Refused, match="No review"):
        gate.do(ringing.review(checks, "to be sure"), gate.sam)
    first, second = lapses(gate, hands, 2)
    closes(gate, first, "setup")
    with pytest.raises(Refused, match="reason is missing"):
        gate.do(ringing.review(checks, " "), gate.sam)
    assert len(reviews.asked(gate.tables)) == 1
    written = gate.do(ringing.review(checks, "the list was of last week"), gate.sam)
    [entry] = [one for one in gate.house.journal.stream(checks) if one.position == written.position]
    assert (entry.by, entry.body) == (gate.sam, AlarmsReviewed(2, 1, "the list was of last week"))
    assert reviews.asked(gate.tables) == [] and reviews.counted(gate.tables, checks) == (1, 0)
    closes(gate, second, "late-evidence")
    [again] = reviews.asked(gate.tables)
    assert (again.alarms, again.false) == (1, 1)
    gate.do(arming.stand_down(checks, "for the winter"), gate.sam)
    assert reviews.asked(gate.tables) == []


def test_a_cause_that_is_none_closes_nothing(gate: Gate, hands: Hands, checks: str) -> None:
    [alarm] = lapses(gate, hands)
    with pytest.raises(Refused, match="late-evidence"):
        closes(gate, alarm, "the weather")
    assert projection.alarm(gate.tables, alarm).state == "cleared"


def test_one_sees_to_it_again_once_the_ladder_was_climbed_on(gate: Gate, hands: Hands) -> None:
    gate.begins(gate.one)
    steps = [(0.0, gate.sam), (20.0, gate.two), (30.0, gate.one), (40.0, gate.sam)]
    _, alarm = rung(gate, hands, steps, 10)

    def sees(who: str) -> None:
        gate.do(ringing.acknowledge(alarm), who)

    def told() -> list[str]:
        return [who for _, step, who in tell_all_due(gate) if step >= 0]

    assert told() == [gate.sam]
    hands.go_on(5)
    sees(gate.sam)
    sees(gate.two)
    hands.go_on(9)
    sees(gate.two)
    assert told() == [], "it is put off by ten seconds, and saying it twice puts nothing off"
    assert projection.alarm(gate.tables, alarm).acknowledged_by == gate.sam
    hands.go_on(2)
    assert told() == [gate.two]
    sees(gate.two)
    assert projection.alarm(gate.tables, alarm).acknowledged_by == gate.two
    hands.go_on(9)
    assert told() == [], "without that the third would be told by now but for a second"
    hands.go_on(2)
    assert told() == [gate.one]
    hands.go_on(10)
    assert told() == [gate.sam]
    acknowledged = [one.by for one in gate.house.journal.stream(alarm) if isinstance(one.body, AlarmAcknowledged)]
    assert acknowledged == [gate.sam, gate.two]
    gate.do(commands.do_deed(gate.id), gate.sam)
    gate.rings()
    with pytest.raises(Refused):
        sees(gate.sam)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("false") / "data") as server:
        yield server


def alarms(server: Server, state: str) -> list[str]:
    found = server.client.get("/api/v1/watch/alarms").json()["items"]
    return [one["id"] for one in found if one["state"] == state]


def rings_and_is_over(server: Server, ping: str) -> str:
    assert server.reader.get(f"{ping}/fail").text == "OK"
    wait_until(lambda: alarms(server, "open"))
    assert server.reader.get(ping).text == "OK"
    [over] = wait_until(lambda: alarms(server, "cleared"))
    return str(over)


def test_it_is_closed_as_false_reviewed_and_told_over_http(served: Server) -> None:
    hand = Hand(served)
    station = hand.station("Post 7")
    ping = hand.source(station, "The camera")
    assert served.reader.get(ping).text == "OK"
    hand.arms(station, "ping", "10 min", title="The camera lives")
    alarm = rings_and_is_over(served, ping)
    assert "Was it right to ring?" in hand.page(f"alarms/{alarm}/")
    refused = served.client.post(f"/watch/alarms/{alarm}/close", data={"reason": " ", "false_by": "rule"})
    assert refused.status_code == 422 and '<option value="rule" selected>' in refused.text
    hand.does(f"alarms/{alarm}/close", reason="It had been cleaned.", false_by="sensor")
    page = hand.page(f"alarms/{alarm}/")
    assert "a phone or a sensor told what was not so" in page and "it was not kept" not in page
    told = served.client.get(f"/api/v1/watch/alarms/{alarm}").json()
    assert (told["state"], told["false_by"], told["reason"]) == ("closed", "sensor", "It had been cleaned.")

    [watched] = served.client.get("/api/v1/watch/obligations").json()["items"]
    assert watched["review"]["at"] and (watched["review"]["alarms"], watched["review"]["false"]) == (1, 1)
    assert "1 of 1 alarms was false. A review is asked since" in hand.page("")
    assert "Why they rang" in hand.page(f"{station}/")
    [kept] = csv.DictReader(io.StringIO(served.client.get("/watch/report.csv").text))
    assert (kept["Closed as false"], kept["False by"]) == ("1", "sensor 1") and kept["Review asked at"]
    [lapsed] = csv.DictReader(io.StringIO(served.client.get("/watch/report.csv?of=alarms").text))
    assert (lapsed["Reason"], lapsed["False by"]) == ("It had been cleaned.", "sensor")
    empty = served.client.post(f"/watch/{station}/review", data={"obligation": watched["id"], "reason": ""})
    assert empty.status_code == 422 and "A review is asked" in empty.text
    hand.does(f"{station}/review", obligation=watched["id"], reason="The lens is cleaned on Mondays now.")
    assert "A review is asked" not in hand.page("") + hand.page(f"{station}/")

    again = rings_and_is_over(served, ping)
    wrong = served.client.post(f"/api/v1/watch/alarms/{again}/closing", json={"reason": "no", "false_by": "no"})
    assert wrong.status_code in (400, 422)
    closed = {"reason": "Nobody was to be filmed.", "false_by": "rule"}
    assert served.client.post(f"/api/v1/watch/alarms/{again}/closing", json=closed).status_code == 201
    at = f"/api/v1/watch/obligations/{watched['id']}"
    assert served.client.get(at).json()["review"]["false"] == 1
    assert served.client.post(f"{at}/review", json={"reason": "It is waived in the recess."}).status_code == 201
    assert served.client.post(f"{at}/review", json={"reason": "again"}).status_code == 422
    assert served.client.get(at).json()["review"] is None
    # A replay is of whole seconds that have been.
    wait_until(lambda: "It is waived in the recess." in hand.page(f"replay/?station={station[9:]}"))
    replayed = hand.page(f"replay/?station={station[9:]}")
    assert "1 of 1 false: The lens is cleaned on Mondays now." in replayed
    assert "as false, since what is asked does not fit what happens there: Nobody was to be filmed." in replayed
