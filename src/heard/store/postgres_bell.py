"""Hearing of other nodes' appends: NOTIFY as a hint, within milliseconds; a look once a second as the truth.

It is done in a thread and on a connection of its own, and so it also finds out, before anyone has to wait for it, that
the server no longer answers.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread

from heard.engine.errors import Corrupt, Unavailable
from heard.store.postgres_link import PATIENCE_S, Database

#: A hint may be lost; then others' entries are seen so much later.
LOOK_EVERY_S = 1.0
#: A server that was lost is looked for so often here; the other connections are made again meanwhile.
AGAIN_S = 0.5


class Bell:
    """Rings when there may be something new in the journal, or when its server is there again.

    `beside` are databases of the same server: when it is lost they are too, and are looked for before anyone asks them.
    """

    def __init__(self, database: Database, *beside: Database) -> None:
        self._database, self._beside = database, beside
        self._closed = Event()
        self._listener: Thread | None = None

    def listen(self, ring: Callable[[], object]) -> None:
        """Call `ring` from a thread of ours, until closed."""
        self._listener = Thread(target=self._run, args=(ring,), name="listening", daemon=True)
        self._listener.start()

    def _run(self, ring: Callable[[], object]) -> None:
        while not self._closed.is_set():
            try:
                self._hear(ring)
            except (Unavailable, Corrupt):
                for lost in (self._database, *self._beside):
                    lost.lose()
                self._closed.wait(AGAIN_S)

    def _hear(self, ring: Callable[[], object]) -> None:
        head = -1
        with self._database.apart(PATIENCE_S) as db:
            db.execute("LISTEN heard")
            while not self._closed.is_set():
                [(size,)] = db.execute("SELECT size FROM tree").fetchall()
                if size != head:  # also the first time: what was said while nobody listened
                    ring()
                head = size
                for _ in db.notifies(timeout=LOOK_EVERY_S, stop_after=1):
                    ring()

    def close(self) -> None:
        self._closed.set()
        if self._listener is not None:
            self._listener.join(LOOK_EVERY_S + PATIENCE_S)
