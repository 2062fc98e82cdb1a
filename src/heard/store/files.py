"""SQLite files as Heard opens them: for writing, for looking without a trace, for copying.

`synchronous=FULL` is set and read back: under NORMAL a power cut loses entries that were already acknowledged. SQLite
itself must be 3.51.3 or later, since earlier ones can corrupt a write-ahead log that two connections write
(https://www.sqlite.org/releaselog/3_51_3.html); apsw brings its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import apsw

from heard.engine.errors import Corrupt, Unavailable

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
            "fullfsync = ON",  # on a Mac a plain sync leaves the words in the drive's own memory
            "checkpoint_fullfsync = ON",
            "secure_delete = ON",
            "temp_store = MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        held = [connection.execute(f"PRAGMA {name}").get for name in ("journal_mode", "synchronous", "secure_delete")]
    if held != ["wal", {"OFF": 0, "NORMAL": 1, "FULL": 2}[synchronous], 1]:
        raise Corrupt(f"{path.name} would not keep its promises: SQLite answered {held}. Nothing was written.")
    return connection


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
def plainly(path: Path | str) -> Iterator[None]:
    """SQLite's errors in the families that the rest of Heard knows."""
    try:
        yield
    except (*TROUBLES, OSError) as wrong:
        # It does not say that nothing was changed: after a sync that failed nobody knows what reached the disk, and a
        # crash from there may yet bring the entry back. The key makes sending it again safe either way.
        raise Unavailable(
            f"{Path(path).name} could not be read or written ({wrong}). Keep your words and send them again under the "
            "same key, which is safe; if it stays so, look at the disk.",
        ) from wrong
    except (apsw.CorruptError, apsw.NotADBError) as wrong:
        raise Corrupt(f"{Path(path).name} is damaged ({wrong}). Stop, run `heard verify`, restore a backup.") from wrong


def scrub(connection: apsw.Connection) -> None:
    """Empty the write-ahead log, so that no overwritten words are left in it.

    Raises Unavailable when another process keeps a transaction open all the time.
    """
    busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()[0]
    if busy:
        raise Unavailable(
            "Another process is reading; the last copy of what was erased could not be removed. Try again."
        )


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
