"""The power fails at any moment: what was acknowledged is there, under FULL; and the same cuts find what NORMAL and OFF
lose, so they would find it if FULL did."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from heard.coverage.entries import PostErased
from heard.engine.errors import HeardError
from heard.engine.projection import Projection, Tables
from heard.opening import ROOMS, open_house
from heard.store.derived import folding
from heard.store.files import connect
from heard.verify import verify_directory
from tests.faults.publisher import prepare
from tests.faults.recorder import Event, cut, recorded

pytestmark = [pytest.mark.faults, pytest.mark.timeout(3600)]  # the long runs of `make soak` take their time

ROOT = Path(__file__).parent.parent.parent
SOAK = bool(os.environ.get("HEARD_SOAK"))
CUTS = 1000 if SOAK else 60
#: The mutants are caught within so many cuts, or the cutting has lost its edge.
CONTROL_CUTS = 40
POSTS = 30
PATIENCE_S = 300


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("prepared") / "data"
    prepare(data)
    return data


def record(prepared: Path, place: Path, synchronous: str, *failing: int) -> list[Event]:
    data = shutil.copytree(prepared, place / "data")
    how = [str(place / "events"), synchronous, str(POSTS), *map(str, failing)]
    command = [sys.executable, "-m", "tests.faults.publisher", str(data), "record", *how]
    subprocess.run(command, cwd=ROOT, check=True, timeout=PATIENCE_S)
    return recorded(place / "events")


def wrong_after(data: Path, acknowledged: list[str]) -> str | None:
    """What is not as it was acknowledged, None when all is well."""
    try:
        house = open_house(data)
        for key in acknowledged:
            if house.store.outcome(house.journal.key_for("editor", "", key), None) is None:
                return f"lost: {key}"
        entries = list(house.journal.all())
        for entry in entries:
            erased = entry.body.positions if isinstance(entry.body, PostErased) else ()
            if any(entries[position - 1].body is not None for position in erased):
                return f"words that entry {entry.position} erased are back"
        house.node.catch_up()
        fresh = Projection(connect(data / "fresh.sqlite", synchronous="OFF"), ROOMS, folding)
        while fresh.catch_up(house.journal.read):
            pass
        if rows(fresh.tables) != rows(house.tables):
            return "what is shown is not what the journal says"
        house.close()
        verify_directory(data)
    except HeardError as wrong:
        return f"damaged: {wrong}"
    return None


def rows(tables: Tables) -> dict[str, list[object]]:
    names = [name for (name,) in tables.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
    return {name: sorted(tables.execute(f"SELECT * FROM {name}"), key=repr) for name in names}


def losses(prepared: Path, place: Path, events: list[Event], cuts: int, seed: int) -> list[str]:
    dice, found = random.Random(seed), []
    acks = [number for number, event in enumerate(events) if event.what == "ack"]
    for number in range(cuts):
        # Half of the cuts come at the worst of moments, just after somebody was told.
        at = dice.choice(acks) + 1 if number % 2 else dice.randrange(len(events))
        data = place / f"cut{number}"
        acknowledged = cut(prepared, events, at, dice, data)
        if wrong := wrong_after(data, acknowledged):
            found.append(f"cut {number} before event {at} of {len(events)}: {wrong}")
        shutil.rmtree(data)
    return found


def seed() -> int:
    return int(os.environ.get("HEARD_SEED", random.randrange(10**6)))


def test_a_power_cut_under_full_loses_nothing_that_was_acknowledged(prepared: Path, tmp_path: Path) -> None:
    thrown = seed()
    events = record(prepared, tmp_path, "FULL")
    found = losses(prepared, tmp_path, events, CUTS, thrown)
    print(f"{CUTS} power cuts in {len(events)} writes, syncs and answers under FULL: {len(found)} lost (seed {thrown})")
    assert found == []


@pytest.mark.parametrize("synchronous", ["NORMAL", "OFF"])
def test_the_same_cuts_catch_a_journal_that_is_not_synced(prepared: Path, tmp_path: Path, synchronous: str) -> None:
    events = record(prepared, tmp_path, synchronous)
    found = losses(prepared, tmp_path, events, CONTROL_CUTS, seed())
    print(f"{CONTROL_CUTS} power cuts under {synchronous}: {len(found)} lost")
    assert found


def test_after_a_sync_that_failed_nothing_is_acknowledged_that_a_power_cut_could_take(
    prepared: Path, tmp_path: Path
) -> None:
    """The kernel forgets what it could not write: it must be written again, not only synced again."""
    thrown = seed()
    dice = random.Random(thrown)
    syncs = sum(event.what == "sync" for event in record(prepared, tmp_path / "counted", "FULL"))
    found = []
    for number in range(20 if SOAK else 3):
        place = tmp_path / f"failing{number}"
        events = record(prepared, place, "FULL", *sorted(dice.sample(range(1, syncs), 4)))
        assert any(event.what == "failed" for event in events)
        found += losses(prepared, place, events, CUTS // 4, thrown)
    print(f"power cuts after syncs that failed: {len(found)} lost (seed {thrown})")
    assert found == []
