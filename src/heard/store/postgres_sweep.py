"""What PostgreSQL keeps of rows that were overwritten, and how it is got rid of.

An update leaves the old row where it was until a vacuum; what is to be done is noted in the database in the same
transaction, so that whoever opens it next finishes what this process could not. It runs beside the server, in a thread
and a connection of its own: whoever asked for an erasure is not kept waiting by the size of a table.
"""

from __future__ import annotations

from contextlib import suppress
from threading import Lock, Thread

from heard.engine.errors import Corrupt, Unavailable
from heard.store.postgres_link import Connection, Database

#: `FULL` writes the table anew and gives the old file back: for keys. Sealed words need no more than the plain one.
VACUUM = {
    "entry": "VACUUM entry",
    "seal": "VACUUM FULL seal",
    "fix_hour": "VACUUM FULL fix_hour",
    "fix_block": "VACUUM fix_block",
}
#: By what it is noted, before a sweep and while one goes on: the seals and the fixes are in one database.
NOTES = {"fix_hour": ("sweep fixes", "sweeping fixes")}
SWEEPING = 0x4865617265
#: A vacuum that takes longer is given up, and tried again at the next start or erasure.
PATIENCE_S = 3600.0
#: So long a process that ends waits for it.
END_S = 60.0


class Sweep:
    """Keeps a table, and those after it, free of what was overwritten in them; begins with what an earlier process
    left.
    """

    def __init__(self, database: Database, table: str, *after: str) -> None:
        self._database, self._table, self._after = database, table, after
        self._wanted, self._going_on = NOTES.get(table, ("sweep", "sweeping"))
        self._handing_on = Lock()
        self._is_wanted = False
        self._at_work: Thread | None = None
        self.begin()

    def note(self, db: Connection) -> None:
        """To be called in the transaction that overwrites."""
        noted = "INSERT INTO about VALUES (%s, %s) ON CONFLICT (name) DO NOTHING"
        db.execute(noted, (self._wanted, self._table))

    def begin(self) -> None:
        """Sweep if there is anything noted, beside what else goes on; after the sweep that goes on already, which may
        wait for a minute, and nobody for it.
        """
        if self._noted():
            with self._handing_on:
                self._is_wanted = True
                if self._at_work is None or not self._at_work.is_alive():
                    self._at_work = Thread(target=self._run, name="sweeping", daemon=True)
                    self._at_work.start()

    def _noted(self) -> bool:
        noted = "SELECT 1 FROM about WHERE name IN (%s, %s)"
        return bool(self._database.ask(noted, self._wanted, self._going_on))

    def _run(self) -> None:
        while self._is_to_go_on():
            self._sweep()

    def _is_to_go_on(self) -> bool:
        with self._handing_on:
            wanted, self._is_wanted = self._is_wanted, False
            if not wanted:
                self._at_work = None
            return wanted

    def _sweep(self) -> None:
        with suppress(Unavailable, Corrupt), self._database.apart(PATIENCE_S) as db:
            db.execute("SET lock_timeout = '60s'")
            db.execute("SELECT pg_advisory_lock(%s)", (SWEEPING,))  # one node after another
            begun = "INSERT INTO about VALUES (%s, %s) ON CONFLICT DO NOTHING"
            db.execute(begun, (self._going_on, self._table))
            # This note goes before the vacuum: what is overwritten from now on makes another.
            db.execute("DELETE FROM about WHERE name = %s", (self._wanted,))
            for table in (self._table, *self._after):
                db.execute(VACUUM[table])
            db.execute("DELETE FROM about WHERE name = %s", (self._going_on,))

    def finish(self) -> None:
        if (at_work := self._at_work) is not None:
            at_work.join(END_S)
