"""The embedded journal: one SQLite file, written with full syncs.

`synchronous=FULL` is set and read back: under NORMAL a power cut loses entries that were already acknowledged. SQLite
itself must be 3.51.3 or later, since earlier ones can corrupt a write-ahead log that two connections write
(https://www.sqlite.org/releaselog/3_51_3.html); apsw brings its own.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import quote

import apsw

from heard.engine import chain
from heard.engine.entry import Header, new_id
from heard.engine.errors import Conflict, Corrupt, HeardError, Unavailable
from heard.engine.journal import Append, Appended, Record, first_outcome, header_of, next_instant

SAFE_SQLITE = (3, 51, 3)
#: How long a writer waits for another process's transaction; bulk work commits in slices far shorter than this.
BUSY_MS = 10_000

#: What may be over in a moment, or when someone has made room.
TROUBLES = (
    apsw.BusyError,
    apsw.CantOpenError,
    apsw.FullError,
    apsw.IOError,
    apsw.LockedError,
    apsw.NoMemError,
    apsw.ProtocolError,
    apsw.ReadOnlyError,
)

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
        with self._writing():
            frontier, previous = self._tree(self._writer), self._last_at()
            before = frontier.size
            for append in batch:
                outcome = self._judge(append)
                if outcome is None:
                    outcome = self._write(append, frontier, previous)
                    previous = outcome.at
                outcomes.append(outcome)
            if frontier.size > before:
                self._writer.execute("UPDATE tree SET size = ?, peaks = ?", (frontier.size, frontier.pack()))
        return outcomes

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One transaction, alone in this process: after it, what was written survives anything but the disk."""
        with self._alone, plainly(self.path), transaction(self._writer):
            yield

    def _judge(self, append: Append) -> Appended | HeardError | None:
        if append.key is not None:
            earlier = _outcome(self._writer, append.key, append.request)
            if earlier is not None:
                return earlier
        for stream in append.over:
            later = self._writer.execute(
                "SELECT max(position) FROM entry WHERE stream = ? AND position > ?", (stream, append.seen)
            ).get
            if later is not None:
                return Conflict("Something changed in the same moment.", stream=stream, position=later)
        return None

    def _write(self, append: Append, frontier: chain.Frontier, previous: str | None) -> Appended:
        at, first = next_instant(previous), frontier.size + 1
        for index, draft in enumerate(append.drafts):
            header = header_of(draft, append, frontier.size + 1, at, first=index == 0)
            leaf = chain.leaf(draft.salt, header.encode(), draft.body)
            columns = (header.position, header.stream, header.kind, header.version, at, header.by, header.key)
            self._writer.execute(
                f"INSERT INTO entry ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*columns, header.request, draft.seal, draft.sealed, leaf),
            )
            frontier.add(leaf)
        return Appended(first, frontier.size, append.drafts[0].stream, append.drafts[0].kind, at)

    def _last_at(self) -> str | None:
        found: str | None = self._writer.execute("SELECT at FROM entry ORDER BY position DESC LIMIT 1").get
        return found

    def _tree(self, connection: apsw.Connection) -> chain.Frontier:
        size, peaks = connection.execute("SELECT size, peaks FROM tree").get
        return chain.Frontier.unpack(size, peaks)

    def frontier(self) -> chain.Frontier:
        with plainly(self.path):
            return self._tree(self._reader)

    def position(self) -> int:
        [(size,)] = self._read("SELECT coalesce(max(position), 0) FROM entry")
        return int(size)

    def records(self, after: int, limit: int) -> list[Record]:
        return self._records("position > ? ORDER BY position LIMIT ?", after, limit)

    def record(self, position: int) -> Record | None:
        return next(iter(self._records("position = ?", position)), None)

    def stream(self, stream: str) -> list[Record]:
        return self._records("stream = ? ORDER BY position", stream)

    def by_key(self, key: str) -> Record | None:
        return next(iter(self._records("key = ?", key)), None)

    def outcome(self, key: str, request: str | None) -> Appended | HeardError | None:
        with plainly(self.path):
            return _outcome(self._reader, key, request)

    def of_kinds(self, kinds: Sequence[str], after: int) -> list[Record]:
        wanted = "kind IN (SELECT value FROM json_each(?))"
        return self._records(f"position > ? AND {wanted} ORDER BY position", after, json.dumps(list(kinds)))

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
    return Record(Header(*row[:8]), *row[8:])


def connect(path: Path, *, synchronous: str = "FULL") -> apsw.Connection:
    """A connection with Heard's settings, which are read back.

    Raises Corrupt when SQLite is unsafe or a setting does not hold, Unavailable when the file cannot be opened.
    """
    if tuple(int(part) for part in apsw.sqlite_lib_version().split(".")) < SAFE_SQLITE:
        raise Corrupt(
            f"SQLite {apsw.sqlite_lib_version()} can corrupt a log that two processes write; Heard needs 3.51.3."
        )
    with plainly(path):
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
        connection.set_busy_timeout(BUSY_MS)
        # Temporary files would put words into places that no erasure reaches.
        for pragma in (
            "journal_mode = WAL",
            f"synchronous = {synchronous}",
            "secure_delete = ON",
            "temp_store = MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        held = [connection.execute(f"PRAGMA {name}").get for name in ("journal_mode", "synchronous", "secure_delete")]
    if held != ["wal", {"OFF": 0, "NORMAL": 1, "FULL": 2}[synchronous], 1]:
        raise Corrupt(f"{path.name} would not keep its promises: SQLite answered {held}. Nothing was written.")
    return connection


def derived(path: Path, *, synchronous: str = "FULL") -> apsw.Connection:
    """A connection to a file that can be made anew: one that is damaged is removed, and begins empty.

    It is synced like the journal. Under NORMAL the log is synced only when it is written back; if that fails once, and
    then the power fails too, the file holds old rows beside new ones, with withdrawn words among them.
    """
    log = path.with_name(f"{path.name}-wal")
    unclean = log.exists() and log.stat().st_size > 0
    try:
        connection = connect(path, synchronous=synchronous)
        with plainly(path):
            if not unclean or connection.execute("PRAGMA quick_check(1)").get == "ok":
                return connection
        connection.close()
    except Corrupt:
        pass
    for ending in ("", "-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
    return connect(path, synchronous=synchronous)


@contextmanager
def looking_at(path: Path) -> Iterator[apsw.Connection]:
    """One snapshot of a database, beside a running server or of a dead one's files, creating and changing no file.

    Raises Unavailable when it is not there, Corrupt when it is damaged.
    """
    if not path.is_file():
        raise Unavailable(f"There is no {path.name} in {path.parent}. Check the folder.")
    log, shared = (path.with_name(path.name + ending) for ending in ("-wal", "-shm"))
    uri, flags, vfs = f"file:{quote(str(path.resolve()))}?", apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI, ""
    if shared.exists():  # someone has it open, or was killed: read their index of the log and keep to their locks
        uri += "readonly_shm=1"
    elif log.exists() and log.stat().st_size:  # the files of a dead server without the index: build one in memory
        vfs = "unix-none"
    else:
        uri += "immutable=1"
    with plainly(path):
        connection = apsw.Connection(uri, flags=flags, vfs=vfs or None)
        try:
            connection.set_busy_timeout(BUSY_MS)
            if vfs:
                connection.execute("PRAGMA locking_mode = EXCLUSIVE").fetchall()
            try:
                connection.execute("BEGIN; SELECT count(*) FROM sqlite_schema").fetchall()
            except apsw.SQLError as wrong:
                raise Corrupt(f"{path.name} is damaged ({wrong}). Stop, and restore a backup.") from wrong
            yield connection
        finally:
            connection.close()


@contextmanager
def transaction(connection: apsw.Connection) -> Iterator[None]:
    """The write lock is taken first, so that what is read inside is what is written upon."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if not connection.get_autocommit():
            connection.execute("ROLLBACK")
        raise


@contextmanager
def folding(connection: apsw.Connection) -> Iterator[None]:
    """A transaction of a derived file."""
    with plainly(Path(connection.filename)), transaction(connection):
        yield


@contextmanager
def plainly(path: Path) -> Iterator[None]:
    """SQLite's errors in the families that the rest of Heard knows."""
    try:
        yield
    except (*TROUBLES, OSError) as wrong:
        # It does not say that nothing was changed: after a sync that failed nobody knows what reached the disk, and a
        # crash from there may yet bring the entry back. The key makes sending it again safe either way.
        raise Unavailable(
            f"{path.name} could not be read or written ({wrong}). Keep your words and send them again under the same "
            "key, which is safe; if it stays so, look at the disk.",
        ) from wrong
    except (apsw.CorruptError, apsw.NotADBError) as wrong:
        raise Corrupt(f"{path.name} is damaged ({wrong}). Stop, run `heard verify`, restore a backup.") from wrong


def scrub(connection: apsw.Connection) -> None:
    """Empty the write-ahead log, so that no overwritten words are left in it.

    Raises Unavailable when another process keeps a transaction open all the time.
    """
    busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()[0]
    if busy:
        raise Unavailable(
            "Another process is reading; the last copy of what was erased could not be removed. Try again."
        )


class Purging:
    """Leaves no copy of withdrawn words in a derived file, and remembers in it up to which entry it has done so."""

    def __init__(self, connection: apsw.Connection) -> None:
        self.connection = connection

    def purged_to(self) -> int:
        return int(self.connection.execute("PRAGMA user_version").get)

    def purge(self, position: int, *, whole: bool) -> bool:
        """Purge what entries up to `position` withdrew; False when someone is reading and it must be tried again.

        Emptying the log is enough for words that were overwritten. `whole` writes the file anew, since SQLite may leave
        pieces of old rows in the gaps of a page that it has rearranged, whatever secure_delete says.
        """
        try:
            with plainly(Path(self.connection.filename)):
                if whole:
                    self.connection.execute("VACUUM").fetchall()
                busy = self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()[0][0]
                if not busy:
                    self.connection.execute(f"PRAGMA user_version = {position}").fetchall()
        except Unavailable:
            return False
        return not busy


def copy_database(source: Path, target: Path) -> None:
    """One snapshot of a database, on disk when this returns; whoever writes it goes on meanwhile."""
    with looking_at(source) as held, plainly(target):
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        copy = apsw.Connection(str(target), flags=apsw.SQLITE_OPEN_READWRITE)
        try:
            copy.execute("PRAGMA synchronous = FULL").fetchall()
            with copy.backup("main", held, "main") as copying:
                while not copying.done:
                    copying.step(1000)
            copy.execute("PRAGMA journal_mode = DELETE").fetchall()
        finally:
            copy.close()
