"""A list that is longer than a page says so and leads to all of it; how a station stands all of its alarms tell."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from heard.engine import now
from heard.engine.entry import Body, Draft
from heard.engine.errors import NotFound
from heard.engine.node import Decision
from heard.engine.projection import Tables
from heard.opening import House, open_house
from heard.watch import commands, period, projection, suspensions
from heard.watch.entries import (
    AlarmAcknowledged,
    AlarmCleared,
    AlarmClosed,
    AlarmRaised,
    ObligationArmed,
    SuspensionAsked,
)
from heard.watch.shown import board
from tests.server import Server, running

MANY = 230


def long(house: House) -> tuple[str, str]:
    """A station with so many alarms to be closed and as many that were, and one whose alarm is the newest of all."""

    def writes(*drafts: tuple[str, Body]) -> None:
        house.node.do(lambda _: Decision(tuple(Draft(*one) for one in drafts), ()), by="sam")

    busy, quiet = (house.node.do(commands.set_station(code), by="sam").stream for code in ("Post 7", "Post 8"))
    at = now.utc() - timedelta(days=2)
    armed = ObligationArmed(
        busy, 1, "The check", {"op": "every", "do": "check", "period_s": 9e6, "escalate": []}, "sam", (busy,)
    )
    writes(("owed", armed))
    for n in range(MANY):
        over = AlarmCleared(at, "restored")
        raised = [(f"{state}-{n}", AlarmRaised("owed", 1, busy, "lapse", str(n), at)) for state in ("over", "closed")]
        writes(*raised, *((id, over) for id, _ in raised), (f"closed-{n}", AlarmClosed("seen")))
        at += timedelta(seconds=1)
        writes(("owed", SuspensionAsked(f"suspension-{n}", 1, at, at + timedelta(seconds=1), "pause", "Why")))
    writes(("newest", AlarmRaised("owed", 1, quiet, "lapse", "last", at)))
    writes(("seen", AlarmRaised("owed", 1, quiet, "unproven", "seen", at)), ("seen", AlarmAcknowledged()))
    return busy, quiet


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, str, str]]:
    data = tmp_path_factory.mktemp("long") / "data"
    house = open_house(data, synchronous="OFF")
    busy, quiet = long(house)
    house.close()
    with running(data) as server:
        yield server, busy, quiet


def test_a_station_whose_alarm_is_the_newest_of_many_is_told_to_be_in_alarm(house: House) -> None:
    """The hundred oldest were all that was looked at."""
    _, quiet = long(house)
    shown = board(house.tables, None, now.utc())
    assert {one.station.id: one.stands for one in shown.stations}[quiet] == "alarm"
    assert [one.id for one in shown.alarms[:2]] == ["newest", "seen"], "what nobody sees to comes first"
    assert (len(shown.alarms), shown.in_all) == (100, MANY + 2)
    assert projection.going_on(house.tables) == {quiet: {"lapse", "unproven"}}


class Explaining:
    """Tables that say how they look for what they are asked."""

    def __init__(self, tables: Tables) -> None:
        self.tables, self.plans = tables, list[str]()

    def execute(self, statement: str, bindings: Any = ()) -> Any:
        self.plans += [str(row[3]) for row in self.tables.execute(f"EXPLAIN QUERY PLAN {statement}", bindings)]
        return self.tables.execute(statement, bindings)


def test_what_is_not_closed_is_found_without_a_look_at_years_of_what_was(house: House) -> None:
    """A board is looked at every few seconds, by everybody, in the loop that rings."""
    long(house)
    tables: Any = Explaining(house.tables)
    assert len(projection.alarms(tables)) == 100 and projection.how_many_alarms(tables) == MANY + 2
    assert projection.alarms_after(tables, "", False, "", 3) and projection.going_on(tables)
    assert len(tables.plans) >= 4 and not [one for one in tables.plans if one.startswith("SCAN")], tables.plans


def followed(server: Server, address: str) -> list[str]:
    """The ids of everything that a list of the API leads to."""
    found, next_one = list[str](), address
    while next_one:
        answer = server.client.get(next_one)
        assert answer.status_code == 200, answer.text
        found += [one["id"] for one in answer.json()["items"]]
        next_one = answer.json()["next"]
    return found


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        ("alarms?limit=50", MANY + 2),
        ("alarms?limit=50&closed=yes", 2 * MANY + 2),
        ("alarms?limit=7&closed=yes&station={quiet}", 2),
        ("suspensions?limit=50", MANY),
    ],
)
def test_a_list_of_the_api_leads_to_all_of_it(served: tuple[Server, str, str], address: str, wanted: int) -> None:
    server, _, quiet = served
    found = followed(server, "/api/v1/watch/" + address.format(quiet=quiet))
    assert len(found) == len(set(found)) == wanted


def test_a_list_goes_on_though_the_one_before_was_closed_meanwhile_and_after_nothing_it_does_not(house: House) -> None:
    long(house)
    first = projection.alarms_after(house.tables, "", False, "", 3)
    house.node.do(lambda _: Decision((Draft(first[-1].id, AlarmClosed("seen")),), ()), by="sam")
    further = projection.alarms_after(house.tables, "", False, first[-1].id, 3)
    assert not {one.id for one in first} & {one.id for one in further} and len(further) == 3
    with pytest.raises(NotFound):
        suspensions.of_all(house.tables, "none", 3)


def test_after_what_is_none_a_list_says_so_and_does_not_end(served: tuple[Server, str, str]) -> None:
    for what in ("alarms", "suspensions"):
        assert served[0].client.get(f"/api/v1/watch/{what}?after=none").status_code == 404


def led_to(server: Server, address: str, words: str, ids: Callable[[str], list[str]]) -> tuple[list[str], int]:
    """What all pages of a list show, one after the other, and how many they were."""
    found, pages, query = list[str](), 0, "?"
    while query:
        page = server.client.get(address + query).text
        found, pages = found + ids(page), pages + 1
        link = re.search(rf'<p class="also further"><a href="([^"]+)">[^<]*{words}', page)
        query = link[1] if link else ""
    return found, pages


def test_the_pages_lead_to_all_of_it(served: tuple[Server, str, str]) -> None:
    server, busy, _ = served
    station = f"/watch/stations/{busy}/"
    found, pages = led_to(server, "/watch/", "more", lambda page: re.findall(r'id="alarm-([\w-]+)"', page))
    assert (len(set(found)), len(found), pages) == (MANY + 2, MANY + 2, 3)
    assert f"{MANY + 2} alarms to be closed" in server.client.get("/watch/").text
    found, pages = led_to(server, station, "More alarms", lambda page: re.findall(r'id="alarm-([\w-]+)"', page))
    assert (len(set(found)), pages) == (MANY, 3)
    of_closed = led_to(
        server, station, "Alarms that were closed", lambda page: re.findall(r"alarms/(closed-\d+)/", page)
    )
    assert (len(set(of_closed[0])), of_closed[1]) == (MANY, 5)
    asked = led_to(server, station, "Earlier suspensions", lambda page: re.findall(r"Was asked for; nobody", page))
    assert (len(asked[0]), asked[1]) == (MANY, 5)


def test_the_table_of_what_lapsed_has_all_of_it(house: House) -> None:
    long(house)
    day = now.today() - timedelta(days=3)
    asked = (house.journal, house.tables, day, now.today(), {})
    short = asyncio.run(period.report(*asked, most=5))
    assert (len(short.lapsed), short.more) == (7, 2 * MANY + 2 - 7), "five of one station and both of the other"
    assert len(asyncio.run(period.report(*asked, most=10**9)).lapsed) == 2 * MANY + 2


def most_at_once(house: House, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many alarms a report reads between two turns of somebody else."""
    long(house)
    since_turn, most = [0], [0]

    def counted(reads: Any) -> Any:
        def read(*asked: Any) -> Any:
            since_turn[0] += 1
            most[0] = max(most[0], since_turn[0])
            return reads(*asked)

        return read

    async def ticks() -> None:
        while True:
            since_turn[0] = 0
            await asyncio.sleep(0)

    async def reported() -> None:
        ticking = asyncio.ensure_future(ticks())
        day = now.today() - timedelta(days=3)
        await period.report(house.journal, house.tables, day, now.today(), {}, most=10**9)
        ticking.cancel()

    monkeypatch.setattr(projection, "alarm", counted(projection.alarm))
    monkeypatch.setattr(house.journal.store, "stream", counted(house.journal.store.stream))
    asyncio.run(reported())
    return most[0]


def test_a_report_of_very_many_alarms_lets_everybody_else_have_a_turn(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert most_at_once(house, monkeypatch) <= 2 * 100


def test_control_one_that_reads_all_of_them_in_one_go_is_caught(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(period, "AT_ONCE", 10**9)
    assert most_at_once(house, monkeypatch) > MANY
