"""Plans, an hour played again, and links for reading an order: over the API and by command, as on the pages."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from heard.cli import app
from heard.engine import now
from heard.engine.entry import Draft
from heard.engine.node import Decision
from heard.opening import open_house
from heard.watch.look_entries import RecordLookedAt
from heard.watch.looks import of_holder
from heard.watch.retention_entries import VerdictsErased
from tests.server import Server, running
from tests.watch.an_hour import Past, past
from tests.watch.hand import Hand
from tests.watch.test_plans import drawing


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Past]]:
    data = tmp_path_factory.mktemp("past") / "data"
    hour = past(data)
    with running(data) as server:
        yield server, hour


def test_a_replay_over_the_api_says_what_the_page_does_and_is_a_look(served: tuple[Server, Past]) -> None:
    server, hour = served
    at = f"/api/v1/watch/stations/{hour.station}/replay"
    told = server.client.get(at, params={"since": now.text(hour.since), "at": now.text(hour.told_at)}).json()
    [one] = [one for one in told["requirements"] if one["title"].endswith("present")]
    assert "unknown" in [it["says"] for it in one["then"]] and "unknown" not in [it["says"] for it in one["now"]]
    assert (one["then_in_all"], one["now_in_all"]) == (len(one["then"]), len(one["now"])), "none is cut unsaid"
    assert told["then"]["people"]["on_duty"] == 2 and told["then"]["says"].keys() == told["now"]["says"].keys()
    assert told["recorded_in_all"] >= len(told["recorded"]) > 5 and told["positions"] == "gone"
    assert "lat" not in str(told) and "52.0" not in str(told), "no place"
    house = open_house(server.data)
    house.node.catch_up()
    looks = [one for one in house.journal.all() if isinstance(one.body, RecordLookedAt) and one.body.what == "replay"]
    assert len(looks) == 1 and any(of_holder(house.tables, who)[0] for who in hour_holders(house.tables))
    house.close()
    for wrong in ({}, {"since": "x"}, {"since": "2999-01-01T00:00:00Z"}):
        assert server.client.get(at, params=wrong).status_code == 422, wrong


def hour_holders(tables: object) -> list[str]:
    return [who for (who,) in tables.execute("SELECT DISTINCT holder FROM roster")]  # type: ignore[attr-defined]


def test_plans_are_listed_with_their_stations_and_a_station_is_placed(served: tuple[Server, Past]) -> None:
    server, hour = served
    Hand(server)
    made = server.client.post("/watch/plans/", data={"name": "The site"}, files={"file": ("p.png", drawing(80, 40))})
    plan = made.headers["location"].split("/")[-2]
    at = f"/api/v1/watch/plans/{plan}"
    placed = server.client.post(f"{at}/place", json={"station": hour.station, "across": 25, "down": 50.5})
    assert placed.status_code == 201
    [listed] = server.client.get("/api/v1/watch/plans").json()["items"]
    assert listed == server.client.get(at).json()
    [station] = listed["stations"]
    assert (station["station"], station["across"], station["down"]) == (hour.station, 25.0, 50.5) and station["stands"]
    assert server.client.get(listed["picture"]).headers["content-type"] == "image/jpeg"
    for wrong in ({"station": hour.station, "across": 101, "down": 0}, {"station": "none", "across": 1, "down": 1}):
        assert server.client.post(f"{at}/place", json=wrong).status_code in (404, 422)
    assert server.client.post(f"{at}/off", json={"station": hour.station}).status_code == 201
    assert server.client.get(at).json()["stations"] == []


def test_a_link_made_over_the_api_and_one_by_command_open_the_order_once(served: tuple[Server, Past]) -> None:
    server, _ = served
    hand = Hand(server)
    station = hand.station("Post 9")
    hand.does(f"{station}/post", holder=hand.me(station))
    hand.does(f"{station}/publish", title="The gate", text="Stay near it.")
    [order] = set(re.findall(r"/watch/orders/(\w+)/", hand.page(f"{station}/")))
    at, asked = f"/api/v1/watch/orders/{order}/links", {"holder": "admin@heard.example"}
    assert server.client.post(at, json=asked).status_code == 422, "nobody has allowed it"
    assert server.client.post(f"/api/v1/watch/{station}/links", json={"allowed": True}).status_code == 201
    first = server.client.post(at, json=asked).json()["address"]
    assert "Stay near it." in server.reader.get(first.removeprefix(server.address)).text
    command = ["watch", "link", "post 9", "admin@heard.example", "--data", str(server.data)]
    ran = CliRunner().invoke(app, command)
    assert ran.exit_code == 0, ran.output
    [path] = re.findall(r"(/watch/read/[\w-]+/)", ran.output)
    assert server.reader.get(first.removeprefix(server.address)).status_code == 404, "another was made for them"
    assert server.reader.post(path).status_code in (200, 303)
    assert "acknowledged" in server.reader.get(path).text or "read version 1" in server.reader.get(path).text
    assert "Stay near it" not in CliRunner().invoke(app, command).output
    other = CliRunner().invoke(app, [*command, "--order", "Another"])
    assert other.exit_code != 0


def test_how_it_stood_says_up_to_when_something_of_it_may_be_destroyed(served: tuple[Server, Past]) -> None:
    server, hour = served
    at = f"/api/v1/watch/obligations/{hour.present}/instances"
    assert server.client.get(at).json()["erased_until"] is None
    house = open_house(server.data)
    house.node.do(lambda tables: Decision((Draft(hour.station, VerdictsErased(hour.left_at, (), ())),), ()), by="watch")
    house.close()
    assert server.client.get(at).json()["erased_until"] == now.text(hour.left_at)
