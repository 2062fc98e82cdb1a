"""The embedded journal: one SQLite file that any number of processes on this machine may append to."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

import apsw

from heard.engine import chain
from heard.engine.entry import Header, new_id
from heard.engine.errors import Conflict, Corrupt, HeardError
from heard.engine.stores import FAR, Append, Appended, Record, first_outcome, header_of, next_instant
from heard.store.files import connect, plainly, scrub, transaction

SCHEMA = """
CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS entry (
    position INTEGER PRIMARY KEY, stream TEXT NOT NULL, kind TEXT NOT NULL, version INTEGER NOT NULL, at TEXT NOT NULL,
    by TEXT NOT NULL, key TEXT, request TEXT, seal INTEGER NOT NULL, sealed BLOB NOT NULL, leaf BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS entry_stream ON entry (stream, position);
CREATE UNIQUE INDEX IF NOT EXISTS entry_key ON entry (key) WHERE key IS NOT NULL;
CREATE TABLE IF NOT EXISTS tree (one INTEGER PRIMARY KEY CHECK (one = 1), size INTEGER NOT NULL, peaks BLOB NOT NULL);
INSERT OR IGNORE INTO tree VALUES (1, 0, x'');
"""

COLUMNS = "position, stream, kind, version, at, by, key, request, seal, sealed, leaf"
HEAD = "SELECT size, peaks, (SELECT at FROM entry ORDER BY position DESC LIMIT 1) FROM tree"

#: The log is written back into the file when it is so many pages long. Thousands of entries at once touch a page each,
#: and would be written back, with two more syncs, after every few hundred of them: their log may grow longer.
LOG, LOG_OF_MANY, MANY = 1000, 8000, 200
#: So few entries that came since a decision are looked through rather than each stream that it rested on asked for.
FEW_SINCE = 64


class SqliteStore:
    """A `Store` in one file. Any number of processes may hold one; each append is a transaction of its own."""

    def __init__(self, path: Path, *, synchronous: str = "FULL") -> None:
        self.path = path
        # The writer belongs to the thread that syncs to disk, the reader to the event loop.
        self._writer = connect(path, synchronous=synchronous)
        self._alone = Lock()
        with plainly(path):
            if not self._writer.table_exists(None, "about"):
                with transaction(self._writer):
                    self._writer.execute(SCHEMA).fetchall()
                    self._writer.execute("INSERT OR IGNORE INTO about VALUES ('epoch', ?)", (new_id(),)).fetchall()
        self._reader = connect(path, synchronous=synchronous)

    @property
    def epoch(self) -> str:
        [(epoch,)] = self._read("SELECT value FROM about WHERE name = 'epoch'")
        return str(epoch)

    def begin_epoch(self) -> str:
        """A restored log is a new log: draw a new epoch for it."""
        with self._writing():
            self._writer.execute("UPDATE about SET value = ? WHERE name = 'epoch'", (new_id(),)).fetchall()
        return self.epoch

    def append(self, batch: Sequence[Append]) -> list[Appended | HeardError]:
        outcomes: list[Appended | HeardError] = []
        many = sum(len(append.drafts) for append in batch) >= MANY
        with self._writing():
            self._writer.wal_autocheckpoint(LOG_OF_MANY if many else LOG)
            frontier, previous = self._head(self._writer)
            before = frontier.size
            last = self._last_of(batch, frontier.size)
            for append in batch:
                outcome = self._judge(append, last)
                if outcome is None:
                    outcome = self._write(append, frontier, previous)
                    previous = outcome.at
                    last.update((draft.stream, outcome.first + n) for n, draft in enumerate(append.drafts))
                outcomes.append(outcome)
            if frontier.size > before:
                self._writer.execute("UPDATE tree SET size = ?, peaks = ?", (frontier.size, frontier.pack()))
        return outcomes

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One transaction, alone in this process: after it, what was written survives anything but the disk."""
        with self._alone, plainly(self.path), transaction(self._writer):
            yield

    def _last_of(self, batch: Sequence[Append], size: int) -> dict[str, int]:
        """The position of the last entry of each stream that a decision rested on, in one question for all; of those
        that have none since it was `seen` nothing need be known.
        """
        streams = {stream for append in batch for stream in append.over}
        seen = min((append.seen for append in batch if append.over), default=size)
        if size - seen <= len(streams) + FEW_SINCE:  # there is little to look through, and next to nothing as a rule
            since = "SELECT stream, position FROM entry WHERE position > ? ORDER BY position"
            return dict(self._writer.execute(since, (seen,)))
        newest = "SELECT value, (SELECT max(position) FROM entry WHERE stream = value) FROM json_each(?)"
        return {
            stream: position or 0 for stream, position in self._writer.execute(newest, (json.dumps(list(streams)),))
        }

    def _judge(self, append: Append, last: Mapping[str, int]) -> Appended | HeardError | None:
        if append.key is not None:
            earlier = _outcome(self._writer, append.key, append.request)
            if earlier is not None:
                return earlier
        for stream in append.over:
            if (later := last.get(stream, 0)) > append.seen:
                return Conflict("Something changed in the same moment.", stream=stream, position=later)
        return None

    def _write(self, append: Append, frontier: chain.Frontier, previous: str | None) -> Appended:
        at, first, rows = next_instant(previous), frontier.size + 1, []
        for index, draft in enumerate(append.drafts):
            header = header_of(draft, append, frontier.size + 1, at, first=index == 0)
            leaf = chain.leaf(draft.salt, header.encode(), draft.body)
            columns = (header.position, header.stream, header.kind, header.version, at, header.by, header.key)
            rows.append((*columns, header.request, draft.seal, draft.sealed, leaf))
            frontier.add(leaf)
        insert = f"INSERT INTO entry ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        self._writer.executemany(insert, rows).fetchall()
        return Appended(first, frontier.size, append.drafts[0].stream, append.drafts[0].kind, at)

    def _head(self, connection: apsw.Connection) -> tuple[chain.Frontier, str | None]:
        """The tree's edge, and when its last entry was written."""
        size, peaks, at = connection.execute(HEAD).get
        return chain.Frontier.unpack(size, peaks), at

    def frontier(self) -> chain.Frontier:
        with plainly(self.path):
            return self._head(self._reader)[0]

    def position(self) -> int:
        [(size,)] = self._read("SELECT coalesce(max(position), 0) FROM entry")
        return int(size)

    def records(self, after: int, limit: int) -> list[Record]:
        return self._records("position > ? ORDER BY position LIMIT ?", after, limit)

    def record(self, position: int) -> Record | None:
        return next(iter(self._records("position = ?", position)), None)

    def stream(self, stream: str, after: int = 0, to: int = FAR) -> list[Record]:
        return self._records("stream = ? AND position > ? AND position <= ? ORDER BY position", stream, after, to)

    def by_key(self, key: str) -> Record | None:
        return next(iter(self._records("key = ?", key)), None)

    def outcome(self, key: str, request: str | None) -> Appended | HeardError | None:
        with plainly(self.path):
            return _outcome(self._reader, key, request)

    def of_kinds(self, kinds: Sequence[str], after: int, to: int = FAR) -> list[Record]:
        wanted = "kind IN (SELECT value FROM json_each(?))"
        return self._records(
            f"position > ? AND position <= ? AND {wanted} ORDER BY position", after, to, json.dumps(list(kinds))
        )

    def leaves(self, size: int) -> list[bytes]:
        return [leaf for (leaf,) in self._read("SELECT leaf FROM entry WHERE position <= ? ORDER BY position", size)]

    def blank(self, positions: Sequence[int]) -> None:
        with self._writing():
            for position in positions:
                self._writer.execute(
                    "UPDATE entry SET sealed = zeroblob(length(sealed)) WHERE position = ?", (position,)
                ).fetchall()
        with self._alone, plainly(self.path):
            scrub(self._writer)

    def close(self) -> None:
        self._reader.close()
        self._writer.close()

    def _records(self, where: str, *bindings: Any) -> list[Record]:
        return [_record(row) for row in self._read(f"SELECT {COLUMNS} FROM entry WHERE {where}", *bindings)]

    def _read(self, statement: str, *bindings: Any) -> list[Any]:
        with plainly(self.path):
            return self._reader.execute(statement, bindings).fetchall()


def _outcome(connection: apsw.Connection, key: str, request: str | None) -> Appended | HeardError | None:
    found = connection.execute(f"SELECT {COLUMNS} FROM entry WHERE key = ?", (key,)).fetchall()
    if not found:
        return None
    # The entries that were appended together follow each other, and all bear the request of the first.
    following = "SELECT min(position) FROM entry WHERE position > ? AND (request IS NOT ? OR key IS NOT NULL)"
    first = _record(found[0])
    after: int | None = connection.execute(following, (first.header.position, first.header.request)).get
    last = after - 1 if after else connection.execute("SELECT max(position) FROM entry").get
    return first_outcome(first, last, request)


def _record(row: Any) -> Record:
    """Raises Corrupt for a row that was torn: SQLite reads what is missing of it as NULL."""
    if None in row[8:]:
        raise Corrupt(f"The journal is damaged at position {row[0]}. Stop, run `heard verify`, restore a backup.")
    return Record(Header(*row[:8]), *row[8:])
