"""What a body was asked by quarter, and what came of it: the picture, its table and its CSV say the same."""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ET
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from heard.engine.errors import NotFound
from heard.opening import House
from heard.reports import commands, drawing, over_time, pages, pictures, projection
from heard.reports.over_time import OverTime
from heard.reports.register import Register
from tests.reports.register import client_of, line, read, register_of, table

BOARD = "Harbour Board"
ON = date(2021, 12, 1)
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def register(house: House, tmp_path: Path) -> Register:
    """Twenty-three requests to one body, of two more of which too few are asked, and a person of whom many are."""
    many = f"{BOARD} | Dr Ada Fictional"
    lines = [line(number, dated="03/03/2021", sent=many) for number in range(1, 11)]
    lines += [line(number, dated="05/07/2021", sent=many) for number in range(11, 21)]
    lines += [line(21, dated="03/03/2099"), line(22, dated="")]
    lines += [line(23, dated="15/11/2021", sent=f"{BOARD} | Home Office")]
    lines += [line(number, sent="Home Office") for number in range(30, 48)]
    read(house, table(*lines), str(ON))

    def report(number: int) -> str:
        return projection.by_slug(house.tables, f"2021-{number:04}")

    for number, dated, answer in (
        (1, date(2021, 4, 28), "action taken"),  # day 56
        (2, date(2021, 4, 29), "action taken"),  # day 57
        (3, None, "not read"),
        (4, date(2021, 5, 4), "no action"),
        (5, date(2021, 4, 1), "interim"),
    ):
        said = commands.record_response(report(number), BOARD, dated_on=dated, answer=answer)  # type: ignore[arg-type]
        house.node.do(said, by="editor")
    house.node.do(commands.record_extension(report(4), BOARD, date(2021, 6, 1)), by="editor")
    house.node.do(commands.record_sending(report(10), BOARD, date(2021, 4, 1)), by="editor")
    house.node.do(commands.record_promise(report(1), BOARD, "New gates"), by="editor")
    return register_of(house, tmp_path)


@pytest.fixture
def client(house: House, register: Register, tmp_path: Path) -> TestClient:
    return client_of(house, register, tmp_path)


def told_of(register: Register, key: str = "harbour-board", on: date = ON) -> OverTime:
    told = pages.body_at(register, key, on).over_time(on)
    assert told
    return told


def test_each_request_is_in_the_quarter_of_its_clock_and_is_one_of_six_sorts(register: Register) -> None:
    told = told_of(register)
    rows = {one.name: (one.asked, *one.counts.values(), one.promised) for one in told.quarters}
    assert rows == {
        #            asked within later undated none awaited unknown promised
        "2021 Q1": (9, 1, 2, 1, 4, 0, 1, 1),  # an interim reply is no response, and an extension moves nothing
        "2021 Q2": (1, 0, 0, 0, 1, 0, 0, 0),  # it was sent in the quarter after that of its date
        "2021 Q3": (10, 0, 0, 0, 10, 0, 0, 0),
        "2021 Q4": (1, 0, 0, 0, 0, 1, 0, 0),
        "after 2021 Q4": (1, 0, 0, 0, 0, 1, 0, 0),
        "no date": (1, 0, 0, 0, 0, 0, 1, 0),
    }
    assert all(one.asked == sum(one.counts.values()) for one in told.quarters)
    found = pages.body_at(register, "harbour-board", ON)
    assert over_time.owed(stand for _, stand in found.rows) == dict(
        zip(over_time.SORTS, (1, 2, 1, 15, 2, 2), strict=True)
    )


def test_a_quarter_without_any_request_is_a_row_and_what_is_long_ago_is_one(register: Register) -> None:
    told = told_of(register, on=date(2041, 6, 1))
    assert [(one.name, one.asked) for one in told.quarters[:3]] == [
        ("before 2021 Q3", 10),
        ("2021 Q3", 10),
        ("2021 Q4", 1),
    ]
    counts: dict[int, Counter[over_time.Sort]] = {2021 * 4: Counter(["none"]), 2021 * 4 + 3: Counter(["none", "none"])}
    rows = [(one.name, one.asked) for one in over_time._rows(counts, Counter(), 2010 * 4, ON)]
    assert rows == [("2021 Q1", 1), ("2021 Q2", 0), ("2021 Q3", 0), ("2021 Q4", 2)]


def test_few_requests_are_not_drawn_and_nobodys_who_may_be_a_private_person(
    register: Register, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = pages.body_at(register, "home-office", ON)
    assert len(office.rows) == 19 and office.over_time(ON) is None
    page = client.get("/reports/bodies/home-office/").text
    assert "Fewer than 20 requests" in page and "<svg" not in page and "over-time." not in page
    for form in ("csv", "svg", "png"):
        assert client.get(f"/reports/bodies/home-office/over-time.{form}").status_code == 404
        assert client.get(f"/reports/bodies/dr-ada-fictional/over-time.{form}").status_code == 404
    with pytest.raises(NotFound):
        pages.body_at(register, "", ON)
    monkeypatch.setattr(over_time, "REQUESTS_MIN", 19)  # the control: it is this bound that keeps it back
    assert office.over_time(ON)


def test_an_area_has_the_requests_of_all_its_reports_each_addressee_one(register: Register) -> None:
    theirs = pages.of_area(register, "avon")
    told = over_time.of_area(register.stands(ON), theirs, ON)
    assert told and told.rule == over_time.RULE_OF_AREA
    rows = {one.name: (one.asked, *one.counts.values(), one.promised) for one in told.quarters}
    assert sum(row[0] for row in rows.values()) == sum(len(one.addressees) for one in theirs) == 22 + 21 + 19
    # Ten reports to two addressees, one of them sent to one of the two in the quarter after; and eighteen to one.
    assert rows["2021 Q1"] == (9 + 10 + 18, 1, 2, 1, 4 + 10 + 18, 0, 1, 1) and rows["2021 Q2"][0] == 1
    few = theirs[:5]
    assert over_time.of_area(register.stands(ON), few, ON) is None
    with pytest.raises(NotFound):
        pages.of_area(register, "")


@pytest.mark.parametrize(
    ("about", "rule", "requests"),
    [("/reports/bodies/harbour-board/", over_time.RULE, 23), ("/reports/areas/avon/", over_time.RULE_OF_AREA, 62)],
)
def test_the_page_the_picture_and_the_table_say_the_same(
    client: TestClient, about: str, rule: str, requests: int
) -> None:
    page = client.get(about).text
    assert all(f'href="{about}over-time.{form}"' in page for form in ("svg", "png", "csv"))
    rows = list(csv.reader(io.StringIO(client.get(f"{about}over-time.csv").text)))
    assert rows[0] == ["rule", rule] and rows[1][0] == "as of"
    assert "“asked”" in rule and "56 days" in rule
    assert rows[2][:4] == ["quarter", "asked", "answered within 56 days", "answered later"] and len(rows) > 6
    for row in rows[3:]:
        cells = "".join(f"<td>{cell}</td>" for cell in row[1:])
        assert f'<th scope="row">{row[0]}</th>{cells}' in page
    svg = client.get(f"{about}over-time.svg").text
    root = ET.fromstring(svg)
    drawn = [float(part.attrib["height"]) for part in root.iter(f"{SVG}rect") if part.get("x", "").endswith("%")]
    most = max(int(row[1]) for row in rows[3:])
    assert round(sum(drawn) * most / drawing.HIGH) == sum(int(row[1]) for row in rows[3:]) == requests
    labels = [text.text for text in root.iter(f"{SVG}text")]
    assert labels[:5] == [*(over_time.SORTS[sort] for sort in over_time._DRAWN), "Awaited or not known"]
    assert [label for label in labels if label and label.isdecimal() and len(label) < 4] == [row[1] for row in rows[3:]]
    png = client.get(f"{about}over-time.png")
    assert png.headers["content-type"] == "image/png" and png.content == pictures.png(svg)


def test_the_parts_of_a_column_are_filled_each_in_its_own_way_also_alone() -> None:
    made = pictures.alone(drawing.columns([("2021 Q1", (1, 2, 3, 4, 5))], ("a", "b", "c", "d", "e"), "Over time"))
    fills = [part.attrib["fill"] for part in ET.fromstring(made).iter(f"{SVG}rect") if "%" in part.get("x", "")]
    assert len(set(fills)) == 5 and "#ffffff" not in fills
