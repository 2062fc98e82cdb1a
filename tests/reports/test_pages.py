"""The pages and tables of reports on a real server, and what anybody may tell it."""

from __future__ import annotations

import csv
import html
import io
import re
import subprocess
import sys
import time
import zipfile

import feedparser
import pytest
from icalendar import Calendar

from tests.reports.register import COLUMNS, SCRAPED, line, scraped, table
from tests.server import Server

CONCERN = "(1) Nobody watched the gate at the harbour. (2) The order was not read by the officers who kept it."


@pytest.fixture(scope="module")
def served(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Server:
    """A server with a small register, read beside it while it runs."""
    folder = tmp_path_factory.mktemp("tables")
    called = {9: "Quillon Marrow"}
    lines = [line(number, replies=number % 2, deceased=called.get(number, "")) for number in range(1, 60)]
    lines += [line(60, sent="Harbour Board | Home Office | Dr Ada Fictional", deceased="=cmd|'/c calc'!A0")]
    (folder / "db_2021-06-01.csv").write_bytes(table(*lines))
    texts = [scraped(number, concerns=CONCERN, circumstances="It was dark.") for number in (3, 5)]
    texts += [scraped(7, concerns="(1) Sepsis was not thought of on the ward.", deceased="Quillon Marrow")]
    (folder / "scrape_2021-06-02.csv").write_bytes(table(*texts, columns=SCRAPED))
    heard(
        server,
        "import",
        "reports",
        str(folder / "db_2021-06-01.csv"),
        str(folder / "scrape_2021-06-02.csv"),
        "--accept",
    )
    until(lambda: "60</b> reports" in server.page("/reports/"))
    return server


def heard(server: Server, *words: str) -> str:
    argv = [sys.executable, "-m", "heard.cli", *words, "--data", str(server.data)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def until(holds: object, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.05)


def test_a_search_finds_by_words_and_narrows_by_facets(served: Server) -> None:
    found = served.page("/reports/?q=gate")
    assert "2</b> reports" in found and "Nobody watched the gate" in found
    assert "1</b> report." in served.page("/reports/?q=sepsis")
    assert "30</b> reports" in served.page("/reports/?status=answered")
    assert "2021-0003" in served.page("/reports/?q=2021-0003")


def test_every_facet_is_a_link_that_finds_as_many_as_stand_beside_it(served: Server) -> None:
    """No script: the address is the whole of the question, and is let go by another link."""
    page = served.page("/reports/")
    links = re.findall(r'<a href="(\?(\w+)=[^"]*)">([^<]*)</a> <small>([\d,]+)</small>', page)
    assert {name for _, name, _, _ in links} == {"status", "year", "category", "body", "area", "coroner"}
    for address, name, label, count in links:
        narrowed = served.page(f"/reports/{html.unescape(address)}")
        assert f"<b>{count}</b> report" in narrowed, (name, label)
        shown = re.search(r'<p class="narrowed">.*?</p>', narrowed, re.DOTALL)
        assert shown and f'<b>{label}</b> <a href="./">any' in shown[0]
    assert "#narrow" in page and 'id="narrow"' in page
    both = served.page("/reports/?status=answered&year=2021&q=gate")
    assert "2</b> reports" in both and 'name="status" value="answered"' in both  # kept when words are changed


@pytest.mark.parametrize(
    "asked", ["?q=%22%22", "?q=*", "?q=AND+OR+NEAR(", "?page=9999", "?year=x", "?q=" + "a+" * 300, "?on=2021-06-01"]
)
def test_no_question_is_an_error(served: Server, asked: str) -> None:
    assert served.reader.get(f"/reports/{asked}").status_code == 200


@pytest.mark.parametrize("asked", ["?page=0", "?page=x", "?on=soon", "?page=000001" + "0" * 4500])
def test_a_question_that_is_none_is_refused_in_words(served: Server, asked: str) -> None:
    assert served.reader.get(f"/reports/{asked}").status_code in (400, 422)


def test_past_the_last_page_it_is_not_said_that_nothing_fits(served: Server) -> None:
    page = served.page("/reports/?page=9999")
    assert "past the last page" in page and "Nothing fits" not in page and 'href="./">To the first' in page


def test_a_report_says_who_was_asked_until_when_and_by_which_rule(served: Server) -> None:
    page = served.page("/reports/2021-0002/")
    for words in (
        "Harbour Board",
        "28 April 2021",
        "day 56 after the day",
        "no response published",
        "last read on 1 June 2021",
    ):
        assert words in page, words
    assert served.reader.get("/reports/2021-0002/").headers["x-robots-tag"] == "noindex"
    assert "failed" not in page and "not responded" not in page


def test_a_report_can_be_looked_at_as_it_was(served: Server) -> None:
    then = served.page("/reports/2021-0002/?on=2021-06-01")
    assert "As its sources told of it by 1 June 2021" in then and "no response published" in then
    assert "2021-0002" in served.page("/reports/?on=2021-04-01&q=2021-0002")


def test_a_private_person_has_no_page(served: Server) -> None:
    assert served.reader.get("/reports/bodies/harbour-board/").status_code == 200
    assert served.reader.get("/reports/bodies/dr-ada-fictional/").status_code == 404
    assert "dr-ada" not in served.page("/reports/2021-0060/")


def test_the_tables_have_every_report_and_nothing_that_a_spreadsheet_would_run(served: Server) -> None:
    rows = list(csv.DictReader(io.StringIO(served.reader.get("/reports.csv").text)))
    assert len(rows) == 60
    [formula] = [row for row in rows if "cmd" in row["deceased"]]
    assert formula["deceased"].startswith("'=")
    sheet = zipfile.ZipFile(io.BytesIO(served.reader.get("/reports.xlsx").content))
    cells = sheet.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in cells and cells.count("<row ") == 61


def test_json_lists_page_through_all(served: Server) -> None:
    address, seen = "/reports.json?limit=25", []
    while address:
        answer = served.reader.get(address).json()
        seen += [one["id"] for one in answer["items"]]
        address = answer["next"]
    assert len(seen) == len(set(seen)) == 60
    one = served.reader.get("/reports/2021-0003/report.json").json()
    assert [concern["number"] for concern in one["concerns"]] == ["1", "2"]
    assert one["addressees"][0]["clock"]["due"] == "2021-04-28"


def test_feeds_and_calendars_name_nobody_who_died(served: Server) -> None:
    for address in ("/reports/feed.atom", "/reports/feed.atom?q=sepsis", "/reports/2021-0007/feed.atom"):
        feed = feedparser.parse(served.reader.get(address).content)
        assert not feed.bozo and feed.entries
        assert (
            "Marrow" not in served.reader.get(address).text and "Person Number" not in served.reader.get(address).text
        )
    calendar = Calendar.from_ical(served.reader.get("/reports/2021-0060/calendar.ics").content)
    assert [event.decoded("dtstart").isoformat() for event in calendar.walk("VEVENT")] == ["2021-04-28"] * 3


def test_a_body_an_area_and_a_search_have_their_last_days_as_a_calendar(served: Server) -> None:
    def days(address: str) -> list[tuple[str, str]]:
        calendar = Calendar.from_ical(served.reader.get(address).content)
        events = calendar.walk("VEVENT")
        return [(event.decoded("dtstart").isoformat(), str(event["summary"])) for event in events]

    body = "harbour-board"
    page = served.page(f"/reports/bodies/{body}/")
    assert f'href="/reports/calendar.ics?body={body}"' in page and f'href="/reports/feed.atom?body={body}"' in page
    assert 'href="/reports/calendar.ics?area=Avon"' in served.page("/reports/areas/avon/")
    assert days("/reports/calendar.ics") == [], "what is years ago is in no calendar"
    assert days("/reports/calendar.ics?on=0001-01-02"), "of a day from which none could be counted back, all"
    every = days("/reports/calendar.ics?on=2021-04-01")
    theirs = days(f"/reports/calendar.ics?on=2021-04-01&body={body}")
    assert len(every) > len(theirs) > 10 and {day for day, _ in theirs} == {"2021-04-28"}
    assert len({said.split(" (")[0] for _, said in theirs}) == 1, "its own alone, whoever else was asked"
    assert len(days("/reports/calendar.ics?on=2021-04-01&q=sepsis")) == 1
    assert days("/reports/calendar.ics?on=2021-06-23&q=sepsis") and not days(
        "/reports/calendar.ics?on=2021-06-24&q=sepsis"
    )
    assert "Marrow" not in served.page("/reports/calendar.ics?on=2021-04-01")


def test_figures_name_rule_denominator_and_day_and_can_be_saved(served: Server) -> None:
    page = served.page("/reports/figures/")
    assert "as they stood on" in page and "A request is one addressee" in page and "tracker’s rule" in page
    assert len(page) < 100_000
    saved = list(csv.reader(io.StringIO(served.reader.get("/reports/figures/years.csv").text)))
    assert saved[0][0] == "rule" and saved[1][0] == "as of" and saved[3][0] == "2021"
    assert served.reader.get("/reports/figures/years.svg").text.startswith("<svg")


def test_similar_reports_stand_side_by_side_and_a_draft_is_compared(served: Server) -> None:
    answer = served.reader.post(
        "/reports/similar/", data={"text": "The gate was watched by nobody and the order was not read."}
    )
    assert answer.status_code == 200 and "Person Number3" in answer.text
    assert "watched by nobody" not in "\n".join(served.said)


def test_a_name_is_hidden_before_the_answer_leaves_on_every_way_out(served: Server) -> None:
    assert all("Marrow" in served.page(f"/reports/2021-{number}/") for number in ("0007", "0009"))
    sent = {"words": "She was my daughter.", "hide": "1", "once": "a"}
    for _ in range(2):  # pressed twice
        answer = served.reader.post("/reports/2021-0007/problem/", data=sent)
        assert answer.status_code in (200, 303)
    assert "Marrow" not in served.page("/reports/2021-0009/"), "of the same death"
    ways = ["", "similar/", "report.json", "feed.atom", "calendar.ics", "problem/"]
    pages = [served.page(f"/reports/2021-0007/{way}") for way in ways]
    pages += [
        served.page(address)
        for address in ("/reports/", "/reports/?q=sepsis", "/reports/?q=marrow", "/reports.csv", "/reports.json")
    ]
    assert not [
        page
        for page in pages
        if re.search("Marrow|Quillon", page.replace('value="marrow"', "").replace("“marrow”", ""))
    ]
    desk = served.client.get("/desk/reports/")
    assert desk.status_code in (200, 401, 403)


def test_every_page_leads_to_where_one_says_that_something_is_wrong(served: Server) -> None:
    said = "Something is wrong here, or about someone I love"
    one = "/reports/2021-0015/"
    for address, leads_to in (
        ("/reports/", "/reports/problem/"),
        ("/reports/?q=harbour", "/reports/problem/"),
        ("/reports/figures/", "/reports/problem/"),
        ("/reports/similar/", "/reports/problem/"),
        ("/reports/bodies/harbour-board/", "/reports/problem/"),
        ("/reports/areas/avon/", "/reports/problem/"),
        (one, f"{one}problem/"),
        (f"{one}similar/", f"{one}problem/"),
    ):
        assert f'<a href="{leads_to}">{said}</a>' in served.page(address), address
    assert "Person Number15" in served.page(one)
    unknown = {"report": "2099-0001", "words": "It was <b>not</b> so.", "hide": "1"}
    answer = served.reader.post("/reports/problem/", data=unknown)
    assert answer.status_code == 422 and "Nothing was sent" in answer.text
    assert "It was &lt;b&gt;not&lt;/b&gt; so." in answer.text
    for typed in ("2021-0015", f" {served.address}{one} "):
        answer = served.reader.post("/reports/problem/", data={"report": typed, "words": "It hurts.", "hide": "1"})
        assert answer.status_code == 303 and answer.headers["location"] == f"{one}problem/?sent=1"
        assert "Person Number15" not in served.page(one)


def test_a_message_that_is_refused_comes_back_whole_and_nothing_was_changed(served: Server) -> None:
    meant = {"report": "2099-0001", "words": "It hurts.", "hide": "1", "contact": 'sam"@heard.example'}
    back = served.reader.post("/reports/problem/", data=meant)
    assert back.status_code == 422
    for kept in ('name="hide" value="1" checked', 'value="sam&quot;@heard.example"', 'value="2099-0001"', "It hurts."):
        assert kept in back.text, kept
    long = {"words": "x" * 4001, "hide": "1"}
    assert served.reader.post("/reports/2021-0016/problem/", data=long).status_code == 422
    assert "Person Number16" in served.page("/reports/2021-0016/"), "what was refused hides nothing"
    for number, typed in enumerate(("/reports/2021-0016/#concern-1", "/reports/2021-0016/?on=2021-06-03")):
        sent = {"report": f"{served.address}{typed}", "words": f"It hurts {number}."}
        assert served.reader.post("/reports/problem/", data=sent).status_code == 303


def test_an_address_that_says_that_something_was_sent_says_nothing_of_itself(served: Server) -> None:
    assert "Thank you" not in served.page("/reports/problem/?sent=1")
    unsent = served.reader.post("/reports/problem/?sent=1", data={"report": "2021-0016", "words": ""})
    assert unsent.status_code == 422 and 'role="alert"' in unsent.text and "Thank you" not in unsent.text


def test_an_order_on_a_name_binds_every_report(served: Server) -> None:
    served.open_case("the-order", "A case with an order")
    assert "Person Number11" in served.page("/reports/2021-0011/")
    given = served.post("/cases/the-order/restrictions", {"basis": "s.11", "names": ["Person Number11"]})
    assert given.status_code == 201
    first = served.reader.get("/reports/2021-0011/")
    assert "Person Number11" not in first.text  # from the first moment, whatever it costs the page
    until(
        lambda: (
            served.reader.get("/reports/2021-0011/").status_code == 200
            and "[name withheld]" in served.page("/reports/2021-0011/")
        )
    )
    for address in (
        "/reports.csv",
        "/reports.json?limit=500",
        "/reports/?q=2021-0011",
        "/reports/feed.atom",
        "/reports/2021-0011/report.json",
    ):
        assert "Person Number11" not in served.page(address)


def test_nobody_learns_by_asking_which_names_are_under_an_order(served: Server) -> None:
    """After the order of the test before: the protected name and any other are answered alike."""
    asked = ("Person Number11", "Person Nobodyever")
    for way in ("/reports/", "/reports.json", "/reports.csv", "/reports/feed.atom"):
        assert [served.reader.get(way, params={"q": name}).status_code for name in asked] == [200, 200], way
        assert [served.reader.get(way, params={"area": name}).status_code for name in asked] == [200, 200], way
    for name in asked:
        assert served.reader.post("/reports/similar/", data={"text": f"{name} kept a gate."}).status_code == 200
        long = {"words": f"{name} {'x' * 5000}", "once": name}
        assert served.reader.post("/reports/2021-0012/problem/", data=long).status_code == 422
    assert 'value="Person Number11"' in served.page("/reports/?q=Person+Number11")


def test_what_is_not_there_is_not_there(served: Server) -> None:
    for address in (
        "/reports/2099-0001/",
        "/reports/2099-0001/similar/",
        "/reports/areas/nowhere/",
        "/reports/figures/nothing.svg",
    ):
        assert served.reader.get(address).status_code == 404
    assert COLUMNS
