"""Reports of one day, one coroner and the same addressees are named together, and nothing is said beyond that."""

from __future__ import annotations

from pathlib import Path

import pytest

from heard.opening import House
from heard.reports import commands, projection, together
from heard.reports.together import sent_together
from tests.reports.register import SCRAPED, client_of, line, read, register_of, scraped, shown, table

FORM = "In my opinion there is a risk that future deaths will occur unless action is taken."


def of(house: House, folder: Path) -> dict[str, list[str]]:
    register = register_of(house, folder)
    return {one.ref[-1]: [other.ref[-1] for other in sent_together(register, one)] for one in register}


def test_same_day_same_coroner_same_addressees_whatever_their_order(house: House, tmp_path: Path) -> None:
    rows = [
        line(1, sent="Home Office | Harbour Board"),
        line(2, sent="Harbour Board | Home Office"),
        line(3, sent="Harbour Board"),
        line(4, sent="Home Office | Harbour Board", dated="04/03/2021"),
        line(5, sent="Home Office | Harbour Board", coroner="Mr Oth Bench"),
    ]
    read(house, table(*rows), "2021-06-01")
    assert of(house, tmp_path) == {"1": ["2"], "2": ["1"], "3": [], "4": [], "5": []}


def test_where_too_little_is_known_nothing_is_said(house: House, tmp_path: Path) -> None:
    rows = [line(1, sent="REDACTED"), line(2, sent="REDACTED"), line(3, dated=""), line(4, dated="")]
    read(house, table(*rows, line(5, coroner=""), line(6, coroner="")), "2021-06-01", accepted=True)
    assert not any(of(house, tmp_path).values())


@pytest.mark.parametrize("is_asked", [True, False])
def test_where_a_name_is_hidden_neither_leads_to_the_other(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_asked: bool
) -> None:
    """The control: two of one family; not asking what is hidden, one leads to the name of the other."""
    read(house, table(line(1, deceased="Quillon Marrow"), line(2, deceased="Tam Marrow")), "2021-06-01")
    report = projection.by_slug(house.tables, "2021-0001")
    house.node.do(commands.hide_names(report, (), ""), by="reader")
    if not is_asked:
        monkeypatch.setattr(
            together, "_sent_to", lambda one: frozenset(other.key or other.name for other in one.addressees)
        )
    assert of(house, tmp_path) == ({"1": [], "2": []} if is_asked else {"1": ["2"], "2": ["1"]})


def test_all_that_name_the_same_dead_are_found_for_hiding(house: House, tmp_path: Path) -> None:
    names = ["Quillon Marrow", "QUILLON  MARROW.", "Tam Oxe; Quillon Marrow", "Quillon Marrowby", "Q.M.", "Marrow"]
    read(house, table(*[line(number, deceased=name) for number, name in enumerate(names, 1)]), "2021-06-01")
    register = register_of(house, tmp_path)
    asked = shown(register, "2021-0001").id
    assert {register.of(one).ref[-1] for one in projection.named_alike(house.tables, asked)} == {"2", "3"}
    house.node.do(commands.hide_names(asked, (), ""), by="reader")
    house.node.catch_up()
    register.follow_all()
    assert {one.ref[-1] for one in register if one.names_hidden} == {"1", "2", "3"}


def test_a_name_that_stands_in_too_many_reports_is_nobodys(house: House, tmp_path: Path) -> None:
    read(house, table(*[line(number, deceased="Name Unknown") for number in range(1, 14)]), "2021-06-01")
    register = register_of(house, tmp_path)
    report = shown(register, "2021-0001")
    assert projection.named_alike(house.tables, report.id) == []


def test_the_page_names_them_where_no_concern_is_there_to_be_equal(house: House, tmp_path: Path) -> None:
    rows = [scraped(number, concerns=FORM, circumstances=f"It was dark, {number}.") for number in (1, 2)]
    read(house, table(*rows, columns=SCRAPED), "2021-06-01")
    register = register_of(house, tmp_path)
    page = client_of(house, register, tmp_path).get("/reports/2021-0001/").text
    assert 'to the same addressees: <a href="/reports/2021-0002/">Person Number2</a>' in page
    assert not register.texts(shown(register, "2021-0001").id).numbered
