"""Reading sources again and again: nothing is said twice, nothing is un-said, and a broken source is not believed."""

from __future__ import annotations

from pathlib import Path

import pytest

from heard.engine.errors import NotFound, Refused
from heard.ingest.report_tables import read_table
from heard.opening import House
from heard.reports import projection
from tests.reports.register import SCRAPED, line, read, register_of, scraped, shown, table


def test_reading_the_same_again_makes_no_entry(house: House) -> None:
    raw = table(*(line(number) for number in range(1, 30)))
    assert read(house, raw, "2021-06-01")
    position = house.store.position()
    assert read(house, raw, "2021-06-01")
    assert house.store.position() == position


def test_a_blank_row_un_says_nothing_and_its_report_stands(house: House, tmp_path: Path) -> None:
    read(house, table(*(line(number, replies=1) for number in range(1, 40))), "2021-06-01")
    broken = table(*(scraped(number, blank=number > 5) for number in range(1, 40)), columns=SCRAPED)
    assert not read(house, broken, "2021-09-01")
    assert projection.readings(house.tables)[0].doubted
    before = house.store.position()
    assert not read(house, broken, "2021-09-01")
    assert house.store.position() == before  # one alarm, however often it is tried
    assert read(house, broken, "2021-09-01", accepted=True)
    register = register_of(house, tmp_path)
    assert len(register) == 39
    assert all(one.title.startswith("Person Number") for one in register)
    assert register.days_read(shown(register, "2021-0003").id)[-1].isoformat() == "2021-09-01"
    assert register.days_read(shown(register, "2021-0030").id)[-1].isoformat() == "2021-06-01"


def test_a_report_that_is_gone_is_in_the_register_no_more_in_either_order(house: House, tmp_path: Path) -> None:
    older = table(*(line(number) for number in range(1, 40)))
    newer = table(*(line(number) for number in range(1, 39)))
    read(house, older, "2021-06-01")
    read(house, newer, "2021-07-01")
    with pytest.raises(NotFound):
        shown(register_of(house, tmp_path), "2021-0039")


def test_the_same_the_other_way_round(house: House, tmp_path: Path) -> None:
    read(house, table(*(line(number) for number in range(1, 39))), "2021-07-01")
    read(house, table(*(line(number) for number in range(1, 40))), "2021-06-01")
    register = register_of(house, tmp_path)
    assert len(register) == 38
    with pytest.raises(NotFound):
        shown(register, "2021-0039")


def test_reports_of_one_reference_have_addresses_of_their_own(house: House, tmp_path: Path) -> None:
    rows = [line(7, url=f"https://example.org/joint/{place}/") for place in range(3)]
    read(house, table(*rows), "2021-06-01")
    register = register_of(house, tmp_path)
    assert {one.slug for one in register} == {"2021-0007", "2021-0007-2", "2021-0007-3"}


def test_a_cell_into_which_other_lines_slipped_is_taken_apart() -> None:
    row = scraped(1).replace(
        '"Avon"', '"Avon\n\nCategory: Police related deaths\n\nThis report is being sent to: Home Office"', 1
    )
    row = row.replace('"Other related deaths"', '""').replace('"Harbour Board"', '""')
    [found] = read_table(table(row, columns=SCRAPED), "t.csv").rows
    assert (found.facts["area"], found.facts["categories"], found.facts["sent_to"]) == (
        "Avon",
        "Police related deaths",
        "Home Office",
    )


@pytest.mark.parametrize("raw", [b"", b"a,b\n1,2\n", b"\xff\xfe\x00", b"\x1f\x8bnonsense", b"PK\x03\x04"])
def test_what_is_no_table_is_refused_in_words(raw: bytes) -> None:
    with pytest.raises(Refused, match="Nothing was imported"):
        read_table(raw, "something.csv")


def test_a_crash_between_two_slices_is_gone_on_from(house: House) -> None:
    raw = table(*(line(number) for number in range(1, 200)))
    read(house, table(*(line(number) for number in range(1, 120))), "2021-06-01")  # as far as an import came
    assert read(house, raw, "2021-06-01")
    assert len(projection.all_reports(house.tables)) == 199
