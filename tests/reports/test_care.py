"""Whose names stand, and what is said of how somebody died."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from heard.engine import now
from heard.engine.node import Command
from heard.opening import House
from heard.reports import care, commands, finding, projection
from heard.reports.finding import Query
from heard.text.care import METHODS, unasked
from tests.reports.register import SCRAPED, read, register_of, scraped, shown, table

SAID = "Quillon Marrow, aged 15, was seen by Dr Vex. Mr Marrow’s mother asked. Quillon waited."


def test_a_childs_name_stands_nowhere_and_not_in_running_text(house: House, tmp_path: Path) -> None:
    read(house, table(scraped(1, deceased="Quillon Marrow", circumstances=SAID), columns=SCRAPED), "2021-06-01")
    register = register_of(house, tmp_path)
    one = shown(register, "2021-0001")
    everything = repr(one) + repr(register.texts(one.id))
    assert one.child and one.title == "Report 2021-0001"
    assert "Quillon" not in everything and "Marrow" not in everything
    assert not register.file.search('"quillon"', 5)
    assert (
        b"Quillon" not in (tmp_path / "register.sqlite").read_bytes() + (tmp_path / "register.sqlite-wal").read_bytes()
    )


@pytest.mark.parametrize("mark", ["-", "…", "N/A | -", "<br>&#10;", "&amp;lt;", "&amp;#39;; &lt;b&gt;", "//=%2F"])
def test_a_mark_in_place_of_a_name_is_nobodys(house: House, tmp_path: Path, mark: str) -> None:
    rows = (
        scraped(1, deceased=mark, circumstances="A child aged 9 - it was said - waited."),
        scraped(2, deceased="Q. Vex"),
    )
    read(house, table(*rows, columns=SCRAPED), "2021-06-01")
    register = register_of(house, tmp_path)
    one = shown(register, "2021-0001")
    assert one.child and register.texts(one.id).circumstances == "A child aged 9 - it was said - waited."
    assert shown(register, "2021-0002").deceased == "Q. Vex"


def test_a_name_that_came_as_markup_is_hidden_as_it_is_read(house: House, tmp_path: Path) -> None:
    said = "Orla O'Marrow, aged 9, waited. Ms O’Marrow asked."
    read(house, table(scraped(1, deceased="Orla O&#39;Marrow", circumstances=said), columns=SCRAPED), "2021-06-01")
    register = register_of(house, tmp_path)
    assert "Marrow" not in repr(register.texts(shown(register, "2021-0001").id))


@pytest.mark.parametrize(
    ("said", "stands"),
    [
        ("The inquest of Ben Marrow, aged 9.", "The inquest of [name withheld], aged 9."),
        ("Ben waited. His aged 9 benefit was paid.", "[name withheld] waited. His aged 9 benefit was paid."),
        ("Benno Marrow, aged 9, and Benny.", "[name withheld], aged 9, and [name withheld]."),
        ("Mrs Marrow and William of Essex, aged 9.", "Mrs [name withheld] and William of Essex, aged 9."),
    ],
)
def test_what_a_child_was_called_goes_with_the_name(house: House, tmp_path: Path, said: str, stands: str) -> None:
    read(house, table(scraped(1, deceased="Benjamin Marrow", circumstances=said), columns=SCRAPED), "2021-06-01")
    register = register_of(house, tmp_path)
    one = shown(register, "2021-0001")
    assert one.child and register.texts(one.id).circumstances == stands


COMMON = {
    "Jack White": (
        "Jack waited, aged 9. Mrs White asked Jack’s nurse. In White City all was.",
        "[name withheld] waited, aged 9. Mrs [name withheld] asked [name withheld]’s nurse. In White City all was.",
    ),
    "May Ng": (
        "In May 2019, aged 9, she was called May; Ms Ng asked. May 4 was late. On 3 May they came. May she rest.",
        "In May 2019, aged 9, she was called [name withheld]; Ms [name withheld] asked. May 4 was late. On 3 May they "
        "came. May she rest.",
    ),
    "Grace Ann King": (
        "Grace King, aged 9, was with Grace Ann. Hope was gone. Miss King asked the King.",
        "[name withheld], aged 9, was with [name withheld]. Hope was gone. Miss [name withheld] asked the King.",
    ),
}


@pytest.mark.parametrize("name", COMMON)
def test_a_name_that_is_a_word_too_is_hidden_where_it_is_a_name(house: House, tmp_path: Path, name: str) -> None:
    said, stands = COMMON[name]
    read(house, table(scraped(1, deceased=name, circumstances=said), columns=SCRAPED), "2021-06-01")
    register = register_of(house, tmp_path)
    one = shown(register, "2021-0001")
    assert one.child and register.texts(one.id).circumstances == stands


def test_a_person_may_let_the_name_stand_and_hide_it_again(house: House, tmp_path: Path) -> None:
    read(house, table(scraped(1, deceased="Quillon Marrow", circumstances=SAID), columns=SCRAPED), "2021-06-01")
    report = projection.by_slug(house.tables, "2021-0001")
    house.node.do(commands.show_names(report, "the parents ask for it"), by="editor")
    register = register_of(house, tmp_path)
    assert shown(register, "2021-0001").title == "Quillon Marrow"
    house.node.do(commands.hide_names(report, ["Vex"], "asked"), by="editor")
    register.follow_all()
    assert "Vex" not in repr(register.texts(report)) and "Marrow" not in repr(register.texts(report))


@pytest.mark.parametrize(
    "besides",
    [lambda report: commands.hide_names(report, (), "asked"), lambda report: commands.hide_every_name("asked")],
)
def test_whoever_asks_again_takes_no_name_back_that_was_hidden_before(
    house: House, tmp_path: Path, besides: Callable[[str], Command]
) -> None:
    read(house, table(scraped(1, deceased="Quillon Marrow", circumstances=SAID), columns=SCRAPED), "2021-06-01")
    report = projection.by_slug(house.tables, "2021-0001")
    house.node.do(commands.hide_names(report, ["Vex"], "asked"), by="editor")
    house.node.do(besides(report), by="reader")
    register = register_of(house, tmp_path)
    assert "Vex" not in repr(register.texts(report)) and register.masking(report)("Dr Vex") == "Dr [name withheld]"
    house.node.do(commands.show_names(report, "all of them"), by="editor")
    house.node.do(besides(report), by="reader")
    register = register_of(house, tmp_path)
    assert "Vex" in repr(register.texts(report)) and "Marrow" not in repr(register.texts(report))


@pytest.mark.parametrize("said", ["aged 17", "a 4-month-old boy", "a 9 year old", "aged 3 weeks", "was stillborn"])
def test_a_child_is_known_by_what_is_said(said: str) -> None:
    assert care.is_child("Other related deaths", f"The deceased, {said}, died.")


@pytest.mark.parametrize("said", ["aged 18", "aged 71 with a son aged 9", "a 40-year-old"])
def test_who_was_grown_up_is_none(said: str) -> None:
    assert not care.is_child("Other related deaths", f"The deceased, {said}, died.")


def test_what_is_met_unasked_tells_no_method() -> None:
    told = "He was found hanging by a ligature. The ward had no plan. He had taken an overdose before."
    assert unasked(told) == "The ward had no plan."


@pytest.mark.parametrize(
    "said",
    [
        *("was ligatured", "strangulation", "suspended by a cord", "by suspension", "a nitrite"),
        *("seen with cut wrists", "cuts to her wrists", "wounds to both wrists", "lacerations of the left wrist"),
    ],
)
def test_a_method_is_known_by_its_other_words(said: str) -> None:
    """Found by a sweep over all reports that are published: each of these was in a snippet or a passage."""
    assert unasked(f"It was {said}. The ward had no plan.") == "The ward had no plan."


@pytest.mark.parametrize("said", ["a pulse at the wrist", "a fracture of the right wrist", "a constrictive wrist band"])
def test_a_wrist_of_which_nothing_is_done_to_oneself_is_told(said: str) -> None:
    assert unasked(f"There was {said}. The ward had no plan.") == f"There was {said}. The ward had no plan."


def test_a_snippet_tells_no_method_though_the_report_does(house: House, tmp_path: Path) -> None:
    concerns = "(1) The ligature point was known for years to the ward. (2) The ward had no plan."
    read(house, table(scraped(1, concerns=concerns), columns=SCRAPED), "2021-06-01")
    register = register_of(house, tmp_path)
    for text in ("ligature", "ward", ""):
        found = finding.find(register, Query(text), now.today())
        assert found.total == 1
        assert not METHODS.search(found.hits[0].snippet)


def test_the_address_at_the_source_goes_with_the_name_it_carries(house: House, tmp_path: Path) -> None:
    row = scraped(1, deceased="Quillon Marrow").replace("example.org/reports/1/", "example.org/quillon-marrow/")
    read(house, table(row, columns=SCRAPED), "2021-06-01")
    report = projection.by_slug(house.tables, "2021-0001")
    register = register_of(house, tmp_path)
    assert shown(register, "2021-0001").links
    house.node.do(commands.hide_names(report, (), ""), by="reader")
    register.follow_all()
    assert shown(register, "2021-0001").links == ()


@pytest.mark.parametrize("is_later", [True, False])
def test_a_childs_name_stands_in_no_other_report_of_the_same_death(
    house: House, tmp_path: Path, is_later: bool
) -> None:
    """The control: a namesake's with another surname, and a person's decision."""
    names = ["Quillon Marrow", "QUILLON MARROW", "Quillon Oxe"]
    rows = [scraped(number, deceased=name, circumstances="It was dark.") for number, name in enumerate(names, 1)]
    told = scraped(1, deceased=names[0], circumstances=SAID)
    read(house, table(*(rows if is_later else [told, *rows[1:]]), columns=SCRAPED), "2021-06-01")
    register = register_of(house, tmp_path)
    if is_later:
        assert "MARROW" in shown(register, "2021-0002").title
        report = projection.by_slug(house.tables, "2021-0001")
        house.node.do(commands.tell_of(report, "record", date(2021, 7, 1), {"circumstances": SAID}), by="operator")
        house.node.catch_up()
        register.follow_all()
    assert [shown(register, f"2021-000{number}").names_hidden for number in (1, 2, 3)] == [True, True, False]
    assert not register.file.search('"marrow"', 5)
    other = projection.by_slug(house.tables, "2021-0002")
    house.node.do(commands.show_names(other, "a namesake"), by="editor")
    house.node.catch_up()
    register.follow_all()
    assert "MARROW" in shown(register, "2021-0002").title and shown(register, "2021-0001").names_hidden


def test_all_names_can_be_hidden_in_one_step_and_stand_again(house: House, tmp_path: Path) -> None:
    rows = [
        scraped(number, deceased=f"Tam Harrow{number}", circumstances="Harrow1 and Harrow2 fell.") for number in (1, 2)
    ]
    read(house, table(*rows, columns=SCRAPED), "2021-06-01")
    house.node.do(commands.hide_every_name("the operator wants it so"), by="editor")
    register = register_of(house, tmp_path)
    assert {one.title for one in register} == {"Report 2021-0001", "Report 2021-0002"}
    house.node.do(commands.show_every_name("a while"), by="editor")
    register.follow_all()
    house.node.do(commands.hide_every_name("again"), by="editor")
    register.follow(at_most=1)  # the first of many; the other is not seen meanwhile
    assert [one.title.startswith("Report") for one in register] == [True]
    register.follow_all()
    house.node.do(commands.show_every_name("and now so"), by="editor")
    register.follow_all()
    assert {one.title for one in register} == {"Tam Harrow1", "Tam Harrow2"}


def test_a_hidden_name_stands_in_nothing_that_people_recorded_either(house: House, tmp_path: Path) -> None:
    read(house, table(scraped(1, sent="Harbour Board; Dr Quillon Marrow"), columns=SCRAPED), "2021-06-01")
    report, name = projection.by_slug(house.tables, "2021-0001"), "Dr Quillon Marrow"
    for command in (
        commands.record_response(report, name),
        commands.number_concern(report, "1", "A gate stood open.", [name]),
        commands.record_promise(report, name, "A lock"),
        commands.set_outcome(report, "1", name, "rejected", name, "A passage"),
        commands.give_judgement(report, "1", name, "superseded", name, date(2021, 5, 1), name, superseded_by=name),
        commands.set_outcome(report, "Marrow 2", name, "rejected", "Ada Vale", "A passage"),
        commands.give_judgement(report, "Marrow 3", name, "acceptable", "Ada Vale", date(2021, 5, 1), "Why"),
        commands.dispute(report, name, "I wrote."),
        commands.hide_names(report, [name], "asked"),
    ):
        house.node.do(command, by="editor")
    register = register_of(house, tmp_path)
    everything = repr(shown(register, "2021-0001")) + repr(register.texts(report))
    assert "Harbour Board" in everything and "Marrow" not in everything and "Quillon" not in everything


def test_the_desk_lists_initials_only_where_somebody_had_more(house: House) -> None:
    for day, names in (("2021-06-01", ("A.B.", "Quillon Marrow")), ("2021-06-02", ("A.B.", "Q.M."))):
        rows = [scraped(number, deceased=name) for number, name in enumerate(names, 1)]
        read(house, table(*rows, columns=SCRAPED), day, accepted=True)
    assert [(one.slug, one.field) for one in projection.taken_out(house.tables)] == [("2021-0002", "deceased")]
