"""An import of reports that is killed anywhere goes on from there: nothing is lost, and nothing is said twice."""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from heard.opening import House, open_house
from heard.reports.entries import Gone, Listed, ReadingKept, Told
from heard.verify import verify_directory
from tests.reports.register import line, read, table

ROOT = Path(__file__).parent.parent.parent
SOAK = bool(os.environ.get("HEARD_SOAK"))
#: So many kills, spread evenly over all statements; with HEARD_SOAK one at each.
KILLS = 10
FIRST, SECOND = "2021-06-01", "2021-07-01"


def first() -> bytes:
    return table(*(line(number) for number in range(1, 131)))


def second() -> bytes:
    """Some answered, some new, three gone, and one redacted: three slices and what stands behind them."""
    changed = [line(number, replies=1) for number in range(1, 66)]
    new = [line(number) for number in range(131, 191)]
    same = [line(number) for number in range(66, 127)]
    return table(*changed, *same, line(127, coroner="REDACTED"), *new)


def told(house: House) -> list[tuple[object, ...]]:
    """All that was said of reports, each with where it is kept: in any order, but as often as it was said."""
    kept_at, said = dict[str, str](), list[tuple[object, ...]]()
    for entry in house.journal.all():
        match entry.body:
            case Listed() as body:
                kept_at[entry.stream] = body.kept_at
            case Told() as body:
                said.append((kept_at[entry.stream], body.source, str(body.on), *sorted(body.facts.items())))
            case Gone() as body:
                said.append((kept_at[entry.stream], "gone", str(body.on)))
            case ReadingKept() as body:
                said.append(("a reading", body.source, str(body.on), body.digest))
    return sorted(said, key=str) + sorted(kept_at.values())


@pytest.fixture
def prepared(tmp_path: Path) -> Iterator[Path]:
    house = open_house(tmp_path / "prepared" / "data")
    read(house, first(), FIRST)
    house.close()
    (tmp_path / "second.csv").write_bytes(second())
    yield tmp_path / "prepared"


def killed_at(points: list[int], prepared: Path, folder: Path) -> dict[int, tuple[int, str]]:
    """By point: how the import ended there, and how many statements one that was not killed made."""
    for point in points:
        shutil.copytree(prepared, folder / str(point), ignore=shutil.ignore_patterns("reserve"))
    command = [sys.executable, "-m", "tests.ingest.cut_short", folder, folder / "second.csv", SECOND]
    run = subprocess.run(
        [*command, *map(str, points)], cwd=ROOT, capture_output=True, text=True, timeout=3000, check=True
    )
    found = (line.split() for line in run.stdout.splitlines())
    return {int(point): (int(status), seen) for point, status, seen in found}


@pytest.mark.timeout(3600)
def test_killed_anywhere_it_goes_on_from_there_and_says_nothing_twice(prepared: Path, tmp_path: Path) -> None:
    never = 10**9
    [(status, seen)] = killed_at([never], prepared, tmp_path).values()
    whole = open_house(tmp_path / str(never) / "data")
    expected, statements = told(whole), int(seen)
    whole.close()
    assert status == 0 and statements > 100 and len(expected) > 400
    step = 1 if SOAK else statements // KILLS
    points = [*range(step, statements + 1, step)]
    ended = killed_at(points, prepared, tmp_path)
    cut = 0
    for point in points:
        assert ended[point][0] == -9, point
        data = tmp_path / str(point) / "data"
        house = open_house(data)
        before = told(house)
        cut += before != expected
        assert read(house, second(), SECOND)
        assert told(house) == expected, point
        position = house.store.position()
        assert read(house, second(), SECOND) and house.store.position() == position
        house.close()
        assert verify_directory(data).entries == position
        shutil.rmtree(data)
    print(f"killed at {len(points)} of {statements} statements, {cut} of them before its end")
    assert cut > len(points) / 4, "most kills came after the import"


def test_one_that_says_again_what_it_said_is_caught(prepared: Path) -> None:
    """The control: the same rows, said once more, are told from those that were said once."""
    house = open_house(prepared / "data")
    expected = told(house)
    read(house, first().replace(b"Harbour Board", b"Harbour  Board"), FIRST)
    assert told(house) != expected
    house.close()


def shown(data: Path, *, at_a_terminal: bool) -> str:
    """What the command writes to its standard error."""
    command = [sys.executable, "-m", "heard.cli", "import", "reports", str(data.parent / "second.csv")]
    command += ["--as-of", SECOND, "--data", str(data)]
    if not at_a_terminal:
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stderr
    ours, theirs = pty.openpty()
    env = {**os.environ, "TERM": "xterm", "COLUMNS": "100", "NO_COLOR": "1"}
    running = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    said = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:  # the last who held the other end has ended
            break
        if not part:
            break
        said += part
    assert running.wait(60) == 0
    os.close(ours)
    return said.decode()


def test_a_terminal_is_shown_how_much_of_it_is_read_and_a_file_is_not(prepared: Path, tmp_path: Path) -> None:
    shutil.copytree(prepared, tmp_path / "again")
    shutil.copy(tmp_path / "second.csv", prepared)
    shutil.copy(tmp_path / "second.csv", tmp_path / "again")
    bar = shown(prepared / "data", at_a_terminal=True)
    assert "Importing" in bar and re.search(r"━|█|╸", bar)
    counts = [(int(done), int(total)) for done, total in re.findall(r"(\d+)/(\d+)", bar)]
    assert counts and counts[-1] == (187, 187) and {total for _, total in counts} == {187}
    assert "Importing" not in shown(tmp_path / "again" / "data", at_a_terminal=False)
