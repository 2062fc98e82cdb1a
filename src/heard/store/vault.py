"""The vault: the only store that changes in place. Keys and salts, secrets, and drawers of what is no entry.

It is a file of its own, left out of exports and of long-kept backups: a body whose key is gone here is gone everywhere.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from heard.engine.errors import Corrupt
from heard.engine.stores import Seal
from heard.store.files import connect, plainly, scrub, transaction
from heard.store.media import keep_whole

SCHEMA = """
CREATE TABLE IF NOT EXISTS seal (number INTEGER PRIMARY KEY AUTOINCREMENT, key BLOB NOT NULL, salt BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS drawer (
    drawer TEXT NOT NULL, name TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (drawer, name)
) WITHOUT ROWID;
"""

#: A destroyed seal is noughts.
KEPT = "key != zeroblob(32)"
DESTROY = "UPDATE seal SET key = zeroblob(32), salt = zeroblob(32) WHERE number = ?"


class SqliteVault:
    """A `Vault` in one file. Numbers of seals are never used twice (AUTOINCREMENT), destroyed ones neither.

    A seal is written once, behind all others, and destroyed where it stands: its row is never taken out, since SQLite
    leaves pieces of rows in the gaps of pages that it rearranges, whatever secure_delete says.
    """

    def __init__(self, path: Path, *, synchronous: str = "FULL") -> None:
        self.path = path
        # Seals are made in the thread that syncs the journal to disk, while the event loop uses the drawers.
        self._maker = connect(path, synchronous=synchronous)
        self._keeper = connect(path, synchronous=synchronous)
        with plainly(path):
            self._maker.execute(SCHEMA).fetchall()

    def new_seals(self, count: int) -> list[Seal]:
        fresh = [(os.urandom(32), os.urandom(32)) for _ in range(count)]
        with plainly(self.path), transaction(self._maker):
            self._maker.executemany("INSERT INTO seal (key, salt) VALUES (?, ?)", fresh).fetchall()
            last = self._maker.last_insert_rowid()  # alone in the transaction, so that the numbers follow each other
        return [Seal(number, *one) for number, one in enumerate(fresh, last - count + 1)]

    def seals(self, numbers: Sequence[int]) -> dict[int, Seal]:
        if not numbers:
            return {}
        lowest, highest = min(numbers), max(numbers)
        if highest - lowest < 4 * len(numbers):  # the common case: read in the order they were written
            wanted = "SELECT number, key, salt FROM seal WHERE number BETWEEN ? AND ?"
            rows = self._ask(f"{wanted} AND {KEPT}", lowest, highest)
        else:
            wanted = "SELECT number, key, salt FROM seal WHERE number IN (SELECT value FROM json_each(?))"
            rows = self._ask(f"{wanted} AND {KEPT}", json.dumps(list(numbers)))
        return {number: Seal(number, key, salt) for number, key, salt in rows}

    def destroy(self, seals: Sequence[int]) -> None:
        with plainly(self.path):
            with transaction(self._keeper):
                for number in seals:
                    self._keeper.execute(DESTROY, (number,)).fetchall()
            scrub(self._keeper)

    def secret(self, name: str) -> bytes:
        kept = self.get("secret", name)
        if kept is None:
            self._ask("INSERT OR IGNORE INTO drawer VALUES ('secret', ?, ?)", name, os.urandom(32))
            kept = self.get("secret", name)  # whoever was first
        assert kept is not None
        return kept

    def put(self, drawer: str, name: str, value: bytes) -> None:
        self._ask("INSERT OR REPLACE INTO drawer VALUES (?, ?, ?)", drawer, name, value)

    def get(self, drawer: str, name: str) -> bytes | None:
        found = self._ask("SELECT value FROM drawer WHERE drawer = ? AND name = ?", drawer, name)
        return found[0][0] if found else None

    def swap(self, drawer: str, name: str, before: bytes | None, value: bytes) -> bool:
        if before is None:
            return bool(self._ask("INSERT OR IGNORE INTO drawer VALUES (?, ?, ?) RETURNING 1", drawer, name, value))
        changed = "UPDATE drawer SET value = ? WHERE drawer = ? AND name = ? AND value = ? RETURNING 1"
        return bool(self._ask(changed, value, drawer, name, before))

    def take(self, drawer: str, name: str) -> bytes | None:
        found = self._ask("DELETE FROM drawer WHERE drawer = ? AND name = ? RETURNING value", drawer, name)
        return found[0][0] if found else None

    def drop(self, drawer: str, name: str) -> None:
        self._ask("DELETE FROM drawer WHERE drawer = ? AND name = ?", drawer, name)

    def names(self, drawer: str, begins: str = "") -> list[str]:
        rows = self._ask(
            "SELECT name FROM drawer WHERE drawer = ? AND name BETWEEN ? AND ? ORDER BY name",
            drawer,
            begins,
            f"{begins}\U0010ffff",
        )
        return [name for (name,) in rows]

    def _ask(self, statement: str, *bindings: Any) -> list[Any]:
        with plainly(self.path):
            return self._keeper.execute(statement, bindings).fetchall()

    def close(self) -> None:
        self._keeper.close()
        self._maker.close()


#: Each key seals one body and no more, so a constant nonce is safe and twelve bytes an entry are saved.
NONCE = bytes(12)


class KeyedSealing:
    """AES-256-GCM for bodies; Ed25519 for the checkpoint, with the private key in a file of mode 0600."""

    def __init__(self, private_key: Ed25519PrivateKey) -> None:
        self._private = private_key
        self.public_key = private_key.public_key().public_bytes_raw()

    @classmethod
    def from_file(cls, path: Path) -> KeyedSealing:
        """The key in the file, made there at the first asking.

        Raises Corrupt when the file is not a key.
        """
        if not path.exists():
            # Whole under another name first: a crash in the middle leaves no half a key, and the first to link it wins.
            with suppress(FileExistsError):
                keep_whole(path, Ed25519PrivateKey.generate().private_bytes_raw(), replace=False)
        return cls.kept_in(path)

    @classmethod
    def kept_in(cls, path: Path) -> KeyedSealing:
        """The key in the file, which must be there."""
        raw = path.read_bytes() if path.exists() else b""
        if len(raw) != 32:
            raise Corrupt(f"{path.name} is not a checkpoint key (32 bytes). Restore it from your backup.")
        return cls(Ed25519PrivateKey.from_private_bytes(raw))

    def seal(self, key: bytes, words: bytes) -> bytes:
        return AESGCM(key).encrypt(NONCE, words, None)

    def unseal(self, key: bytes, sealed: bytes) -> bytes:
        return AESGCM(key).decrypt(NONCE, sealed, None)

    def sign(self, message: bytes) -> bytes:
        return self._private.sign(message)

    def check(self, signature: bytes, message: bytes) -> None:
        try:
            self._private.public_key().verify(signature, message)
        except InvalidSignature as wrong:
            raise Corrupt("The signature does not hold.") from wrong
