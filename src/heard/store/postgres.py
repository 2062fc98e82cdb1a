"""The journal in PostgreSQL, for many nodes on many machines: the same promises as the embedded one.

Appends are one after another over all nodes: each begins by locking the one row of `tree`, which holds the head, and
keeps the lock until it is committed. So positions are given in the order of commit and without a gap, which no sequence
does: it gives a number before the commit, and a reader who has seen the next one never looks back.

An append whose answer was lost with its connection is not guessed at. Every entry has a seal that no other ever has:
the lock is taken again, which waits for whatever the lost session still does, and then the entry is there or never
will be.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic
from typing import Any

import msgspec

from heard.engine import chain
from heard.engine.entry import Header, new_id
from heard.engine.errors import Conflict, Corrupt, HeardError
from heard.engine.stores import FAR, Append, Appended, Record, first_outcome, header_of, next_instant
from heard.store.postgres_link import APPEND_PATIENCE_S, Connection, Database, Lost
from heard.store.postgres_sweep import Sweep

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS about (name text PRIMARY KEY, value text NOT NULL)",
    """CREATE TABLE IF NOT EXISTS entry (
    position bigint PRIMARY KEY, stream text COLLATE "C" NOT NULL, kind text NOT NULL, version integer NOT NULL,
    at text NOT NULL, by text NOT NULL, key text COLLATE "C", request text, seal bigint NOT NULL,
    sealed bytea NOT NULL, leaf bytea NOT NULL)""",
    "ALTER TABLE entry ALTER sealed SET STORAGE EXTERNAL",  # sealed bytes do not shrink
    "CREATE INDEX IF NOT EXISTS entry_stream ON entry (stream, position)",
    "CREATE UNIQUE INDEX IF NOT EXISTS entry_key ON entry (key) WHERE key IS NOT NULL",
    """CREATE TABLE IF NOT EXISTS tree (
    one integer PRIMARY KEY CHECK (one = 1), size bigint NOT NULL, peaks bytea NOT NULL, at text)""",
    "INSERT INTO tree VALUES (1, 0, '', NULL) ON CONFLICT DO NOTHING",
)

COLUMNS = "position, stream, kind, version, at, by, key, request, seal, sealed, leaf"
INSERT = f"""INSERT INTO entry ({COLUMNS}) SELECT * FROM unnest(
    %s::bigint[], %s::text[], %s::text[], %s::integer[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[],
    %s::bytea[], %s::bytea[])"""
BLANK = """UPDATE entry SET sealed = decode(repeat('00', length(sealed)), 'hex')
    WHERE position = ANY(%s) AND sealed <> decode(repeat('00', length(sealed)), 'hex')"""
#: Whoever listens here is told the new head; it is a hint and may be lost.
CHANNEL = "heard"
#: An append whose connection was lost looks for the server so long before it says that it does not know.
FIND_OUT_S = 15.0


class Attempt(msgspec.Struct):
    """What one append finds under the lock, and what it makes of it.

    `before` is the head that its first try found: what that try wrote, if it did, is later.
    """

    before: int | None = None
    frontier: chain.Frontier = msgspec.field(default_factory=lambda: chain.Frontier(0, []))
    at: str | None = None
    later: dict[str, int] = {}
    by_key: dict[str, tuple[Record, int]] = {}
    earlier_try: dict[int, Record] = {}
    fresh: list[Record] = []


class PostgresStore:
    """A `Store` in a database. Any number of nodes may hold one; each append is a transaction of its own."""

    def __init__(self, url: str) -> None:
        """Raises Unavailable when the server cannot be reached, Corrupt when it would not keep its promises."""
        self._epoch: str | None = None
        self._furthest: tuple[int, bytes] = (0, b"")
        self.database = Database(url, self._goes_on)
        self.database.make(SCHEMA)
        if not self.database.ask("SELECT 1 FROM about WHERE name = 'epoch'"):
            with self.database.writing() as db:
                db.execute("INSERT INTO about VALUES ('epoch', %s) ON CONFLICT DO NOTHING", (new_id(),))
        self._epoch = self.epoch
        self._sweep = Sweep(self.database, "entry")

    def _goes_on(self, connection: Connection) -> None:
        """Whether a server that answers now goes on from what was read before: a standby may lack entries.

        Raises Corrupt when it does not.
        """
        if self._epoch is None:
            return
        [(epoch,)] = connection.execute("SELECT value FROM about WHERE name = 'epoch'").fetchall()
        if epoch != self._epoch:
            raise Corrupt(
                f"The journal has begun anew, as epoch {epoch}; this node has folded {self._epoch}. It is not served. "
                "Start this node again on an empty folder."
            )
        position, leaf = self._furthest
        rows = connection.execute("SELECT leaf FROM entry WHERE position = %s", (position,)).fetchall()
        if position and rows != [(leaf,)]:
            raise Corrupt(
                f"The server that now answers has not the entries that this node has read (up to {position}): a "
                "standby was promoted that had not received them. It is not served; see docs/operating/postgres.md.",
                position=position,
            )

    @property
    def epoch(self) -> str:
        [(epoch,)] = self.database.ask("SELECT value FROM about WHERE name = 'epoch'")
        return str(epoch)

    def begin_epoch(self) -> str:
        """A restored log is a new log: draw a new epoch for it."""
        epoch = new_id()
        with self.database.writing() as db:
            db.execute("UPDATE about SET value = %s WHERE name = 'epoch'", (epoch,))
        self._epoch = epoch
        return epoch

    def append(self, batch: Sequence[Append]) -> list[Appended | HeardError]:
        """As every store. When the connection is lost in the middle, find out what became of it, and go on.

        Raises Unavailable when that could not be found out in time; sending again under the same key is safe.
        """
        attempt = Attempt()
        if self.database.lost_since is not None:
            return self._append(batch, attempt)  # which says so at once
        give_up_at = monotonic() + FIND_OUT_S
        while True:
            try:
                return self._append(batch, attempt)
            except Lost:
                if not self.database.found_within(give_up_at - monotonic()):
                    raise

    def _append(self, batch: Sequence[Append], attempt: Attempt) -> list[Appended | HeardError]:
        with self.database.writing(APPEND_PATIENCE_S) as db:
            self._look(db, batch, attempt)
            outcomes = [self._judge(db, append, attempt) or self._write(append, attempt) for append in batch]
            self._put(db, attempt, told=any(isinstance(outcome, Appended) for outcome in outcomes))
        if attempt.fresh:
            self._reached(attempt.fresh[-1])
        return outcomes

    def _look(self, db: Connection, batch: Sequence[Append], attempt: Attempt) -> None:
        """One way there and back. The lock is first, so that each question after it sees all that is committed."""
        tree = db.execute("SELECT size, peaks, at FROM tree FOR UPDATE")
        streams = list({stream for append in batch for stream in append.over})
        later = db.execute("SELECT stream, max(position) FROM entry WHERE stream = ANY(%s) GROUP BY stream", (streams,))
        keys = [append.key for append in batch if append.key is not None]
        known = db.execute(f"SELECT {COLUMNS} FROM entry WHERE key = ANY(%s)", (keys,))
        written: list[Record] = []
        if attempt.before is not None:
            seals = [draft.seal for append in batch for draft in append.drafts]
            after = db.execute(
                f"SELECT {COLUMNS} FROM entry WHERE position > %s AND seal = ANY(%s)", (attempt.before, seals)
            )
            written = [_record(row) for row in after.fetchall()]
        [(size, peaks, attempt.at)] = tree.fetchall()
        attempt.before = size if attempt.before is None else attempt.before
        attempt.frontier, attempt.fresh = chain.Frontier.unpack(size, peaks), []
        attempt.later = dict(later.fetchall())
        attempt.earlier_try = {record.seal: record for record in written}
        attempt.by_key = {}
        for record in map(_record, known.fetchall()):
            attempt.by_key[str(record.header.key)] = (record, _last(db, record))

    def _judge(self, db: Connection, append: Append, attempt: Attempt) -> Appended | HeardError | None:
        if done := attempt.earlier_try.get(append.drafts[0].seal):
            last = attempt.earlier_try[append.drafts[-1].seal].header.position
            return _appended(done, last)
        if append.key is not None and append.key in attempt.by_key:
            record, last = attempt.by_key[append.key]
            return first_outcome(record, last, append.request)
        for stream in append.over:
            if (later := attempt.later.get(stream, 0)) > append.seen:
                return Conflict("Something changed in the same moment.", stream=stream, position=later)
        return None

    def _write(self, append: Append, attempt: Attempt) -> Appended:
        at, frontier, made = next_instant(attempt.at), attempt.frontier, list[Record]()
        for index, draft in enumerate(append.drafts):
            header = header_of(draft, append, frontier.size + 1, at, first=index == 0)
            leaf = chain.leaf(draft.salt, header.encode(), draft.body)
            made.append(Record(header, draft.seal, draft.sealed, leaf))
            frontier.add(leaf)
            attempt.later[draft.stream] = header.position
        if append.key is not None:
            attempt.by_key[append.key] = (made[0], frontier.size)
        attempt.at = at
        attempt.fresh += made
        return _appended(made[0], frontier.size)

    def _put(self, db: Connection, attempt: Attempt, *, told: bool) -> None:
        """What is only told again is written too, as nothing: the commit then waits for the standby to have it all."""
        if attempt.fresh:
            db.execute(INSERT, [list(column) for column in zip(*map(_row, attempt.fresh), strict=True)])
            db.execute("SELECT pg_notify(%s, %s)", (CHANNEL, str(attempt.frontier.size)))
        if told:
            values = (attempt.frontier.size, attempt.frontier.pack(), attempt.at)
            db.execute("UPDATE tree SET size = %s, peaks = %s, at = %s", values)

    def _reached(self, record: Record) -> None:
        if record.header.position > self._furthest[0]:
            self._furthest = (record.header.position, record.leaf)

    def frontier(self) -> chain.Frontier:
        [(size, peaks)] = self.database.ask("SELECT size, peaks FROM tree")
        return chain.Frontier.unpack(size, peaks)

    def position(self) -> int:
        [(size,)] = self.database.ask("SELECT size FROM tree")
        return int(size)

    def records(self, after: int, limit: int) -> list[Record]:
        found = self._records("position > %s ORDER BY position LIMIT %s", after, limit)
        if found:
            self._reached(found[-1])
        return found

    def record(self, position: int) -> Record | None:
        return next(iter(self._records("position = %s", position)), None)

    def stream(self, stream: str, after: int = 0, to: int = FAR) -> list[Record]:
        within = "stream = %s AND position > %s AND position <= %s ORDER BY position"
        return self._records(within, stream, after, to)

    def by_key(self, key: str) -> Record | None:
        return next(iter(self._records("key = %s", key)), None)

    def outcome(self, key: str, request: str | None) -> Appended | HeardError | None:
        """Asked without the lock; what is found is told only when the standby has it too."""
        record = self.by_key(key)
        if record is None:
            return None
        with self.database.writing() as db:
            last = _last(db, record)
            db.execute("UPDATE tree SET size = size")
        return first_outcome(record, last, request)

    def of_kinds(self, kinds: Sequence[str], after: int, to: int = FAR) -> list[Record]:
        wanted = list(kinds)
        return self._records("position > %s AND position <= %s AND kind = ANY(%s) ORDER BY position", after, to, wanted)

    def leaves(self, size: int) -> list[bytes]:
        rows = self.database.ask("SELECT leaf FROM entry WHERE position <= %s ORDER BY position", size)
        return [leaf for (leaf,) in rows]

    def blank(self, positions: Sequence[int]) -> None:
        """Overwrites what can be read; PostgreSQL keeps the old version aside until the table is swept.

        What is left of it in free space and in its log is sealed bytes, worth nothing without their key.
        """
        with self.database.writing() as db:
            done = db.execute(BLANK, (list(positions),))
            if done.rowcount:
                self._sweep.note(db)
        self._sweep.begin()

    def close(self) -> None:
        self._sweep.finish()
        self.database.close()

    def _records(self, where: str, *bindings: Any) -> list[Record]:
        return [_record(row) for row in self.database.ask(f"SELECT {COLUMNS} FROM entry WHERE {where}", *bindings)]


def _last(db: Connection, first: Record) -> int:
    """The position of the last entry that was appended together with this one: all bear the request of the first."""
    following = """SELECT min(position) - 1 FROM entry
        WHERE position > %s AND (request IS DISTINCT FROM %s OR key IS NOT NULL)"""
    [(last,)] = db.execute(following, (first.header.position, first.header.request)).fetchall()
    if last is None:
        [(last,)] = db.execute("SELECT max(position) FROM entry").fetchall()
    return int(last)


def _appended(first: Record, last: int) -> Appended:
    return Appended(first.header.position, last, first.header.stream, first.header.kind, first.header.at)


def _row(record: Record) -> tuple[Any, ...]:
    return (*msgspec.structs.astuple(record.header), record.seal, record.sealed, record.leaf)


def _record(row: Any) -> Record:
    return Record(Header(*row[:8]), *row[8:])
