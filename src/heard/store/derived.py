"""Files that are folded or rendered from the journal: never truth, thrown away when they are damaged.

They hold words in the clear, so what is withdrawn must leave no copy in them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from heard.engine.errors import Corrupt, Unavailable
from heard.store.files import connect, plainly, transaction

#: Rows that are written together stand together, so few pages need be kept. The log is written back every 32 MiB.
SETTINGS = ("cache_size = -4096", "wal_autocheckpoint = 8000")


def derived(path: Path, *, synchronous: str = "FULL") -> apsw.Connection:
    """A connection to a file that can be made anew: one that is damaged is removed, and begins empty.

    It is synced like the journal. Under NORMAL the log is synced only when it is written back; if that fails once, and
    then the power fails too, the file holds old rows beside new ones, with withdrawn words among them.
    """
    log = path.with_name(f"{path.name}-wal")
    unclean = log.exists() and log.stat().st_size > 0
    try:
        connection = _connected(path, synchronous)
        with plainly(path):
            if not unclean or connection.execute("PRAGMA quick_check(1)").get == "ok":
                return connection
        connection.close()
    except Corrupt:
        pass
    for ending in ("", "-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
    return _connected(path, synchronous)


def _connected(path: Path, synchronous: str) -> apsw.Connection:
    connection = connect(path, synchronous=synchronous)
    for setting in SETTINGS:
        connection.execute(f"PRAGMA {setting}").fetchall()
    return connection


def in_memory() -> apsw.Connection:
    """Tables that are in no file, for a look at the past: they are gone when whoever made them is done."""
    connection = apsw.Connection(":memory:")
    connection.execute("PRAGMA temp_store = MEMORY").fetchall()
    return connection


@contextmanager
def folding(connection: apsw.Connection) -> Iterator[None]:
    """A transaction of a derived file."""
    with plainly(connection.filename), transaction(connection):
        yield


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
            with plainly(self.connection.filename):
                if whole:
                    self.connection.execute("VACUUM").fetchall()
                busy = self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()[0][0]
                if not busy:
                    self.connection.execute(f"PRAGMA user_version = {position}").fetchall()
        except Unavailable:
            return False
        return not busy
