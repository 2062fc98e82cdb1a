"""A report and the coverage of its inquest lead to each other, as a named person says, and as far as may be told."""

from __future__ import annotations

import time
from datetime import date

import httpx2
import pytest

from heard.cases import commands as case_commands
from heard.cases import projection as cases
from heard.engine.errors import NotFound, Refused
from heard.engine.node import Command
from heard.opening import House, open_house
from heard.reports import commands, projection
from heard.reports.commands import Row
from tests.server import Server

TITLE = "The inquest at the lock"


@pytest.fixture(scope="module")
def desk(server: Server) -> httpx2.Client:
    house = open_house(server.data)
    facts = {"dated": "2021-03-03", "deceased": "Person Fictional", "sent_to": "Harbour Board"}
    rows = [Row(f"https://example.org/{n}/", {**facts, "ref": f"2021-000{n}"}) for n in (1, 2)]
    house.node.do(commands.tell("record", date(2021, 6, 1), rows), by="operator")
    house.close()
    server.open_case("lock", TITLE)
    client = httpx2.Client(base_url=server.address, timeout=30)
    assert client.post(server.link).status_code == 303
    return client


def _do(server: Server, command: Command) -> None:
    house = open_house(server.data)
    house.node.catch_up()
    house.node.do(command, by="operator")
    house.close()
    time.sleep(0.5)


def _report(server: Server, slug: str) -> str:
    house = open_house(server.data)
    house.node.catch_up()
    found = projection.by_slug(house.tables, slug)
    house.close()
    return found


def test_each_leads_to_the_other_until_it_is_taken_back(server: Server, desk: httpx2.Client) -> None:
    said = {"report": "2021-0001", "case": "/lock/", "judged_by": "Ada Desk"}
    assert 'href="/lock/reports/"' in server.page("/lock/")
    assert "No report is known here" in server.page("/lock/reports/")
    assert desk.post("/desk/reports/case", data=said).status_code == 303
    time.sleep(0.5)
    page = server.page("/reports/2021-0001/")
    assert TITLE in page and 'href="/lock/"' in page and "says Ada Desk" in page
    assert 'href="/reports/2021-0001/"' in server.page("/lock/reports/")
    assert TITLE not in server.page("/reports/2021-0002/")
    beside = {"url": f"{server.address}/lock/", "title": TITLE, "state": "announced", "linked_by": "Ada Desk"}
    for address in ("/reports/2021-0001/report.json", "/api/v1/reports/2021-0001"):
        assert server.client.get(address).json()["inquests"] == [beside]
    assert server.reader.get("/reports/2021-0002/report.json").json()["inquests"] == []
    assert desk.post("/desk/reports/uncase", data=said).status_code == 303
    time.sleep(0.5)
    assert TITLE not in server.page("/reports/2021-0001/")
    assert "No report is known here" in server.page("/lock/reports/")


def test_a_case_on_hold_is_not_named_and_a_report_whose_names_are_hidden_is_not_led_to(
    server: Server, desk: httpx2.Client
) -> None:
    report = _report(server, "2021-0002")
    _do(server, commands.link_case(report, "lock", "Ada Desk"))
    assert TITLE in server.page("/reports/2021-0002/")  # the control
    assert "2021-0002" in server.page("/lock/reports/")
    house = open_house(server.data)
    case = cases.by_slug(house.tables, "lock").id
    house.close()
    _do(server, case_commands.hold_case(case, "a call from the court"))
    assert TITLE not in server.page("/reports/2021-0002/")
    assert server.reader.get("/reports/2021-0002/report.json").json()["inquests"] == []
    assert server.reader.get("/lock/reports/").status_code == 503
    _do(server, case_commands.let_case_go(case, "looked at"))
    assert TITLE in server.page("/reports/2021-0002/")
    _do(server, commands.hide_names(report, (), "asked for"))
    assert TITLE not in server.page("/reports/2021-0002/")
    assert "2021-0002" not in server.page("/lock/reports/")


def test_what_is_not_there_is_refused_and_the_same_is_said_once(house: House) -> None:
    row = Row("https://example.org/1/", {"ref": "2021-0001"})
    house.node.do(commands.tell("record", date(2021, 6, 1), [row]), by="operator")
    report = projection.by_slug(house.tables, "2021-0001")
    with pytest.raises(NotFound):
        house.node.do(commands.link_case(report, "no-such-case", "Ada"), by="operator")
    case = house.node.do(case_commands.open_case("lock", TITLE), by="operator").stream
    with pytest.raises(Refused):
        house.node.do(commands.link_case(report, "lock", ""), by="operator")
    house.node.do(commands.link_case(report, "lock", "Ada"), by="operator")
    before = house.store.position()
    house.node.do(commands.link_case(report, "lock", "Ada"), by="operator")
    assert house.store.position() == before and projection.of_case(house.tables, case) == [report]
    house.node.do(commands.unlink_case(report, "lock"), by="operator")
    assert projection.of_case(house.tables, case) == []
    with pytest.raises(NotFound):
        house.node.do(commands.unlink_case(report, "lock"), by="operator")
