"""Connections that are waited for so long and no longer, and which server leads where the address names several.

A standby that is promoted while the server before it still runs leaves two that take writes. Each promotion begins a
timeline, numbered one higher than that before it: of all that take writes the highest leads, whoever stands first in
the address, and from there nobody goes back to a lower one. The one that was left acknowledges nothing while it waits
for a standby that has become its successor; what it has half done, and would show after a restart, nobody reads.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any, TypeVar

import psycopg
from psycopg import errors
from psycopg.abc import PQGen
from psycopg.conninfo import conninfo_attempts, conninfo_to_dict, make_conninfo

T = TypeVar("T")

#: So long the event loop may wait, for its turn and the answer together; 5 s of silence are taken for its death.
PATIENCE_S = 2.0


class _GivenUp(Exception):
    """Another connection is there by now."""


class Bounded(psycopg.Connection[Any]):
    """A connection whose answers are waited for so long and no longer: a server that hangs keeps its sockets open.

    `until` is when (monotonic) whatever it is used for must be through; without it each answer may take `patience_s`.
    One that `is_given_up`, by whatever thread, is waited for no longer.
    """

    patience_s = PATIENCE_S
    until: float | None = None
    is_given_up = False

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        if timeout is not None:
            return super().wait(gen, interval, timeout)
        patience_s = self.patience_s if self.until is None else max(0.001, self.until - monotonic())
        try:
            return super().wait(self._heeding(gen), interval, patience_s)
        except (errors._WaitTimeout, _GivenUp):
            self.pgconn.finish()
            raise errors.OperationalError("there was no answer in time") from None

    def _heeding(self, gen: PQGen[T]) -> PQGen[T]:
        """The same, looking each time that it is waited on whether that is still of any use."""
        try:
            waits_for = next(gen)
            while not self.is_given_up:
                waits_for = gen.send((yield waits_for))
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]
        raise _GivenUp

    def timeline(self) -> int:
        """How often the server's data has been promoted, counted from 1; only of one that takes writes."""
        [(file,)] = self.execute("SELECT pg_walfile_name(pg_current_wal_insert_lsn())").fetchall()
        return int(file[:8], 16)


class Servers:
    """All servers that an address may mean."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._host = conninfo_to_dict(url)

    @property
    def are_several(self) -> bool:
        return any("," in str(self._host.get(name, "")) for name in ("host", "hostaddr"))

    def leader(self) -> tuple[str, int]:
        """The address of the one that leads and its timeline, 0 where nobody else could.

        They are all asked at once, two seconds at most. Raises psycopg.Error when none takes writes.
        """
        if not self.are_several:
            return self._url, 0
        addresses = [make_conninfo("", **one) for one in conninfo_attempts(self._host)]
        with ThreadPoolExecutor(len(addresses)) as pool:
            timelines = list(pool.map(_timeline_at, addresses))
        highest = max(timelines)
        if not highest:
            raise errors.OperationalError("none of its servers can be reached and takes writes")
        return addresses[timelines.index(highest)], highest


def _timeline_at(address: str) -> int:
    """0 for a server that cannot be reached, or follows another."""
    try:
        with Bounded.connect(address, autocommit=True) as connection:
            return connection.timeline()
    except (psycopg.Error, OSError):
        return 0
