"""The watch over the API: the same roles and refusals as its pages, and how it stood in two readings."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest

from heard.accounts import commands as account_commands
from heard.engine import now
from heard.opening import House, open_house
from heard.signing_in import token_for
from tests.server import Server
from tests.waiting import wait_until
from tests.watch.hand import in_session

ADA = "admin@heard.example"
API = "/api/v1/watch"


class People:
    """A client of the API for each who takes part."""

    def __init__(self, server: Server, house: House) -> None:
        self.server, self.house, self.opened = server, house, list[httpx2.Client]()
        self.sam, self.tam = self.signs_in("sam", "supervisor"), self.signs_in("tam", "supervisor")
        self.olu, self.aud = self.signs_in("olu", "holder"), self.signs_in("aud", "auditor")

    def signs_in(self, name: str, role: Any, scope: Any = "write") -> httpx2.Client:
        email = f"{name}.api@heard.example"
        if not any(self.house.tables.execute("SELECT 1 FROM account WHERE email = ?", (email,))):
            self.house.node.do(account_commands.add_account(email, role), by="operator")
        token = token_for(self.house, email, scope)
        headers = {"Authorization": f"Bearer {token}"}
        self.opened.append(httpx2.Client(base_url=self.server.address + API, headers=headers, timeout=30))
        return self.opened[-1]


@pytest.fixture(scope="module")
def people(server: Server) -> Iterator[People]:
    house = open_house(server.data)
    house.node.catch_up()
    found = People(server, house)
    house.close()
    yield found
    for one in found.opened:
        one.close()


def done(answer: httpx2.Response) -> Any:
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def recorded_at(people: People, answer: httpx2.Response) -> datetime:
    """When the server says that it was told: its clock, and not that of the test, is what it measures by."""
    done(answer)
    house = open_house(people.server.data)
    try:
        record = house.store.record(int(answer.headers["Heard-Position"]))
        assert record is not None
        return record.header.at_instant
    finally:
        house.close()


@pytest.fixture(scope="module")
def gate(people: People) -> str:
    """A station with a holder on duty, who is there."""
    station = str(done(people.sam.post("/stations", json={"code": "Post 7", "place": "The gate"}))["id"])
    done(people.sam.post(f"/stations/{station}/holders", json={"holder": "olu.api@heard.example"}))
    order = done(people.sam.post(f"/stations/{station}/orders", json={"title": "The gate", "text": "Stay near."}))
    early = people.olu.post(f"/stations/{station}/duty", json={"on": True})
    assert (early.status_code, "Read and acknowledge first" in early.json()["detail"]) == (422, True)
    done(people.olu.post(f"/orders/{order['id']}/acknowledgement", json={"version": 1}))
    done(people.olu.post(f"/stations/{station}/duty", json={"on": True}))
    done(people.olu.post(f"/stations/{station}/presence", json={"present": True}))
    return station


def arms(people: People, gate: str, **written: Any) -> str:
    ladder = {"escalate": [{"after_s": 0, "to": "sam.api@heard.example"}]}
    asked = {"title": "It is owed", "supervisor": "sam.api@heard.example", "obligation": {**written, **ladder}}
    return str(done(people.sam.post(f"/stations/{gate}/obligations", json=asked))["id"])


def test_a_lapse_is_read_seen_to_and_closed_by_programs(people: People, gate: str) -> None:
    owed = arms(people, gate, op="every", do="check", period_s=0.3, where={"post": gate}, **{"while": {"duty": gate}})
    [alarm] = wait_until(lambda: [one for one in done(people.aud.get("/alarms"))["items"] if one["obligation"] == owed])
    assert (alarm["sort"], alarm["state"], "key" in alarm) == ("lapse", "open", False)
    assert people.aud.post(f"/alarms/{alarm['id']}/acknowledgement", json={}).status_code == 403
    done(people.sam.post(f"/alarms/{alarm['id']}/acknowledgement", json={}))
    early = people.sam.post(f"/alarms/{alarm['id']}/closing", json={"reason": "It was nothing."})
    assert early.status_code in (409, 422)
    done(people.sam.post(f"/obligations/{owed}/stand_down", json={"reason": "Only tried."}))
    wait_until(lambda: done(people.aud.get(f"/alarms/{alarm['id']}"))["cleared_why"] == "stood-down")
    done(people.sam.post(f"/alarms/{alarm['id']}/closing", json={"reason": "Only tried."}))
    closed = done(people.aud.get(f"/alarms/{alarm['id']}"))
    assert (closed["state"], closed["reason"], closed["acknowledged_by"]) == (
        "closed",
        "Only tried.",
        "sam.api@heard.example",
    )
    assert [one["id"] for one in done(people.aud.get("/alarms?closed=yes&limit=1"))["items"]] == [alarm["id"]]
    assert alarm["id"] not in people.aud.get("/alarms").text


def test_how_it_stood_is_told_as_known_then_and_as_known_now(people: People, gate: str) -> None:
    """A sensor says late that the gate had been open: then it was idle, and now it is known to have been owed."""
    done(people.sam.post(f"/stations/{gate}/state", json={"state": "shut"}))
    count = {"group": ["olu.api@heard.example"], "station": gate, "at_least": 1}
    guard = {"state": gate, "is": "open"}
    owed = arms(people, gate, op="keep", count=count, gap_s=3600, **{"while": guard})
    left_at = recorded_at(people, people.olu.post(f"/stations/{gate}/presence", json={"present": False}))
    since, at = now.text(left_at + timedelta(milliseconds=50)), left_at + timedelta(milliseconds=100)
    time.sleep(0.5)
    done(people.sam.post(f"/stations/{gate}/state", json={"state": "open", "since": since}))
    asked = {"at": now.text(at)}
    told = wait_until(lambda: done(people.aud.get(f"/obligations/{owed}/instances", params=asked)))
    assert [one["state"] for one in told["then"]] == ["IDLE"]
    assert [one["state"] for one in told["now"]] == ["DUE"]
    as_then = done(people.aud.get(f"/obligations/{owed}/instances", params={**asked, "known": now.text(at)}))
    assert as_then["then"] == as_then["now"]
    assert all(one["of"] == [] for one in told["now"]), "of presence nobody is named"
    early = people.aud.get(f"/obligations/{owed}/instances", params={"at": "2020-01-01T00:00:00Z"})
    assert early.status_code == 422
    for wrong in ("soon", "2020-01-01T00:00:00", "9999-12-31T23:59:59Z"):
        assert people.aud.get(f"/obligations/{owed}/instances", params={"at": wrong}).status_code == 422
    done(people.sam.post(f"/obligations/{owed}/stand_down", json={"reason": "Only tried."}))


def test_it_is_suspended_by_two_who_have_signed_in_and_ended_by_one_token(people: People, gate: str) -> None:
    """Two tokens may be in one hand."""
    sam, tam = (in_session(people.server, f"{name}.api@heard.example") for name in ("sam", "tam"))
    for one in (sam, tam):
        one.base_url = people.server.address + API
        people.opened.append(one)
    owed = arms(people, gate, op="every", do="check", period_s=3600, where={"post": gate}, **{"while": {"duty": gate}})
    asked = {"until": now.text(now.utc() + timedelta(hours=1)), "reason": "The gate is rebuilt."}
    by_token = people.sam.post(f"/obligations/{owed}/suspensions", json=asked)
    assert by_token.status_code == 403 and "No token may do this" in by_token.json()["detail"]
    assert sam.post(f"/obligations/{owed}/suspensions", json={**asked, "until": None}).status_code == 422
    made = done(sam.post(f"/obligations/{owed}/suspensions", json=asked))["id"]
    assert sam.post(f"/suspensions/{made}/agreement", json={}).status_code == 403
    by_token = people.tam.post(f"/suspensions/{made}/agreement", json={})
    assert by_token.status_code == 403 and "No token may do this" in by_token.json()["detail"]
    not_theirs = people.aud.post(f"/suspensions/{made}/agreement", json={})
    assert not_theirs.status_code == 403 and "token" not in not_theirs.json()["detail"]
    done(tam.post(f"/suspensions/{made}/agreement", json={}))
    [one] = done(people.aud.get(f"/obligations/{owed}"))["suspensions"]
    assert (one["stands"], one["agreed_by"], one["reason"]) == (
        "in force",
        "tam.api@heard.example",
        "The gate is rebuilt.",
    )
    done(people.sam.post(f"/suspensions/{made}/ending", json={"reason": "It was opened."}))
    [one] = [one for one in done(people.aud.get("/suspensions"))["items"] if one["id"] == made]
    assert one["stands"] == "ended"
    done(people.sam.post(f"/obligations/{owed}/stand_down", json={"reason": "Only tried."}))


def test_what_is_sent_twice_is_done_once_and_a_token_that_reads_writes_nothing(
    people: People, gate: str, server: Server
) -> None:
    reads = open_house(server.data)
    people.house = reads
    reader = people.signs_in("sam", "supervisor", "read")
    reads.close()
    assert reader.get("/stations").status_code == 200
    for path, body in (("deeds", {}), ("orders", {"title": "A", "text": "B"}), ("obligations", {})):
        assert reader.post(f"/stations/{gate}/{path}", json=body).status_code in (403, 422)
    assert reader.post(f"/stations/{gate}/deeds", json={}).status_code == 403
    key = {"Idempotency-Key": "the-third-order"}
    sent = {"title": "Another", "text": "Wave."}
    first, again = (people.sam.post(f"/stations/{gate}/orders", json=sent, headers=key) for _ in range(2))
    assert done(first) == done(again) and again.headers["Idempotent-Replayed"] == "true"
    done(people.sam.post(f"/orders/{first.json()['id']}/withdrawal", json={"reason": "Only tried."}))


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"good_for_s": 1e300}, "up to a year"),
        ({"good_for_s": -1}, "up to a year"),
        ({"since": "2001-01-01T00:00:00Z"}, "last three days"),
        ({"since": "2101-01-01T00:00:00Z"}, "last three days"),
    ],
)
def test_a_state_that_no_sensor_says_is_refused(people: People, gate: str, body: dict[str, Any], why: str) -> None:
    answer = people.sam.post(f"/stations/{gate}/state", json={"state": "open", **body})
    assert answer.status_code == 422 and why in answer.json()["detail"]
