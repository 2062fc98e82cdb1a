"""The register keeps up with the journal: each report made once, and what takes away before all that adds."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from heard.cases.commands import impose_restriction, open_case
from heard.engine.entry import Entry
from heard.engine.errors import Unavailable
from heard.opening import House
from heard.reports import figures, projection, tables
from heard.reports.register import Register
from heard.store.files import connect
from heard.store.register import RegisterFile
from tests.reports.register import SCRAPED, line, read, scraped, table


class Counting(Register):
    """One that remembers what it made, in order."""

    def __init__(self, *parts: Any) -> None:
        self.made: list[str] = []
        super().__init__(*parts)

    def _make(self, report: str, *about: Any) -> Any:
        made = super()._make(report, *about)
        self.made.append(made[0].ref if made else "")
        return made


def register_of(house: House, folder: Path) -> Counting:
    house.node.catch_up()
    file = RegisterFile(folder / "register.sqlite", house.store.epoch)
    return Counting(house.journal, house.tables, house.doors, file)


def test_a_report_that_several_tables_tell_of_is_made_once(house: House, tmp_path: Path) -> None:
    every = range(1, 40)
    read(house, table(*(scraped(number) for number in every), columns=SCRAPED), "2024-03-01", name="a.csv")
    read(house, table(*(line(number) for number in every)), "2025-07-31")
    read(house, table(*(line(number, replies=1) for number in every)), "2025-08-31")
    register = register_of(house, tmp_path)
    while register.follow():
        pass
    assert len(register) == 39
    assert len(register.made) == len(set(register.made)) == 39


def test_what_is_taken_away_is_gone_before_anything_is_added(house: House, tmp_path: Path) -> None:
    read(house, table(*(line(number) for number in range(1, 30))), "2024-03-01")
    register = register_of(house, tmp_path)
    register.follow_all()
    register.made.clear()
    newer = [line(number, replies=1) for number in range(1, 29)]
    read(house, table(*newer, line(29, coroner="REDACTED"), *(line(number) for number in range(30, 60))), "2025-07-31")
    house.node.catch_up()
    while not register.made:
        register.follow()
    assert register.made == ["2021-0029"]  # alone: what else waits is made after
    assert len(register) == 29
    while register.follow():
        pass
    assert len(register) == 59 and register.to_come == 0


def test_a_thread_that_makes_lines_asks_no_table_when_something_is_read_meanwhile(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tables belong to the thread that folds: two that ask them at once stop each other."""
    read(house, table(*(line(number) for number in range(1, 20))), "2024-03-01")
    register = register_of(house, tmp_path)
    register.follow_all()
    asked_in, asking, making = list[threading.Thread](), projection.all_days_read, tables.row
    began, goes_on = threading.Event(), threading.Event()

    def asked(tables: Any) -> Any:
        asked_in.append(threading.current_thread())
        return asking(tables)

    def row(*about: Any) -> Any:
        began.set()
        assert goes_on.wait(20)
        return making(*about)

    monkeypatch.setattr(projection, "all_days_read", asked)
    monkeypatch.setattr(tables, "row", row)
    with ThreadPoolExecutor(1) as beside:
        made = beside.submit(tables.lines_of_all, register, date(2026, 3, 1))
        assert began.wait(20)
        read(house, table(*(line(number, replies=1) for number in range(1, 20))), "2025-07-31")
        house.node.catch_up()
        register.follow_all()
        goes_on.set()
        lines = made.result(20)
        assert all("2024-03-01" in one and "2025-07-31" not in one for one in lines.values()), "of when it began"
        again = beside.submit(tables.lines_of_all, register, date(2026, 3, 1)).result(20)
    assert all("2025-07-31" in one for one in again.values())
    assert {*asked_in} == {threading.main_thread()}


def test_what_could_not_be_put_is_made_again(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read(house, table(*(line(number) for number in range(1, 5))), "2024-03-01")
    register = register_of(house, tmp_path)

    def full(*about: Any) -> None:
        raise Unavailable("The disk is full.")

    with monkeypatch.context() as away:
        away.setattr(register.file, "put", full)
        with pytest.raises(Unavailable):
            register.follow()
    register.follow_all()
    assert len([*register.file.all()]) == len(register) == 4
    assert register.file.position() == house.node.projection.position()


def test_threads_read_while_it_is_written(house: House, tmp_path: Path) -> None:
    """What reports are compared by is worked out in a thread; what comes in meanwhile stops neither."""
    read(house, table(*(scraped(number) for number in range(1, 9)), columns=SCRAPED), "2024-03-01", name="a.csv")
    register = register_of(house, tmp_path)
    register.follow_all()
    [first, *_] = [one.id for one in register]
    ended = threading.Event()

    def reads() -> int:
        found = 0
        while not ended.is_set():
            found += bool(register.texts(first)) + len(register.file.search("inquest", 5))
        return found

    with ThreadPoolExecutor(2) as beside:
        reading = [beside.submit(reads) for _ in range(2)]
        try:
            for _ in range(150):
                register.file.put([], ["another"], register.file.position())
                assert register.texts(first)
        finally:
            ended.set()
        assert all(one.result(20) for one in reading)


def test_figures_are_counted_in_a_thread_while_the_register_grows(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read(house, table(*(line(number) for number in range(1, 30))), "2024-03-01")
    register = register_of(house, tmp_path)
    register.follow_all()
    read(house, table(*(line(number) for number in range(1, 60))), "2025-07-31")
    house.node.catch_up()
    stands = register.stands

    def then_it_grows(on: date) -> Any:
        stood = stands(on)
        register.follow_all()
        return stood

    on = date(2025, 8, 1)
    with monkeypatch.context() as patch:
        patch.setattr(register, "stands", then_it_grows)
        assert figures.figures(register, on)[0].lines[0].requests == 29
    assert figures.figures(register, on)[0].lines[0].requests == 59, "what was counted of fewer is not kept"


def test_what_is_no_business_of_reports_is_not_opened(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read(house, table(*(line(number) for number in range(1, 5))), "2024-03-01")
    register = register_of(house, tmp_path)
    register.follow_all()
    opened = list[str]()
    monkeypatch.setattr(house.journal, "opened", _noting(house.journal.opened, opened))
    cases = [house.node.do(open_case(f"case-{number}", "A case"), by="operator").stream for number in range(20)]
    order = impose_restriction(cases[0], "an order of the court", ["Person Number1"])
    house.node.do(order, by="operator")
    house.node.catch_up()
    opened.clear()
    register.follow_all()
    assert "cases.restriction_imposed" in opened and not any(kind == "cases.opened" for kind in opened)
    assert register.file.position() == house.store.position()


def _noting(opening: Callable[..., list[Entry]], kinds: list[str]) -> Callable[..., list[Entry]]:
    def opened(records: Any) -> list[Entry]:
        entries = opening(records)
        kinds.extend(entry.kind for entry in entries)
        return entries

    return opened


def test_what_came_in_little_by_little_is_gathered_a_little_at_a_time(house: House, tmp_path: Path) -> None:
    """So that a word is looked for in one place; each step is short, and what is found is the same."""
    many = range(1, 120)
    read(house, table(*(scraped(number, concerns=f"Lamp {number}.") for number in many), columns=SCRAPED), "2024-03-01")
    register = register_of(house, tmp_path)
    while register.follow(1):
        pass
    looked_for = ['"lamp"', '"lamp" AND "17"', '"ada" OR "bench"']
    before = [register.file.search(one, 200) for one in looked_for]
    steps = 1
    while register.file.gather():
        steps += 1
    assert 1 < steps < 100 and not register.file.gather(), "nothing is left to do"
    with connect(register.file.path) as db:
        assert db.execute("SELECT count(DISTINCT segid) FROM words_idx").get == 1
    assert [register.file.search(one, 200) for one in looked_for] == before
