"""A journal and a vault in memory: the same promises but for durability. For tests and for thinking."""

from __future__ import annotations

import os
from collections.abc import Sequence
from threading import Lock

from heard.engine import chain
from heard.engine.entry import new_id
from heard.engine.errors import Conflict, HeardError
from heard.engine.stores import FAR, Append, Appended, Record, Seal, first_outcome, header_of, next_instant


class MemoryStore:
    """A `Store` that is gone when the process is."""

    def __init__(self) -> None:
        self.epoch = new_id()
        self._alone = Lock()
        self._records: list[Record] = []
        self._frontier = chain.Frontier(0, [])

    def begin_epoch(self) -> str:
        self.epoch = new_id()
        return self.epoch

    def append(self, batch: Sequence[Append]) -> list[Appended | HeardError]:
        with self._alone:
            return [self._judge(append) or self._write(append) for append in batch]

    def _judge(self, append: Append) -> Appended | HeardError | None:
        if append.key is not None and (earlier := self.outcome(append.key, append.request)):
            return earlier
        for stream in append.over:
            later = [one.header.position for one in self.stream(stream) if one.header.position > append.seen]
            if later:
                return Conflict("Something changed in the same moment.", stream=stream, position=later[-1])
        return None

    def _write(self, append: Append) -> Appended:
        at, first = next_instant(self._records[-1].header.at if self._records else None), self.position() + 1
        for index, draft in enumerate(append.drafts):
            header = header_of(draft, append, self.position() + 1, at, first=index == 0)
            leaf = chain.leaf(draft.salt, header.encode(), draft.body)
            self._records.append(Record(header, draft.seal, draft.sealed, leaf))
            self._frontier.add(leaf)
        return Appended(first, self.position(), append.drafts[0].stream, append.drafts[0].kind, at)

    def position(self) -> int:
        return len(self._records)

    def records(self, after: int, limit: int) -> list[Record]:
        return self._records[max(after, 0) : max(after, 0) + limit]

    def record(self, position: int) -> Record | None:
        return self._records[position - 1] if 0 < position <= len(self._records) else None

    def stream(self, stream: str, after: int = 0, to: int = FAR) -> list[Record]:
        return [
            record for record in self._records[after : min(to, len(self._records))] if record.header.stream == stream
        ]

    def by_key(self, key: str) -> Record | None:
        return next((record for record in self._records if record.header.key == key), None)

    def outcome(self, key: str, request: str | None) -> Appended | HeardError | None:
        first = self.by_key(key)
        if first is None:
            return None
        last = first.header.position
        for follower in self._records[last:]:
            if follower.header.key is not None or follower.header.request != first.header.request:
                break
            last += 1
        return first_outcome(first, last, request)

    def of_kinds(self, kinds: Sequence[str], after: int, to: int = FAR) -> list[Record]:
        return [record for record in self._records[after:to] if record.header.kind in kinds]

    def leaves(self, size: int) -> list[bytes]:
        return [record.leaf for record in self._records[:size]]

    def frontier(self) -> chain.Frontier:
        return chain.Frontier(self._frontier.size, list(self._frontier.peaks))

    def blank(self, positions: Sequence[int]) -> None:
        for position in positions:
            old = self._records[position - 1]
            self._records[position - 1] = Record(old.header, old.seal, bytes(len(old.sealed)), old.leaf)

    def close(self) -> None:
        """Nothing to let go of."""


class MemoryVault:
    """A `Vault` that is gone when the process is."""

    def __init__(self) -> None:
        self._seals: dict[int, Seal] = {}
        self._next = 1
        self._drawers: dict[tuple[str, str], bytes] = {}

    def new_seals(self, count: int) -> list[Seal]:
        fresh = [Seal(number, os.urandom(32), os.urandom(32)) for number in range(self._next, self._next + count)]
        self._next += count
        self._seals.update((seal.number, seal) for seal in fresh)
        return fresh

    def seals(self, numbers: Sequence[int]) -> dict[int, Seal]:
        return {number: self._seals[number] for number in numbers if number in self._seals}

    def destroy(self, seals: Sequence[int]) -> None:
        for number in seals:
            self._seals.pop(number, None)

    def secret(self, name: str) -> bytes:
        return self._drawers.setdefault(("secret", name), os.urandom(32))

    def put(self, drawer: str, name: str, value: bytes) -> None:
        self._drawers[drawer, name] = value

    def get(self, drawer: str, name: str) -> bytes | None:
        return self._drawers.get((drawer, name))

    def swap(self, drawer: str, name: str, before: bytes | None, value: bytes) -> bool:
        stands = self._drawers.get((drawer, name)) == before
        if stands:
            self._drawers[drawer, name] = value
        return stands

    def take(self, drawer: str, name: str) -> bytes | None:
        return self._drawers.pop((drawer, name), None)

    def drop(self, drawer: str, name: str) -> None:
        self._drawers.pop((drawer, name), None)

    def names(self, drawer: str, begins: str = "") -> list[str]:
        return sorted(name for kept, name in self._drawers if kept == drawer and name.startswith(begins))

    def close(self) -> None:
        """Nothing to let go of."""
