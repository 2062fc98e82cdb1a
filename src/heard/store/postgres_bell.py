"""Hearing of other nodes' appends: NOTIFY as a hint, within milliseconds; a look once a second as the truth.

It is done in a thread and on a connection of its own, and so it also finds out, before anyone has to wait for it, that
the server no longer answers. Where the address names several servers, another thread looks out for one that was
promoted while the one in use still answers.
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


class Bell:
    """Rings when there may be something new in the journal, or when its server is there again.

    `beside` are databases of the same server: when it is lost they are too, and are looked for before anyone asks them.
    """

    def __init__(self, database: Database, *beside: Database) -> None:
        self._database, self._beside = database, beside
        self._closed = Event()
        self._threads: list[Thread] = []

    def listen(self, ring: Callable[[], object]) -> None:
        """Call `ring` from a thread of ours, until closed."""
        self._threads.append(Thread(target=self._run, args=(ring,), name="listening", daemon=True))
        if self._database.may_be_outrun:
            self._threads.append(Thread(target=self._look_out, name="looking out", daemon=True))
        for thread in self._threads:
            thread.start()

    def _run(self, ring: Callable[[], object]) -> None:
        while not self._closed.is_set():
            try:
                self._hear(ring)
            except (Unavailable, Corrupt):
                for lost in (self._database, *self._beside):
                    lost.lose()
                self._closed.wait(AGAIN_S)

    def _hear(self, ring: Callable[[], object]) -> None:
        head, server = -1, self._database.leads
        with self._database.apart(PATIENCE_S) as db:
            db.execute("LISTEN heard")
            while not self._closed.is_set() and self._database.leads == server:
                [(size,)] = db.execute("SELECT size FROM tree").fetchall()
                if size != head:  # also the first time: what was said while nobody listened
                    ring()
                head = size
                for _ in db.notifies(timeout=LOOK_EVERY_S, stop_after=1):
                    ring()

    def _look_out(self) -> None:
        while not self._closed.wait(LOOK_OUT_EVERY_S):
            for database in (self._database, *self._beside):
                database.leave_if_outrun()

    def close(self) -> None:
        self._closed.set()
        for thread in self._threads:
            thread.join(LOOK_EVERY_S + PATIENCE_S)
