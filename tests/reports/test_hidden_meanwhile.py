"""What was hidden while an answer was being worked out beside what serves is not in that answer; nor is yesterday."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from heard.cases.exits import Serving
from heard.engine import now
from heard.opening import House
from heard.reports import axes_tables, commands, echoes, outgoing, pages, tables, wrong
from heard.reports.echoes import Echoes
from heard.reports.register import Register
from heard.store.frames import FramesFile
from tests.reports.register import SCRAPED, client_of, line, read, register_of, scraped, shown, table

LAMP = "The lamp at the harbour gate had been broken for weeks and nobody had a duty to inspect the lamp at night."
AGAIN = "Nobody inspected whether the lamp by the gate was broken; at night the harbour gate had no lamp for weeks."
NAMES = {"2021-0001": "Quillon Marrow", "2021-0002": "Tam Oxe"}
Hide = Callable[[], None]


@pytest.fixture
def register(house: House, tmp_path: Path) -> Register:
    rows = [
        scraped(number, concerns=words, deceased=name, dated=f"{number} March 2021")
        for number, (words, name) in enumerate(zip((LAMP, AGAIN), NAMES.values(), strict=True), 1)
    ]
    read(house, table(*rows, columns=SCRAPED), "2021-06-01", accepted=True)
    return register_of(house, tmp_path)


def hiding(house: House, register: Register, slug: str) -> Hide:
    """What hides a name once, as another request does between two steps of this one."""
    left = [slug]

    def hide() -> None:
        while left:
            house.node.do(commands.hide_names(shown(register, left.pop()).id, (), "asked"), by="reader")
            house.node.catch_up()
            register.follow_all()

    return hide


@pytest.fixture
def client(house: House, register: Register, tmp_path: Path) -> Iterator[TestClient]:
    frames, do = FramesFile(tmp_path / "frames.sqlite", "e"), None
    comparing = Echoes(register)
    comparing.space()
    parts: tuple[Any, ...] = (house.node, house.doors, house.vault, frames, house.media, do, "e", register, comparing)
    app = Starlette(routes=[*outgoing.routes(), *wrong.routes(), *pages.routes()])
    app.state.serving = Serving(*parts)
    yield TestClient(app)
    frames.close()


@pytest.mark.parametrize("slug", NAMES)
@pytest.mark.parametrize("is_looked_at", [True, False])
def test_a_name_hidden_while_reports_are_compared_is_not_on_the_page(
    house: House, register: Register, client: TestClient, monkeypatch: pytest.MonkeyPatch, slug: str, is_looked_at: bool
) -> None:
    """The control: of what was found, nobody asks whether it is still so."""
    assert all(name in client.get("/reports/2021-0002/similar/").text for name in NAMES.values())
    hide, compare = hiding(house, register, slug), Echoes.of
    monkeypatch.setattr(Echoes, "of", lambda self, *some, **more: (compare(self, *some, **more), hide())[0])
    if not is_looked_at:
        monkeypatch.setattr(pages, "as_now", lambda register, found: found)
    page = client.get("/reports/2021-0002/similar/?again").text
    assert (NAMES[slug] in page) == (not is_looked_at and slug == "2021-0001")
    assert "Earlier reports that may be similar" in page


def test_a_name_hidden_while_a_draft_is_compared_is_not_in_the_answer(
    house: House, register: Register, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert NAMES["2021-0001"] in client.post("/reports/similar/", data={"text": LAMP}).text
    hide, compare = hiding(house, register, "2021-0001"), Echoes.of_text
    monkeypatch.setattr(Echoes, "of_text", lambda self, text: (compare(self, text), hide())[0])
    assert NAMES["2021-0001"] not in client.post("/reports/similar/", data={"text": LAMP}).text
    assert echoes.as_now(register, []) == []


def test_a_name_hidden_while_a_table_is_made_is_not_in_it_and_the_report_is(
    house: House, register: Register, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    hide, make = hiding(house, register, "2021-0001"), tables.lines_of_all
    monkeypatch.setattr(tables, "lines_of_all", lambda *of: (make(*of), hide())[0])
    made = client.get("/reports.csv").text
    assert NAMES["2021-0001"] not in made and "/reports/2021-0001/" in made and NAMES["2021-0002"] in made


@pytest.mark.parametrize("way", ["report", "draft", "axes"])
def test_a_name_is_in_no_answer_that_another_process_hid_while_it_was_made(
    house: House, register: Register, client: TestClient, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """Nobody has followed with the register since."""
    report, left = shown(register, "2021-0001").id, [NAMES["2021-0001"]]
    of = (report, "text-1", "Harbour Board", "acceptable", "Ada Vale", date(2022, 1, 1), f"{left[0]} had no lamp.")
    house.node.do(commands.give_judgement(*of), by="editor")  # type: ignore[arg-type]
    house.node.catch_up()
    register.follow_all()

    def hide() -> None:
        while left:
            house.node.do(commands.hide_names(report, [left.pop()], "asked"), by="reader")
            house.node.catch_up()

    def first(make: Any) -> Any:
        return lambda *some, **more: (make(*some, **more), hide())[0]

    async def lines_of(*some: Any) -> Any:
        return (await lines(*some), hide())[0]

    lines = axes_tables.lines_of
    for name in ("of", "of_text"):
        monkeypatch.setattr(Echoes, name, first(getattr(Echoes, name)))
    monkeypatch.setattr(axes_tables, "lines_of", lines_of)
    asked = {
        "report": lambda: client.get("/reports/2021-0002/similar/"),
        "draft": lambda: client.post("/reports/similar/", data={"text": LAMP}),
        "axes": lambda: client.get("/reports/axes.csv"),
    }
    said = asked[way]()
    assert said.status_code == 200 and not left and NAMES["2021-0001"] not in said.text


def test_a_table_of_a_day_is_made_beside_what_serves_whatever_other_day_is_asked_meanwhile(
    register: Register, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, beside = tables.lines_of_all, list[bool]()

    def made(register: Register, on: date) -> Any:
        beside.append(threading.current_thread().name.startswith("asyncio"))
        lines = make(register, on)
        make(register, date(2021, 5, 1))
        return lines

    monkeypatch.setattr(tables, "lines_of_all", made)
    assert "2021-06-03" in client.get("/reports.csv?on=2021-06-03").text and beside == [True]


def test_on_a_new_day_a_page_that_was_made_yesterday_is_made_anew(house: House, tmp_path: Path) -> None:
    """Though nothing was written: the last day has passed, and of that nobody tells."""
    read(house, table(line(1)), "2021-04-29")
    told: list[int] = []

    def at(day: int, hour: int) -> str:
        with now.held_at(datetime(2021, 4, day, hour, tzinfo=UTC)):
            register.follow()
            told.append(register.edition)
            return client.get("/reports/2021-0001/").text

    with now.held_at(datetime(2021, 4, 28, 12, tzinfo=UTC)):
        register = register_of(house, tmp_path)
    client = client_of(house, register, tmp_path)
    assert "awaited; the last day is 28 April 2021" in at(28, 12)
    assert "awaited; the last day is 28 April 2021" in at(28, 22)
    assert "no response published" in at(28, 23), "midnight in London, in summer"
    assert told[0] == told[1] < told[2]
