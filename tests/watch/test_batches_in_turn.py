"""Many batches of fixes at once keep nothing else waiting: between two of them everybody else has a turn."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from heard.opening import House
from heard.watch.areas import Area
from heard.watch.tracks import Placed
from heard.web import taking
from tests.watch.gate import NOON
from tests.watch.played import Played, played

BATCHES, FIXES = 12, 40


def most_in_one_round(house: House, folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """So many batches, which come at once, are worked on at most between two turns of somebody else."""
    since_turn, most = [0], [0]

    async def ticks() -> None:
        while True:
            since_turn[0] = 0
            await asyncio.sleep(0)

    def counted(works: Any) -> Any:
        def work(*asked: Any) -> Any:
            since_turn[0] += 1
            most[0] = max(most[0], since_turn[0])
            return works(*asked)

        return work

    async def plays(hour: Played) -> None:
        station = hour.station("Post 1", Area((52.0, 0.0), 20))
        holders = [hour.on_duty(station, f"h{n}")[0] for n in range(BATCHES)]
        await hour.looks()
        monkeypatch.setattr(hour.taking, "_believed", counted(hour.taking._believed))
        monkeypatch.setattr(hour.taking, "_hears", counted(hour.taking._hears))
        ticking = asyncio.ensure_future(ticks())
        fixes = [Placed(hour.at, hour.at, 52 + n * 1e-7, 0.0, 4) for n in range(FIXES)]
        kept = await asyncio.gather(*(hour.taking.take({holder: fixes}) for holder in holders))
        ticking.cancel()
        assert kept == [FIXES] * BATCHES

    played(house, NOON, folder, plays)
    return most[0]


def test_between_two_batches_everybody_else_has_a_turn(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert most_in_one_round(house, tmp_path, monkeypatch) <= 2


def test_control_batches_that_take_no_turns_are_caught(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "FEW", FIXES)
    assert most_in_one_round(house, tmp_path, monkeypatch) >= BATCHES
