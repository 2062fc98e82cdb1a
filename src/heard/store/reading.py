"""The frames file as the edge reads it: never writes, never checkpoints, one short read at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from itertools import groupby
from pathlib import Path
from typing import ParamSpec, TypeVar

import apsw
import msgspec

from heard.engine.errors import Unavailable
from heard.engine.frames import ANEW, Change, Frame

P = ParamSpec("P")
R = TypeVar("R")

BUSY_MS = 50
"""The edge serves readers while it waits, so it waits hardly at all; it will look again."""


# One statement is one reading of the file, without a transaction around it: what a post costs the edge before its first
# reader is mostly what is done only once. The newest position; each change, in order; the cases no longer public.
_NEWS = """
SELECT NULL, position, NULL, NULL, NULL, NULL, NULL FROM meta
UNION ALL SELECT * FROM (
    SELECT case_id, position, kind, id, html, href, place FROM change WHERE position > ?1 ORDER BY position, thing)
UNION ALL SELECT * FROM (
    SELECT DISTINCT case_id, NULL, NULL, NULL, NULL, NULL, NULL FROM topic WHERE position > ?1 AND NOT public
    AND case_id NOT IN (SELECT case_id FROM topic WHERE public))
"""


class News(msgspec.Struct, frozen=True):
    """What was written after a position, as one reading of the file saw it; and the cases no longer public."""

    position: int
    frames: dict[str, list[Frame]]
    closed: list[str]


def _reads(query: Callable[P, R]) -> Callable[P, R]:
    @wraps(query)
    def read(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return query(*args, **kwargs)
        except apsw.Error as error:
            raise Unavailable("The frames file cannot be read at the moment; try again.") from error

    return read


class Reading:
    """A read-only connection to one frames file.

    Every method, and opening it, raises Unavailable where the file is not there or cannot be read at the
    moment.
    """

    @_reads
    def __init__(self, path: Path) -> None:
        self.path = path
        self._db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        self._db.set_busy_timeout(BUSY_MS)
        self.epoch = str(self._db.execute("SELECT epoch FROM meta").get)

    @_reads
    def stamp(self) -> int:
        """A number that differs when another connection has committed since it was last asked: 4 µs."""
        return int(self._db.execute("PRAGMA data_version").get)

    @_reads
    def topic(self, slug: str) -> str | None:
        """The case whose public stream has this name."""
        case_id = self._db.execute("SELECT case_id FROM topic WHERE slug = ? AND public", (slug,)).get
        return None if case_id is None else str(case_id)

    @_reads
    def position(self) -> int:
        """How far the journal has been rendered into the file."""
        return int(self._db.execute("SELECT position FROM meta").get)

    @_reads
    def head(self, case_id: str) -> int:
        """The position of a case's last frame; 0 if it has none."""
        return int(self._db.execute("SELECT max(position) FROM change WHERE case_id = ?", (case_id,)).get or 0)

    @_reads
    def after(self, case_id: str, position: int, up_to: int, frames_max: int, bytes_max: int) -> list[Frame] | None:
        """A case's frames in (position, up_to], in order; None if there are more than the bounds allow, or the page is
        to be loaded again.
        """
        rows: list[tuple[int, Change]] = []
        frames = size = last = 0
        for at, *change in self._db.execute(
            "SELECT position, kind, id, html, href, place FROM change"
            " WHERE case_id = ? AND position > ? AND position <= ? ORDER BY position, thing",
            (case_id, position, up_to),
        ):
            frames, last = frames + (at != last), at
            size += len(change[2] or "")
            if frames > frames_max or size > bytes_max or change[0] == ANEW:
                return None
            rows.append((at, Change(*change)))
        return _frames(rows)

    @_reads
    def since(self, position: int) -> News:
        """All cases' frames after a position, as one reading of the file sees them."""
        head = 0
        by_case: dict[str, list[tuple[int, Change]]] = {}
        closed: list[str] = []
        for case_id, at, *change in self._db.execute(_NEWS, (position,)):
            if case_id is None:
                head = at
            elif at is None:
                closed.append(case_id)
            else:
                by_case.setdefault(case_id, []).append((at, Change(*change)))
        return News(head, {case_id: _frames(rows) for case_id, rows in by_case.items()}, closed)

    def close(self) -> None:
        self._db.close()


def _frames(rows: Iterable[tuple[int, Change]]) -> list[Frame]:
    by_position = groupby(rows, key=lambda row: row[0])
    return [Frame(at, tuple(change for _, change in of_one)) for at, of_one in by_position]
