"""Who had a copy is told from who was asked: a body by its name, and never a family or their solicitor."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from heard.opening import House
from heard.reports import commands, projection
from heard.reports.copied import bodies_in
from tests.reports.register import SCRAPED, read, register_of, scraped, shown, table

BOX_8 = (
    "I have sent a copy of my report to the Chief Coroner and to the following Interested Persons:\n"
    "1. The family of Person Number1 c/o Marsh & Reed Solicitors\n2. Harbour Hospitals NHS Foundation Trust;\n"
    "• Care Quality Commission\n- Dr Ada Bench\n- Chief Executive\n"
    "I have also sent it to the Department of Health and NHS England who may find it useful or of interest."
)


def test_bodies_are_taken_and_nobody_else() -> None:
    assert bodies_in(BOX_8) == ("Harbour Hospitals NHS Foundation Trust", "Care Quality Commission")


@pytest.mark.parametrize(
    "line",
    [
        "The family of the late Person Number1",
        "Mr Reed, on behalf of the Trust",
        "the Trust made no attempt to contact her in any way",
        "Chief Executive",
        "Dr Marsh, Harbour Surgery",
        "[REDACTED] NHS Trust",
    ],
)
def test_what_may_be_a_person_or_a_sentence_is_no_body(line: str) -> None:
    assert bodies_in(line) == ()


def test_a_copy_asks_nobody_and_whoever_is_asked_is_not_in_copy(house: House, tmp_path: Path) -> None:
    line = scraped(1, concerns="1. The gate stood open.", sent="Harbour Board | Care Quality Commission")
    read(house, table(line, columns=SCRAPED), "2021-06-01")
    report = projection.by_slug(house.tables, "2021-0001")
    said = commands.tell_of(report, "pdf", date(2021, 6, 1), {"copies": BOX_8})
    house.node.do(said, by="operator")
    one = shown(register_of(house, tmp_path), "2021-0001")
    assert [other.name for other in one.copied] == ["Harbour Hospitals NHS Foundation Trust"]
    assert "Harbour Hospitals NHS Foundation Trust" not in [other.name for other in one.addressees]
    assert len(one.dues) == len(one.addressees)
