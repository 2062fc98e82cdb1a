"""Published reports, as those who need them meet them: a charity, a family, a parent, a body."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import feedparser
import httpx2
import pytest
from playwright.sync_api import Browser, expect

from heard.deliver.surfaces import WORDS_OF_REPORTS
from heard.demo.reports import record_reports
from heard.opening import open_house
from heard.reports import commands, projection
from tests.server import Server
from tests.stories.reader import Reader

ON = date(2026, 11, 24)
TOLLGARTH, LOWE, STOPE = "2026-0041", "2026-0030", "2024-0009"


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
        page.get_by_role("link", name="CSV", exact=True).click()
    taken.value.save_as(tmp_path / "reports.csv")
    rows = list(csv.DictReader((tmp_path / "reports.csv").open(newline="")))
    assert {row["ref"] for row in rows} == {"2026-0034", STOPE}
    page.get_by_text("Category", exact=True).click()  # opens what it can be narrowed down by
    page.get_by_role("link", name="Road (Highways Safety) related deaths").click()
    expect(page.get_by_role("status")).to_contain_text("2 reports")
    with page.expect_download() as taken:
        page.get_by_role("link", name="Concerns (CSV)").click()
    taken.value.save_as(tmp_path / "axes.csv")
    rows = list(csv.DictReader((tmp_path / "axes.csv").open(newline="")))
    assert {row["report"] for row in rows} == {"2026-0034", STOPE}
    [lamps] = [row for row in rows if row["report"] == STOPE]
    assert (lamps["action"], lamps["action_by"]) == ("planned", "Tamsin Orde, Fellowship of Lone Keepers")


@pytest.mark.browser
def test_following_a_report_without_an_account_until_a_response_comes(
    reader: Callable[..., Reader], server: Server, chromium: Browser
) -> None:
    page = reader(f"/reports/{TOLLGARTH}/", viewport={"width": 390, "height": 844}).page
    feed = page.get_by_role("link", name="by feed").get_attribute("href")
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
def test_asking_for_a_name_to_be_hidden_and_finding_it_nowhere(
    reader: Callable[..., Reader], server: Server, desk: httpx2.Client
) -> None:
    assert len([address for address in every_way_out(server) if NAMES.search(_read(server, address))]) > 10
    page = reader(f"/reports/{LOWE}/", viewport={"width": 390, "height": 844}).page
    expect(page.get_by_role("heading", level=1)).to_contain_text("Marguerite Lowe")
    page.get_by_role("link", name="Something is wrong here").first.click()
    page.get_by_label("What is wrong?").fill("She was my daughter.")
    page.get_by_label("Hide the name of who died").check()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status")).to_contain_text("hidden from now on")
    page.get_by_role("link", name="Back to the report").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Report 2026-0030")
    page.go_back()
    said = [address for address in every_way_out(server) if NAMES.search(_read(server, address))]
    assert said == [] and len(every_way_out(server)) > 80
    passages = server.reader.post("/reports/similar/", data={"text": "Signs of sepsis were written and not acted on."})
    assert not NAMES.search(passages.text)
    found = server.reader.get("/reports/", params={"q": "Marguerite Lowe"}).text
    assert LOWE not in found and "Report 2026-0030" not in found, re.findall("tally.*", found)
    told = desk.get("/desk/reports/").text
    assert "She was my daughter." in told, "and a person reads why"


NAMES = re.compile("Marguerite|Lowe")


def every_way_out(server: Server) -> list[str]:
    """Every address of the room that is declared as a way out, of everything that the pages lead to."""
    slugs = re.findall(r'href="/reports/([^/"]+)/"', server.page("/reports/"))
    pages = [server.page(f"/reports/{slug}/") for slug in slugs]
    figures = re.findall(r"/reports/figures/([^/\".]+)\.csv", server.page("/reports/figures/"))
    bodies, areas = (
        {key for page in pages for key in re.findall(rf'href="/reports/{sort}/([^/"]+)/"', page)}
        for sort in ("bodies", "areas")
    )
    found = {
        "/reports/?q=sepsis",
        "/reports/?year=2026",
        "/reports.json?q=sepsis",
        "/reports/calendar.ics?on=2026-11-01",
    }
    for pattern in WORDS_OF_REPORTS:
        if pattern == "/{slug}/reports/" or pattern == "/reports/follow/":
            continue  # no inquest here is said to be one of these; the form is asked for with what is to be followed
        keys = bodies if "bodies" in pattern else areas if "areas" in pattern else ["x"]
        found |= {
            pattern.format(slug=slug, key=key, name=name)
            for slug in (slugs if "{slug}" in pattern else ["x"])
            for key in keys
            for name in (figures if "{name}" in pattern else ["x"])
        }
    return sorted(found)


def _read(server: Server, address: str) -> str:
    answer = server.reader.get(address)
    assert answer.status_code in (200, 404), address
    content = answer.content
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            content = b"\n".join(book.read(name) for name in book.namelist())
    return content.decode("utf-8", "replace")


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
    editor = reader("/reports/", viewport={"width": 1280, "height": 900}).page
    cookies = [{"name": one.name, "value": one.value or "", "url": server.address} for one in desk.cookies.jar]
    editor.context.add_cookies(cookies)  # type: ignore[arg-type]
    editor.goto("/desk/reports/")
    message = editor.get_by_role("article").filter(has_text="We answered the coroner on 4 May.")
    message.get_by_role("button", name="Show their words").click()
    expect(editor.get_by_role("status")).to_contain_text("Done")
    message.get_by_label("What was done").fill("Their words are shown.")
    message.get_by_role("button", name="Settled").click()
    expect(editor.get_by_role("status")).to_contain_text("Done")
    expect(message).to_have_count(0)
    page.goto("/reports/2026-0023/")
    expect(page.get_by_role("row", name=re.compile("^North Wolds Hospitals"))).to_contain_text(
        "The addressee says: We answered the coroner"
    )
    journal = b"".join(file.read_bytes() for file in server.data.glob("journal.sqlite*"))
    assert b"northwolds.example" not in journal and "northwolds.example" not in "\n".join(server.said)
