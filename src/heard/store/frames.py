"""The frames file: the newest rendering of each thing of each case, written by the app, read by the edges.

It is derived: it can be deleted and rendered again from the journal, so it commits without waiting for the
disk (`synchronous NORMAL` in WAL mode never leaves a torn file, it may only come back a little older, and
its cursor with it). What a row held before it was replaced is overwritten with zeros (`secure_delete`), and
`purge` takes it out of the write-ahead log and the gaps of pages: that is how withdrawn words leave this file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import apsw
import msgspec

from heard.engine.frames import ANEW, FRAME_BYTES_MAX, Change, thing
from heard.store.derived import Purging

BUSY_MS = 5_000
"""Readers hold the file for milliseconds; whoever waits longer than this has found a fault, not a queue."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (
    only INTEGER PRIMARY KEY CHECK (only = 1), epoch TEXT NOT NULL, position INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS topic (
    slug TEXT PRIMARY KEY, case_id TEXT NOT NULL, public INTEGER NOT NULL, position INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS change (
    case_id TEXT NOT NULL, thing TEXT NOT NULL, position INTEGER NOT NULL,
    kind TEXT NOT NULL, id TEXT NOT NULL, html TEXT, href TEXT, place TEXT,
    PRIMARY KEY (case_id, thing));
CREATE INDEX IF NOT EXISTS topic_in_order ON topic (position);
CREATE INDEX IF NOT EXISTS change_of_case ON change (case_id, position);
CREATE INDEX IF NOT EXISTS change_in_order ON change (position);
CREATE INDEX IF NOT EXISTS change_by_place ON change (case_id, place) WHERE place IS NOT NULL;
"""

_PUT_CHANGE = """
INSERT INTO change (case_id, thing, position, kind, id, html, href, place) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (case_id, thing) DO UPDATE SET position = excluded.position, kind = excluded.kind,
    id = excluded.id, html = excluded.html, href = excluded.href, place = excluded.place
    WHERE excluded.position >= position"""

_PUT_TOPIC = """
INSERT INTO topic (slug, case_id, public, position) VALUES (?, ?, ?, ?)
ON CONFLICT (slug) DO UPDATE SET case_id = excluded.case_id, public = excluded.public,
    position = excluded.position"""


_FORGET = "DELETE FROM change WHERE case_id = ? AND thing = ?"
#: Posts whose last rendering is older; what a page still shows of them it renders itself.
_PUT_ANEW = "DELETE FROM change WHERE case_id = ? AND place IS NOT NULL AND position < ?"

_BEYOND_EVERY_PLACE = chr(0x10FFFF)


class Topic(msgspec.Struct, frozen=True):
    """The public name of a case's stream. A topic that is not public is answered as if it did not exist."""

    slug: str
    case_id: str
    public: bool


class Painted(msgspec.Struct, frozen=True):
    """What one entry changed in one case. `anew`: whatever was rendered of its posts before does not hold any more,
    and every page is loaded again.
    """

    position: int
    case: str
    changes: Sequence[Change]
    topics: Sequence[Topic] = ()
    anew: bool = False


class FramesFile:
    """The app's end of the frames file: the only writer.

    A file of another epoch, or one that is damaged, is emptied: everything in it can be rendered again.
    """

    def __init__(self, path: Path, epoch: str) -> None:
        self.path = path
        self.epoch = epoch
        try:
            self._db = self._opened()
        except (apsw.CorruptError, apsw.NotADBError):
            for name in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
                name.unlink(missing_ok=True)
            self._db = self._opened()

    def _opened(self) -> apsw.Connection:
        os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
        db = apsw.Connection(str(self.path))
        db.set_busy_timeout(BUSY_MS)
        for setting in ("journal_mode = WAL", "synchronous = NORMAL", "secure_delete = ON", "temp_store = MEMORY"):
            db.execute(f"PRAGMA {setting}").fetchall()  # One by one: a list of them stops at the first that answers.
        with db:
            db.execute(_SCHEMA)
            held = db.execute("SELECT epoch FROM meta").get
            if held != self.epoch:
                db.execute("DELETE FROM change; DELETE FROM topic; DELETE FROM meta")
                db.execute("INSERT INTO meta (only, epoch, position) VALUES (1, ?, 0)", (self.epoch,))
        return db

    def position(self) -> int:
        """How far the journal has been rendered into this file."""
        return int(self._db.execute("SELECT position FROM meta").get)

    def put(self, reached: int, painted: Sequence[Painted]) -> None:
        """Put what entries changed, in their order, in place of what was there, and move the cursor to `reached`.

        One transaction: all of it is seen at once, or none.
        """
        rows = [(one.case, thing(change), one.position, *_columns(change)) for one in painted for change in _kept(one)]
        left_out = [(one.case, thing(change)) for one in painted for change in _without_room(one.changes)]
        topics = [(t.slug, t.case_id, int(t.public), one.position) for one in painted for t in one.topics]
        with self._db:
            self._db.executemany(_PUT_CHANGE, rows)
            self._db.executemany(_FORGET, left_out)
            self._db.executemany(_PUT_ANEW, [(one.case, one.position) for one in painted if one.anew])
            self._db.executemany(_PUT_TOPIC, topics)
            self._db.execute("UPDATE meta SET position = max(position, ?)", (reached,))

    def html_of(self, case_id: str, things: Sequence[str]) -> dict[str, str]:
        """The newest rendering of each of these that has one, for the page that holds them."""
        rows = self._db.execute(
            "SELECT thing, html FROM json_each(?) CROSS JOIN change ON case_id = ? AND thing = json_each.value",
            (json.dumps(list(things)), case_id),
        )
        return {thing: html for thing, html in rows if html is not None}

    def posts(
        self, case_id: str, *, before: str | None = None, after: str | None = None, limit: int = 50
    ) -> list[Change]:
        """Posts in order of place: the `limit` nearest below `before` (newest first), or above `after`
        (oldest first).

        With neither, the newest, newest first.
        """
        direction = "ASC" if after is not None else "DESC"
        rows = self._db.execute(
            "SELECT kind, id, html, href, place FROM change WHERE case_id = ? AND place > ? AND place < ?"
            f" ORDER BY place {direction} LIMIT ?",
            (case_id, after or "", before or _BEYOND_EVERY_PLACE, limit),
        )
        return [Change(*row) for row in rows]

    def forget(self, case_id: str, thing: str) -> None:
        """Take a thing out without a trace here. Readers of open pages are told by a change, not by this."""
        self._db.execute(_FORGET, (case_id, thing))

    @property
    def purging(self) -> Purging:
        """What leaves no copy of replaced words in the file."""
        return Purging(self._db)

    def close(self) -> None:
        with suppress(apsw.BusyError):
            self._db.close()


def _kept(painted: Painted) -> Sequence[Change]:
    """What is kept of it: not an area that no frame has room for, for which every page is loaded again."""
    left_out = _without_room(painted.changes)
    kept = [change for change in painted.changes if change not in left_out]
    return [*kept, Change(ANEW, ANEW)] if painted.anew or left_out else kept


def _without_room(changes: Sequence[Change]) -> list[Change]:
    """The longest areas, as many as are too long together: an area has no address to be sent instead of it."""
    room, out = FRAME_BYTES_MAX // 2, list[Change]()
    areas = [(len((change.html or "").encode()), change) for change in changes if change.href is None]
    for size, change in sorted(areas, key=lambda one: one[0]):
        room -= size
        if room <= 0:
            out.append(change)
    return out


def _columns(change: Change) -> tuple[str, str, str | None, str | None, str | None]:
    return change.kind, change.id, change.html, change.href, change.place
