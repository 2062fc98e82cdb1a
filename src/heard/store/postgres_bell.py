"""Hearing of other nodes' appends: NOTIFY as a hint, within milliseconds; a look once a second as the truth.

It is done in a thread and on a connection of its own, and so it also finds out, before anyone has to wait for it, that
the server no longer answers. Where the address names several servers, another thread looks out for one that was
promoted while the one in use still answers.

The same connection holds the locks of what one node does for all: letters and alarms must not leave twice. A node that
dies, or whose line is cut, loses them with its session, and another has them a second later.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread

from heard.engine.errors import Corrupt, Unavailable
from heard.store.postgres_link import Database
from heard.store.postgres_servers import PATIENCE_S

#: A hint may be lost; then others' entries are seen so much later.
LOOK_EVERY_S = 1.0
#: A server that was lost is looked for so often here; the other connections are made again meanwhile.
AGAIN_S = 0.5
#: So often it is asked whether another server leads by now.
LOOK_OUT_EVERY_S = 2.0
#: What only one node does at a time, and the locks that say which; the first number keeps them apart from others'.
TURNS = {"letters": 1, "alarms": 2, "fixes": 3, "approvals": 4}
TURN = 0x48656172


class Bell:
    """Rings when there may be something new in the journal, or when its server is there again."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._closed = Event()
        self._threads: list[Thread] = []
        self._wanted, self._held = set[str](), set[str]()

    def listen(self, ring: Callable[[], object]) -> None:
        """Call `ring` from a thread of ours, until closed."""
        self._threads.append(Thread(target=self._run, args=(ring,), name="listening", daemon=True))
        if self._database.may_be_outrun:
            self._threads.append(Thread(target=self._look_out, name="looking out", daemon=True))
        for thread in self._threads:
            thread.start()

    def want_turn(self, name: str) -> None:
        """Take a turn of `TURNS` as soon as no other node has it."""
        self._wanted.add(name)

    def has_turn(self, name: str) -> bool:
        return name in self._held

    def _run(self, ring: Callable[[], object]) -> None:
        while not self._closed.is_set():
            try:
                self._hear(ring)
            except (Unavailable, Corrupt):
                self._held.clear()
                self._database.lose()
                self._closed.wait(AGAIN_S)

    def _hear(self, ring: Callable[[], object]) -> None:
        self._held.clear()
        head, server = -1, self._database.leads
        with self._database.apart(PATIENCE_S) as db:
            db.execute("LISTEN heard")
            while not self._closed.is_set() and self._database.leads == server:
                [(size,)] = db.execute("SELECT size FROM tree").fetchall()
                if size != head:  # also the first time: what was said while nobody listened
                    ring()
                head = size
                for name in self._wanted - self._held:
                    [(is_ours,)] = db.execute("SELECT pg_try_advisory_lock(%s, %s)", (TURN, TURNS[name])).fetchall()
                    if is_ours:
                        self._held.add(name)
                for _ in db.notifies(timeout=LOOK_EVERY_S, stop_after=1):
                    ring()

    def _look_out(self) -> None:
        while not self._closed.wait(LOOK_OUT_EVERY_S):
            for database in self._database.together:
                database.leave_if_outrun()

    def close(self) -> None:
        self._closed.set()
        self._held.clear()
        for thread in self._threads:
            thread.join(LOOK_EVERY_S + PATIENCE_S)
