"""The register's file: every report as it may be seen, and an index of its words. Derived, and rendered anew at need.

Nothing that is withheld is ever in it: what is put here was masked before. What a row held is overwritten when it is
replaced, in the index too (`secure-delete`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from heard.store.derived import Purging, derived, folding

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (
    only INTEGER PRIMARY KEY CHECK (only = 1), epoch TEXT NOT NULL, position INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS shown (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, listed BLOB NOT NULL, texts BLOB NOT NULL);
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(
    title, people, circumstances, concerns, content='', contentless_delete=1,
    tokenize='porter unicode61 remove_diacritics 2');
"""


class Row(msgspec.Struct, frozen=True):
    """A report as it may be seen: what is listed of it and its texts, encoded; the words it is found by."""

    id: str
    listed: bytes
    texts: bytes
    words: tuple[str, str, str, str]


class RegisterFile:
    """One writer, the app. A file of another epoch is emptied."""

    def __init__(self, path: Path, epoch: str) -> None:
        self.path = path
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        self._db = derived(path, synchronous="NORMAL")
        with folding(self._db):
            self._db.execute(_SCHEMA)
            if self._db.execute("SELECT epoch FROM meta").get != epoch:
                self._db.execute("DELETE FROM shown; DELETE FROM words; DELETE FROM meta")
                self._db.execute("INSERT INTO meta (only, epoch, position) VALUES (1, ?, 0)", (epoch,))
            self._db.execute("INSERT INTO words (words, rank) VALUES ('secure-delete', 1)")

    def position(self) -> int:
        return int(self._db.execute("SELECT position FROM meta").get)

    def put(self, rows: Sequence[Row], away: Iterable[str], reached: int | None = None) -> None:
        """These in place of what stood of them, those away; and the cursor to `reached`. All at once, or nothing."""
        with folding(self._db):
            for gone in away:
                self._remove(gone)
            for row in rows:
                self._remove(row.id)
                self._db.execute(
                    "INSERT INTO shown (id, listed, texts) VALUES (?, ?, ?)", (row.id, row.listed, row.texts)
                )
                number = self._db.last_insert_rowid()
                self._db.execute(
                    "INSERT INTO words (rowid, title, people, circumstances, concerns) VALUES (?, ?, ?, ?, ?)",
                    (number, *row.words),
                )
            if reached is not None:
                self._db.execute("UPDATE meta SET position = ?", (reached,))

    def _remove(self, report: str) -> None:
        number = self._db.execute("SELECT number FROM shown WHERE id = ?", (report,)).get
        if number is not None:
            self._db.execute("DELETE FROM words WHERE rowid = ?", (number,))
            self._db.execute("DELETE FROM shown WHERE number = ?", (number,))

    def all(self) -> Iterator[bytes]:
        """What is listed of every report."""
        for (listed,) in self._db.execute("SELECT listed FROM shown"):
            yield listed

    def texts(self, report: str) -> bytes | None:
        found = self._db.execute("SELECT texts FROM shown WHERE id = ?", (report,)).get
        return None if found is None else bytes(found)

    def search(self, query: str, limit: int) -> list[tuple[str, float]]:
        """Reports that fit a query of FTS5, best first, with their BM25 (lower is better)."""
        rows = self._db.execute(
            "SELECT shown.id, bm25(words, 4.0, 2.0, 1.0, 1.5) AS score FROM words JOIN shown ON shown.number = "
            "words.rowid "
            "WHERE words MATCH ? ORDER BY score LIMIT ?",
            (query, limit),
        )
        return [(str(report), float(score)) for report, score in rows]

    @property
    def purging(self) -> Purging:
        return Purging(self._db)

    def close(self) -> None:
        self._db.close()
