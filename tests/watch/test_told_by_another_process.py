"""What another process wrote, and folded too, is heard by the watch of the server."""

from __future__ import annotations

import time

from heard.accounts import projection as accounts
from heard.accounts.commands import OPERATOR
from heard.engine.node import Command
from heard.opening import open_house
from heard.watch import arming, commands, projection
from tests.server import Server

#: The watch looks once a second by itself.
WITHIN_S = 5


def test_what_a_command_armed_rings(server: Server) -> None:
    assert "Watching since" in server.client.get("/watch/").text  # else it would hear all of it as it begins
    house = open_house(server.data, synchronous="OFF")

    def do(command: Command) -> str:
        return house.node.do(command, by=OPERATOR).stream

    house.node.catch_up()
    me = accounts.by_email(house.tables, "admin@heard.example").id
    station = do(commands.set_station("Post 7"))
    do(commands.post_holder(station, me))
    do(commands.begin_duty(station, me))
    written = arming.written_from(station, {"sort": "check", "within": "0.1 s", "to_1": me}, [])
    do(arming.arm(station, "Nobody checked", written, me))
    end = time.monotonic() + WITHIN_S
    while not projection.alarms(house.tables, station):
        assert time.monotonic() < end, "nothing rang"
        time.sleep(0.05)
        house.node.catch_up()
    house.close()
