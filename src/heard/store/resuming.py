"""What the watch has worked out, in a file: derived, for a quick start, and thrown away whenever it does not fit.

It holds ids, numbers and instants, and no word that anybody typed, so that nothing in it need ever be erased.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from heard.engine.entry import new_id
from heard.store.derived import derived, folding

_SCHEMA = """
CREATE TABLE IF NOT EXISTS kept (
    only INTEGER PRIMARY KEY CHECK (only = 1), epoch TEXT NOT NULL, position INTEGER NOT NULL, leaf BLOB NOT NULL,
    besides BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS owner (only INTEGER PRIMARY KEY CHECK (only = 1), id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS watched (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL, stations TEXT NOT NULL, position INTEGER NOT NULL,
    source TEXT NOT NULL, hears_of_station INTEGER NOT NULL, may_be_unknown INTEGER NOT NULL, next_at TEXT NOT NULL,
    ended INTEGER NOT NULL, looked_at INTEGER NOT NULL, laid_down BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS station (id TEXT PRIMARY KEY, told BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS stream (id TEXT PRIMARY KEY, station TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS recorded (move TEXT NOT NULL, alarm TEXT NOT NULL, PRIMARY KEY (alarm, move)) WITHOUT ROWID;
"""


#: How the rows of each table are kept.
_KEEP = {
    "watched": "INSERT OR REPLACE INTO watched VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    "over": "DELETE FROM watched WHERE number = ?",
    "station": "INSERT OR REPLACE INTO station VALUES (?, ?)",
    "stream": "INSERT OR REPLACE INTO stream VALUES (?, ?)",
    "recorded": "INSERT OR IGNORE INTO recorded VALUES (?, ?)",
}
_EMPTY = (
    "DELETE FROM kept",
    "DELETE FROM watched",
    "DELETE FROM station",
    "DELETE FROM stream",
    "DELETE FROM recorded",
)


class ResumingFile:
    """Whoever opened it last owns it: an app that is replaced keeps nothing any more in what its follower goes on from.

    One transaction holds all that is of one position, synced like the journal.
    """

    def __init__(self, path: Path) -> None:
        self.path, self._me = path, new_id()
        self._db = derived(path)
        with folding(self._db):
            self._db.execute(_SCHEMA).fetchall()
            self._db.execute("INSERT OR REPLACE INTO owner VALUES (1, ?)", (self._me,)).fetchall()

    def about(self) -> tuple[str, int, bytes, bytes] | None:
        """Epoch, position, that entry's leaf, and what stands besides; None when nothing is kept."""
        rows: list[Any] = self._db.execute("SELECT epoch, position, leaf, besides FROM kept").fetchall()
        return rows[0] if rows else None

    def watched(self) -> Iterator[Any]:
        return self._db.execute("SELECT * FROM watched ORDER BY number")

    def stations(self) -> Iterator[Any]:
        return self._db.execute("SELECT id, told FROM station")

    def streams(self) -> Iterator[Any]:
        return self._db.execute("SELECT id, station FROM stream")

    def recorded(self) -> Iterator[Any]:
        return self._db.execute("SELECT move, alarm FROM recorded")

    def keep(self, about: tuple[str, int, bytes, bytes], rows: Mapping[str, Sequence[tuple[Any, ...]]]) -> bool:
        """What changed since, with what `about` answers from now on: all of it or nothing; False when another owns the
        file.

        Raises Unavailable when it cannot be written.
        """
        with folding(self._db):
            if self._db.execute("SELECT id FROM owner").get != self._me:
                return False
            for table, statement in _KEEP.items():
                self._db.executemany(statement, rows.get(table, ())).fetchall()
            self._db.execute("INSERT OR REPLACE INTO kept VALUES (1, ?, ?, ?, ?)", about).fetchall()
        return True

    def empty(self) -> None:
        """Nothing is kept any more, unless another owns the file."""
        with folding(self._db):
            if self._db.execute("SELECT id FROM owner").get == self._me:
                for statement in _EMPTY:
                    self._db.execute(statement).fetchall()

    def close(self) -> None:
        self._db.close()
