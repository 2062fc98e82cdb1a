"""kill -9 at every system call that writes, and at random times under load: nothing acknowledged is lost, nothing is
written twice, and the tree verifies."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from heard.coverage.elements import Text
from heard.coverage.entries import PostPublished
from heard.opening import open_house
from heard.verify import verify_directory
from tests.faults.aftermath import WRITE_LIKE, Found, acknowledged, after_three, needs_strace
from tests.faults.publisher import prepare

pytestmark = [pytest.mark.faults, pytest.mark.timeout(3600)]  # the long runs of `make soak` take their time

ROOT = Path(__file__).parent.parent.parent
SOAK = bool(os.environ.get("HEARD_SOAK"))
#: Without HEARD_SOAK every point of the three commands is swept but only so many random kills are made.
KILLS = 200 if SOAK else 20
WRITERS = 8
#: No child writes caches of its code: its system calls are those of its work.
QUIET = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
#: A child that has not ended by then has hung.
PATIENCE_S = 120


def command(data: Path, *how: str) -> list[str]:
    return [sys.executable, "-m", "tests.faults.publisher", str(data), *how]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("prepared") / "data"
    prepare(data)
    return data


def counted(prepared: Path, tmp_path: Path, how: str, acks: int = 3) -> Counter[str]:
    """How often the commands, and opening before them, make each write-like system call."""
    return counted_in(shutil.copytree(prepared, tmp_path / "tried"), tmp_path / "log", how, acks)


def counted_in(data: Path, log: Path, how: str, acks: int = 3) -> Counter[str]:
    traced = ",".join(f"?{name}" for name in WRITE_LIKE)
    options = ["strace", "-f", "-qq", "-o", str(log), "-e", f"trace={traced}", "-e", "signal=none"]
    run = subprocess.run(
        [*options, *command(data, "three", how)],
        cwd=ROOT,
        env=QUIET,
        capture_output=True,
        timeout=PATIENCE_S,
        check=True,
    )
    assert len(acknowledged(run.stdout)) == acks
    return Counter(re.findall(r"^\d+ +(\w+)\(", log.read_text(), re.MULTILINE))


def swept(prepared: Path, place: Path, calls: dict[str, int], how: str) -> tuple[int, list[Found]]:
    """Kill at each of so many calls of each name; how many children that killed, and what was found after each."""
    killed, found = 0, []
    for name, count in calls.items():
        copies = copied(prepared, place / name, range(1, count + 1))
        killed += kill_in_each(copies, name, count, how)
        for copy in copies.iterdir():
            acks = acknowledged((copy / "acknowledged").read_bytes())
            found.append(after_three(copy / "data", acks, keyless=how == "keyless"))
    return killed, found


def copied(prepared: Path, copies: Path, numbers: Iterable[int]) -> Path:
    for number in numbers:
        shutil.copytree(prepared, copies / str(number) / "data", ignore=shutil.ignore_patterns("reserve"))
    return copies


def kill_in_each(copies: Path, name: str, count: int, how: str) -> int:
    """Do the three in each copy, killed at its own call of a name that comes `count` times; how many that killed."""
    options = ["strace", "-f", "-qq", "-o", os.devnull, "-e", f"trace={name}"]
    # A few more than there are, so that the parent, which makes hardly any of these calls itself, is not killed.
    at = count + 20
    options += ["-e", f"inject={name}:signal=KILL:when={at}"]
    sweeping = command(copies, "sweep", name, str(at), how)
    run = subprocess.run(
        [*options, *sweeping], cwd=ROOT, env=QUIET, capture_output=True, timeout=PATIENCE_S, check=True
    )
    return sum(line.endswith(b" -9") for line in run.stdout.splitlines())


def test_killed_at_every_write_nothing_acknowledged_is_lost_or_doubled(prepared: Path, tmp_path: Path) -> None:
    needs_strace()
    calls = counted(prepared, tmp_path, "plainly")
    assert {"pwrite64", "fdatasync", "write"} <= set(calls)
    killed, found = swept(prepared, tmp_path / "swept", calls, "plainly")
    print(
        f"kill -9 at {killed} of {calls.total()} write-like system calls of publish, correct and retract "
        f"({100 * killed // calls.total()} %): acknowledged lost {sum(len(one.lost) for one in found)}, "
        f"doubled {sum(len(one.doubled) for one in found)}"
    )
    assert [one for one in found if one.wrong()] == []
    assert killed == calls.total()


def test_acknowledging_before_the_commit_is_caught_by_the_same_sweep(prepared: Path, tmp_path: Path) -> None:
    needs_strace()
    syncs = {"fdatasync": counted(prepared, tmp_path, "early")["fdatasync"]}
    _, found = swept(prepared, tmp_path / "swept", syncs, "early")
    assert any(one.lost for one in found)


def test_a_client_that_sends_again_without_its_key_is_caught_by_the_same_sweep(prepared: Path, tmp_path: Path) -> None:
    needs_strace()
    writes = {"write": counted(prepared, tmp_path, "keyless")["write"]}
    _, found = swept(prepared, tmp_path / "swept", writes, "keyless")
    assert any(one.doubled for one in found)


def test_killed_at_random_times_under_load_nothing_acknowledged_is_lost_or_doubled(tmp_path: Path) -> None:
    data, seed = tmp_path / "data", int(os.environ.get("HEARD_SEED", random.randrange(10**6)))
    prepare(data)
    dice, acks, started = random.Random(seed), Counter[str](), 1
    for _ in range(KILLS):
        acks.update(_killed_under_load(data, started, dice.uniform(0.0, 0.4)))
        # Every writer sends again from the first number that some writer has not had acknowledged.
        started = min(_acked_in_a_row(acks, writer) for writer in range(WRITERS)) + 1
    house = open_house(data)
    texts = [_key(entry.body) for entry in house.journal.all() if isinstance(entry.body, PostPublished)]
    written = Counter(texts)
    lost, doubled = [key for key in acks if key not in written], [key for key, n in written.items() if n > 1]
    house.close()
    verified = verify_directory(data)
    print(
        f"{KILLS} kills at random times under {WRITERS} writers: {len(acks)} acknowledged, lost {len(lost)}, "
        f"doubled {len(doubled)}; {verified.entries} entries verified (seed {seed})"
    )
    assert (lost, doubled) == ([], [])
    assert len(acks) > KILLS


def _killed_under_load(data: Path, first: int, after_s: float) -> list[str]:
    child = subprocess.Popen(
        command(data, "load", str(WRITERS), str(first)),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,  # or what a buffer held after the first line would be in neither of the two pieces below
    )
    assert child.stdout is not None and child.stderr is not None
    heard = child.stdout.readline()  # not before it works: a kill in its start would try nothing
    time.sleep(after_s)
    child.kill()
    output, complaint = child.communicate(timeout=PATIENCE_S)
    assert heard, complaint.decode()
    return acknowledged(heard + output)


def _acked_in_a_row(acks: Counter[str], writer: int) -> int:
    number = 0
    while acks[f"w{writer}-{number + 1}"]:
        number += 1
    return number


def _key(post: PostPublished) -> str:
    [text] = [element for element in post.elements if isinstance(element, Text)]
    return text.markdown.split()[0]
