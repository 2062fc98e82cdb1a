"""Published reports, as those who need them meet them: a charity, a family, a parent, a body."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import feedparser
import httpx2
import pytest
from playwright.sync_api import Browser, expect

from heard.demo.reports import record_reports
from heard.opening import open_house
from heard.reports import commands, projection
from tests.server import Server
from tests.stories.reader import Reader

ON = date(2026, 11, 24)
TOLLGARTH, CHILD, STOPE = "2026-0041", "2026-0030", "2024-0009"


@pytest.fixture(scope="module", autouse=True)
def register(server: Server) -> Iterator[None]:
    """The fictional reports of the demonstration."""
    house = open_house(server.data)
    record_reports(house.node, ON, "operator")
    house.close()
    yield


@pytest.mark.browser
def test_finding_every_report_on_one_concern_and_taking_the_list_away(
    reader: Callable[..., Reader], tmp_path: Path
) -> None:
    page = reader("/reports/", viewport={"width": 1280, "height": 900}).page
    page.get_by_label("Words, a reference").fill("lamps reported")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("2 reports")
    shared = page.url
    page.get_by_role("link", name="every response published").click()
    expect(page.get_by_role("status")).to_contain_text("1 report.")
    with page.expect_download() as taken:
        page.goto(shared)
        page.get_by_role("link", name="CSV").click()
    taken.value.save_as(tmp_path / "reports.csv")
    rows = list(csv.DictReader((tmp_path / "reports.csv").open(newline="")))
    assert {row["ref"] for row in rows} == {"2026-0034", STOPE}


@pytest.mark.browser
def test_following_a_report_without_an_account_until_a_response_comes(
    reader: Callable[..., Reader], server: Server, chromium: Browser
) -> None:
    page = reader(f"/reports/{TOLLGARTH}/", viewport={"width": 390, "height": 844}).page
    feed = page.get_by_role("link", name="Follow this report").get_attribute("href")
    assert feed
    before = feedparser.parse(server.reader.get(feed).content)
    assert "Levels Ambulance Service NHS Trust: no response published" in before.entries[0].summary
    house = open_house(server.data)
    report = projection.by_slug(house.tables, TOLLGARTH)
    said = commands.record_response(
        report, "Levels Ambulance Service NHS Trust", dated_on=date(2026, 11, 25), answer="action taken"
    )
    house.node.do(said, by="editor")
    house.close()
    for _ in range(100):
        after = feedparser.parse(server.reader.get(feed).content)
        if "no response published" not in after.entries[0].summary:
            break
    assert "day 62; extension: not known" in after.entries[0].summary
    assert after.entries[0].id == before.entries[0].id
    assert "Tollgarth" not in server.reader.get(feed).text
    page.reload()
    expect(page.get_by_role("row", name=re.compile("^Levels Ambulance"))).to_contain_text("25 November 2026")


@pytest.mark.browser
def test_asking_for_a_name_to_be_hidden_and_finding_it_nowhere(reader: Callable[..., Reader], server: Server) -> None:
    page = reader(f"/reports/{CHILD}/", viewport={"width": 390, "height": 844}).page
    expect(page.get_by_role("heading", level=1)).to_contain_text("Marguerite Lowe")
    page.get_by_role("link", name="Something is wrong here").first.click()
    page.get_by_label("What is wrong?").fill("She was my daughter.")
    page.get_by_label("Hide the name of who died").check()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status")).to_contain_text("hidden from now on")
    page.get_by_role("link", name="Back to the report").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Report 2026-0030")
    for address in (
        "/reports/",
        "/reports/?q=sepsis",
        "/reports.csv",
        "/reports.json",
        "/reports/feed.atom",
        f"/reports/{CHILD}/report.json",
    ):
        assert not re.search("Marguerite|Lowe", server.page(address)), address


@pytest.mark.browser
def test_disputing_and_being_heard(reader: Callable[..., Reader], server: Server, desk: httpx2.Client) -> None:
    page = reader("/reports/2026-0023/problem/", viewport={"width": 1280, "height": 900}).page
    page.get_by_label("What is wrong?").fill("We answered the coroner on 4 May.")
    page.get_by_label("Or: we are an addressee").select_option("North Wolds Hospitals NHS Trust")
    page.get_by_label("Where can we answer you?").fill("legal@northwolds.example")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status")).to_contain_text("A person has your message")
    waiting = desk.get("/desk/reports/").text
    assert "We answered the coroner on 4 May." in waiting and "legal@northwolds.example" in waiting
    assert "We answered" not in server.page("/reports/2026-0023/")
    once = re.search(r'name="once" value="([^"]+)"', waiting[waiting.index("reports/dispute") :])
    assert once
    shown = {
        "once": once[1],
        "report": "2026-0023",
        "addressee": "North Wolds Hospitals NHS Trust",
        "words": "We answered the coroner on 4 May.",
    }
    assert desk.post("/desk/reports/dispute", data=shown).status_code == 303
    page.goto("/reports/2026-0023/")
    expect(page.get_by_role("row", name=re.compile("North Wolds"))).to_contain_text(
        "The addressee says: We answered the coroner"
    )
    journal = b"".join(file.read_bytes() for file in server.data.glob("journal.sqlite*"))
    assert b"northwolds.example" not in journal and "northwolds.example" not in "\n".join(server.said)
