"""Two nodes on one journal see a pause fall due in the same moment, and somebody may resume in that moment too: it is
written once, or not at all."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Thread

import httpx2
import msgspec
import pytest

from heard.cases import commands as case_commands
from heard.coverage import commands
from heard.coverage.entries import PauseOverran, Resumed
from heard.coverage.falling_due import CLOCK, lapses
from heard.engine import now
from heard.engine.entry import Body
from heard.engine.node import Command, Decision
from heard.engine.projection import Tables
from heard.opening import House, open_house
from tests.faults.nodes import SLUG, long, two_nodes
from tests.faults.open_pages import OpenPages
from tests.postgres import Cluster
from tests.waiting import wait_until

RACES = 300  # in two of three nobody resumes: 200 clocks
Fires = Callable[[House, str], None]


def fires(house: House, case: str) -> None:
    """As the app does, with a clock that is an hour ahead."""
    for lapse in lapses(house.tables, now.utc() + timedelta(hours=1)):
        if case in lapse.key:
            house.node.do(lapse.command, by=CLOCK, key=lapse.key)


def fires_unguarded(house: House, case: str) -> None:
    """The mutant: it looks whether that was done already, and then writes."""
    for lapse in lapses(house.tables, now.utc() + timedelta(hours=1)):
        if case in lapse.key:
            house.node.do(unguarded(lapse.command), by=CLOCK)


def unguarded(command: Command) -> Command:
    def judge(tables: Tables) -> Decision:
        return msgspec.structs.replace(command(tables), over=())

    return judge


def paused_cases(house: House, count: int) -> list[str]:
    cases = []
    for number in range(count):
        case = house.node.do(case_commands.open_case(f"case-{number}", "A case"), by="editor").stream
        for state, lasting in (("live", ""), ("paused", "PT1M")):
            house.node.do(commands.set_state(house.doors, case, state, lasting=lasting), by="editor")
        cases.append(case)
    return cases


def raced(folder: Path, journal: str, count: int, how: Fires) -> list[list[type[Body]]]:
    """What was written on each case after its pause, when two nodes fired at once; every third somebody resumed."""
    with ExitStack() as stack:
        houses = [open_house(folder / name, journal=journal, synchronous="OFF") for name in ("one", "other")]
        for house in houses:
            stack.callback(house.close)
        cases, chance = paused_cases(houses[0], count), random.Random(20311)
        houses[1].node.catch_up()
        together = Barrier(2)

        def run(house: House, resuming: dict[str, House]) -> None:
            for case in cases:
                together.wait(30)
                if resuming.get(case) is house:
                    time.sleep(random.uniform(0, 0.003))  # as long as it takes to fire: each is first now and then
                    house.node.do(commands.set_state(house.doors, case, "resumed"), by="editor")
                else:
                    how(house, case)

        resuming = {case: chance.choice(houses) for case in cases[::3]}
        threads = [Thread(target=run, args=(house, resuming)) for house in houses]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for house in houses:
            for case in cases:
                how(house, case)  # as at the next look, and after a crash
        lives = [[type(entry.body) for entry in houses[0].journal.stream(case)] for case in cases]
    return [life[3:] for life in lives]  # type: ignore[misc]


def test_a_clock_that_falls_due_on_two_nodes_at_once_is_one_entry(postgres: Cluster, tmp_path: Path) -> None:
    written = raced(tmp_path, postgres.fresh(), RACES, fires)
    resumed, left = written[::3], [life for number, life in enumerate(written) if number % 3]
    assert left == [[PauseOverran]] * len(left)
    assert all(life in ([Resumed], [PauseOverran, Resumed]) for life in resumed), resumed
    over = sum(len(life) > 1 for life in resumed)
    print(f"{len(left)} fell due, once each; of {len(resumed)} that were resumed {over} had fallen due before")


def test_control_two_nodes_that_look_and_then_write_are_caught(postgres: Cluster, tmp_path: Path) -> None:
    written = raced(tmp_path, postgres.fresh(), 60, fires_unguarded)
    assert any(life.count(PauseOverran) > 1 for life in written)


@pytest.mark.faults
@long
def test_open_pages_of_both_nodes_are_told_once_that_a_pause_has_run_over(postgres: Cluster, tmp_path: Path) -> None:
    journal = postgres.fresh()
    with two_nodes(tmp_path, journal) as (one, other, token):
        pages = OpenPages([(one.host, one.port), (other.host, other.port)], SLUG, 1)
        wait_until(pages.stand)
        for state in ({"state": "live"}, {"state": "paused", "for": "PT1S"}):
            told = httpx2.post(
                f"{one.address}/api/v1/cases/{SLUG}/state", json=state, headers={"Authorization": f"Bearer {token}"}
            )
            assert told.status_code == 201, told.text
        for node in (one, other):
            wait_until(lambda node=node: "which has passed" in httpx2.get(f"{node.address}/{SLUG}/").text)
        overran = told.json()["position"] + 1
        wait_until(lambda: pages.stand(overran))
        pages.close()
        assert [page.position() for page in pages.pages] == [overran] * len(pages.pages)
    house = open_house(tmp_path / "afterwards", journal=journal)
    assert [type(entry.body) for entry in house.journal.all()].count(PauseOverran) == 1
    house.close()
