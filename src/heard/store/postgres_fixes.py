"""Raw fixes of a journal that many nodes share: in the database of its vault, sealed, for a while, and then gone.

Whichever node a phone sends to, its fixes are links of one chain: the chain's row is locked, the links are made after
the head that stands there, and the next node goes on from theirs. So of one chain numbers are given in the order of
commit, and a node finds what others kept behind the head that it knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from heard.engine import now
from heard.store.fixes import (
    BEGINNING,
    Fixes,
    Kept,
    Link,
    Row,
    Whose,
    head_after,
    hour_of,
    links,
    opened,
    sealed_after,
)
from heard.store.postgres_link import APPEND_PATIENCE_S, Connection, Database
from heard.store.postgres_sweep import Sweep

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS about (name text PRIMARY KEY, value text NOT NULL)",
    """CREATE TABLE IF NOT EXISTS fix_hour (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, holder text COLLATE "C" NOT NULL,
    station text COLLATE "C" NOT NULL, hour text COLLATE "C" NOT NULL, key bytea NOT NULL,
    UNIQUE (holder, station, hour))""",
    """CREATE TABLE IF NOT EXISTS fix_block (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, hour bigint NOT NULL, fixes integer NOT NULL,
    before bytea NOT NULL, sealed bytea NOT NULL)""",
    "ALTER TABLE fix_block ALTER sealed SET STORAGE EXTERNAL",  # sealed bytes do not shrink
    "CREATE INDEX IF NOT EXISTS fix_block_hour ON fix_block (hour)",
    """CREATE TABLE IF NOT EXISTS fix_chain (
    holder text COLLATE "C" NOT NULL, station text COLLATE "C" NOT NULL, head bytea NOT NULL, told bytea NOT NULL,
    PRIMARY KEY (holder, station))""",
)
THESE = "unnest(%s::text[], %s::text[]) AS these (holder, station)"
NEW_CHAINS = f"INSERT INTO fix_chain SELECT holder, station, %s, '' FROM {THESE} ON CONFLICT DO NOTHING"
NEW_HOURS = """INSERT INTO fix_hour (holder, station, hour, key)
    SELECT holder, station, %s, key FROM unnest(%s::text[], %s::text[], %s::bytea[]) AS these (holder, station, key)
    ON CONFLICT DO NOTHING"""
KEYS = f"SELECT holder, station, number, key FROM fix_hour JOIN {THESE} USING (holder, station) WHERE hour = %s"
#: In one order on every node, so that no two wait for each other.
LOCK = f"""SELECT holder, station, head FROM fix_chain JOIN {THESE} USING (holder, station)
    ORDER BY holder, station FOR UPDATE OF fix_chain"""
INSERT = """INSERT INTO fix_block (hour, fixes, before, sealed)
    SELECT * FROM unnest(%s::bigint[], %s::integer[], %s::bytea[], %s::bytea[])"""
MOVE = """UPDATE fix_chain SET head = these.head
    FROM unnest(%s::text[], %s::text[], %s::bytea[]) AS these (holder, station, head)
    WHERE fix_chain.holder = these.holder AND fix_chain.station = these.station"""


class PostgresFixes(Fixes):
    """They are in a database; any number of nodes may hold one."""

    def __init__(self, url: str) -> None:
        """Raises Unavailable when the server cannot be reached, Corrupt when it would not keep its promises."""
        self.database = Database(url)
        self.database.make(SCHEMA, "tables of fixes")
        self._sweep = Sweep(self.database, "fix_hour", "fix_block")
        self._ciphers: dict[tuple[str, str, str], tuple[int, AESGCM]] = {}

    def keep(self, blocks: Sequence[tuple[Whose, int, bytes]], received_at: datetime) -> dict[Whose, Link]:
        hour, whose = hour_of(received_at), sorted({one for one, _, _ in blocks})
        try:
            with self.database.writing(APPEND_PATIENCE_S) as db:
                self._make_keys(db, [one for one in whose if (*one, hour) not in self._ciphers], hour)
                rows = db.execute(LOCK, _columns(whose)).fetchall()
                began = {(holder, station): head for holder, station, head in rows}
                heads, made = dict(began), list[tuple[int, int, bytes, bytes]]()
                for one, fixes, raw in blocks:
                    (number, cipher), before = self._ciphers[*one, hour], heads[one]
                    sealed, heads[one] = sealed_after(before, raw, cipher)
                    made.append((number, fixes, before, sealed))
                db.execute(INSERT, [list(column) for column in zip(*made, strict=True)])
                db.execute(MOVE, [*_columns(whose), [heads[one] for one in whose]])
        except BaseException:
            self._ciphers.clear()  # a key that was made in it is not there
            raise
        return links(began, heads)

    def _make_keys(self, db: Connection, fresh: list[Whose], hour: str) -> None:
        """The keys of an hour, made here or by another node; a chain for each who has none."""
        if not fresh:
            return
        self._ciphers = {known: one for known, one in self._ciphers.items() if known[2] >= hour}
        holders, stations = _columns(fresh)
        db.execute(NEW_CHAINS, (BEGINNING, holders, stations))
        db.execute(NEW_HOURS, (hour, holders, stations, [AESGCM.generate_key(256) for _ in fresh]))
        for holder, station, number, key in db.execute(KEYS, (holders, stations, hour)).fetchall():
            self._ciphers[holder, station, hour] = number, AESGCM(key)

    def newest(self, whose: Whose, hour: str, below: int, most: int) -> list[Row]:
        return self.database.ask(
            "SELECT fix_block.number, fixes, before, sealed, key FROM fix_block "
            "JOIN fix_hour ON fix_hour.number = fix_block.hour WHERE holder = %s AND station = %s "
            "AND fix_hour.hour >= %s AND fix_block.number < %s ORDER BY fix_block.number DESC LIMIT %s",
            *(*whose, hour, below, most),
        )

    def all_heads(self) -> dict[Whose, str]:
        rows = self.database.ask("SELECT holder, station, head FROM fix_chain")
        return {(holder, station): head.hex() for holder, station, head in rows}

    def head(self, whose: Whose) -> str:
        rows = self.database.ask("SELECT head FROM fix_chain WHERE holder = %s AND station = %s", *whose)
        return rows[0][0].hex() if rows else ""

    def heads(self, holder: str, station: str) -> list[str]:
        rows = self.database.ask(
            "SELECT before, sealed, key FROM fix_block JOIN fix_hour ON fix_hour.number = fix_block.hour "
            "WHERE holder = %s AND station = %s ORDER BY fix_block.number",
            *(holder, station),
        )
        return [head_after(before, opened(before, sealed, key)).hex() for before, sealed, key in rows]

    def kept(self, holder: str = "") -> list[Kept]:
        rows = self.database.ask(
            "SELECT holder, station, sum(fixes)::bigint, min(fix_hour.hour), max(fix_hour.hour) FROM fix_block "
            "JOIN fix_hour ON fix_hour.number = fix_block.hour WHERE holder = %s OR %s = '' GROUP BY holder, station",
            *(holder, holder),
        )
        return [Kept(row[0], row[1], row[2], now.instant(row[3]), now.instant(row[4])) for row in rows]

    def untold(self) -> list[tuple[Whose, str]]:
        rows = self.database.ask("SELECT holder, station, head FROM fix_chain WHERE head <> told")
        return [((holder, station), head.hex()) for holder, station, head in rows]

    def told(self, whose: Whose, head: str) -> None:
        with self.database.writing() as db:
            db.execute(
                "UPDATE fix_chain SET told = %s WHERE holder = %s AND station = %s", (bytes.fromhex(head), *whose)
            )

    def hours(self) -> list[tuple[int, str, datetime]]:
        rows = self.database.ask("SELECT number, station, hour FROM fix_hour ORDER BY hour, number")
        return [(number, station, now.instant(hour)) for number, station, hour in rows]

    def erase(self, hours: Iterable[int]) -> int:
        """Nobody who asks has them when this returns. The file of the keys is written anew and given back soon after;
        what is left of blocks in free space, and of both in the log, see `docs/operating/postgres.md`.
        """
        numbers = list(hours)
        if not numbers:
            return 0
        self._ciphers.clear()
        with self.database.writing(APPEND_PATIENCE_S) as db:
            db.execute("DELETE FROM fix_block WHERE hour = ANY(%s)", (numbers,))
            db.execute("DELETE FROM fix_hour WHERE number = ANY(%s)", (numbers,))
            self._sweep.note(db)
        self._sweep.begin()
        return len(numbers)

    def close(self) -> None:
        self._sweep.finish()
        self.database.close()


def _columns(whose: Sequence[Whose]) -> list[list[str]]:
    return [[holder for holder, _ in whose], [station for _, station in whose]]
