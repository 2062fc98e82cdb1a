"""A response has three days: its own, its receipt and its publication. Each is shown, or said not to be known."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from heard.opening import House
from heard.reports import commands, figures, projection
from tests.reports.register import client_of, line, read, register_of, table

SENT = "Harbour Board | Home Office | Network Rail"


@pytest.fixture
def client(house: House, tmp_path: Path) -> TestClient:
    """Of the first both further days are known, of the second one, of the third there is no response."""
    read(house, table(line(1, sent=SENT), line(2, replies=1)), "2021-06-01")
    report = projection.by_slug(house.tables, "2021-0001")
    for addressee, dated, received, published in (
        ("Harbour Board", date(2021, 4, 20), date(2021, 4, 22), date(2021, 5, 7)),
        ("Home Office", None, None, date(2021, 5, 8)),
    ):
        said = commands.record_response(report, addressee, dated_on=dated, received_on=received, published_on=published)
        house.node.do(said, by="editor")
    return client_of(house, register_of(house, tmp_path), tmp_path)


def test_the_page_shows_receipt_and_publication_or_says_that_they_are_not_known(client: TestClient) -> None:
    page = client.get("/reports/2021-0001/").text
    assert "response dated 20 April 2021, day 48" in page
    assert "received: 22 April 2021; published: 7 May 2021" in page
    assert "received: not known; published: 8 May 2021" in page
    assert page.count("received: ") == 2, "of whom no response is published there is no receipt to be known"
    counted = client.get("/reports/2021-0002/").text
    assert "received: not known; published: not known" in counted


def test_the_json_has_three_days_and_says_which_are_not_known(client: TestClient) -> None:
    [board, office, rail] = client.get("/reports/2021-0001/report.json").json()["addressees"]
    days = [[one["response"][day] for day in ("dated", "received", "published")] for one in (board, office)]
    assert days == [["2021-04-20", "2021-04-22", "2021-05-07"], [None, None, "2021-05-08"]]
    assert board["receipt_and_publication"] == "received: 22 April 2021; published: 7 May 2021"
    assert office["receipt_and_publication"] == "received: not known; published: 8 May 2021"
    assert rail["receipt_and_publication"] is None and rail["response"] is None


def test_the_table_has_a_column_for_each_of_the_three(client: TestClient) -> None:
    rows = csv.DictReader(io.StringIO(client.get("/reports/2021-0001/timeline.csv").text))
    assert [[row[day] for day in ("response", "received", "published")] for row in rows] == [
        ["2021-04-20", "2021-04-22", "2021-05-07"],
        ["", "not known", "2021-05-08"],
        ["", "", ""],
    ]


def test_a_figure_says_how_many_responses_are_dated_by_their_last_day(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dated 3 March 2021, so that day 56 is 28 April; the coroner gave one of them until 12 May."""
    dated = (date(2021, 4, 28), date(2021, 4, 29), date(2021, 5, 12), date(2021, 5, 13), None)
    read(house, table(*(line(number) for number in range(1, 7))), "2021-06-01")
    for number, day in enumerate(dated, 1):
        report = projection.by_slug(house.tables, f"2021-{number:04}")
        house.node.do(commands.record_response(report, "Harbour Board", dated_on=day), by="editor")
        if number == 3:
            given = commands.record_extension(report, "Harbour Board", date(2021, 5, 12))
            house.node.do(given, by="editor")
    register, on = register_of(house, tmp_path), date(2021, 6, 1)

    def told() -> figures.Figure:
        return next(one for one in figures._worked_out(register, on) if one.name == "days")

    assert told().lines == () and told().nothing == "Of fewer than 20 responses both days are known: 4."
    monkeypatch.setattr(figures, "REQUESTS_MIN", 4)
    [year] = told().lines
    assert (year.name, year.requests, year.answered, year.none, year.unknown) == ("2021", 5, 2, 2, 1)
    assert year.said == "2 of 4 (50 %)" and "The one in the middle is dated day 57." in told().rule
    client = client_of(house, register, tmp_path)
    saved = list(csv.reader(io.StringIO(client.get("/reports/figures/days.csv").text)))
    assert saved[2:] == [
        ["name", "responses", "dated by the last day", "dated after it", "a day not known", "share"],
        ["2021", "5", "2", "2", "1", "50 %"],
    ]
    assert '<th scope="col">Dated after it</th>' in client.get("/reports/figures/").text
