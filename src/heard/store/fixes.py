"""Raw fixes, kept apart: sealed, for a while, and then gone. Here in a file; of many nodes in `postgres_fixes`.

One key for one holder at one station in one hour. When the hour is old enough its key is overwritten where it stands,
its blocks are taken out, and the whole file is written anew, so that no piece of them stays in a gap of a page. What
stays is the chain: the salted digest of each block, which the journal has, says that nothing was put in or left out
while the fixes were there, and tells nothing of them.
"""

from __future__ import annotations

import hashlib
import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from heard.engine import now
from heard.engine.errors import Corrupt
from heard.store.files import connect, plainly, scrub, transaction

SCHEMA = """
CREATE TABLE IF NOT EXISTS hour (
    number INTEGER PRIMARY KEY AUTOINCREMENT, holder TEXT NOT NULL, station TEXT NOT NULL, hour TEXT NOT NULL,
    key BLOB NOT NULL, UNIQUE (holder, station, hour)
);
CREATE TABLE IF NOT EXISTS block (
    number INTEGER PRIMARY KEY AUTOINCREMENT, hour INTEGER NOT NULL, fixes INTEGER NOT NULL, before BLOB NOT NULL,
    sealed BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS block_hour ON block (hour);
CREATE TABLE IF NOT EXISTS chain (
    holder TEXT NOT NULL, station TEXT NOT NULL, head BLOB NOT NULL, told BLOB NOT NULL, PRIMARY KEY (holder, station)
) WITHOUT ROWID;
"""
#: Its key was not destroyed.
STANDS = "hour.key != zeroblob(32)"
BEGINNING = bytes(32)
SALT = 16
NONCE = 12

#: Blocks that are read at a time.
PAGE = 256
FAR = 2**62

Whose = tuple[str, str]
#: A block as it is read: its number, how many fixes, the head before it, its sealed bytes, their key.
Row = tuple[int, int, bytes, bytes, bytes]


class Link(msgspec.Struct, frozen=True):
    """What was kept at once of one chain: the head before it, and the head after. Who held another head before has
    missed what somebody else kept.
    """

    before: str
    head: str


class Kept(msgspec.Struct, frozen=True):
    """How many fixes of a holder are kept at a station, and of which hours (their beginnings)."""

    holder: str
    station: str
    fixes: int
    oldest: datetime
    newest: datetime


def hour_of(at: datetime) -> str:
    return now.text(at.replace(minute=0, second=0, microsecond=0))


class Fixes(ABC):
    """Blocks of fixes, each of one holder at one station; what is in a block is the caller's.

    Several processes may keep fixes of the same chain: one link goes on from the one before, whoever made it.
    """

    @abstractmethod
    def keep(self, blocks: Sequence[tuple[Whose, int, bytes]], received_at: datetime) -> dict[Whose, Link]:
        """Blocks (whose, how many fixes, the bytes) are on the disk when this returns; the links of their chains."""

    def read(
        self, holder: str, station: str, since: datetime | None = None, most: int = 2**31, after: str = ""
    ) -> list[bytes]:
        """The newest blocks, as many as have `most` fixes or a few more, the oldest of them first; where `after` is a
        head of the chain, only what is behind it.

        Raises Corrupt when one was changed.
        """
        found, below = list[bytes](), FAR
        if after and after == self.head((holder, station)):
            return found
        hour = hour_of(since) if since else ""
        while rows := self.newest((holder, station), hour, below, min(most, PAGE)):
            for number, fixes, before, sealed, key in rows:
                found.append(opened(before, sealed, key)[SALT:])
                most, below = most - fixes, number
                if most <= 0 or before.hex() == after:
                    return found[::-1]
        return found[::-1]

    @abstractmethod
    def newest(self, whose: Whose, hour: str, below: int, most: int) -> list[Row]:
        """So many blocks of a chain, the newest first, received from an hour on, whose number is below another."""

    @abstractmethod
    def all_heads(self) -> dict[Whose, str]:
        """The newest head of every chain."""

    @abstractmethod
    def head(self, whose: Whose) -> str:
        """The newest head of a chain; nothing before the first block."""

    @abstractmethod
    def heads(self, holder: str, station: str) -> list[str]:
        """The chain worked out again from the blocks that are there: each head that it passed through."""

    @abstractmethod
    def kept(self, holder: str = "") -> list[Kept]:
        """What there is of a holder, or of everybody."""

    @abstractmethod
    def untold(self) -> list[tuple[Whose, str]]:
        """Chains whose head the journal does not have yet."""

    @abstractmethod
    def told(self, whose: Whose, head: str) -> None:
        """The journal has it."""

    @abstractmethod
    def hours(self) -> list[tuple[int, str, datetime]]:
        """Every hour of which something is kept: its number, station and beginning."""

    @abstractmethod
    def erase(self, hours: Iterable[int]) -> int:
        """Destroy the keys of these hours, and their blocks; how many hours it were."""

    @abstractmethod
    def close(self) -> None: ...


class FixesFile(Fixes):
    """They are in one file of this machine."""

    def __init__(self, path: Path, *, synchronous: str = "FULL") -> None:
        self.path = path
        # Blocks are kept and erased in the thread that waits for the disk, while the event loop reads, and others.
        self._connection = connect(path, synchronous=synchronous)
        with plainly(path):
            self._connection.execute(SCHEMA).fetchall()
        self._looking = connect(path, synchronous=synchronous)
        self._looking_alone = Lock()
        self._ciphers: dict[tuple[str, str, str], tuple[int, AESGCM]] = {}

    def keep(self, blocks: Sequence[tuple[Whose, int, bytes]], received_at: datetime) -> dict[Whose, Link]:
        hour, began, heads = hour_of(received_at), dict[Whose, bytes](), dict[Whose, bytes]()
        try:
            with plainly(self.path), transaction(self._connection):
                for whose, fixes, raw in blocks:
                    number, cipher = self._cipher(whose, hour)
                    if whose not in heads:
                        began[whose] = heads[whose] = self._head(whose)
                    before = heads[whose]
                    sealed, heads[whose] = sealed_after(before, raw, cipher)
                    self._connection.execute(
                        "INSERT INTO block (hour, fixes, before, sealed) VALUES (?, ?, ?, ?)",
                        (number, fixes, before, sealed),
                    )
                for (holder, station), head in heads.items():
                    self._connection.execute(
                        "INSERT INTO chain VALUES (?, ?, ?, zeroblob(0)) "
                        "ON CONFLICT (holder, station) DO UPDATE SET head = excluded.head",
                        (holder, station, head),
                    )
        except BaseException:
            self._ciphers.clear()  # a key that was made in it is not there
            raise
        return links(began, heads)

    def _head(self, whose: Whose) -> bytes:
        wanted = "SELECT head FROM chain WHERE holder = ? AND station = ?"
        rows: list[Any] = self._connection.execute(wanted, whose).fetchall()
        return rows[0][0] if rows else BEGINNING

    def _cipher(self, whose: Whose, hour: str) -> tuple[int, AESGCM]:
        known = self._ciphers.get((*whose, hour))
        if known is None:
            self._ciphers = {key: one for key, one in self._ciphers.items() if key[2] >= hour}
            self._connection.execute(
                "INSERT OR IGNORE INTO hour (holder, station, hour, key) VALUES (?, ?, ?, ?)",
                (*whose, hour, AESGCM.generate_key(256)),
            )
            wanted = "SELECT number, key FROM hour WHERE holder = ? AND station = ? AND hour = ?"
            rows: list[Any] = self._connection.execute(wanted, (*whose, hour)).fetchall()
            [(number, key)] = rows
            known = self._ciphers[*whose, hour] = (number, AESGCM(key))
        return known

    def newest(self, whose: Whose, hour: str, below: int, most: int) -> list[Row]:
        return self._ask(
            "SELECT block.number, fixes, before, sealed, key FROM block JOIN hour ON hour.number = block.hour "
            f"WHERE holder = ? AND station = ? AND hour.hour >= ? AND block.number < ? AND {STANDS} "
            "ORDER BY block.number DESC LIMIT ?",
            *(*whose, hour, below, most),
        )

    def all_heads(self) -> dict[Whose, str]:
        rows = self._ask("SELECT holder, station, head FROM chain")
        return {(holder, station): head.hex() for holder, station, head in rows}

    def head(self, whose: Whose) -> str:
        rows = self._ask("SELECT head FROM chain WHERE holder = ? AND station = ?", *whose)
        return rows[0][0].hex() if rows else ""

    def heads(self, holder: str, station: str) -> list[str]:
        rows = self._ask(
            "SELECT before, sealed, key FROM block JOIN hour ON hour.number = block.hour "
            f"WHERE holder = ? AND station = ? AND {STANDS} ORDER BY block.number",
            *(holder, station),
        )
        return [head_after(before, opened(before, sealed, key)).hex() for before, sealed, key in rows]

    def kept(self, holder: str = "") -> list[Kept]:
        rows = self._ask(
            "SELECT holder, station, sum(fixes), min(hour.hour), max(hour.hour) FROM block "
            f"JOIN hour ON hour.number = block.hour WHERE (holder = ? OR ? = '') AND {STANDS} GROUP BY holder, station",
            *(holder, holder),
        )
        return [Kept(row[0], row[1], row[2], now.instant(row[3]), now.instant(row[4])) for row in rows]

    def untold(self) -> list[tuple[Whose, str]]:
        rows = self._ask("SELECT holder, station, head FROM chain WHERE head != told")
        return [((holder, station), head.hex()) for holder, station, head in rows]

    def told(self, whose: Whose, head: str) -> None:
        told = (bytes.fromhex(head), *whose)
        with plainly(self.path):
            self._connection.execute("UPDATE chain SET told = ? WHERE holder = ? AND station = ?", told).fetchall()

    def hours(self) -> list[tuple[int, str, datetime]]:
        rows = self._ask("SELECT number, station, hour FROM hour ORDER BY hour, number")
        return [(number, station, now.instant(hour)) for number, station, hour in rows]

    def _ask(self, statement: str, *bindings: Any) -> list[Any]:
        with self._looking_alone, plainly(self.path):
            return self._looking.execute(statement, bindings).fetchall()

    def erase(self, hours: Iterable[int]) -> int:
        """Destroy the keys of these hours, and leave no byte of their blocks in the file; how many hours it were.

        Raises Unavailable while another process reads; the keys are gone then, and it is to be done again.
        """
        numbers = [(number,) for number in hours]
        if not numbers:
            return 0
        self._ciphers.clear()
        with plainly(self.path):
            with transaction(self._connection):
                self._connection.executemany("UPDATE hour SET key = zeroblob(32) WHERE number = ?", numbers)
            scrub(self._connection)  # from here on nobody can read them, whatever becomes of the rest
            with transaction(self._connection):
                self._connection.executemany("DELETE FROM block WHERE hour = ?", numbers)
                self._connection.executemany("DELETE FROM hour WHERE number = ?", numbers)
            self._connection.execute("VACUUM").fetchall()
            scrub(self._connection)
        return len(numbers)

    def close(self) -> None:
        self._looking.close()
        self._connection.close()


def sealed_after(before: bytes, raw: bytes, cipher: AESGCM) -> tuple[bytes, bytes]:
    """The sealed bytes of a block that follows a head, and the head that it makes."""
    salted, nonce = os.urandom(SALT) + raw, os.urandom(NONCE)
    return nonce + cipher.encrypt(nonce, salted, before), head_after(before, salted)


def head_after(before: bytes, salted: bytes) -> bytes:
    return hashlib.sha256(before + hashlib.sha256(salted).digest()).digest()


def opened(before: bytes, sealed: bytes, key: bytes) -> bytes:
    """The salted bytes of a block.

    Raises Corrupt when it, or which one is before it, was changed.
    """
    try:
        return AESGCM(key).decrypt(sealed[:NONCE], sealed[NONCE:], before)
    except InvalidTag:
        raise Corrupt("A block of kept positions was changed. Stop, and look at the disk.") from None


def links(began: Mapping[Whose, bytes], heads: Mapping[Whose, bytes]) -> dict[Whose, Link]:
    """A chain that has only begun stood at nothing."""
    return {
        whose: Link("" if began[whose] == BEGINNING else began[whose].hex(), head.hex())
        for whose, head in heads.items()
    }
