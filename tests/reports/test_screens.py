"""What the pages of reports say where there is much, little, or nothing to show."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from heard.demo.reports import record_reports
from heard.opening import open_house
from heard.reports import finding
from heard.reports.finding import Query
from heard.reports.pages import LISTED_MAX
from heard.reports.register import Register
from tests.reports.register import SCRAPED, client_of, line, read, register_of, scraped, table
from tests.server import Server
from tests.stories.people import signed_in_as

ON = date(2026, 11, 29)
MANY = LISTED_MAX + 5
COUNTED = line(2, sent="Harbour Board | Home Office", replies=2)
MANY_LINES = [COUNTED, *(line(number) for number in range(1, MANY + 1) if number != 2)]
CONCERNS = "(1) The ambulances were late. (2) Nobody had counted the beds of the ward."


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, Register]]:
    folder = tmp_path_factory.mktemp("screens")
    house = open_house(folder / "data")
    read(
        house,
        table(*MANY_LINES),
        "2021-06-01",
    )
    read(house, table(scraped(1, concerns=CONCERNS), columns=SCRAPED), "2021-06-02", accepted=True)
    register = register_of(house, folder)
    yield client_of(house, register, folder), register
    house.close()


@pytest.mark.parametrize(
    ("page", "all_of_them"), [("bodies/harbour-board", "body=harbour-board"), ("areas/avon", "area=Avon")]
)
def test_a_page_lists_the_newest_and_leads_to_all(
    pages: tuple[TestClient, Register], page: str, all_of_them: str
) -> None:
    made = pages[0].get(f"/reports/{page}/").text
    assert f"<p>{MANY} reports" in made and made.count("<tr class=") == LISTED_MAX
    assert f'href="/reports/?{all_of_them}">All {MANY}' in made
    assert f"<b>{MANY}</b> reports" in pages[0].get(f"/reports/?{all_of_them}").text


def test_narrowed_down_to_nothing_it_says_what_is_known_of_that_and_repeats_nobodys_words(
    pages: tuple[TestClient, Register],
) -> None:
    made = pages[0].get("/reports/?year=2021&category=Other+related+deaths&area=Quillon+Marrow").text
    assert "Quillon" not in made and "something that no report here has" in made
    assert "Year: <b>2021</b>" in made and "Category: <b>Other related deaths</b>" in made
    made = pages[0].get("/reports/?q=ambulances&status=none+published&area=Avon").text
    assert "Nothing fits" not in made, "the control: what fits is shown, narrowed down as asked"
    made = pages[0].get("/reports/?q=zebra&area=Avon").text
    assert "Nothing fits" in made and "Coroner area: <b>Avon</b>" in made and "no report here has" not in made


def test_a_passage_stands_with_words_that_are_slips_and_with_those_of_a_name(
    pages: tuple[TestClient, Register],
) -> None:
    """ "Ambulence" has the stem of ambulances; who died is called so though no concern names them."""
    for words in ("ambulence", "Number1", "ambulances"):
        hits = finding.find(pages[1], Query(words), ON).hits
        assert "ambulances were late" in hits[0].snippet, words


def test_before_any_source_told_of_it_a_report_says_so_and_nothing_else(pages: tuple[TestClient, Register]) -> None:
    before, then = (pages[0].get(f"/reports/2021-0001/?on=2021-0{month}-02").text for month in (5, 6))
    assert "No source that is read here had told of it by 2 May 2021" in before
    assert "<section" not in before and "not known" not in before and "ambulances" not in before
    assert "As its sources told of it by 2 June 2021" in then and "ambulances" in then


def test_a_register_without_a_report_says_so(tmp_path: Path) -> None:
    house = open_house(tmp_path / "data")
    client = client_of(house, register_of(house, tmp_path), tmp_path)
    page = client.get("/reports/").text
    assert "No report was read here yet" in page and "Nothing fits" not in page
    assert client.get("/reports/figures/").text.count("A request is one addressee") == 0
    house.close()


def test_clocks_say_what_the_table_says_of_responses_that_only_a_number_tells(
    pages: tuple[TestClient, Register],
) -> None:
    """Every response is published by count, and none names its addressee: each clock says so, not one of them."""
    page = pages[0].get("/reports/2021-0002/").text
    assert page.count("response published; its date is not known") == 2
    assert page.count(">day not known</text>") == 2


def test_where_no_report_is_it_leads_to_the_search(pages: tuple[TestClient, Register]) -> None:
    answer = pages[0].get("/reports/1999-0001/")
    assert answer.status_code == 404 and 'href="/reports/">Search the reports' in answer.text


def test_the_demonstration_was_not_told_of_responses_that_are_yet_to_be_published(tmp_path: Path) -> None:
    house = open_house(tmp_path / "data")
    record_reports(house.node, ON, "operator")
    register = register_of(house, tmp_path)
    days = [one.published_on for shown in register for one in shown.responses if one.published_on]
    assert days and max(days) <= ON
    house.close()


def test_the_desk_opens_the_form_that_was_led_to_or_refused(server: Server) -> None:
    house = open_house(server.data)
    read(house, table(*(line(number) for number in range(1, 4))), "2021-06-01")
    house.close()
    desk = signed_in_as(server, "Mira", "editor")

    def opened(page: str) -> list[str]:
        return re.findall(r'id="do-([\w-]+)" open', page)

    assert opened(desk.get("/desk/reports/").text) == []
    led = desk.get("/desk/reports/?do=let&report=2021-0002&field=coroner").text
    assert opened(led) == ["let"] and '<option value="coroner" selected>' in led and 'value="2021-0002"' in led
    sent = {"report": "2021-0002", "addressee": "Harbour Board", "until": "soon"}
    refused = desk.post("/desk/reports/extension", data=sent)
    assert refused.status_code == 422 and opened(refused.text) == ["extension"] and 'value="soon"' in refused.text
    asked = server.reader.post("/reports/2021-0003/problem/", data={"words": "She was mine.", "hide": "1", "once": "1"})
    assert asked.status_code == 303
    assert "whose names are hidden" in desk.get("/desk/reports/").text


def test_a_reading_that_was_doubted_and_then_taken_in_alarms_nobody_any_more(server: Server) -> None:
    house = open_house(server.data)
    blank = table(line(4), *(scraped(number, blank=True) for number in range(5, 9)), columns=SCRAPED)
    assert not read(house, blank, "2021-07-01")
    desk = signed_in_as(server, "Mira", "editor")
    assert 'class="error">the Preventable Deaths Tracker' in desk.get("/desk/reports/").text
    assert read(house, blank, "2021-07-01", accepted=True)
    house.close()
    page = desk.get("/desk/reports/").text
    assert 'class="error"' not in page and "doubted then, and taken in since" in page


def test_without_a_text_nothing_was_compared_and_it_says_so(server: Server) -> None:
    house = open_house(server.data)
    read(house, table(*(line(number) for number in (21, 22))), "2021-06-01")
    read(house, table(scraped(22, concerns=CONCERNS), columns=SCRAPED), "2021-06-02", accepted=True)
    house.close()
    blank, told = (server.page(f"/reports/2021-00{number}/similar/") for number in (21, 22))
    assert "there was nothing to compare" in blank and "Nothing near enough" not in blank
    assert "Nothing near enough" in told and "A machine found them" not in told
