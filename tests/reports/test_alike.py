"""Reports with the same words where their concerns should stand are listed, each group as what it is."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from heard.ingest.report_tables import read_table
from heard.opening import House
from heard.reports import alike, commands, digests, echoes, form, projection
from heard.reports.echoes import Echoes
from heard.reports.entries import Told
from heard.reports.register import Register
from tests.reports.register import SCRAPED, client_of, read, register_of, scraped, shown, table

FORM = (
    "During the course of the inquest the evidence revealed matters giving rise to concern. In my opinion there is a "
    "risk that future deaths will occur unless action is taken. In the circumstances it is my  statutory duty to "
    "report to you."
)
LAMP = "(1) The lamp on the north pier had been dark since the autumn and nobody was told of it."
TOOLKIT = "url,ref,date,coroner,area,receiver,categories,investigation,circumstances,concerns"


def text(number: int, concerns: str, *, circumstances: str = "") -> str:
    """One row of the texts, about nobody real."""
    cells = (f"https://example.org/reports/{number}/", f"2021-{number:04}", "2021-03-03", "Ada Bench", "Avon")
    cells = (*cells, "Harbour Board", "Other related deaths", "", circumstances, concerns)
    return ",".join('"' + cell.replace('"', '""') + '"' for cell in cells)


ROWS = (
    *(text(number, LAMP) for number in (1, 2)),
    *(text(number, f"{FORM}\n(brief summary of matters of concern)") for number in (3, 4)),
    *(text(number, "N/A: Not found", circumstances=f"It was dark, {number}.") for number in (5, 6)),
    *(text(number, "", circumstances=f"It was dark, {number}.") for number in (7, 8)),
    text(9, "(1) The gate was not watched at night."),
)


@pytest.fixture
def register(house: House, tmp_path: Path) -> Register:
    read(house, table(*ROWS, columns=TOOLKIT), "2021-06-01")
    return register_of(house, tmp_path)


def listed(register: Register, *, whole: bool = False) -> list[tuple[str, list[str]]]:
    return [(one.kind, [each.ref[-1] for each in one.reports]) for one in alike.groups(register, whole=whole)]


EVERY = [("concerns", ["1", "2"]), ("form", ["3", "4"]), ("none", ["5", "6"])]


def test_each_group_is_listed_as_what_it_is_and_a_blank_is_none(register: Register) -> None:
    assert listed(register) == EVERY


def test_the_table_says_so_when_it_is_read() -> None:
    cells = read_table(table(*ROWS, columns=TOOLKIT), "texts.csv").cells()
    said = alike.told(alike.grouped((cell, None) for cell in cells))
    assert said == [f"{words}: 1 group of 2 reports" for words in alike.SAID.values()]


def test_only_the_same_concerns_lead_from_one_to_the_other(house: House, register: Register, tmp_path: Path) -> None:
    every = [(number, alike.equal_to(register, shown(register, f"2021-000{number}"))) for number in range(1, 10)]
    assert {number: [one.ref[-1] for one in found] for number, found in every if found} == {1: ["2"], 2: ["1"]}
    compared = Echoes(register)
    for number in (3, 5):
        texts = register.texts(shown(register, f"2021-000{number}").id)
        assert not echoes.passages_of(texts) and not compared.of_text(texts.concerns)
    client = client_of(house, register, tmp_path)
    assert "only the form’s own sentences" in client.get("/reports/2021-0003/").text
    assert "PFD Toolkit, read by machine says that it found none" in client.get("/reports/2021-0005/").text
    assert "The text of the report is not here; what it says" in client.get("/reports/2021-0007/").text
    said = [client.get(f"/reports/2021-000{number}/report.json").json()["no_concerns"] for number in (1, 3, 5, 7)]
    assert said == [None, alike.SAID["form"], alike.SAID["none"], "not here"]


def test_a_rule_that_took_the_forms_sentences_for_concerns_is_caught(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: nothing is taken for the form's own, and two that say nothing are the same concerns."""
    monkeypatch.setattr(form, "without_standing_sentences", lambda words: words)
    read(house, table(*ROWS, columns=TOOLKIT), "2021-06-01")
    wrong = listed(register_of(house, tmp_path))
    assert wrong != EVERY and ("concerns", ["3", "4"]) in wrong


def test_what_another_source_found_and_what_the_same_one_said_since_stands(house: House, register: Register) -> None:
    read(house, table(scraped(5, concerns=LAMP), columns=SCRAPED), "2021-06-02", accepted=True)
    read(house, table(text(6, FORM, circumstances="It was dark, 6."), columns=TOOLKIT), "2021-06-02", name="b.csv")
    house.node.catch_up()
    register.follow_all()
    assert listed(register) == [("concerns", ["1", "2", "5"]), ("form", ["3", "4"])]
    assert shown(register, "2021-0006").cell.kind == "form"


def test_where_a_name_is_hidden_only_who_may_show_it_is_told(house: House, register: Register) -> None:
    for number in (2, 4):
        report = projection.by_slug(house.tables, f"2021-000{number}")
        house.node.do(commands.hide_names(report, (), ""), by="reader")
    house.node.catch_up()
    register.follow_all()
    assert listed(register) == [EVERY[2]]
    assert listed(register, whole=True) == EVERY
    rows = alike.as_rows(alike.groups(register), "http://h")
    assert [row[5] for row in rows] == ["2021-0005", "2021-0006"]


def test_a_row_that_says_nothing_but_that_it_found_none_is_a_blank_one_and_no_news() -> None:
    """Else a reading of which most is broken would not be doubted."""
    none = ",".join(
        {8: "https://example.org/reports/1/", 11: "N/A: Not found", 12: "Not found"}.get(n, "") for n in range(17)
    )
    found = read_table(table(none, scraped(2, concerns="N/A: Not found"), columns=SCRAPED), "table.csv")
    assert found.blank == 1 and [row.facts.get("unfound") for row in found.rows] == [None, "concerns"]
    assert digests.NEWS[Told](Told("toolkit", date(2021, 6, 1), {"unfound": "concerns"})) == ""
