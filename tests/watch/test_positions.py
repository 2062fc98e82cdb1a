"""Phones tell a real server where they are: a change becomes an entry, and a gate that is left rings."""

from __future__ import annotations

import re
import time

import pytest

from heard.opening import open_house
from heard.watch.entries import PresenceTold
from tests.server import Server
from tests.watch.hand import Hand
from tests.watch.phone import on_duty, phone


def told(server: Server, station: str) -> list[tuple[bool | None, str]]:
    """What the journal says of presence by positions at a station."""
    house = open_house(server.data)
    try:
        bodies = [one.body for one in house.journal.stream(station.removeprefix("stations/"))]
    finally:
        house.close()
    return [(one.present, one.why) for one in bodies if isinstance(one, PresenceTold) and one.since_at]


def waits_for(words: str, hand: Hand, path: str, seconds: float = 30) -> str:
    end = time.monotonic() + seconds
    while words not in (page := hand.page(path)):
        assert time.monotonic() < end, re.sub(r"<[^>]+>", " ", page)
        time.sleep(0.05)
    return page


def test_a_gate_that_is_left_rings_by_positions_alone(server: Server) -> None:
    sam = Hand(server)
    station = on_duty(sam, "Lock 1")
    carried = phone(sam)
    assert carried.says(3).json() == {"read": 1, "kept": 1, "unknown": 0}
    sam.arms(station, "present", "1 s", title="The lock is kept")
    for _ in range(5):
        carried.says(4)
    assert told(server, station) == [(True, "")]
    carried.says(60)
    waits_for("Lapsed", sam, "")
    [alarm] = set(re.findall(r"/watch/(alarms/\w+)/", waits_for("alarm-", sam, f"{station}/")))
    assert "It lapsed" in sam.page(f"{alarm}/")
    carried.says(5)
    waits_for("restored", sam, f"{alarm}/")
    assert told(server, station) == [(True, ""), (False, ""), (True, "")]


def test_a_phone_that_falls_silent_is_not_known_from_the_instant_at_which_its_word_ends(server: Server) -> None:
    sam = Hand(server)
    station = on_duty(sam, "Lock 2", good_for="5 s")
    phone(sam).says(3)
    waits_for("nothing is heard from the phone", sam, f"{station}/")
    waits_for("nothing is heard from the phone", sam, "mine/")
    assert "of somebody on duty it is not known: nothing is heard from the phone" in sam.page("")
    assert told(server, station) == [(True, ""), (None, "silent")]


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"accuracy": ""}, "no error"),
        ({"valid": "0"}, "no error"),
        ({"mock": "true"}, "mock"),
        ({"accuracy": "40"}, "edge"),
        ({}, "ahead"),
    ],
)
def test_what_shows_nothing_is_never_present(server: Server, more: dict[str, str], why: str) -> None:
    if why == "ahead":  # of now, and not of when the tests were gathered
        more = {"timestamp": str(int(time.time()) + 600)}
    sam = Hand(server)
    station = on_duty(sam, f"Lock {why} {len(more.get('accuracy', ''))}")
    carried = phone(sam)
    carried.says(3, **more)
    page = sam.page("mine/")
    assert "It is not known whether you are here" in page
    assert told(server, station) == []  # it was not known before, and is not now
    carried.says(3)
    carried.says(3, **more)
    if why != "ahead":
        assert told(server, station)[-1] == (None, why)


def test_of_who_is_not_on_duty_nothing_is_kept(server: Server) -> None:
    sam = Hand(server)
    station = on_duty(sam, "Lock 3")
    carried = phone(sam)
    mine = station.replace("stations", "mine")
    sam.does(f"{mine}/end")
    assert carried.says(3).json()["kept"] == 0
    sam.does(f"{mine}/begin")
    assert carried.was(3, 30).json()["kept"] == 0, "it is of before the duty"
    assert carried.says(3).json()["kept"] == 1


def test_an_address_that_is_none_keeps_nothing(server: Server) -> None:
    assert server.reader.get("/fixes/" + "0" * 40, params={"id": "x", "lat": "52", "lon": "0"}).status_code == 404
    assert server.reader.get("/fixes", params={"id": "x", "lat": "52", "lon": "0"}).status_code == 404


def test_ones_own_word_does_not_go_before_the_phones(server: Server) -> None:
    sam = Hand(server)
    station = on_duty(sam, "Lock 4").replace("stations", "mine")
    sam.does(f"{station}/here")
    phone(sam).says(60)
    answer = server.client.post(f"/watch/{station}/here")
    assert answer.status_code == 422 and "Your phone says where you are" in answer.text


def test_a_read_of_positions_is_an_entry_and_its_person_sees_who_it_was(server: Server) -> None:
    sam = Hand(server)
    station = on_duty(sam, "Lock 5")
    phone(sam).says(3)
    refused = server.client.post(f"/watch/{station}/positions", data={"holder": sam.me(station), "reason": ""})
    assert refused.status_code == 422 and "Positions of" not in refused.text
    page = sam.does(f"{station}/positions", holder=sam.me(station), reason="The barge of this morning").text
    assert "52.000027, 0.000000" in page and "4 m" in page
    assert "The barge of this morning" in sam.page("mine/")
