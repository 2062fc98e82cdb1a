"""A file that can be made anew is never repaired and never believed when it is damaged: it is made anew."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.contract import notes
from tests.contract.house import open_house

PROJECTION = "projection-notes.sqlite"


def _overwritten(path: Path) -> None:
    with open(path, "r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * 4096)


DAMAGE: dict[str, Callable[[Path], None]] = {
    "overwritten in the middle": _overwritten,
    "no database at all": lambda path: path.write_bytes(b"not a database" * 1000),
    "cut short": lambda path: path.write_bytes(path.read_bytes()[:5000]),
    "empty": lambda path: path.write_bytes(b""),
    "gone": lambda path: path.unlink(),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_projection_is_folded_anew(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    house = open_house(tmp_path / "data")
    for number in range(50):
        house.node.do(notes.publish(f"n{number}", f"words {number} " * 20), by="someone")
    expected = notes.all_notes(house.node.tables)
    house.node.tables.execute("PRAGMA wal_checkpoint(PASSIVE)")
    left = Path(shutil.copytree(house.data, tmp_path / "left"))  # as a killed server leaves it: with its log
    assert (left / f"{PROJECTION}-wal").stat().st_size > 0
    damage(left / PROJECTION)
    (left / f"{PROJECTION}-shm").unlink()
    again = open_house(left)
    again.node.catch_up()
    assert notes.all_notes(again.node.tables) == expected
