"""A promise with a day is watched by a press: the form of a station filled in, why it is watched, and the way back."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from pathlib import Path

import pytest

from heard.engine import now
from heard.engine.errors import HeardError
from heard.engine.node import Decision
from heard.opening import House, open_house
from heard.reports import commands, projection
from heard.watch import arming, evaluation, obligations, origins
from heard.watch import projection as watched
from heard.watch.entries import DeedDone
from heard.watch.standing import evidence_of
from tests.reports.register import line, read, table
from tests.server import Server
from tests.watch.hand import Hand

SLUG = "2021-0001"
BEGUN = DeedDone("promise made", SLUG)
PROMISE = "It will put a lamp at the harbour gate, & have it looked at."


@pytest.fixture
def promised(server: Server) -> str:
    """The address of the promise of a body, on a server; two others have a day that has passed, and none."""
    house = open_house(server.data)
    read(house, table(*(line(number) for number in range(1, 4))), "2021-06-01")
    report = projection.by_slug(house.tables, SLUG)
    for words, days in (("No day.", None), ("The day has passed.", -1), (PROMISE, 30)):
        due_on = None if days is None else now.today() + timedelta(days)
        house.node.do(commands.record_promise(report, "Harbour Board", words, "2", due_on), by="editor")
    house.close()
    return f"/desk/reports/promises/{SLUG}/3/"


def fields(page: str) -> dict[str, str]:
    """What the form would send, as it is filled in."""
    form = page[page.index('id="arming"') :]
    told = re.findall(r'<input [^>]*?name="([^"]+)"[^>]*?value="([^"]*)"', form)
    return {name: html.unescape(value) for name, value in told}


def test_a_promise_is_armed_by_two_presses_and_each_page_leads_to_the_other(server: Server, promised: str) -> None:
    hand = Hand(server)
    station = hand.station("Post 7", "Behind the old mill")
    of_it = station.removeprefix("stations/")
    desk = server.client.get("/desk/reports/").text
    assert html.escape(PROMISE, quote=False) in desk and "The day has passed." not in desk and "No day." not in desk
    assert f'action="{promised}"' in desk and f'value="{of_it}"' in desk
    page = server.client.get(promised, params={"station": of_it}).text
    form = fields(page)
    assert (form["days"], form["title"], form["station"]) == ("30", "Promised by Harbour Board", of_it)
    assert f'href="/reports/{SLUG}/"' in page
    nobody = server.client.post(promised, data=form)
    assert nobody.status_code == 422 and 'role="alert"' in nobody.text and fields(nobody.text)["days"] == "30"
    assert "Nothing is watched here" in hand.page(f"{station}/"), "and nothing was armed"
    me = hand.me(station)
    armed = server.client.post(promised, data={**form, "supervisor": me, "to_1": me})
    assert armed.headers["location"] == f"/watch/{station}/?done"
    there = hand.page(f"{station}/")
    assert "Promised by Harbour Board" in there and html.escape(PROMISE, quote=False) in there
    [report] = re.findall(r'href="(/reports/\w+/)">a report to prevent', there)
    assert "2021-0001" in server.page(report), "the page of the report, by its id"
    desk = server.client.get("/desk/reports/").text
    assert "It is watched" in desk and f'href="/watch/{station}/"' in desk and f'action="{promised}"' not in desk
    house = open_house(server.data)
    house.node.catch_up()
    [one] = watched.obligations(house.tables)
    assert one.written["days"] == 30 and origins.origin(house.tables, one.id).late_days is None, "nothing is public"
    begun = [entry.body for entry in house.journal.stream(of_it) if entry.kind == "watch.deed_done"]
    house.close()
    assert [(body.deed, body.ref) for body in begun] == [(f"promise {SLUG} 3 made", SLUG)]


def test_what_has_no_day_to_come_has_no_form(server: Server, promised: str) -> None:
    station = Hand(server).station("Post 7").removeprefix("stations/")
    answers = {}
    for number in ("1", "2", "4", "x", "3"):
        address = promised.replace("/3/", f"/{number}/")
        answers[number] = server.client.get(address, params={"station": station}).status_code
    assert answers == {"1": 404, "2": 422, "4": 404, "x": 404, "3": 200}
    assert server.client.get(promised, params={"station": "none"}).status_code == 404
    assert server.reader.get(promised, params={"station": station}).status_code in (303, 401, 403)


def test_why_it_is_watched_is_written_with_it_or_neither_is(house: House, tmp_path: Path) -> None:
    refused = arming.arm("none", "Promised", {"op": "by"}, "nobody")
    with pytest.raises(HeardError):
        house.node.do(origins.because(refused, "report1", "2", PROMISE, BEGUN), by="admin")
    nothing = origins.because(lambda tables: Decision((), ()), "report1", "2", PROMISE, BEGUN)
    assert nothing(house.tables).drafts == ()


def test_of_two_promises_each_is_begun_and_kept_by_itself(server: Server, promised: str) -> None:
    """They stand in one report and are armed at one station: to keep the one is not to keep the other."""
    house = open_house(server.data)
    house.node.catch_up()
    report, due_on = projection.by_slug(house.tables, SLUG), now.today() + timedelta(3)
    house.node.do(commands.record_promise(report, "Harbour Board", "And a bell.", "", due_on), by="editor")
    last = sum(entry.kind == "reports.promise_recorded" for entry in house.journal.stream(report))
    house.close()
    hand = Hand(server)
    station = hand.station("Post 7", "Behind the old mill")
    me, of_it = hand.me(station), station.removeprefix("stations/")
    for address in (promised.replace("/3/", f"/{number}/") for number in (last - 1, last)):
        form = fields(server.client.get(address, params={"station": of_it}).text)
        armed = server.client.post(address, data={**form, "supervisor": me, "to_1": me})
        assert armed.headers["location"] == f"/watch/{station}/?done"
    house = open_house(server.data)
    house.node.catch_up()
    begun = [entry for entry in house.journal.stream(of_it) if entry.kind == "watch.deed_done"]
    known = [one for one in watched.obligations(house.tables) if one.station == of_it]
    house.close()
    assert len(known) == len({one.written["do"] for one in known}) == 2
    for one in known:
        evaluator = evaluation.evaluator(obligations.read(one.written))
        for evidence in (told for entry in begun for told in evidence_of(entry)):
            evaluation.hear(evaluator, evidence)
        assert len(evaluator.instances) == 1, "each owes what it was armed for, and nothing of the other"
