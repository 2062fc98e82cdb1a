"""No page of a report is kept by a search engine unless the operator opts in, and one with a name hidden never."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from heard.cases import commands as case_commands
from heard.cases import projection as cases
from heard.engine.errors import Refused
from heard.opening import House, open_house
from heard.reports import commands, indexing, projection
from heard.reports.entries import READINGS
from tests.reports.register import SCRAPED, client_of, line, read, register_of, scraped, shown, table
from tests.server import Server, running

KEPT = "noarchive, nosnippet"
#: What may be kept once the operator opted in.
OPEN = ("/reports/2021-0001/", "/reports/bodies/home-office/", "/reports/areas/essex/", "/reports/figures/")
#: Of these a name is hidden, withheld, under an order, or was taken out before anybody told it.
CLOSED = {
    "/reports/2021-0002/": "hidden by a person",
    "/reports/2021-0003/": "a child",
    "/reports/2021-0004/": "taken out by the source after it was told",
    "/reports/2021-0005/": "taken out in the running text",
    "/reports/2021-0006/": "under an order",
    "/reports/": "a list on which the mark stands, in place of an addressee",
    "/reports/bodies/harbour-board/": "a body, of reports of which names are hidden",
    "/reports/areas/avon/": "an area, of such reports",
}
NEVER_PAGES = (
    "/reports/?q=harbour",
    "/reports/2021-0001/?on=2021-06-01",
    "/reports/2021-0001/similar/",
    "/reports/2021-0001/problem/",
    "/reports/problem/",
    "/reports/similar/",
)
NEVER_TABLES = (
    "/reports.csv",
    "/reports.json",
    "/reports.xlsx",
    "/reports/feed.atom",
    "/reports/2021-0001/report.json",
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("indexing") / "data"
    house = open_house(data)
    rows = [
        line(1, sent="Home Office", area="Essex"),
        *(line(number) for number in (2, 5, 6)),
        line(3, category="Child Death (from 2015)"),
        line(4, sent="Harbour Board | Quillon Marrow"),
    ]
    read(house, table(*rows), "2021-06-01")
    text = scraped(5, concerns="(1) [REDACTED] was not told of the gate.")
    read(house, table(text, scraped(4, sent="Harbour Board; REDACTED"), columns=SCRAPED), "2021-06-02", accepted=True)
    house.node.do(commands.hide_names(projection.by_slug(house.tables, "2021-0002"), (), "asked for"), by="editor")
    house.node.do(case_commands.open_case("order", "A case with an order"), by="editor")
    case = cases.by_slug(house.tables, "order").id
    house.node.do(case_commands.impose_restriction(case, "s.11", ["Person Number6"]), by="editor")
    house.close()
    with running(data) as server:
        until(lambda: "still to come" not in server.page("/reports/"))
        yield server


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.05)


def decided(server: Server, *words: str) -> str:
    argv = [sys.executable, "-m", "heard.cli", "reports", "index", *words, "--data", str(server.data)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def said(server: Server, address: str) -> tuple[str, str]:
    """What the header and the head of a page say."""
    answer = server.reader.get(address)
    assert answer.status_code == 200, address
    found = re.findall(r'<meta name="robots" content="([^"]*)">', answer.text)
    return answer.headers["x-robots-tag"], found[0] if found else ""


def test_nothing_is_kept_until_somebody_decides_so_and_then_nothing_that_is_hidden(served: Server) -> None:
    every = (*OPEN, *CLOSED, *NEVER_PAGES)
    assert {said(served, address) for address in every} == {("noindex", "noindex")}
    assert "none is to be kept" in served.page("/robots.txt") and "Disallow:\n" in served.page("/robots.txt")
    assert "Nobody has decided otherwise" in decided(served)

    told = decided(served, "--allow", "--by", "Ada Vale")
    assert "So decided Ada Vale, 20" in told and "may keep" in told
    until(lambda: said(served, OPEN[0]) == (KEPT, KEPT))
    assert {address: said(served, address) for address in OPEN} == dict.fromkeys(OPEN, (KEPT, KEPT))
    assert {address: said(served, address) for address in (*CLOSED, *NEVER_PAGES)} == dict.fromkeys(
        (*CLOSED, *NEVER_PAGES), ("noindex", "noindex")
    )
    assert {said(served, address)[0] for address in NEVER_TABLES} == {"noindex"}
    assert "the operator allows" in served.page("/robots.txt")

    hidden = {"words": "He was my brother.", "hide": "1", "once": "a"}
    assert served.reader.post("/reports/2021-0001/problem/", data=hidden).status_code == 303
    assert said(served, OPEN[0]) == ("noindex", "noindex"), "from the answer on that hides the name"

    assert "So decided Bo Quay" in decided(served, "--end", "--by", "Bo Quay")
    until(lambda: said(served, OPEN[3]) == ("noindex", "noindex"))
    assert "none is to be kept" in served.page("/robots.txt")


def test_an_administrator_decides_it_on_the_desk_in_a_name_that_the_desk_and_the_command_say(served: Server) -> None:
    decided(served, "--end", "--by", "Bo Quay")
    desk = served.client.get("/desk/reports/").text
    assert 'action="/desk/reports/index"' in desk and "No page of a report is to be kept" in desk
    nobody = served.client.post("/desk/reports/index", data={"judged_by": " ", "once": "1"})
    assert nobody.status_code == 422 and "name of who decided" in nobody.text
    assert "none is to be kept" in served.page("/robots.txt")

    answer = served.client.post("/desk/reports/index", data={"judged_by": "Mina Orrel", "once": "2"})
    assert answer.status_code == 303
    assert said(served, OPEN[3]) == (KEPT, KEPT), "from the answer on"
    by_command = decided(served).strip()
    assert "So decided Mina Orrel, 20" in by_command and by_command in served.client.get("/desk/reports/").text

    assert served.client.post("/desk/reports/unindex", data={"judged_by": "Bo Quay", "once": "3"}).status_code == 303
    assert {said(served, address) for address in (*OPEN, *CLOSED)} == {("noindex", "noindex")}
    assert "So decided Bo Quay" in served.client.get("/desk/reports/").text


def test_the_desk_lists_what_a_source_took_out_until_a_person_decides(served: Server) -> None:
    desk = served.client.get("/desk/reports/").text
    assert 'href="/reports/2021-0004/">2021-0004</a>: an addressee' in desk and "Marrow" not in desk
    decided_so = {"report": "2021-0004", "field": "sent_to", "words": "It is the name of a firm.", "once": "4"}
    assert served.client.post("/desk/reports/let", data=decided_so).status_code == 303
    assert "2021-0004" not in served.client.get("/desk/reports/").text


def test_a_page_that_were_not_looked_at_for_marks_is_caught(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: no name of this report is hidden, but its source has a mark in the text."""
    read(house, table(scraped(5, concerns="(1) [REDACTED] was not told of the gate."), columns=SCRAPED), "2021-06-01")
    house.node.do(commands.allow_indexing("Ada Vale"), by="operator")
    register = register_of(house, tmp_path)
    assert not shown(register, "2021-0005").names_hidden

    client = client_of(house, register, tmp_path)

    def robots(question: str) -> str:
        return str(client.get(f"/reports/2021-0005/{question}").headers["x-robots-tag"])

    assert robots("") == "noindex"
    monkeypatch.setattr(indexing, "is_whole", lambda page: True)
    assert robots("?again") == KEPT


def test_who_decided_is_named_and_it_is_an_entry(house: House) -> None:
    with pytest.raises(Refused):
        house.node.do(commands.allow_indexing(" "), by="operator")
    assert not projection.is_indexing_allowed(house.tables)
    for _ in range(2):
        house.node.do(commands.allow_indexing("Ada Vale"), by="operator")
    [entry] = house.journal.stream(READINGS)
    assert entry.kind == "reports.indexing_allowed" and projection.indexing_decided_at(house.tables) == entry.position
    house.node.do(commands.end_indexing("Bo Quay"), by="operator")
    assert not projection.is_indexing_allowed(house.tables)
