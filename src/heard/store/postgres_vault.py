"""The vault in a PostgreSQL database of its own, shared by all nodes of a journal."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from heard.engine.stores import Seal
from heard.store.postgres_link import APPEND_PATIENCE_S, Database, complete
from heard.store.postgres_sweep import Sweep
from heard.store.vault import KeyedSealing

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS about (name text PRIMARY KEY, value text NOT NULL)",
    # Whatever becomes of a transaction, an identity never gives a number twice.
    """CREATE TABLE IF NOT EXISTS seal (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key bytea NOT NULL, salt bytea NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS drawer (
    drawer text COLLATE "C" NOT NULL, name text COLLATE "C" NOT NULL, value bytea NOT NULL,
    PRIMARY KEY (drawer, name))""",
)
NOUGHTS = bytes(32)


def vault_of(journal: str) -> str:
    """The address of the vault that belongs to a journal: the same server, the same name with `_vault` after it."""
    parts = conninfo_to_dict(complete(journal))
    return make_conninfo(journal, dbname=f"{parts['dbname']}_vault")


class PostgresVault:
    """A `Vault` in a database. A destroyed seal stays as noughts, and its table is then written anew."""

    def __init__(self, url: str) -> None:
        """Raises Unavailable when the server cannot be reached, Corrupt when it would not keep its promises."""
        self.database = Database(url)
        self.database.make(SCHEMA)
        self._sweep = Sweep(self.database, "seal")

    def new_seals(self, count: int) -> list[Seal]:
        fresh = [(os.urandom(32), os.urandom(32)) for _ in range(count)]
        keys, salts = [key for key, _ in fresh], [salt for _, salt in fresh]
        with self.database.writing(APPEND_PATIENCE_S) as db:
            made = db.execute(
                "INSERT INTO seal (key, salt) SELECT * FROM unnest(%s::bytea[], %s::bytea[]) "
                "RETURNING number, key, salt",
                (keys, salts),
            )
            rows = made.fetchall()
        return sorted((Seal(*row) for row in rows), key=lambda seal: seal.number)

    def seals(self, numbers: Sequence[int]) -> dict[int, Seal]:
        rows = self.database.ask(
            "SELECT number, key, salt FROM seal WHERE number = ANY(%s) AND key <> %s", list(numbers), NOUGHTS
        )
        return {number: Seal(number, key, salt) for number, key, salt in rows}

    def destroy(self, seals: Sequence[int]) -> None:
        """The keys are gone for everyone who asks when this returns; the table's old file is given back soon after."""
        with self.database.writing() as db:
            done = db.execute(
                "UPDATE seal SET key = %s, salt = %s WHERE number = ANY(%s) AND key <> %s",
                (NOUGHTS, NOUGHTS, list(seals), NOUGHTS),
            )
            if done.rowcount:
                self._sweep.note(db)
        self._sweep.begin()

    def secret(self, name: str) -> bytes:
        kept = self.get("secret", name)
        if kept is None:
            self._change("INSERT INTO drawer VALUES ('secret', %s, %s) ON CONFLICT DO NOTHING", name, os.urandom(32))
            kept = self.get("secret", name)  # whoever was first
        assert kept is not None
        return kept

    def put(self, drawer: str, name: str, value: bytes) -> None:
        self._change(
            "INSERT INTO drawer VALUES (%s, %s, %s) ON CONFLICT (drawer, name) DO UPDATE SET value = excluded.value",
            drawer,
            name,
            value,
        )

    def get(self, drawer: str, name: str) -> bytes | None:
        found = self.database.ask("SELECT value FROM drawer WHERE drawer = %s AND name = %s", drawer, name)
        return found[0][0] if found else None

    def swap(self, drawer: str, name: str, before: bytes | None, value: bytes) -> bool:
        first = "INSERT INTO drawer VALUES (%s, %s, %s) ON CONFLICT (drawer, name) DO NOTHING RETURNING name"
        changed = "UPDATE drawer SET value = %s WHERE drawer = %s AND name = %s AND value = %s RETURNING name"
        with self.database.writing() as db:
            if before is None:
                return db.execute(first, (drawer, name, value)).fetchone() is not None
            return db.execute(changed, (value, drawer, name, before)).fetchone() is not None

    def take(self, drawer: str, name: str) -> bytes | None:
        with self.database.writing() as db:
            taken = db.execute("DELETE FROM drawer WHERE drawer = %s AND name = %s RETURNING value", (drawer, name))
            found = taken.fetchone()
        return found[0] if found else None

    def drop(self, drawer: str, name: str) -> None:
        self._change("DELETE FROM drawer WHERE drawer = %s AND name = %s", drawer, name)

    def names(self, drawer: str, begins: str = "") -> list[str]:
        rows = self.database.ask(
            "SELECT name FROM drawer WHERE drawer = %s AND starts_with(name, %s) ORDER BY name", drawer, begins
        )
        return [name for (name,) in rows]

    def _change(self, statement: str, *bindings: Any) -> None:
        with self.database.writing() as db:
            db.execute(statement, bindings)

    def sealing(self) -> KeyedSealing:
        """Signs with a key that all nodes of the journal share; it is made at the first asking and kept here."""
        return KeyedSealing(Ed25519PrivateKey.from_private_bytes(self.secret("checkpoint")))

    def close(self) -> None:
        self._sweep.finish()
        self.database.close()
