"""Real senders to a real server: OwnTracks, Traccar's JSON, batches of a site, the gate's state, pytak over TCP."""

from __future__ import annotations

import asyncio
import base64
import re
import socket
from collections.abc import Iterator
from configparser import ConfigParser
from datetime import timedelta
from typing import Any

import msgspec
import pytak
import pytest
from pytak.functions import cot_point

from tests.server import Server, running
from tests.watch.hand import Hand
from tests.watch.phone import LAT, METRE, clock, on_duty, phone
from tests.watch.test_positions import told, waits_for


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


@pytest.fixture(scope="module")
def listening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, int]]:
    port = free_port()
    with running(tmp_path_factory.mktemp("cot") / "data", "--cot", f"127.0.0.1:{port}") as server:
        yield server, port


def stamp() -> str:
    return clock().isoformat()


def test_owntracks_by_its_password(server: Server) -> None:
    sam = Hand(server)
    station = on_duty(sam, "Way 1")
    secret = phone(sam).secret
    basic = "Basic " + base64.b64encode(f"anybody:{secret}".encode()).decode()
    fix = {
        "_type": "location",
        "tid": "p1",
        "tst": int(clock().timestamp()),
        "lat": LAT,
        "lon": 0.0,
        "acc": 4,
        "t": "t",
    }
    answer = server.reader.post("/fixes", json=fix, headers={"Authorization": basic, "X-Limit-U": "sam"})
    assert (answer.status_code, answer.json()) == (200, [])
    assert told(server, station) == []  # the second that it names began before the duty did
    fix["tst"] = int(clock().timestamp()) + 1
    assert server.reader.post("/fixes", json=fix, headers={"Authorization": basic}).json() == []
    assert told(server, station) == [(True, "")]
    assert server.reader.post("/fixes", json={"_type": "lwt", "tst": 1}, headers={"Authorization": basic}).json() == []
    assert told(server, station) == [(True, ""), (None, "lost")]


def test_traccar_client_by_json(server: Server) -> None:
    sam = Hand(server)
    station = on_duty(sam, "Way 2")
    coords = {"latitude": LAT, "longitude": 0.0, "accuracy": 4, "speed": 0, "heading": -1, "altitude": 12}
    body = {"device_id": "any", "location": {"timestamp": stamp(), "coords": coords}}
    answer = server.reader.post(f"/fixes/{phone(sam).secret}", json=body)
    assert answer.json() == {"read": 1, "kept": 1, "unknown": 0}
    assert told(server, station) == [(True, "")]


def feed(hand: Hand, station: str) -> tuple[str, str]:
    """A site's own feed: its id and its secret."""
    page = hand.does(f"{station}/feed", name="The site").text
    return re.findall(r'name="feed"><option value="(\w+)"', page)[0], re.findall(r"/fixes/(\w{40})</code>", page)[0]


def lines(*said: dict[str, Any]) -> bytes:
    return b"\n".join(msgspec.json.encode(one) for one in said)


def test_a_site_tells_of_its_devices_and_its_gate(server: Server) -> None:
    sam = Hand(server)
    station = on_duty(sam, "Way 3")
    id, secret = feed(sam, station)
    sam.does(f"{station}/device", feed=id, device="radio-7", holder=sam.me(station))
    said = [
        {"kind": "position", "who": "radio-7", "t": stamp(), "lat": LAT + n * METRE, "lon": 0.0, "acc": 4}
        for n in range(4)
    ]
    said.append({"kind": "position", "who": "radio-8", "t": stamp(), "lat": LAT, "lon": 0.0, "acc": 4})
    said.append({"kind": "state", "thing": "gate", "value": "open", "ttl_s": 600})
    sort = {"Content-Type": "application/x-ndjson"}
    answer = server.reader.post(f"/fixes/{secret}", content=lines(*said), headers=sort)
    assert answer.json() == {"read": 6, "kept": 4, "unknown": 1}
    assert told(server, station) == [(True, "")]
    assert "It is open" in sam.page(f"{station}/")
    wrong = server.reader.post(f"/fixes/{secret}", content=lines(said[0], {"kind": "position", "lat": 1}), headers=sort)
    assert wrong.status_code == 400 and "Line 2" in wrong.text and "Nothing was kept" in wrong.text
    sam.does(f"{station}/end-feed", feed=id)
    assert server.reader.post(f"/fixes/{secret}", content=lines(*said), headers=sort).status_code == 404


def test_late_fixes_of_a_store_clear_an_alarm_as_late_evidence(server: Server) -> None:
    """The phone had no line for 9 s; it was there all the time, and says so at once when it has one again."""
    sam = Hand(server)
    station = on_duty(sam, "Way 4", good_for="5 s")
    carried = phone(sam)
    carried.says(3)
    began = clock()
    sam.arms(station, "present", "1 s", title="The way is kept")
    waits_for("Not known to be kept", sam, "", 15)
    [alarm] = set(re.findall(r"/watch/(alarms/\w+)/", sam.page(f"{station}/")))
    for n in range(1, 8):
        carried.says(3, began + timedelta(seconds=n))
    carried.says(3)
    waits_for("late evidence", sam, f"{alarm}/")


async def _pytak(port: int, events: list[bytes]) -> None:
    """The real client: its own worker and queue, over TCP."""
    config = ConfigParser()
    config["mine"] = {"COT_URL": f"tcp://127.0.0.1:{port}"}
    tool = pytak.CLITool(config["mine"])
    await tool.setup()
    running_ = asyncio.ensure_future(tool.run())
    for event in events:
        await tool.tx_queue.put(event)
    await asyncio.sleep(1.5)
    running_.cancel()


def test_pytak_over_tcp_by_a_phones_secret_and_a_feeds(listening: tuple[Server, int]) -> None:
    server, port = listening
    sam = Hand(server)
    station = on_duty(sam, "Way 5")
    carried = phone(sam)

    def event(uid: str, metres: float, kind: str = "a-f-G-U-C") -> bytes:
        point = cot_point(LAT + metres * METRE, 0.0, ce=4, precision=7)
        times = {"time": stamp(), "start": stamp(), "stale": (clock() + timedelta(seconds=75)).isoformat()}
        said = " ".join(f'{name}="{value}"' for name, value in times.items())
        body = f'<event version="2.0" uid="{uid}" type="{kind}" how="m-g" {said}>'.encode()
        return body + _xml(point) + b"</event>"

    asyncio.run(_pytak(port, [event("somebody", 3), event(carried.secret, 3)]))
    assert told(server, station) == [(True, "")]
    id, secret = feed(sam, station)
    sam.does(f"{station}/device", feed=id, device="radio-9", holder=sam.me(station))
    asyncio.run(_pytak(port, [event("radio-9", 60), event(secret, 0, "t-x-c-t"), event("radio-9", 60)]))
    assert told(server, station) == [(True, ""), (False, "")]


def _xml(point: Any) -> bytes:
    from xml.etree import ElementTree

    return point if isinstance(point, bytes) else ElementTree.tostring(point)


def test_a_stream_that_is_none_is_closed_and_the_server_goes_on(listening: tuple[Server, int]) -> None:
    server, port = listening
    for words in (b"GET / HTTP/1.1\r\n\r\n", b"<!DOCTYPE x><event/>", b"\xbf\x01\xbf"):
        with socket.create_connection(("127.0.0.1", port), 5) as line:
            line.sendall(words)
            line.settimeout(5)
            assert line.recv(10) == b""
    assert server.reader.get("/healthz").status_code == 200


def test_neither_the_log_nor_any_file_has_a_place_or_a_secret(listening: tuple[Server, int]) -> None:
    server, _ = listening
    sam = Hand(server)
    on_duty(sam, "Way 6")
    carried = phone(sam)
    carried.says(3)
    log = "\n".join(server.said)
    assert carried.secret not in log and "52.00" not in log
    for path in server.data.rglob("*"):
        if path.is_file():
            assert carried.secret.encode() not in path.read_bytes(), path.name
