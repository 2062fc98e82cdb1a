"""A room of the smallest kind, for tests of the heart: notes that are published, corrected, withdrawn and erased."""

from __future__ import annotations

import sys
from typing import Any

from heard.engine.entry import Body, Draft, Entry, written_as
from heard.engine.errors import NotFound, Refused
from heard.engine.node import Command, Decision
from heard.engine.projection import Room, Tables


@written_as("note.published")
class NotePublished(Body, frozen=True):
    words: str


@written_as("note.corrected")
class NoteCorrected(Body, frozen=True):
    words: str


@written_as("note.withdrawn")
class NoteWithdrawn(Body, frozen=True):
    def withdraws(self) -> bool:
        return True


@written_as("note.erased")
class NoteErased(Body, frozen=True):
    positions: tuple[int, ...]

    def erases(self) -> tuple[int, ...]:
        return self.positions

    def withdraws(self) -> bool:
        return True


@written_as("note.counted")
class Counted(Body, frozen=True):
    """The next number on a stream that several writers count on."""

    number: int


SCHEMA = """
CREATE TABLE IF NOT EXISTS note (
    id TEXT PRIMARY KEY, words TEXT NOT NULL, position INTEGER NOT NULL, corrections INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
"""


def _published(tables: Tables, entry: Entry, body: NotePublished) -> None:
    tables.execute(
        "INSERT INTO note (id, words, position) VALUES (?, ?, ?)", (entry.stream, body.words, entry.position)
    )


def _corrected(tables: Tables, entry: Entry, body: NoteCorrected) -> None:
    tables.execute("UPDATE note SET words = ?, corrections = corrections + 1 WHERE id = ?", (body.words, entry.stream))


def _gone(tables: Tables, entry: Entry, body: Body) -> None:
    tables.execute("DELETE FROM note WHERE id = ?", (entry.stream,))


NOTES = Room(
    "notes",
    SCHEMA,
    {NotePublished: _published, NoteCorrected: _corrected, NoteWithdrawn: _gone, NoteErased: _gone},
    (sys.modules[__name__],),
)


def publish(note: str, words: str) -> Command:
    def decide(tables: Tables) -> Decision:
        if _words(tables, note) is not None:
            raise Refused("This note is there already.")
        return Decision((Draft(note, NotePublished(words)),), (note,))

    return decide


def correct(note: str, words: str) -> Command:
    def decide(tables: Tables) -> Decision:
        if _words(tables, note) is None:
            raise NotFound("There is no such note.")
        return Decision((Draft(note, NoteCorrected(words)),), (note,))

    return decide


def withdraw(note: str) -> Command:
    def decide(tables: Tables) -> Decision:
        if _words(tables, note) is None:
            return Decision((), (note,))
        return Decision((Draft(note, NoteWithdrawn()),), (note,))

    return decide


def erase(note: str, positions: tuple[int, ...]) -> Command:
    return lambda tables: Decision((Draft(note, NoteErased(positions)),), (note,))


def all_notes(tables: Tables) -> dict[str, str]:
    return dict(tables.execute("SELECT id, words FROM note ORDER BY id"))


def _words(tables: Tables, note: str) -> Any:
    return next((words for (words,) in tables.execute("SELECT words FROM note WHERE id = ?", (note,))), None)
