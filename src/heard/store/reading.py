"""The frames file as the edge reads it: never writes, never checkpoints, one short read at a time."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

import apsw
import msgspec

from heard.engine.errors import Unavailable
from heard.engine.frames import Change, Frame

BUSY_MS = 50
"""The edge serves readers while it waits, so it waits hardly at all; it will look again."""


class News(msgspec.Struct, frozen=True):
    """What was written after a position, of all cases, as one reading of the file saw it."""

    position: int
    frames: dict[str, list[Frame]]
    closed_topics: list[str]


class Reading:
    """A read-only connection to one frames file.

    Raises Unavailable where the file is not there or cannot be read at the moment.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
            self._db.set_busy_timeout(BUSY_MS)
            self.epoch = str(self._db.execute("SELECT epoch FROM meta").get)
        except apsw.Error as error:
            raise Unavailable("The frames file cannot be read.", path=str(path)) from error

    def stamp(self) -> int:
        """A number that differs when another process has committed to the file since it was last asked:
        cheap.
        """
        return int(self._db.execute("PRAGMA data_version").get)

    def topic(self, slug: str) -> str | None:
        """The case whose public stream has this name."""
        case_id = self._db.execute("SELECT case_id FROM topic WHERE slug = ? AND public", (slug,)).get
        return None if case_id is None else str(case_id)

    def position(self) -> int:
        """How far the journal has been rendered into the file."""
        return int(self._db.execute("SELECT position FROM meta").get)

    def head(self, case_id: str) -> int:
        """The position of a case's last frame; 0 if it has none."""
        return int(self._db.execute("SELECT max(position) FROM change WHERE case_id = ?", (case_id,)).get or 0)

    def after(self, case_id: str, position: int, up_to: int, frames_max: int, bytes_max: int) -> list[Frame] | None:
        """A case's frames in (position, up_to], in order; None if there are more than the bounds allow."""
        rows: list[tuple[int, Change]] = []
        frames = size = last = 0
        for at, *change in self._db.execute(
            "SELECT position, kind, id, html, href, place FROM change"
            " WHERE case_id = ? AND position > ? AND position <= ? ORDER BY position, thing",
            (case_id, position, up_to),
        ):
            frames, last = frames + (at != last), at
            size += len(change[2] or "")
            if frames > frames_max or size > bytes_max:
                return None
            rows.append((at, Change(*change)))
        return _frames(rows)

    def since(self, position: int) -> News:
        """All cases' frames after a position, and the names that stopped being public, in one transaction."""
        self._db.execute("BEGIN")
        try:
            head = self.position()
            by_case: dict[str, list[tuple[int, Change]]] = {}
            for case_id, at, *change in self._db.execute(
                "SELECT case_id, position, kind, id, html, href, place FROM change WHERE position > ?"
                " ORDER BY position, thing",
                (position,),
            ):
                by_case.setdefault(case_id, []).append((at, Change(*change)))
            closed = self._db.execute("SELECT slug FROM topic WHERE position > ? AND NOT public", (position,))
            frames = {case_id: _frames(rows) for case_id, rows in by_case.items()}
            return News(head, frames, [slug for (slug,) in closed])
        finally:
            self._db.execute("COMMIT")

    def close(self) -> None:
        self._db.close()


def _frames(rows: Iterable[tuple[int, Change]]) -> list[Frame]:
    by_position = groupby(rows, key=lambda row: row[0])
    return [Frame(at, tuple(change for _, change in of_one)) for at, of_one in by_position]
