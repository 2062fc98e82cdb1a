"""A tag at a station: opened by a phone, confirmed by a person, and gone when it is ended."""

from __future__ import annotations

import re

from tests.server import Server
from tests.watch.hand import Hand
from tests.watch.phone import on_duty, phone


def tag(hand: Hand, station: str) -> str:
    page = hand.does(f"{station}/tag", name="By the hinge").text
    return re.findall(r"/watch/(tags/\w+/)</code>", page)[0]


def test_who_is_on_duty_checks_in_and_is_here(server: Server) -> None:
    sam = Hand(server)
    station = on_duty(sam, "Hinge 1")
    at = tag(sam, station)
    assert "Nothing is recorded until you press" in sam.page(at)
    assert "Say whether you are here" in sam.page("mine/") and "Nobody has checked here yet" in sam.page(f"{station}/")
    sam.does(at)
    assert "You said that you are here" in sam.page("mine/")
    assert "Last checked at" in sam.page(f"{station}/")


def test_a_check_in_does_not_go_before_the_phone(server: Server) -> None:
    sam = Hand(server)
    station = on_duty(sam, "Hinge 2")
    at = tag(sam, station)
    phone(sam).says(60)
    sam.does(at)
    assert "Your phone says that you are not here" in sam.page("mine/")


def test_a_tag_that_is_ended_and_one_that_never_was_are_none(server: Server) -> None:
    sam = Hand(server)
    station = on_duty(sam, "Hinge 3")
    at = tag(sam, station)
    [id] = re.findall(r'name="tag" value="(\w+)"', sam.page(f"{station}/"))
    sam.does(f"{station}/end-tag", tag=id)
    for path in (at, "tags/none/"):
        assert server.client.get(f"/watch/{path}").status_code == 404
        assert server.client.post(f"/watch/{path}").status_code == 404


def test_the_secret_of_a_tag_is_in_no_file_and_in_no_log(server: Server) -> None:
    sam = Hand(server)
    station = on_duty(sam, "Hinge 4")
    secret = tag(sam, station).split("/")[1]
    sam.does(f"tags/{secret}/")
    assert secret not in "\n".join(server.said)
    assert all(secret.encode() not in one.read_bytes() for one in server.data.rglob("*") if one.is_file())
