"""The register's file: every report as it may be seen, and an index of its words; beside it, what is fitted on them.

Derived, and made anew at need. Nothing that is withheld is ever in it: what is put here was masked before. What a row
held is overwritten when it is replaced, in the index too (`secure-delete`).
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import apsw
import msgspec

from heard.engine.entry import new_id
from heard.store.derived import Purging, derived, folding
from heard.store.files import connect

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (
    only INTEGER PRIMARY KEY CHECK (only = 1), epoch TEXT NOT NULL, position INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS shown (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, listed BLOB NOT NULL, texts BLOB NOT NULL);
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(
    title, people, circumstances, concerns, content='', contentless_delete=1,
    tokenize='porter unicode61 remove_diacritics 2');
"""


#: An index in more parts than these is gathered, so many pages at a time: about two milliseconds.
PARTS_MAX, GATHERED_PAGES = 4, 32


class Row(msgspec.Struct, frozen=True):
    """A report as it may be seen: what is listed of it and its texts, encoded; the words it is found by."""

    id: str
    listed: bytes
    texts: bytes
    words: tuple[str, str, str, str]


class RegisterFile:
    """One writer, the app. A file of another epoch is emptied."""

    def __init__(self, path: Path, epoch: str) -> None:
        self.path, self.epoch = path, epoch
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        self._db = derived(path, synchronous="NORMAL")
        with folding(self._db):
            self._db.execute(_SCHEMA)
            if self._db.execute("SELECT epoch FROM meta").get != epoch:
                self._db.execute("DELETE FROM shown; DELETE FROM words; DELETE FROM meta")
                self._db.execute("INSERT INTO meta (only, epoch, position) VALUES (1, ?, 0)", (epoch,))
            self._db.execute("INSERT INTO words (words, rank) VALUES ('secure-delete', 1)")
        # Threads read too, and a connection that one uses stops any other: so not the one that writes, and in turn.
        self._looking, self._in_turn = connect(path, synchronous="NORMAL"), threading.Lock()
        self._looking.execute("CREATE VIRTUAL TABLE temp.terms USING fts5vocab(main, words, row)")
        self._is_gathering = False
        self._stemming = self._looking.fts5_tokenizer("porter", ["unicode61", "remove_diacritics", "2"])

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

    def gather(self) -> bool:
        """Bring together what the index has of each word, a little at a time; whether there is more to do.

        What came in little by little stands in many parts, and whoever looks for a word, or for some hundred that it
        may be a slip for, asks each of them.
        """
        parts = "SELECT count(DISTINCT segid) FROM words_idx"
        begins = not self._is_gathering
        if begins and self._db.execute(parts).get <= PARTS_MAX:
            return False
        before = self._db.total_changes()
        with folding(self._db):  # a negative number begins anew with all parts, a positive one goes on
            pages = -GATHERED_PAGES if begins else GATHERED_PAGES
            self._db.execute("INSERT INTO words (words, rank) VALUES ('merge', ?)", (pages,))
        self._is_gathering = self._db.total_changes() - before >= 2
        return self._is_gathering

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
        with self._in_turn:
            found = self._looking.execute("SELECT texts FROM shown WHERE id = ?", (report,)).get
        return None if found is None else bytes(found)

    def search(self, query: str, limit: int) -> list[tuple[str, float]]:
        """Reports that fit a query of FTS5, best first, with their BM25 (lower is better)."""
        with self._in_turn:
            rows: list[Any] = self._looking.execute(
                "SELECT shown.id, bm25(words, 4.0, 2.0, 1.0, 1.5) AS score FROM words JOIN shown ON shown.number = "
                "words.rowid "
                "WHERE words MATCH ? ORDER BY score LIMIT ?",
                (query, limit),
            ).fetchall()
        return [(str(report), float(score)) for report, score in rows]

    def count(self, query: str) -> int:
        """How many reports fit a query of FTS5."""
        with self._in_turn:
            return int(self._looking.execute("SELECT count(*) FROM words WHERE words MATCH ?", (query,)).get)

    def holding(self, words: Sequence[str]) -> dict[str, int]:
        """How many reports hold each of these words, of plain letters, by its stem; those that none holds are left out.

        Whether a row that was taken away still counts is the index's affair: ask `count` before a word is shown.
        """
        with self._in_turn:
            tokens = self._stemming(
                " ".join(words).encode(),
                apsw.FTS5_TOKENIZE_QUERY,
                None,
                include_offsets=False,
                include_colocated=False,
            )
            stems = {word: str(stem) for word, stem in zip(words, tokens, strict=True)}
            rows: list[Any] = self._looking.execute(
                "SELECT term, doc FROM terms WHERE term IN (SELECT value FROM json_each(?))",
                (msgspec.json.encode(sorted(set(stems.values()))).decode(),),
            ).fetchall()
        held = {str(term): int(reports) for term, reports in rows}
        return {word: held[stem] for word, stem in stems.items() if stem in held}

    @property
    def purging(self) -> Purging:
        return Purging(self._db)

    def close(self) -> None:
        self._looking.close()
        self._db.close()


class FittedFile:
    """What is fitted on the register's words, kept for the next start; whatever does not fit is as good as none.

    It holds single words in the clear, so it goes at once when words are withdrawn, and is not written if any were
    withdrawn since they were read. A thread writes it; forgetting waits for no more than a file that takes its name.
    """

    def __init__(self, path: Path, made_by: str) -> None:
        self.path, self._made_by = path, made_by.encode()
        self._lock, self._forgotten = threading.Lock(), 0

    def forgotten(self) -> int:
        """How often it was forgotten: to be asked before the words are read."""
        return self._forgotten

    def forget(self) -> None:
        with self._lock:
            self._forgotten += 1
            for held in (self.path, *self.path.parent.glob(f"{self.path.name}.*")):  # one that a crash cut short, too
                held.unlink(missing_ok=True)

    def keep(self, made: bytes, forgotten: int) -> bool:
        """Keep it, unless something was forgotten since; False then, and where it cannot be written."""
        fresh = self.path.with_name(f"{self.path.name}.{new_id()}")
        try:
            with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(self._head(made) + made)
            with self._lock:
                if self._forgotten == forgotten:
                    fresh.replace(self.path)
                    return True
        except OSError:  # the disk is full: it is fitted again at the next start
            pass
        finally:
            fresh.unlink(missing_ok=True)
        return False

    def kept(self) -> bytes | None:
        """What was kept by the same code, whole; else None."""
        try:
            held = self.path.read_bytes()
        except OSError:
            return None
        size = len(self._head(b""))
        made = held[size:]
        return made if held[:size] == self._head(made) else None

    def _head(self, made: bytes) -> bytes:
        return hashlib.sha256(self._made_by + b"\n" + made).digest()
