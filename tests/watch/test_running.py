"""The clocks run in a real server, and what falls due while it is dead is recorded once, with its true time."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from heard.opening import open_house
from heard.watch.entries import AlarmRaised
from tests.server import Server, running
from tests.waiting import wait_until
from tests.watch.hand import Hand


def raised(data: Path) -> list[tuple[datetime, datetime]]:
    """When each alarm was due and when it was recorded, as the journal has it."""
    house = open_house(data)
    try:
        entries = [one for one in house.journal.all() if isinstance(one.body, AlarmRaised)]
        return [(one.body.lapsed_at, one.at) for one in entries if isinstance(one.body, AlarmRaised)]
    finally:
        house.close()


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Server]:
    with running(tmp_path / "data") as server:
        yield server


def test_what_falls_due_is_recorded_within_a_fraction_of_a_second(alone: Server) -> None:
    sam = Hand(alone)
    station = sam.station("Post 7")
    ping = sam.source(station, "The camera")
    assert alone.reader.get(ping).text == "OK"
    sam.arms(station, "ping", "1 s", title="The camera is silent")
    time.sleep(1.6)
    [(due_at, recorded_at)] = raised(alone.data)
    assert timedelta() <= recorded_at - due_at < timedelta(seconds=0.5)
    assert "Post 7: The camera is silent" in alone.client.get("/watch/").text
    assert "alarm_recorded" in "".join(alone.said)
    assert "Post 7" not in "".join(alone.said) and "camera" not in "".join(alone.said), "logs have ids only"


def test_what_falls_due_while_nobody_watches_is_raised_once_with_the_instant_it_was_due(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running(data) as server:
        sam = Hand(server)
        station = sam.station("Post 7")
        assert server.reader.get(sam.source(station, "The camera")).text == "OK"
        sam.arms(station, "ping", "2 s", title="The camera is silent")
        kill_app(server)
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait(10)
    time.sleep(2.5)
    assert raised(data) == []
    with running(data) as again:
        end = time.monotonic() + 10
        while not (found := raised(data)) and time.monotonic() < end:
            time.sleep(0.05)
        [(due_at, recorded_at)] = found
        assert recorded_at - due_at > timedelta(seconds=0.4)
        kill_app(again)  # the supervisor starts another, which finds it recorded
        wait_until(lambda: answers(again))
        assert "The camera is silent" in again.client.get("/watch/").text
        time.sleep(1.2)
        assert raised(data) == [(due_at, recorded_at)]


def answers(server: Server) -> bool:
    """A request that was in the hands of an app when it was killed is answered by nobody."""
    try:
        return server.reader.get("/healthz").status_code == 200
    except httpx2.TransportError:
        return False


def kill_app(server: Server) -> None:
    pids = re.findall(r"child_started child=app pid=(\d+)", "".join(server.said))
    os.kill(int(pids[-1]), signal.SIGKILL)


def test_the_live_answer_waits_for_a_change_and_tells_where_it_stands(alone: Server) -> None:
    sam = Hand(alone)
    station = sam.station("Post 7")
    ping = sam.source(station, "The camera")
    changed = alone.client.get("/watch/live?after=0").json()["changed"]
    assert alone.reader.get(ping).text == "OK"
    told = alone.client.get(f"/watch/live?after={changed}").json()
    assert told["changed"] > changed


@pytest.mark.parametrize(
    ("said", "status", "answer", "sort"),
    [
        ("", 200, "OK", "pinged"),
        ("/start", 200, "OK", "began"),
        ("/fail", 200, "OK", "said that it failed"),
        ("/log", 200, "OK", "sent a note"),
        ("/0", 200, "OK", "pinged"),
        ("/7", 200, "OK", "said that it failed"),
        ("/256", 400, "invalid url format", ""),
        ("/started", 400, "invalid url format", ""),
    ],
)
def test_pings_are_those_of_healthchecks(server: Server, said: str, status: int, answer: str, sort: str) -> None:
    sam = Hand(server)
    station = sam.station(f"Post {said}")
    ping = sam.source(station, "The camera") + said
    for method in ("GET", "HEAD", "POST"):
        told = server.reader.request(method, ping, content=b"some output" if method == "POST" else None)
        assert (told.status_code, told.text) == (status, "" if method == "HEAD" else answer)
    page = server.client.get(f"/watch/{station}/").text
    assert (f"The camera: {sort}" if sort else "has never pinged") in page


def test_an_address_that_is_none_is_not_found(server: Server) -> None:
    told = server.reader.get("/ping/7d2f4c7e-1111-4111-8111-111111111111")
    assert (told.status_code, told.text) == (404, "not found")


def test_nobody_sees_the_watch_who_has_not_signed_in(server: Server) -> None:
    for address in (
        "/watch/",
        "/watch/mine/",
        "/watch/stations/x/",
        "/watch/orders/x/",
        "/watch/alarms/x/",
        "/watch/live",
    ):
        told = server.reader.get(address, follow_redirects=False)
        assert (told.status_code, told.headers["location"]) == (303, "/desk/sign-in/"), address
