"""A journal and its vault in PostgreSQL as the two files that the embedded journal is: for backups, and the way back.

Each is one snapshot of its database, taken while nodes write. The journal goes first: a key is durable before its
entry, so the vault's later snapshot has the key of each entry in the copy, but for those erased in between.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
from psycopg import IsolationLevel, ServerCursor

from heard.engine.errors import Corrupt
from heard.store.files import connect, transaction
from heard.store.media import keep_whole
from heard.store.postgres_link import Connection, Database
from heard.store.postgres_vault import vault_of
from heard.store.sqlite import COLUMNS, SqliteStore
from heard.store.vault import SqliteVault

#: So long a single answer may take: the server reads as much of a large table as is asked for at once.
PATIENCE_S = 60.0
AT_ONCE = 1_000


def copy_journal_and_vault(address: str, target: Path) -> None:
    """Write journal.sqlite, vault.sqlite and checkpoint.key into a folder; the files may not be there yet.

    They are on disk only once they have been synced. Raises Unavailable when a server cannot be reached.
    """
    SqliteStore(target / "journal.sqlite").close()
    _copy(Database(address), target / "journal.sqlite", _journal)
    SqliteVault(target / "vault.sqlite").close()
    _copy(Database(vault_of(address)), target / "vault.sqlite", _vault)
    with closing(SqliteVault(target / "vault.sqlite")) as vault:
        key = vault.get("secret", "checkpoint")
    if key is None:
        raise Corrupt("The vault has no key to sign checkpoints with: it is not that of a journal. There is no backup.")
    keep_whole(target / "checkpoint.key", key)


def _copy(database: Database, path: Path, fill: Callable[[Connection, apsw.Connection], None]) -> None:
    with closing(database), database.apart(PATIENCE_S) as source:
        source.isolation_level, source.read_only = IsolationLevel.REPEATABLE_READ, True
        with source.transaction(), closing(connect(path, synchronous="OFF")) as copy:
            with transaction(copy):
                fill(source, copy)
            copy.execute("PRAGMA journal_mode = DELETE").fetchall()


def _journal(source: Connection, copy: apsw.Connection) -> None:
    [(epoch,)] = source.execute("SELECT value FROM about WHERE name = 'epoch'").fetchall()
    copy.execute("UPDATE about SET value = ? WHERE name = 'epoch'", (epoch,)).fetchall()
    copy.execute("UPDATE tree SET size = ?, peaks = ?", source.execute("SELECT size, peaks FROM tree").fetchone())
    with _in_turn(source) as rows:
        rows.execute(f"SELECT {COLUMNS} FROM entry ORDER BY position")
        copy.executemany("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)


def _vault(source: Connection, copy: apsw.Connection) -> None:
    with _in_turn(source) as rows:
        rows.execute("SELECT number, key, salt FROM seal ORDER BY number")
        copy.executemany("INSERT INTO seal VALUES (?, ?, ?)", rows)
    with _in_turn(source) as rows:
        rows.execute("SELECT drawer, name, value FROM drawer")
        copy.executemany("INSERT INTO drawer VALUES (?, ?, ?)", rows)


def _in_turn(source: Connection) -> ServerCursor[Any]:
    """Rows of which only so many are held here at once."""
    rows = source.cursor(name="copied")
    rows.itersize = AT_ONCE
    return rows
