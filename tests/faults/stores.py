"""Nodes without pages: stores that write as fast as they are answered, one that follows, and what they must find."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from threading import Event, Thread

from heard.engine import chain
from heard.engine.errors import HeardError, Unavailable
from heard.engine.stores import Append, Appended, Sealed
from heard.store.postgres import PostgresStore

WRITERS, PATIENCE_S = 3, 90
_seals = count(1)


def append_once(store: PostgresStore, key: str) -> Appended | HeardError:
    """Under a key, and sealed as never before."""
    sealed = Sealed(key, "note.counted", 1, b"", bytes(32), next(_seals), key.encode())
    [outcome] = store.append([Append((sealed,), "writer", 10**9, (key,), key, "request")])
    return outcome


def append_under(store: PostgresStore, key: str) -> Appended:
    """Send until it is answered, under one key and each time sealed anew, as a client and its node do."""
    give_up_at = time.monotonic() + PATIENCE_S
    while True:
        try:
            outcome = append_once(store, key)
        except Unavailable:
            assert time.monotonic() < give_up_at, "the server did not come back"
            time.sleep(0.02)
        else:
            assert isinstance(outcome, Appended), outcome
            return outcome


class Nodes:
    """Several nodes that write as fast as they are answered, and one that follows by position."""

    def __init__(self, store: Callable[[str], PostgresStore], address: str) -> None:
        self.stores = [store(address) for _ in range(WRITERS + 1)]
        self.acknowledged: dict[str, int] = {}
        self.followed: list[int] = []
        self._ended = Event()
        self._threads = [Thread(target=self._write, args=(n,)) for n in range(WRITERS)]
        self._follower = Thread(target=self._follow)

    def _write(self, number: int) -> None:
        for time_ in count():
            if self._ended.is_set():
                return
            key = f"{number}-{time_}"
            self.acknowledged[key] = append_under(self.stores[number], key).first

    def _follow(self) -> None:
        while True:
            ending = not any(thread.is_alive() for thread in self._threads)
            try:
                after = self.followed[-1] if self.followed else 0
                found = self.stores[-1].records(after, 500)
                self.followed += [record.header.position for record in found]
            except Unavailable:
                time.sleep(0.02)
                continue
            if ending and not found:
                return

    def more_than(self, count: int, patience_s: float = PATIENCE_S) -> None:
        """Wait until so many more have been acknowledged."""
        wanted, give_up_at = len(self.acknowledged) + count, time.monotonic() + patience_s
        while len(self.acknowledged) < wanted:
            assert time.monotonic() < give_up_at, "nobody was answered"
            time.sleep(0.01)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        for thread in (*self._threads, self._follower):
            thread.start()
        try:
            yield
        finally:
            self._ended.set()
            for thread in (*self._threads, self._follower):
                thread.join(PATIENCE_S)

    def check(self) -> None:
        store = self.stores[-1]
        records = store.records(0, 1_000_000)
        kept = {record.header.key: record.header.position for record in records}
        assert len(kept) == len(records), "doubled"
        assert {key: kept.get(key) for key in self.acknowledged} == self.acknowledged, "lost"
        assert [record.header.position for record in records] == list(range(1, len(records) + 1))
        assert store.frontier().root() == chain.root(store.leaves(len(records)))
        assert self.followed == [record.header.position for record in records], "skipped by the one that follows"

    def close(self) -> None:
        for store in self.stores:
            store.close()
