"""Reports over the API: the same as on the pages, by ids that stay, page after page."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date

import pytest

from heard.opening import open_house
from heard.reports import commands
from heard.reports.commands import Row
from tests.server import Server

READ_ON = date(2021, 6, 1)


def rows() -> Iterator[Row]:
    for number in range(1, 8):
        sent = "Harbour Board" if number % 2 else "Hill Council | Harbour Board"
        facts = {"ref": f"2021-{number:04}", "dated": f"2021-03-0{number}", "area": "Avon", "sent_to": sent}
        facts |= {"copies": "1. Care Quality Commission"} if number == 3 else {}
        yield Row(f"https://example.org/{number}/", facts)


@pytest.fixture(scope="module", autouse=True)
def register(server: Server) -> None:
    house = open_house(server.data)
    house.node.do(commands.tell("record", READ_ON, list(rows())), by="operator")
    house.close()
    give_up_at = time.monotonic() + 60  # what another process wrote is made ready a few reports at a time
    while server.client.get("/api/v1/reports?limit=2").json()["total"] < 7 and time.monotonic() < give_up_at:
        time.sleep(0.05)


def test_a_list_goes_on_where_it_ended_with_the_same_questions(server: Server) -> None:
    for asked, count in (("", 7), ("&body=hill-council", 3), ("&q=harbour", 7), ("&year=2020", 0)):
        address, found, pages = f"/api/v1/reports?limit=2{asked}", list[str](), 0
        while address:
            answer = server.client.get(address).json()
            found += [item["id"] for item in answer["items"]]
            assert answer["total"] == count
            address, pages = answer["next"], pages + 1
        assert len(found) == len(set(found)) == count and pages == max(1, (count + 1) // 2), asked


def test_a_report_is_found_by_its_id_and_by_its_address(server: Server) -> None:
    by_address = server.client.get("/api/v1/reports/2021-0003").json()
    assert by_address == server.client.get(f"/api/v1/reports/{by_address['id']}").json()
    assert by_address["in_copy"] == [{"name": "Care Quality Commission", "body": "care-quality-commission"}]
    assert server.client.get("/api/v1/reports/2021-0099").status_code == 404


def test_a_body_is_asked_or_had_a_copy_and_an_area_has_its_reports(server: Server) -> None:
    asked = server.client.get("/api/v1/bodies/hill-council").json()
    assert [one["ref"] for one in asked["as_addressee"]] == ["2021-0006", "2021-0004", "2021-0002"]
    assert asked["in_copy"] == [] and {one["due"] for one in asked["as_addressee"]} >= {"2021-04-29"}
    had = server.client.get("/api/v1/bodies/care-quality-commission").json()
    assert had["as_addressee"] == [] and [one["ref"] for one in had["in_copy"]] == ["2021-0003"]
    assert len(server.client.get("/api/v1/areas/avon").json()["reports"]) == 7
    assert server.client.get("/api/v1/bodies/nobody").status_code == 404


def test_a_question_about_a_protected_name_is_answered_as_any_other(server: Server) -> None:
    server.open_case("the-case")
    order = {"basis": "s. 11", "names": ["Rowan Tidewell"], "order": "section_11"}
    assert server.post("/cases/the-case/restrictions", order).status_code == 201
    named = server.client.get("/api/v1/reports?limit=1&q=Rowan+Tidewell")
    other = server.client.get("/api/v1/reports?limit=1&q=Rowan+Sidewell")
    assert (named.status_code, named.json()["total"]) == (other.status_code, other.json()["total"]) == (200, 0)
