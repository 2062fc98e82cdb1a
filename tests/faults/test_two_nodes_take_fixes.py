"""Two whole nodes, one phone: it sends to either, its gate is watched by both, and one of them is killed."""

from __future__ import annotations

import os
import re
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from heard.opening import open_house
from heard.watch.entries import AlarmRaised, PresenceTold
from tests.faults.nodes import long
from tests.postgres import Cluster
from tests.server import Server, running
from tests.waiting import wait_until
from tests.watch.hand import Hand
from tests.watch.phone import Phone, on_duty, phone

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]


def kill(server: Server) -> None:
    """Supervisor, edge and app at once."""
    children = re.findall(r"child_started child=[\w-]+ pid=(\d+)", "".join(server.said))
    for pid in (server.process.pid, *map(int, children)):
        with suppress(ProcessLookupError):  # one that was replaced before
            os.kill(pid, signal.SIGKILL)
    server.process.wait()


@long
def test_a_phone_that_changes_nodes_keeps_a_gate_and_a_gate_that_is_left_rings_once(
    postgres: Cluster, tmp_path: Path
) -> None:
    journal = postgres.fresh()
    with running(tmp_path / "one", journal=journal) as one, running(tmp_path / "other", journal=journal) as other:
        sam, ada = Hand(one), Hand(other)
        station = on_duty(sam, "Lock 1", good_for="10 s")
        here = phone(sam)
        there = Phone(ada, here.secret)
        wait_until(lambda: "Lock 1" in ada.page(""))
        assert here.says(3).json()["kept"] == 1
        sam.arms(station, "present", "2 s", title="The lock is kept")
        for number in range(30):  # half a second each, so that either alone would be too seldom
            assert (here, there)[number % 2].says(3).json()["kept"] == 1
            wait_until(lambda: "you are here" in ada.page("mine/").lower())
        assert sorted(_told(tmp_path, journal)) == [(True, "")]
        kill(one)
        assert there.says(4).json()["kept"] == 1
        there.says(60)
        wait_until(lambda: "Lapsed" in ada.page(""))
        there.says(5)
        wait_until(lambda: "Lapsed" not in ada.page("") or "restored" in ada.page(f"{station}/"))
    assert _told(tmp_path, journal) == [(True, ""), (False, ""), (True, "")]
    house = open_house(tmp_path / "afterwards", journal=journal)
    assert sum(isinstance(entry.body, AlarmRaised) for entry in house.journal.all()) == 1
    house.close()


def _told(folder: Path, journal: str) -> list[tuple[bool | None, str]]:
    house = open_house(folder / "looking", journal=journal)
    bodies = [entry.body for entry in house.journal.all()]
    house.close()
    return [(one.present, one.why) for one in bodies if isinstance(one, PresenceTold) and one.since_at]
