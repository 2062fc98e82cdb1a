"""A projection: tables folded from the journal. Never truth, always rebuildable, never migrated.

A room says what its tables are and how each of its bodies changes them. The file is named by the hash of the code that
fills it, so a new version of that code begins a new file beside the old one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from itertools import groupby
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

import msgspec

from heard.engine.entry import Body, Entry
from heard.engine.errors import HeardError, Refused
from heard.engine.remembered import memory_of


class Tables(Protocol):
    """A connection to the projection's file."""

    def execute(self, statement: str, bindings: Sequence[Any] = ...) -> Iterator[Any]: ...

    def executemany(self, statement: str, bindings: Iterable[Sequence[Any]]) -> Iterator[Any]: ...


Fold = Callable[[Tables, Entry, Any], None]
#: What follows each other and is of one kind, in one go: it leaves the tables as if each had been folded by itself.
FoldTogether = Callable[[Tables, Sequence[Entry]], None]


class Room(msgspec.Struct, frozen=True):
    """What one room folds: its tables, and a function for each body that changes them."""

    name: str
    schema: str
    folds: Mapping[type[Body], Fold]
    #: The modules whose code decides what the tables hold.
    code: tuple[ModuleType, ...]
    #: Of what comes by the thousand.
    together: Mapping[type[Body], FoldTogether] = {}


CURSOR = """
CREATE TABLE IF NOT EXISTS cursor (one INTEGER PRIMARY KEY CHECK (one = 1), position INTEGER NOT NULL);
INSERT OR IGNORE INTO cursor VALUES (1, 0);
"""


def code_hash(rooms: Iterable[Room], besides: Iterable[ModuleType] = ()) -> str:
    """Twelve hex digits that change whenever the folding code or the tables do, or that of the modules `besides`."""
    code = hashlib.sha256()
    for module in besides:
        assert module.__file__ is not None
        code.update(Path(module.__file__).read_bytes())
    for room in rooms:
        code.update(room.schema.encode())
        for module in room.code:
            assert module.__file__ is not None
            code.update(Path(module.__file__).read_bytes())
    return code.hexdigest()[:12]


class _Undone(Exception):
    """Ends a rehearsal."""


class Projection:
    """The rooms' tables in one file, and how far the journal has been folded into them."""

    def __init__(
        self, tables: Tables, rooms: Sequence[Room], transaction: Callable[[Any], AbstractContextManager[None]]
    ) -> None:
        """`transaction(tables)` is all or nothing, and raises errors that the rest of Heard knows."""
        self.tables = tables
        self._transaction = transaction
        self.rooms = tuple(rooms)
        self._memory = memory_of(tables)
        self._folds: dict[type[Body], list[tuple[str, Fold]]] = {}
        for room in rooms:
            for body, fold in room.folds.items():
                self._folds.setdefault(body, []).append((room.name, fold))
        self._together = {
            body: [(room.name, room.together[body]) for room in rooms if body in room.folds]
            for body in self._folds
            if all(body in room.together for room in rooms if body in room.folds)
        }
        for schema in (CURSOR, *(room.schema for room in rooms)):
            for _ in tables.execute(schema):
                pass

    def position(self) -> int:
        """How far the file was folded, by whomever; what is remembered of it holds from here on."""
        [(position,)] = self.tables.execute("SELECT position FROM cursor")
        self._memory.is_at(int(position))
        return int(position)

    def catch_up(self, read: Callable[[int], list[Entry]]) -> list[Entry]:
        """Fold what `read(after)` answers in one transaction, and answer it.

        The cursor is read inside it, so that two processes on one file never fold an entry twice.
        """
        with self._memory.transaction():
            with self._transaction(self.tables):
                entries = read(self.position())
                self.fold_all(entries)
                if entries:
                    self.tables.execute("UPDATE cursor SET position = ?", (entries[-1].position,))
            if entries:
                self._memory.moves_to(entries[-1].position)
        return entries

    def rehearse(self, entries: Sequence[Entry]) -> None:
        """Fold entries that are not appended yet, and undo it: what cannot be folded must never become an entry.

        Raises Refused where a fold fails; that is a mistake of ours, and it stays one command's trouble.
        """
        try:
            with self._memory.transaction(), suppress(_Undone), self._transaction(self.tables):
                # Another process may have folded on in this file since the command was judged: then the guards decide.
                if entries and self.position() == entries[0].position - 1:
                    self.fold_all(entries)
                raise _Undone
        except HeardError:
            raise
        except Exception as mistake:
            raise Refused(
                "Something in this cannot be kept as it is. Nothing was changed. Keep your words, and tell whoever "
                "runs this server.",
                mistake=type(mistake).__name__,
            ) from mistake

    def fold_all(self, entries: Sequence[Entry]) -> None:
        """Fold these in their order."""
        for kind, run in groupby(entries, lambda entry: type(entry.body)):
            alike = list(run)
            if len(alike) > 1 and (together := self._together.get(kind)):
                for room, fold in together:
                    self._memory.folded(room)
                    fold(self.tables, alike)
            else:
                for entry in alike:
                    self.fold(entry)

    def fold(self, entry: Entry) -> None:
        if entry.body is not None:  # erased words leave nothing to fold; the entry that erased them says what remains
            for room, fold in self._folds.get(type(entry.body), ()):
                self._memory.folded(room)
                fold(self.tables, entry, entry.body)
