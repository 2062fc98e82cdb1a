"""The same kills with a reader's page open over a real edge: they are sent all that is written, once, in order, and
nothing that never was."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from tests.faults.aftermath import needs_strace
from tests.faults.publisher import prepare
from tests.faults.test_kill import SOAK, copied, counted_in, kill_in_each
from tests.faults.watched import Watched, Wrong, prepare_frames

pytestmark = [pytest.mark.faults, pytest.mark.timeout(3600)]

#: An edge and a reader for each kill take their time: without HEARD_SOAK so many of the calls are drawn.
DRAWN = 24
#: So many edges run at once.
AT_ONCE = 16


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("prepared") / "data"
    prepare(data)
    prepare_frames(data)
    return data


def counted(prepared: Path, tmp_path: Path, how: str) -> Counter[str]:
    """The calls that come while others have the frames file open: fewer, for nobody begins it or tidies it up."""
    [copy] = copied(prepared, tmp_path / "tried", [1]).iterdir()
    watched = Watched(copy)
    calls = counted_in(watched.data, tmp_path / "log", how)
    watched.close()
    return calls


def kill_and_read(
    prepared: Path, place: Path, name: str, count: int, numbers: list[int], how: str
) -> tuple[int, list[Wrong]]:
    """Kill at the Nth of `count` calls of a name, for each of `numbers`; how many that killed, and what each reader
    was sent."""
    killed, wrong = 0, list[Wrong]()
    for first in range(0, len(numbers), AT_ONCE):
        copies = copied(prepared, place / name / str(first), numbers[first : first + AT_ONCE])
        watched = [Watched(copy) for copy in copies.iterdir()]
        try:
            killed += kill_in_each(copies, name, count, how)
            wrong += [each.after_the_kill() for each in watched]
        finally:
            for each in watched:
                each.close()
    return killed, wrong


def test_killed_at_any_write_every_reader_is_sent_what_is_written_once_and_nothing_else(
    prepared: Path, tmp_path: Path
) -> None:
    needs_strace()
    calls = counted(prepared, tmp_path, "watched")
    points = [(name, number) for name, count in calls.items() for number in range(1, count + 1)]
    drawn = points if SOAK else random.sample(points, DRAWN)
    by_name = {name: sorted(number for other, number in drawn if other == name) for name in calls}
    killed, wrong = 0, list[Wrong]()
    for name, numbers in by_name.items():
        here, found = kill_and_read(prepared, tmp_path / "swept", name, calls[name], numbers, "watched")
        killed, wrong = killed + here, wrong + found
    print(f"kill -9 at {killed} of {len(points)} write-like calls, a reader over each: {sum(map(bool, wrong))} wrong")
    assert [one for one in wrong if one] == []
    assert killed == len(drawn)


def test_a_frame_that_leaves_before_its_entry_is_written_is_caught(prepared: Path, tmp_path: Path) -> None:
    needs_strace()
    syncs = counted(prepared, tmp_path, "hasty")["fdatasync"]
    numbers = list(range(1, min(syncs, AT_ONCE) + 1))
    _, wrong = kill_and_read(prepared, tmp_path / "swept", "fdatasync", syncs, numbers, "hasty")
    assert any(one.never_written for one in wrong)
