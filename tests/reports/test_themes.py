"""Themes that are not the publisher's are counted under their source's name, and stand on no page of one report."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from heard.ingest.report_tables import read_table
from heard.opening import House
from heard.reports import digests, figures, finding
from heard.reports.entries import Told
from heard.reports.figures import Figure
from heard.reports.register import Register
from tests.reports.register import client_of, line, read, register_of, shown, table

TAGS = "URL,Ref,Number of deceased,Date of death,Age,Sex,Research tags"
LABELS = "url,road_layout,driver_training,speed_limit,age,sex,pedestrian"
ON = date(2021, 12, 1)


def url(number: int) -> str:
    return f"https://example.org/reports/{number}/"


@pytest.fixture
def house_of_themes(house: House) -> House:
    """Thirty reports, every second answered; 25 are tagged as of falls, 5 of a suicide too; 22 are about the road."""
    read(house, table(*(line(number, replies=number % 2) for number in range(1, 31))), "2021-06-01")
    tagged = [f'{url(number)},,1,,,,"{"Falls | Suicide" if number < 6 else "Falls"}"' for number in range(1, 26)]
    read(house, table(*tagged, columns=TAGS), "2021-07-31")
    labelled = [f"{url(number)},True,False,{number < 4},<NA>,Male,Driver" for number in range(1, 23)]
    read(house, table(*labelled, f"{url(30)},False,False,False,7,,", columns=LABELS), "2021-08-02")
    return house


def figure(register: Register, name: str) -> Figure:
    return next(one for one in figures.figures(register, ON) if one.name == name)


def test_themes_are_counted_as_categories_are_and_their_figure_names_source_and_day(
    house_of_themes: House, tmp_path: Path
) -> None:
    register = register_of(house_of_themes, tmp_path)
    tags, labels = figure(register, "tags"), figure(register, "labels")
    assert [(one.name, one.requests, one.answered) for one in tags.lines] == [("Falls", 25, 13)]
    assert [(one.name, one.requests, one.answered) for one in labels.lines] == [("road layout", 22, 11)]
    assert "the Preventable Deaths Tracker’s research tags, read as of 31 July 2021" in tags.rule
    assert "set by machine, read as of 2 August 2021" in labels.rule
    assert "judiciary.uk" in figure(register, "categories").rule and "A request is one addressee" in tags.rule


def test_a_theme_of_few_requests_is_not_listed(
    house_of_themes: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "REQUESTS_MIN", 3)  # the control: nothing else keeps them back
    register = register_of(house_of_themes, tmp_path)
    assert [one.name for one in figure(register, "tags").lines] == ["Falls", "Suicide"]
    assert [one.name for one in figure(register, "labels").lines] == ["road layout", "speed limit"]


def test_where_no_source_of_themes_was_read_the_page_says_so(house: House, tmp_path: Path) -> None:
    read(house, table(*(line(number) for number in range(1, 31))), "2021-06-01")
    register = register_of(house, tmp_path)
    assert not figure(register, "tags").lines
    page = client_of(house, register, tmp_path).get("/reports/figures/").text
    assert page.count("No source that sets them was read.") == 2


def test_a_theme_stands_on_no_page_of_one_report_but_a_suicide_brings_the_helpline(
    house_of_themes: House, tmp_path: Path
) -> None:
    register = register_of(house_of_themes, tmp_path)
    client = client_of(house_of_themes, register, tmp_path)
    ways = ("2021-0007/", "2021-0007/report.json", "2021-0007/feed.atom", "bodies/harbour-board/")
    assert not [way for way in ways if "Falls" in client.get(f"/reports/{way}").text]
    assert "Falls" not in client.get("/reports.csv").text
    assert "Falls" in client.get("/reports/figures/").text and "Falls" in client.get("/reports/figures/tags.csv").text
    assert "Samaritans" in client.get("/reports/2021-0003/").text
    assert "Samaritans" not in client.get("/reports/2021-0007/").text


def test_a_search_is_narrowed_down_by_a_theme_and_says_who_set_it(house_of_themes: House, tmp_path: Path) -> None:
    client = client_of(house_of_themes, register_of(house_of_themes, tmp_path), tmp_path)
    page = client.get("/reports/").text
    assert '?tag=Falls">Falls</a> <small>25</small>' in page and '?label=road+layout">' in page
    assert figures.THEMES["tags"][1] in page and figures.THEMES["labels"][1] in page
    tagged = client.get("/reports/?tag=Falls").text
    assert "<b>25</b> reports" in tagged and "Research tag: <b>Falls</b>" in tagged
    assert 'type="hidden" name="tag" value="Falls"' in tagged
    assert client.get("/reports.json?tag=Falls&limit=1").json()["total"] == 25
    assert client.get("/reports.json?tag=Falls&label=road layout&limit=1").json()["total"] == 22
    assert len(client.get("/reports.csv?label=road layout").text.splitlines()) == 23
    assert finding.Query(tag="Falls").address() == "?tag=Falls"  # so that it can be followed


@pytest.mark.parametrize("least", [3, 20])
def test_no_theme_that_would_point_at_somebody_narrows_a_search(
    house_of_themes: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, least: int
) -> None:
    monkeypatch.setattr(finding, "THEME_MIN", least)
    client = client_of(house_of_themes, register_of(house_of_themes, tmp_path), tmp_path)

    def found(question: str) -> int:
        return int(client.get(f"/reports.json?{question}").json()["total"])

    assert found("tag=Suicide") == 0 and "Suicide" not in client.get("/reports/").text
    # Of three reports: let be found only where so few may be, which shows that nothing else keeps it back.
    assert found("label=speed limit") == (3 if least == 3 else 0)
    assert ("speed limit" in client.get("/reports/").text) == (least == 3)


def test_what_a_table_of_labels_says_besides_is_an_age_and_nothing_else(house_of_themes: House, tmp_path: Path) -> None:
    read_from = read_table(table(f"{url(1)},True,False,False,<NA>,Male,Driver", columns=LABELS), "labels.csv")
    assert read_from.source == "toolkit-labels" and read_from.rows[0].facts == {"labels": "road layout"}
    register = register_of(house_of_themes, tmp_path)
    assert shown(register, "2021-0030").child and not shown(register, "2021-0029").child
    assert shown(register, "2021-0030").title == "Report 2021-0030"


@pytest.mark.parametrize("said", [",4,,Falls", ",,,Falls | Under 5", ",17,,"])
def test_whom_a_table_of_tags_tells_to_be_a_child_has_no_name_here(house: House, tmp_path: Path, said: str) -> None:
    read(house, table(line(1), line(2)), "2021-06-01")
    assert not shown(register_of(house, tmp_path), "2021-0001").names_hidden
    read(house, table(f"{url(1)},,1,{said}", f"{url(2)},,1,,18,,Falls", columns=TAGS), "2021-07-31")
    (tmp_path / "after").mkdir()
    register = register_of(house, tmp_path / "after")
    assert shown(register, "2021-0001").child and "Person" not in repr(shown(register, "2021-0001"))
    assert not shown(register, "2021-0002").child


def test_nobody_is_written_to_about_a_theme_which_no_page_shows() -> None:
    themes = Told("tracker-tags", ON, {"tags": "Falls", "age": "71"})
    assert digests.NEWS[Told](themes) == ""
    assert digests.NEWS[Told](Told("tracker", ON, {"tags": "Falls", "area": "Avon"})) == "a source tells more of it"
