"""Answers of a room's tables, remembered until something is folded into that room.

A post is judged by some twenty small questions (who asks, is a jury out, is there a delay), whose answers change a few
times a day. Each costs 30 µs to ask, and as much again for its turn with the interpreter while another thread computes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

#: So many answers of one room are remembered: who asks for ever more that there is not fills no memory.
ANSWERS_MAX = 4096

P = ParamSpec("P")
T = TypeVar("T")
Read = Callable[Concatenate[Any, P], T]
_NOTHING = object()


class Memory:
    """What was asked of one connection to a projection's file, by room, as far as the journal is folded in it."""

    def __init__(self) -> None:
        self._position = 0
        self._rooms: dict[str, dict[Any, Any]] = defaultdict(dict)
        #: Rooms that were folded into in a transaction that has not ended; None outside of one.
        self._folded: set[str] | None = None

    def answer(self, room: str, read: Callable[..., Any], tables: Any, about: tuple[Any, ...]) -> Any:
        if self._folded is not None:  # what is so inside a transaction may never come to be so
            return read(tables, *about)
        known, asked = self._rooms[room], (read, about)
        found = known.get(asked, _NOTHING)
        if found is _NOTHING:
            found = read(tables, *about)
            if len(known) >= ANSWERS_MAX:
                known.clear()
            known[asked] = found  # if another thread folded meanwhile, into what nobody asks any more
        return found

    def is_at(self, position: int) -> None:
        """The file was folded up to here. If it was by somebody else, nothing that was asked before holds."""
        if position != self._position:
            self._position = position
            self._rooms = defaultdict(dict)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self._folded = set()
        try:
            yield
        finally:
            for room in self._folded:
                self._rooms.pop(room, None)
            self._folded = None

    def folded(self, room: str) -> None:
        if self._folded is None:
            self._rooms.pop(room, None)
        else:
            self._folded.add(room)

    def moves_to(self, position: int) -> None:
        """This process itself has folded up to here."""
        self._position = position


_memories: WeakKeyDictionary[Any, Memory] = WeakKeyDictionary()


def memory_of(tables: Any) -> Memory:
    """The memory of a connection. Whoever folds into its file tells it; other connections remember nothing."""
    return _memories.setdefault(tables, Memory())


def remembered(room: str) -> Callable[[Read[P, T]], Read[P, T]]:
    """A question that is answered by the tables of one room and by nothing else, no clock either.

    What it answers is shared by all who ask: nobody changes it.
    """

    def of(read: Read[P, T]) -> Read[P, T]:
        @wraps(read)
        def asked(tables: Any, /, *about: P.args, **named: P.kwargs) -> T:
            memory = _memories.get(tables)
            if memory is None or named:
                return read(tables, *about, **named)
            answer: T = memory.answer(room, read, tables, about)
            return answer

        asked.room = room  # type: ignore[attr-defined]
        return asked

    return of
