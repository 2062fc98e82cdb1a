"""The published tables, whole: every status and day count, every redaction, the broken reading, the Westminster
report.
"""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from heard.ingest import report_record
from heard.ingest.published_reports import difference, take_in
from heard.ingest.report_tables import read_table
from heard.opening import House, open_house
from heard.reports import clocks, knowledge, projection, shown, standing
from heard.reports.entries import Listed
from heard.reports.register import Register
from heard.reports.standing import Stand
from tests.conftest import SHARED_DATA
from tests.reports.register import register_of

pytestmark = pytest.mark.skipif(not SHARED_DATA.is_dir(), reason="the shared test data is not on this machine")

PFD = SHARED_DATA / "pfd"
SCRAPED, CORRECTED, DATABASE, TEXTS, BROKEN = (
    "tracker_2024-03-01_raw.csv.gz",
    "tracker_2024-03-01_corrected.csv.gz",
    "tracker_2025-07-31_database.csv.gz",
    "texts.csv.gz",
    "tracker_2026-02-01_raw.csv.gz",
)
ON = date(2025, 7, 31)


def rows(name: str) -> list[dict[str, str]]:
    with gzip.open(PFD / name, "rt", newline="") as file:
        return list(csv.DictReader(file))


def take(house: House, name: str, *, accepted: bool = False) -> bool:
    raw = (PFD / name).read_bytes()
    table = read_table(raw, name)
    return take_in(
        house.node, difference(house.node, table, raw, table.on or date(2026, 4, 6)), "operator", accepted=accepted
    )


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, Register]]:
    folder = tmp_path_factory.mktemp("published")
    house = open_house(folder / "data", synchronous="OFF")
    for name in (SCRAPED, CORRECTED, DATABASE, TEXTS):
        assert take(house, name)
    yield house, register_of(house, folder)
    house.close()


def by_url(house: House, register: Register) -> dict[str, Any]:
    found = {}
    for one in register:
        opening = house.journal.stream(one.id)[0].body
        assert isinstance(opening, Listed)
        found[opening.kept_at] = one
    return found


def test_every_status_and_day_count_is_the_trackers(read: tuple[House, Register]) -> None:
    house, register = read
    ours = by_url(house, register)
    table = rows(DATABASE)
    agreed = [row for row in table if standing.by_tracker(ours[row["URL"]], ON) == row["Status"]]
    assert len(agreed) == len(table) == 5247
    counts = rows("tracker_2025-07-31_clock.csv.gz")
    told = [row["Days overdue"] or f"-{row['Days left']}" for row in counts]
    assert [clocks.days_over(ours[row["URL"]].dated, ON) for row in counts] == [int(days) for days in told]
    assert len(counts) == 2157


def test_every_redaction_is_found_and_what_stood_there_is_in_no_shown_word(read: tuple[House, Register]) -> None:
    house, register = read
    newer = {row["URL"]: row for row in rows(DATABASE)}
    older = rows(SCRAPED)
    marked = [
        (row, newer[row["report_url"]])
        for row in older
        if row["report_url"] in newer
        and any(
            "REDACTED" in newer[row["report_url"]][field].upper()
            for field in ("Deceased name", "Coroner name", "Sent to")
        )
    ]
    assert len(marked) == 42
    # The desk lists each, by the report and the field; and of the others only where a list holds more than the mark.
    listed = {(one.slug, one.field) for one in projection.taken_out(house.tables)}
    for row, now in marked:
        report = projection.at_source(house.tables, row["report_url"])
        assert report is not None
        told = {"deceased": ("deceased_name", "Deceased name"), "coroner": ("coroner_name", "Coroner name")}
        for field, (then_in, now_in) in told.items():
            said, marks = row[then_in].strip(), "REDACTED" in now[now_in].upper()
            if said and marks and "REDACTED" not in said.upper():
                assert (projection.slug_of(house.tables, report), field) in listed
        had_more = row["this_report_is_being_sent_to"].strip().upper() not in ("", "REDACTED")
        if "REDACTED" in now["Sent to"].upper() and had_more:
            assert (projection.slug_of(house.tables, report), "sent_to") in listed
    for row, _ in marked:
        report = projection.at_source(house.tables, row["report_url"])
        assert report is not None
        life = [entry.body for entry in house.journal.stream(report)]
        known = knowledge.known(life)
        assert known.redacted
        one = register.find(report)
        assert one is not None
        everything = repr(one) + repr(register.texts(report))
        assert not [name for name in known.withheld if len(name) > 5 and name in everything]


def test_pages_that_are_gone_are_in_no_register(read: tuple[House, Register]) -> None:
    house, register = read
    gone = {row["report_url"] for row in rows(SCRAPED)} - {row["URL"] for row in rows(DATABASE)}
    reports = [projection.at_source(house.tables, url) for url in gone]
    assert len(reports) == 25
    assert not [report for report in reports if report and register.find(report)]


def test_it_makes_no_difference_which_table_is_read_first(read: tuple[House, Register], tmp_path: Path) -> None:
    forwards, register = read
    backwards = open_house(tmp_path / "data", synchronous="OFF")
    for name in (DATABASE, TEXTS, CORRECTED, SCRAPED):
        take(backwards, name)
    assert len(projection.gone(backwards.tables)) == len(projection.gone(forwards.tables)) == 25

    def seen(house: House, url: str) -> tuple[Any, ...] | None:
        report = projection.at_source(house.tables, url)
        assert report is not None
        life = [entry.body for entry in house.journal.stream(report)]
        made = shown.show(report, "a-report", url, life, str)
        if made is None:
            return None
        one, texts = made
        names = [other.name for other in one.addressees]
        return one.deceased, one.coroner, names, standing.by_tracker(one, ON), texts.concerns

    every = sorted(by_url(forwards, register))
    marked = [row["report_url"] for row in rows(SCRAPED) if "REDACTED" in str(row.values()).upper()]
    some = {*every[::9], *marked} & set(every)
    assert len(some) > 500
    assert [url for url in some if seen(forwards, url) != seen(backwards, url)] == []
    backwards.close()


def test_the_broken_reading_is_doubted_and_its_filled_rows_are_taken_when_a_person_accepts(tmp_path: Path) -> None:
    house = open_house(tmp_path / "data", synchronous="OFF")
    take(house, DATABASE)
    before = {report: _facts(house, report) for report, _ in projection.all_reports(house.tables)}
    assert not take(house, BROKEN)
    [alarm] = [one for one in projection.readings(house.tables) if one.doubted]
    assert (alarm.rows, alarm.blank) == (5564, 4836)
    # Nobody has looked at what was pending then, and its last day is past: that is not known, and not overdue.
    (tmp_path / "doubted").mkdir()
    stood = [stand for _, stand in _of_pending(house, register_of(house, tmp_path / "doubted"))]
    assert not {stand.state for stand in stood} & {"none published", "awaited"}
    words = [stand.words for stand in stood if stand.state == "not known"]
    assert len(words) > 77 and set(words) == {"not known since 31 July 2025"}
    assert take(house, BROKEN, accepted=True)
    after = {report: _facts(house, report) for report, _ in projection.all_reports(house.tables)}
    assert not [report for report, facts in before.items() for field in facts if not after[report].get(field)]
    register = register_of(house, tmp_path)
    ours = by_url(house, register)
    filled = [row for row in rows(BROKEN) if row["ref"] or row["date_of_report"]]
    assert len(filled) == 728
    assert {row["report_url"] for row in filled} <= ours.keys()
    for row in filled:  # every changed reply is in
        told = _facts(house, ours[row["report_url"]].id).get("replies", "")
        assert set(re.findall(r"https?://[^\s|]+", row["reply_urls"])) <= set(re.findall(r"https?://[^\s|]+", told))
    # 76 of the 77 that were pending are among the filled rows: of the other nobody has looked since.
    after_it = _of_pending(house, register)
    assert {url for url, stand in after_it if stand.state == "not known"} - {row["report_url"] for row in filled}
    assert not [url for url, stand in after_it if stand.state == "none published" and url not in _urls(filled)]
    house.close()


def _of_pending(house: House, register: Register) -> list[tuple[str, Stand]]:
    """How each addressee of a report that was pending on 31 July 2025 stands on 1 March 2026."""
    ours, on = by_url(house, register), date(2026, 3, 1)
    pending = [row["URL"] for row in rows(DATABASE) if row["Status"] == "pending"]
    return [
        (url, stand) for url in pending for stand in standing.stands(ours[url], register.days_read(ours[url].id), on)
    ]


def _urls(some: list[dict[str, str]]) -> set[str]:
    return {row["report_url"] for row in some}


def test_in_the_broken_reading_as_its_author_analysed_it_nought_counted_in_a_blank_cell_is_no_fact() -> None:
    name = "tracker_2026-02-01_analysed.csv.gz"
    table = read_table((PFD / name).read_bytes(), name)
    assert (len(table.rows), table.blank) == (5564, 4836)
    assert not [row for row in table.rows if row.facts.get("counted_sent") == "0"]
    assert sum("counted_sent" in row.facts for row in table.rows) == 727


def _facts(house: House, report: str) -> dict[str, str]:
    life = [entry.body for entry in house.journal.stream(report)]
    return {field: said.words for field, said in knowledge.known(life).facts.items()}


def test_the_westminster_report_by_the_code_that_every_report_uses(read: tuple[House, Register]) -> None:
    house, register = read
    raw = (PFD / "westminster.json").read_bytes()
    record = report_record.read_record(raw, "westminster.json")
    assert report_record.take_in_record(house.node, record, date(2026, 4, 6), "operator") == "2018-0304"
    position = house.store.position()
    report_record.take_in_record(house.node, record, date(2026, 4, 6), "operator")
    assert house.store.position() == position
    register.follow_all()
    one = register.of(projection.by_slug(house.tables, "2018-0304"))
    stands = standing.stands(one, register.days_read(one.id), ON)
    assert [stand.due.on for stand in stands if stand.due] == [date(2019, 2, 13)] * 8
    told = {stand.addressee.name: stand.words for stand in stands}
    assert [name for name, words in told.items() if words == "no response published"] == ["Department for Transport"]
    assert sum(stand.state == "response published" for stand in stands) == 7
    assert told["Metropolitan Police Service"] == "response dated 18 February 2019, day 61; extension: not known"
    assert [concern.number for concern in register.texts(one.id).numbered] == ["MC1", "MC3", ""]
    assert standing.by_tracker(one, ON) == "partial"


def test_a_generated_report_of_the_same_shape_comes_out_equally(house: House, tmp_path: Path) -> None:
    record = msgspec.json.decode((PFD / "westminster.json").read_bytes())
    record["ref"] = "2021-0304"
    for place, addressee in enumerate(record["addressees"]):
        addressee["name"] = f"Board of Harbour {place}"
    made = report_record.read_record(msgspec.json.encode(record), "made.json")
    slug = report_record.take_in_record(house.node, made, date(2021, 4, 6), "operator")
    register = register_of(house, tmp_path)
    one = register.of(projection.by_slug(house.tables, slug))
    stands = standing.stands(one, [date(2021, 4, 6)], date(2021, 4, 6))
    assert [stand.state for stand in stands].count("response published") == 7
    assert stands[0].words == "response dated 18 February 2019, day 61; extension: not known"
    assert stands[6].state == "none published"
