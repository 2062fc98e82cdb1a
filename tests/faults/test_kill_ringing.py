"""kill -9 at every system call that writes, while what fell due is recorded: after the next start each alarm is there
once, byte for byte as if nobody had been killed.
"""

from __future__ import annotations

import random
import shutil
from collections import Counter
from pathlib import Path

import pytest

from heard.opening import open_house
from heard.verify import verify_directory
from tests.faults.aftermath import needs_strace
from tests.faults.ringer import alarms, do_ring, prepare_ringing
from tests.faults.test_kill import SOAK, copied, counted, kill_in_each

pytestmark = [pytest.mark.faults, pytest.mark.timeout(3600)]

#: Without HEARD_SOAK so many of the calls are drawn.
DRAWN = 6
Alarms = list[tuple[str, str, bytes]]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("prepared") / "data"
    prepare_ringing(data)
    return data


def rung_after(data: Path) -> tuple[Alarms, int]:
    """What the next start makes of it, and how many records the start after that still finds to write."""
    again = list[str]()
    for number in range(2):
        house = open_house(data)
        do_ring(house, lambda key, done, number=number: again.append(key) if number else None)  # type: ignore[misc]
        found = alarms(house)
        house.close()
    verify_directory(data)
    return found, len(again)


def undisturbed(prepared: Path, folder: Path) -> Alarms:
    found, _ = rung_after(shutil.copytree(prepared, folder / "undisturbed"))
    kinds = Counter(kind for _, kind, _ in found)
    assert min(kinds.values()) >= 1 and len(kinds) == 3, "raised, proven and cleared are all among them"
    return found


def wrong_after_kills(
    prepared: Path, folder: Path, how: str, only: str = "", most: int = 10**6
) -> tuple[int, int, list[str]]:
    """How many calls there are, at how many it was killed, and what is wrong after the next start."""
    wanted = undisturbed(prepared, folder)
    calls = counted(prepared, folder, how, acks=len(wanted))
    points = [(name, n) for name, count in calls.items() for n in range(1, count + 1) if only in ("", name)]
    points = points if SOAK else random.Random(13).sample(points, min(most, len(points)))
    killed, wrong = 0, list[str]()
    for name in sorted({name for name, _ in points}):
        copies = copied(prepared, folder / "swept" / name, sorted(n for one, n in points if one == name))
        killed += kill_in_each(copies, name, calls[name], how)
        for copy in copies.iterdir():
            found, again = rung_after(copy / "data")
            if found != wanted or again:
                wrong.append(f"{name} {copy.name}: {len(found)} of {len(wanted)}, {again} again")
    return len(points), killed, wrong


def test_killed_at_any_write_each_alarm_is_there_once_with_its_true_instants(prepared: Path, tmp_path: Path) -> None:
    needs_strace()
    tried, killed, wrong = wrong_after_kills(prepared, tmp_path, "rings", most=DRAWN)
    print(f"kill -9 at {killed} of {tried} write-like calls of ringing: {len(wrong)} wrong")
    assert wrong == []
    assert killed > 0.6 * tried  # where a thread writes, a call more or less is made each time


def test_control_a_ringer_that_lays_down_what_is_not_recorded_yet_is_caught(prepared: Path, tmp_path: Path) -> None:
    needs_strace()
    _, _, wrong = wrong_after_kills(prepared, tmp_path, "rings-hastily", only="fdatasync", most=DRAWN)
    assert wrong
