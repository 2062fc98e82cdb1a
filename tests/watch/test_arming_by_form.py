"""On a running server: every sort of the form is armed, is watched again after a kill, and rings or not as it must."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest

from heard.accounts import commands as account_commands
from heard.engine import now
from heard.opening import open_house
from heard.signing_in import token_for
from heard.watch.arming_page import ALL_SORTS
from heard.watch.entries import ObligationArmed
from tests.server import Server, running
from tests.waiting import wait_until
from tests.watch.hand import Hand, in_session


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("armed") / "data") as server:
        yield server


def another(server: Server, email: str, role: str = "supervisor") -> httpx2.Client:
    """Somebody else who leads."""
    house = open_house(server.data)
    house.node.do(account_commands.add_account(email, role), by="operator")  # type: ignore[arg-type]
    token = token_for(house, email, "write")
    house.close()
    return httpx2.Client(base_url=server.address, headers={"Authorization": f"Bearer {token}"}, timeout=30)


def fields(page: str, sort: str, me: str, other: str) -> dict[str, str]:
    """What somebody fills in on the page of a sort: only fields that it has."""
    order, source = (
        re.findall(r'name="order"><option value="(\w+)"', page),
        re.findall(r'name="source"><option value="(\w+)"', page),
    )
    known = {
        "title": f"It is owed: {sort}", "within": "2 h", "deed": f"{sort} made", "begins": "letter received",
        "days": "56", "working_day": "3", "by": "23:59", "order": order[0] if order else "", "wait": "5 s",
        "grace": "1 min", "clear_after": "30 s", "climbs_on": "10 min", "source": source[0] if source else "",
        "supervisor": me, "to_1": me, "after_1": "0 s", f"in-{me}": "on", f"at-{other}": "on", "sort": sort,
        "page": "arming", "at_least": "1", "state": "",
    }  # fmt: skip
    named = set(re.findall(r'name="([\w-]+)"', page))
    assert {"title", "wait", "grace", "climbs_on", "supervisor", "to_1"} <= named
    return {name: value for name, value in known.items() if name in named}


def test_every_sort_is_armed_by_its_form_and_is_watched_again_after_a_kill(alone: Server) -> None:
    hand = Hand(alone)
    station, other = hand.station("Post 7"), hand.station("Post 8")
    me = hand.me(station)
    arming = f"{station}/arming/"
    for sort in ALL_SORTS:
        assert hand.page(f"{arming}?sort={sort}").count("<form") == 2
        empty = hand.client.post(f"/watch/{station}/arm", data={"sort": sort, "title": "Too early", "page": "arming"})
        assert empty.status_code == 422 and 'role="alert"' in empty.text, sort
        assert ("Too early" in empty.text) and ALL_SORTS[sort] in empty.text, "what was typed is kept"
    assert armed(alone.data) == []
    hand.does(f"{station}/post", holder=me)
    hand.does(f"{station}/publish", title="The gate", text="Stay near.")
    [order] = set(re.findall(r"/watch/(orders/\w+)/", hand.page(f"{station}/")))
    hand.does(f"{order}/acknowledge", version="1")
    hand.does(f"mine/{station[9:]}/begin")
    hand.does(f"mine/{station[9:]}/here")
    hand.does(f"{station}/tag", name="By the hinge")
    assert alone.reader.get(hand.source(station, "The camera")).text == "OK"
    for sort in ALL_SORTS:
        page = hand.page(f"{arming}?sort={sort}")
        hand.does(f"{station}/arm", **fields(page, sort, me, other[9:]))
    written = {one["op"] + "/" + str(one.get("do", "")) for one in armed(alone.data)}
    assert written >= {"by/ack", "keep/", "every/check", "every/check-in", "every/ping", "before/", "each/ping"}
    assert all(one["grace_s"] == 60 and one["wait_s"] == 5 and one["ack_timeout_s"] == 600 for one in armed(alone.data))
    assert sum(one.get("clear_after_s") == 30 for one in armed(alone.data)) == 2
    clocks = running_clocks(hand)
    assert len(clocks) >= 8
    kill_app(alone)
    wait_until(lambda: alone.reader.get("/healthz").status_code == 200, 30)
    wait_until(lambda: "nothing watches" not in hand.page(""), 30)
    assert running_clocks(hand) == clocks
    assert "watch_stopped" not in "".join(alone.said)
    assert "<p>Nothing is watched here" not in hand.page(f"{other}/"), "the rounds go by there as well"


def running_clocks(hand: Hand) -> list[tuple[str, str]]:
    return sorted(re.findall(r'<tr><td><time datetime="([^"]+)">.*?<td>(It is owed: [\w-]+)', hand.page("")))


def armed(data: Path) -> list[dict[str, object]]:
    house = open_house(data)
    try:
        return [one.body.written for one in house.journal.all() if isinstance(one.body, ObligationArmed)]
    finally:
        house.close()


def kill_app(server: Server) -> None:
    pids = re.findall(r"child_started child=app pid=(\d+)", "".join(server.said))
    os.kill(int(pids[-1]), signal.SIGKILL)


def test_two_people_suspend_it_every_page_says_so_and_it_ends_by_itself(alone: Server) -> None:
    hand, by_token = Hand(alone), another(alone, "tam@heard.example")
    ada, tam = in_session(alone), in_session(alone, "tam@heard.example")
    station = hand.station("Post 9")
    assert alone.reader.get(hand.source(station, "The camera")).text == "OK"
    hand.arms(station, "ping", "1 s", title="The camera is silent")
    wait_until(lambda: "Lapsed" in hand.page(f"{station}/"))
    [obligation] = set(re.findall(r'name="obligation" value="(\w+)"', hand.page(f"{station}/")))
    until = now.utc() + timedelta(seconds=6)
    asked = {"obligation": obligation, "until": until.isoformat(), "how": "waive"}
    whole = {**asked, "reason": "The mast is <painted>"}
    assert_by_no_token(hand.client.post(f"/watch/{station}/suspend", data=whole))
    refused = ada.post(f"/watch/{station}/suspend", data={**asked, "reason": ""})
    assert refused.status_code == 422 and "reason is missing" in refused.text
    assert ada.post(f"/watch/{station}/suspend", data=whole).status_code == 303
    page = hand.page(f"{station}/")
    [suspension] = set(re.findall(r'name="suspension" value="(\w+)"', page))
    assert "The mast is &lt;painted&gt;" in page and "agree-to-suspend" not in page and "Not watched now" not in page
    assert_by_no_token(by_token.post(f"/watch/{station}/agree-to-suspend", data={"suspension": suspension}))
    alone_agrees = ada.post(f"/watch/{station}/agree-to-suspend", data={"suspension": suspension})
    assert alone_agrees.status_code == 422 and "another person" in alone_agrees.text
    assert tam.post(f"/watch/{station}/agree-to-suspend", data={"suspension": suspension}).status_code == 303
    for address in ("", "mine/", f"{station}/", f"{station}/arming/"):
        assert "Not watched now, by two people" in hand.page(address), address
    wait_until(lambda: "(suspended)" in hand.page(f"{station}/"))
    assert "Suspended in part" in hand.page("")
    wait_until(lambda: "Not watched now" not in hand.page(f"{station}/"), 30)
    wait_until(lambda: "goes on" in hand.page(f"{station}/"), 30)
    assert "It ended by itself." in hand.page(f"{station}/")
    for one in (ada, tam, by_token):
        one.close()


def assert_by_no_token(answer: httpx2.Response) -> None:
    assert answer.status_code == 403 and "No token may do this" in answer.text


def test_what_is_watched_at_one_station_is_not_armed_anew_from_another(alone: Server) -> None:
    hand = Hand(alone)
    here, there = hand.station("Post 11"), hand.station("Post 12")
    me = hand.me(here)
    asked = {"sort": "check", "within": "2 h", "supervisor": me, "to_1": me}
    hand.does(f"{here}/arm", title="Checked here", **asked)
    watched = alone.client.get("/api/v1/watch/obligations", params={"station": here.split("/")[1]}).json()["items"]
    of_here = {"obligation": watched[0]["id"], "title": "Checked there", **asked}
    refused = hand.client.post(f"/watch/{there}/arm", data=of_here)
    assert refused.status_code == 422 and "no such obligation at this station" in refused.text
    assert "Checked here" in hand.page(f"{here}/") and "Checked there" not in hand.page(f"{there}/")
    hand.does(f"{here}/arm", **{**of_here, "title": "Checked again"})
    assert "Checked again" in hand.page(f"{here}/")


def test_a_deed_is_said_to_be_done_by_its_name(alone: Server) -> None:
    hand = Hand(alone)
    station = hand.station("Post 10")
    assert 'name="deed"' not in hand.page(f"{station}/")
    me = hand.me(station)
    asked = {"sort": "month", "deed": "Monthly  Report", "working_day": "3", "supervisor": me, "to_1": me}
    hand.does(f"{station}/arm", title="No report", **asked)
    assert "<option>monthly report</option>" in hand.page(f"{station}/")
    hand.does(f"{station}/deed", deed="monthly report", ref=now.today().isoformat()[:7])
    answer = hand.client.post(f"/watch/{station}/deed", data={"deed": "ack"})
    assert answer.status_code == 422 and "Nothing of that name" in answer.text
