"""The register keeps up with the journal: each report made once, and what takes away before all that adds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from heard.opening import House
from heard.reports.register import Register
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
