"""One PostgreSQL database as one process sees it: bounded in time, mended behind the scenes, fenced.

Nobody who asks ever waits for a connection to be made: once a connection is lost a thread of its own makes new ones
until the server is there again. Until then nothing is written, and a question that has a connection left is answered
within `LOST_PATIENCE_S` or not at all. A connection is closed by nobody but who uses it: libpq may be in the middle of
a call.

What may be waited for is bounded on both sides: here by `PATIENCE_S`, on the server by settings that end what a dead or
cut-off node has left behind, so that its half-done append holds up nobody. A standby that is waited for and is away
holds up every commit: whatever is written from the event loop gives up as soon as a question does, and only an append
waits longer.

A server whose settings would lose what it acknowledged is refused, and so is one that is behind another, and one in
whose place another was promoted (`postgres_servers`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Event, Lock, Thread
from time import monotonic
from typing import Any

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import TransactionStatus

from heard.engine.errors import Corrupt, HeardError, Refused, Unavailable
from heard.store.postgres_servers import PATIENCE_S, Bounded, Servers

Connection = psycopg.Connection[Any]

#: So long an answer to an append may take: the disk, other nodes' appends before it, and the standby are in it.
APPEND_PATIENCE_S = 10.0
#: So long a question may take while the server is lost: a connection that is left may be as good as ever, or dead too.
LOST_PATIENCE_S = 0.25
#: A lost connection is made again after these: twice as long each time.
MEND_S, MEND_S_MAX = 0.05, 1.0

#: What libpq is told where the address does not say otherwise: of several hosts, the one that takes writes.
DEFAULTS = {
    "application_name": "heard",
    "connect_timeout": "2",
    "target_session_attrs": "read-write",
    "tcp_user_timeout": "5000",
    "keepalives_idle": "5",
    "keepalives_interval": "1",
    "keepalives_count": "3",
}
#: Each session's own. A COMMIT that waits for the standby must not be cancelled by a timer: it would be half a promise.
SESSION = {
    "lock_timeout": "5s",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "10s",
    "tcp_user_timeout": "5s",
    "tcp_keepalives_idle": "5s",
    "tcp_keepalives_interval": "1s",
    "tcp_keepalives_count": "3",
    "bytea_output": "hex",
    "search_path": "public",
}
#: Without any one of these an acknowledged entry can be lost with the power.
PROMISES = ("fsync", "full_page_writes", "synchronous_commit")


#: What is raised when a line breaks, whether libpq notices or the socket is gone under it.
BROKEN = (psycopg.Error, OSError)


class Lost(Unavailable):
    """The server was lost in the middle: where it was a commit, nobody knows yet whether it was written."""


#: Locked while tables are made: "if not exists" is no lock, and nodes begin together.
MAKING = 0x4865617264


class Database:
    """Two connections, one to ask and one to write, each for one thread at a time.

    `is_the_same(connection)` raises Corrupt where a new connection leads to something that is not a continuation of
    what was read before; it is asked of every connection before it is used.
    """

    def __init__(self, url: str, is_the_same: Callable[[Connection], None] = lambda connection: None) -> None:
        """Raises Unavailable when it cannot be reached, Corrupt when it would not keep its promises."""
        self.url = complete(url)
        self.name = shown(self.url)
        #: When the server was lost (monotonic), None while it is there.
        self.lost_since: float | None = None
        self._servers = Servers(self.url)
        #: The address of the server in use: of several, that which leads.
        self.leads = self.url
        #: Others on the same server: when this one is lost they are too, before anyone has to wait for them.
        self._beside: list[Database] = []
        self._timeline = 0
        self._is_the_same = is_the_same
        self._why: HeardError | None = None
        self._mending = Lock()
        self._closed = Event()
        self._found = Event()
        try:
            self.leads, _ = self._servers.leader()
            self._asking, self._writing = self._fresh()
        except BROKEN as wrong:
            raise Unavailable(f"{self.name} cannot be reached: {_first_line(wrong)}. Nothing was changed.") from wrong

    def takes_along(self, other: Database) -> None:
        """Another database of the same server is lost with this one, from now on."""
        self._beside.append(other)

    @property
    def together(self) -> Sequence[Database]:
        """This one, and what is lost with it."""
        return (self, *self._beside)

    def _fresh(self) -> tuple[_Link, _Link]:
        asking = _Link(self.connect(PATIENCE_S))
        try:
            return asking, _Link(self.connect(PATIENCE_S))
        except BaseException:
            asking.end()
            raise

    def connect(self, patience_s: float) -> Bounded:
        """A new connection with Heard's settings, looked at before anyone uses it.

        Raises psycopg.Error, Corrupt.
        """
        connection = Bounded.connect(self.leads, autocommit=True)
        connection.patience_s = patience_s
        try:
            for name, value in SESSION.items():
                connection.execute("SELECT set_config(%s, %s, false)", (name, value))
            held = {name: _setting(connection, name) for name in PROMISES}
            if "off" in held.values():
                lacking = " and ".join(f"{name} = off" for name, value in held.items() if value == "off")
                raise Corrupt(
                    f"{self.name} runs with {lacking} and would lose what it acknowledged when the power fails. "
                    "It is not used, and nothing was written. Switch that on."
                )
            timeline = connection.timeline()
            if timeline < self._timeline:
                raise Corrupt(
                    f"{self.name} is led by a server in whose place another was promoted, and that one was used here. "
                    "It is not used, and nothing was written. Start the other, or see docs/operating/postgres.md."
                )
            self._is_the_same(connection)
            self._timeline = max(timeline, self._timeline)
        except BaseException:
            connection.close()
            raise
        return connection

    def make(self, schema: Sequence[str], name: str = "tables") -> None:
        """The tables, unless they were made by these very statements before; what is made apart has another `name`.

        To make them again would want each table alone, and so wait for a commit that waits for the standby.
        """
        digest = hashlib.sha256("\n".join(schema).encode()).hexdigest()
        begun = self.ask("SELECT to_regclass('about')") != [(None,)]
        if begun and self.ask("SELECT 1 FROM about WHERE name = %s AND value = %s", name, digest):
            return
        with self.writing(APPEND_PATIENCE_S) as db:
            db.execute("SELECT pg_advisory_xact_lock(%s)", (MAKING,))
            for table in schema:
                db.execute(table)
            noted = "INSERT INTO about VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
            db.execute(noted, (name, digest))

    def ask(self, statement: str, *bindings: Any) -> list[Any]:
        """The rows of one statement.

        Raises Unavailable.
        """
        patience_s = PATIENCE_S if self.lost_since is None else LOST_PATIENCE_S
        with self._use(self._asking, patience_s) as connection:
            return connection.execute(statement, bindings).fetchall()

    @contextmanager
    def writing(self, patience_s: float = PATIENCE_S) -> Iterator[Connection]:
        """One transaction; after it, what was written survives anything that the server's settings survive.

        Raises Unavailable; Lost where the answer to the commit may have been, and nobody knows yet what became of it.
        """
        if self.lost_since is not None:
            raise self._why or self._lost()
        with self._use(self._writing, patience_s) as connection, connection.pipeline(), connection.transaction():
            yield connection

    @contextmanager
    def apart(self, patience_s: float) -> Iterator[Connection]:
        """A connection of its own, outside of transactions, for what takes long or waits long.

        Raises Unavailable when there is none to be had.
        """
        try:
            with self.connect(patience_s) as connection:
                yield connection
        except BROKEN as wrong:
            raise Unavailable(f"{self.name} could not do this just now ({_code(wrong)}).") from wrong

    @contextmanager
    def _use(self, link: _Link, patience_s: float) -> Iterator[Connection]:
        until = monotonic() + patience_s
        with link.in_turn(patience_s) as is_ours:
            if link.is_over:
                raise self._why or self._lost()
            if not is_ours:
                raise self._busy("another has been at it all the while")
            connection = link.connection
            link.warned, connection.until = False, until
            try:
                yield connection
                if link.warned:  # a wait for the standby that somebody cancelled: written here, and perhaps here only
                    raise errors.OperationalError("the server warned")
            except BROKEN as wrong:
                if link.warned or _is_over(connection, wrong):
                    self._end(link)
                    raise self._lost() from wrong
                raise self._busy(_code(wrong)) from wrong
            except BaseException:
                if connection.info.transaction_status != TransactionStatus.IDLE:
                    self._end(link)
                raise

    def _end(self, link: _Link) -> None:
        """It broke. One in whose place there is another already tells nothing of the server."""
        link.end()
        if link in (self._asking, self._writing):
            self.lose()

    def _busy(self, why: str) -> Unavailable:
        return Unavailable(f"{self.name} could not do this just now ({why}). Keep your words and send them again.")

    def _lost(self) -> Lost:
        return Lost(
            f"{self.name} cannot be reached at the moment. Keep your words and send them again under the same key, "
            "which is safe."
        )

    def lose(self) -> None:
        """Take the server for gone, and begin to look for it; nothing if that has begun."""
        for one in self.together:
            one._look_for_it()

    def _look_for_it(self) -> None:
        with self._mending:
            if self.lost_since is None and not self._closed.is_set():
                self.lost_since = monotonic()
                self._found.clear()
                Thread(target=self._mend, name="mending", daemon=True).start()

    @property
    def may_be_outrun(self) -> bool:
        return self._servers.are_several

    def leave_if_outrun(self) -> bool:
        """Let go of the server in use if another was promoted in its place; asking takes two seconds at most."""
        with suppress(*BROKEN):
            _, timeline = self._servers.leader()
            if timeline > self._timeline:
                self.lose()
                self._drop()
                return True
        return False

    def _drop(self) -> None:
        for link in (self._asking, self._writing):
            link.end()

    def _mend(self) -> None:
        again_s = MEND_S
        while not self._closed.wait(again_s):
            again_s = min(2 * again_s, MEND_S_MAX)
            try:
                self.leads, _ = self._servers.leader()
                fresh = self._fresh()
            except Corrupt as wrong:
                self._why = wrong
                self._drop()
            except Exception:  # whatever it is: nobody else looks for it
                self._why = None
            else:
                with self._mending:
                    self._drop()
                    self._asking, self._writing = fresh
                    self._why, self.lost_since = None, None
                self._found.set()
                break
        if self._closed.is_set():
            self._drop()

    def found_within(self, seconds: float) -> bool:
        """Wait until the server is there again; False when it is not by then. Never in the event loop."""
        return not self._closed.is_set() and (self.lost_since is None or self._found.wait(seconds))

    def close(self) -> None:
        self._closed.set()
        self._drop()


class _Link:
    """One connection, for one thread at a time, until it is over. Whoever has it then closes it: nobody else may."""

    def __init__(self, connection: Bounded) -> None:
        self.connection = connection
        self.warned = False
        self._alone = Lock()
        connection.add_notice_handler(self._heed)

    @property
    def is_over(self) -> bool:
        return self.connection.is_given_up

    @contextmanager
    def in_turn(self, patience_s: float) -> Iterator[bool]:
        """Whether the connection is the caller's alone as long as the block takes; False when its turn did not come."""
        is_ours = self._alone.acquire(timeout=patience_s)
        try:
            yield is_ours
        finally:
            if is_ours:
                self._alone.release()
            if self.is_over:
                self._close_if_free()

    def end(self) -> None:
        """It is of no more use, to who waits for an answer on it either."""
        self.connection.is_given_up = True
        self._close_if_free()

    def _close_if_free(self) -> None:
        if self._alone.acquire(blocking=False):
            try:
                with suppress(*BROKEN):
                    self.connection.close()
            finally:
                self._alone.release()

    def _heed(self, notice: errors.Diagnostic) -> None:
        self.warned |= notice.severity_nonlocalized == "WARNING"


def complete(url: str) -> str:
    """The address with what Heard asks of every connection, where it does not say otherwise.

    Raises Refused for what is no address of a database.
    """
    try:
        given = conninfo_to_dict(url)
    except psycopg.Error as wrong:
        raise Refused(f"This is no address of a PostgreSQL database: {_first_line(wrong)}.") from wrong
    if not given.get("dbname"):
        raise Refused("The address of the journal names no database. Write it like postgresql://user@host/heard.")
    return make_conninfo(url, **{name: value for name, value in DEFAULTS.items() if name not in given})


def shown(url: str) -> str:
    """The address for a person to read; it never says a password."""
    parts = conninfo_to_dict(url)
    return f"The database {parts['dbname']} at {parts.get('host') or 'this machine'}"


def _setting(connection: Connection, name: str) -> str:
    [(value,)] = connection.execute("SELECT current_setting(%s)", (name,)).fetchall()
    return str(value)


def _is_over(connection: Connection, wrong: Exception) -> bool:
    """Whether this connection is of no more use: it broke, or leads to a server that was put behind another."""
    of_no_more_use = isinstance(wrong, (errors.ReadOnlySqlTransaction, OSError))
    return of_no_more_use or connection.closed or connection.info.transaction_status != TransactionStatus.IDLE


def _code(wrong: Exception) -> str:
    """What went wrong in a word and a number; never the message, which may quote what was sent."""
    return f"{type(wrong).__name__}, {getattr(wrong, 'sqlstate', None) or 'no code'}"


def _first_line(wrong: Exception) -> str:
    return str(wrong).strip().split("\n")[0].removesuffix(".")
