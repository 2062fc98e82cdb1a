"""Whatever is hidden is seen nowhere from the next look on: behind an import, in a dozen reports, in one that comes
later, and in what is offered for a slip.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from heard.cases.commands import impose_restriction, open_case
from heard.engine.errors import Unavailable
from heard.opening import House
from heard.reports import commands, finding, projection, register
from heard.reports.finding import Query
from heard.reports.register import Register
from heard.store.register import RegisterFile
from tests.reports.register import SCRAPED, line, read, register_of, scraped, shown, table

NAME = "Quillon Marrow"


def hide(house: House, slug: str) -> None:
    house.node.do(commands.hide_names(projection.by_slug(house.tables, slug), (), "asked"), by="reader")
    house.node.catch_up()


def named(made: Register) -> set[str]:
    """The last numbers of the reports that say the name, in what is listed of them or in their texts."""
    return {one.ref[-2:] for one in made if NAME in one.deceased or "Marrow" in str(made.texts(one.id))}


@pytest.mark.parametrize("is_looked_for", [True, False])
def test_a_name_is_hidden_at_once_however_much_was_imported_before_it(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_looked_for: bool
) -> None:
    """The control: entries are looked through in their order alone."""
    read(house, table(line(1, deceased=NAME)), "2021-06-01")
    made = register_of(house, tmp_path)
    rows = [line(1, deceased=NAME), *[line(number) for number in range(2, 40)]]
    read(house, table(*rows), "2021-06-02", accepted=True)
    monkeypatch.setattr(register, "LOOK_AT_ONCE", 10)
    if not is_looked_for:
        monkeypatch.setattr(Register, "_look_ahead", lambda self: setattr(self, "_ahead", self._folded()))
    hide(house, "2021-0001")
    made.follow()
    assert made.is_behind(), "what was imported is looked through later"
    assert (named(made) == set()) == is_looked_for
    assert not is_looked_for or shown(made, "2021-0001").names_hidden, "and its page is there"


def test_a_name_of_a_dozen_reports_is_hidden_in_all_before_anybody_is_answered(house: House, tmp_path: Path) -> None:
    read(house, table(*[line(number, deceased=NAME) for number in range(1, 13)]), "2021-06-01")
    made = register_of(house, tmp_path)
    assert len(named(made)) == 12
    hide(house, "2021-0001")
    made.follow()
    assert named(made) == set() and len(made) == 12


def test_of_many_reports_of_which_a_source_takes_a_name_out_none_is_seen_with_it(house: House, tmp_path: Path) -> None:
    """Those that are not made anew yet are not there: an import of redactions may touch thousands."""
    many = range(1, 60)
    read(house, table(*[line(number, coroner=NAME) for number in many]), "2021-06-01")
    made = register_of(house, tmp_path)
    read(house, table(*[line(number, coroner="REDACTED") for number in many]), "2021-06-02", accepted=True)
    house.node.catch_up()
    made.follow()
    assert 0 < len(made) < 59 and not any(NAME in one.coroner for one in made) and made.to_come
    made.follow_all()
    assert len(made) == 59


def test_a_report_that_comes_later_does_not_name_who_is_hidden(house: House, tmp_path: Path) -> None:
    told = f"{NAME} was found at the harbour gate. Nobody had looked after the lamp there for weeks."
    read(house, table(line(1, deceased=NAME)), "2021-06-01")
    hide(house, "2021-0001")
    rows = [scraped(2, deceased="QUILLON MARROW", concerns=told), scraped(3, deceased="Tam Oxe")]
    read(house, table(*rows, columns=SCRAPED), "2021-07-01", accepted=True)
    made = register_of(house, tmp_path)
    assert named(made) == set() and shown(made, "2021-0002").names_hidden
    assert shown(made, "2021-0003").deceased == "Tam Oxe"
    house.node.do(commands.show_names(shown(made, "2021-0002").id, "the family asked for it"), by="editor")
    house.node.catch_up()
    made.follow_all()
    assert shown(made, "2021-0002").deceased == "QUILLON MARROW" and shown(made, "2021-0001").names_hidden
    house.node.do(commands.show_names(shown(made, "2021-0001").id, "the family asked for it"), by="editor")
    house.node.catch_up()
    made.follow_all()
    assert shown(made, "2021-0001").deceased == NAME


def test_what_was_hidden_besides_is_hidden_in_a_report_that_comes_later(house: House, tmp_path: Path) -> None:
    read(house, table(line(1, deceased=NAME)), "2021-06-01")
    report = projection.by_slug(house.tables, "2021-0001")
    house.node.do(commands.hide_names(report, ["Ottoline Vex"], "asked"), by="reader")
    told = "Ottoline Vex had asked about the lamp at the harbour gate. Nobody had looked after it."
    read(house, table(scraped(2, deceased=NAME, concerns=told), columns=SCRAPED), "2021-07-01", accepted=True)
    made = register_of(house, tmp_path)
    assert "Vex" not in str(made.texts(shown(made, "2021-0002").id))


def test_who_is_hidden_is_hidden_elsewhere_when_a_source_names_them_only_later(house: House, tmp_path: Path) -> None:
    read(house, table(line(1, deceased=NAME), line(2, deceased="-")), "2021-06-01")
    made = register_of(house, tmp_path)
    hide(house, "2021-0002")
    made.follow_all()
    assert named(made) == {"01"}, "of whom the other is, nobody has said"
    read(house, table(line(1, deceased=NAME), line(2, deceased=NAME)), "2021-06-02", accepted=True)
    house.node.catch_up()
    made.follow_all()
    assert named(made) == set() == named(register_of(house, tmp_path))


def test_what_is_made_anew_is_found_with_its_own_texts_alone(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thread that compares reports asks in between: it finds none, or one whose texts are in the file."""
    read(house, table(scraped(1, deceased=NAME, concerns=f"{NAME} had no lamp."), columns=SCRAPED), "2021-06-01")
    made = register_of(house, tmp_path)
    report, found, put = shown(made, "2021-0001").id, list[object](), RegisterFile.put

    def looked(self: RegisterFile, *what: Any) -> None:
        found.append(made.find(report))
        put(self, *what)

    monkeypatch.setattr(RegisterFile, "put", looked)
    hide(house, "2021-0001")
    made.follow()
    assert found and set(found) == {None} and shown(made, "2021-0001").names_hidden


@pytest.mark.parametrize("asked", [hide, lambda house, slug: house.node.do(commands.hide_every_name("so"), by="ed")])
def test_who_was_hidden_besides_the_dead_stays_so_whoever_asks_for_the_dead(
    house: House, tmp_path: Path, asked: Callable[[House, str], None]
) -> None:
    """A stranger may ask, on the page of the report."""
    said = f"{NAME} was found at the gate. Edda Vexley had not looked after the lamp."
    read(house, table(scraped(1, deceased=NAME, concerns=said), columns=SCRAPED), "2021-06-01")
    report = projection.by_slug(house.tables, "2021-0001")
    house.node.do(commands.hide_names(report, ["Edda Vexley"], "asked"), by="editor")
    made = register_of(house, tmp_path)
    assert "Vexley" not in str(made.texts(report)), "the control"
    asked(house, "2021-0001")
    house.node.catch_up()
    made.follow_all()
    assert "Vexley" not in str(made.texts(report)) and "the lamp" in str(made.texts(report))
    house.node.do(commands.show_every_name("so"), by="editor")
    house.node.do(commands.show_names(report, "both ask for it"), by="editor")
    house.node.catch_up()
    made.follow_all()
    assert "Vexley" in str(made.texts(report))


def test_what_is_hidden_as_the_journal_is_lost_is_hidden_when_it_is_back(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read(house, table(line(1, deceased=NAME)), "2021-06-01")
    made = register_of(house, tmp_path)
    hide(house, "2021-0001")
    with monkeypatch.context() as patch:
        patch.setattr(house.journal, "opened", lost)
        with pytest.raises(Unavailable):
            made.follow()
    made.follow_all()
    assert named(made) == set() and shown(made, "2021-0001").names_hidden


def lost(*_: object) -> Any:
    raise Unavailable("The line to the journal is lost.")


def test_a_child_is_hidden_in_another_report_of_which_somebody_else_was_taken_out(house: House, tmp_path: Path) -> None:
    """The coroner of the other is withheld, so that names are hidden in it already; not yet who died."""
    read(house, table(line(1, deceased=NAME, coroner="Ms Ada Bench")), "2021-06-01")
    read(house, table(line(1, deceased=NAME, coroner="REDACTED")), "2021-06-02", accepted=True)
    made = register_of(house, tmp_path)
    assert shown(made, "2021-0001").names_hidden and shown(made, "2021-0001").deceased == NAME
    read(house, table(line(2, deceased=NAME, category="Child death")), "2021-06-03", accepted=True)
    house.node.catch_up()
    made.follow_all()
    assert named(made) == set()


def slips(house: House, folder: Path) -> Register:
    """Half of them name somebody whose name is a letter from a word that is typed."""
    rows = [scraped(number, deceased=f"Tam{chr(96 + number)} Marrow", concerns="A lamp.") for number in range(1, 13)]
    read(house, table(*rows, *[scraped(number) for number in range(13, 41)], columns=SCRAPED), "2021-06-01")
    made = register_of(house, folder)
    assert offered(made) == ("marrow",)
    return made


def offered(made: Register) -> tuple[str, ...]:
    return finding.find(made, Query("marow"), date(2021, 9, 1)).looked_for.instead


@pytest.mark.parametrize("is_asked", [True, False])
def test_for_a_slip_no_name_is_offered_that_was_hidden_a_moment_ago(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_asked: bool
) -> None:
    """The control: nobody asks whether the index still has words that were taken away."""
    made = slips(house, tmp_path)
    house.node.do(commands.hide_every_name("asked"), by="editor")
    house.node.catch_up()
    if not is_asked:
        monkeypatch.setattr(Register, "is_settled", True)
    seen = []
    while made.follow():
        seen.append(offered(made))
    assert len(seen) > 3 and (set(seen) == {()}) == is_asked
    assert offered(made) == () and made.is_settled


def test_nor_one_that_an_order_protects_since_a_moment(house: House, tmp_path: Path) -> None:
    made = slips(house, tmp_path)
    case = house.node.do(open_case("quay", "Tama Marrow v Another"), by="operator").stream
    house.node.do(impose_restriction(case, "an order of the court", ["Tama Marrow"]), by="operator")
    house.node.catch_up()
    while made.follow():
        assert offered(made) == ()
    assert made.is_settled
