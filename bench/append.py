"""The heart alone: durable appends a second, by one writer and by groups of 32, and entries folded a second.

Each is printed beside the rate at which this disk syncs, measured in the same run: how fast a durable journal can be is
first of all how fast the disk is.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from heard.cases import commands as case_commands
from heard.coverage.elements import Text
from heard.coverage.entries import PostPublished
from heard.engine.entry import Draft, new_id
from heard.engine.journal import Writing
from heard.engine.projection import Projection
from heard.engine.stores import Appended
from heard.opening import ROOMS, House, open_house
from heard.store.derived import folding
from heard.store.files import connect

SYNCS, ALONE, GROUPS, GROUP = 500, 500, 100, 32
#: As many as a large case has; folded into an empty projection without rendering.
FOLDED = 100_000
AT_ONCE = 500
WORDS = "The witness said that the gate had been open for the better part of an hour. "


def sync_rate(folder: Path) -> float:
    """Syncs a second of a file that is written 4 KiB further each time, as a log is."""
    descriptor = os.open(folder / "syncs", os.O_RDWR | os.O_CREAT)
    began = time.perf_counter()
    for number in range(SYNCS):
        os.pwrite(descriptor, bytes(4096), number * 4096)
        os.fdatasync(descriptor)
    rate = SYNCS / (time.perf_counter() - began)
    os.close(descriptor)
    return rate


def writing(case: str, words: str) -> Writing:
    post = new_id()
    return Writing((Draft(post, PostPublished(case, (Text(words),), place=post)),), "bench", 10**9, (post, case))


def append_rate(house: House, case: str, times: int, group: int) -> float:
    """Entries a second, in commits of `group` each."""
    batches = [[writing(case, WORDS * 4) for _ in range(group)] for _ in range(times)]
    began = time.perf_counter()
    for batch in batches:
        assert all(isinstance(outcome, Appended) for outcome in house.journal.append(batch))
    return times * group / (time.perf_counter() - began)


def fold_rate(house: House, folder: Path) -> tuple[float, int]:
    """Entries a second from the journal into an empty projection, unsealing included."""
    fresh = Projection(connect(folder / "fresh.sqlite", synchronous="NORMAL"), ROOMS, folding)
    began, folded = time.perf_counter(), 0
    while entries := fresh.catch_up(lambda position: house.journal.read(position, AT_ONCE)):
        folded += len(entries)
    return folded / (time.perf_counter() - began), folded


def read_rate(house: House) -> float:
    """Entries a second that are only read and unsealed."""
    began = time.perf_counter()
    read = sum(1 for _ in house.journal.all())
    return read / (time.perf_counter() - began)


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        house = open_house(folder / "data")
        case = house.node.do(case_commands.open_case("the-case", "The case"), by="bench").stream
        syncs = sync_rate(folder)
        alone = append_rate(house, case, ALONE, 1)
        together = append_rate(house, case, GROUPS, GROUP)
        print(f"disk            {syncs:10,.0f} syncs/s")
        print(f"append, one     {alone:10,.0f} entries/s   {alone / syncs:6.2f} × the disk's syncs")
        print(f"append, by {GROUP}   {together:10,.0f} entries/s   {together / syncs:6.2f} × the disk's syncs")
        while (left := FOLDED - house.store.position()) > 0:
            house.journal.append([writing(case, WORDS) for _ in range(min(left, 2_000))])
        rate, folded = fold_rate(house, folder)
        print(f"read, unseal    {read_rate(house):10,.0f} entries/s")
        print(f"fold            {rate:10,.0f} entries/s   of {folded:,} without rendering")
        house.close()


if __name__ == "__main__":
    main()
