"""Many processes that count on one stream, each under guard: `python -m tests.contract.counter FILE STORE TIMES`."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from heard.engine.errors import Conflict, HeardError
from heard.engine.stores import Append, Appended, Sealed, Store
from heard.store.files import transaction
from heard.store.sqlite import SqliteStore

STREAM = "counter"
PATIENCE_S = 120


class GuardsOutside(SqliteStore):
    """A mutant: it judges the guards before it has the write lock. The contract must catch it."""

    def append(self, batch: Sequence[Append]) -> list[Appended | HeardError]:
        judged = [self._judge(append, self._last_of([append], self.position())) for append in batch]
        time.sleep(0.002)  # as long as a busy machine may well take between two lines
        with transaction(self._writer):
            frontier, previous = self._head(self._writer)
            before = frontier.size
            written = [
                refusal if refusal is not None else self._write(append, frontier, previous)
                for refusal, append in zip(judged, batch, strict=True)
            ]
            if frontier.size > before:
                self._writer.execute("UPDATE tree SET size = ?, peaks = ?", (frontier.size, frontier.pack()))
        return written


STORES = {"sqlite": SqliteStore, "guards outside": GuardsOutside}


def count_once(store: Store) -> bool:
    """Append the number after the newest; False when someone was first."""
    seen = store.position()
    number = len(store.stream(STREAM)) + 1
    sealed = Sealed(STREAM, "note.counted", 1, b"", bytes(32), 1, b"%d" % number)
    [outcome] = store.append([Append((sealed,), "counter", seen, (STREAM,))])
    assert isinstance(outcome, Appended | Conflict), outcome
    return isinstance(outcome, Appended)


def numbers(store: Store) -> list[int]:
    return [int(record.sealed) for record in store.stream(STREAM)]


def count_in_processes(path: Path, store: str, processes: int, times: int) -> None:
    """Let so many processes count so many times each, beginning together.

    They wait for each other by a file, so that none has finished before the last has started.
    """
    command = [sys.executable, "-m", "tests.contract.counter", str(path), store, str(times)]
    children = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(processes)]
    for child in children:
        assert child.stdout is not None and child.stdout.readline() == b"ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write(b"go\n")
        child.stdin.flush()
    for child in children:
        child.communicate(timeout=PATIENCE_S)
        assert child.returncode == 0


def main(path: str, kind: str, times: str) -> None:
    store = STORES[kind](Path(path))
    print("ready", flush=True)
    sys.stdin.readline()
    done = 0
    while done < int(times):
        done += count_once(store)


if __name__ == "__main__":
    main(*sys.argv[1:])
