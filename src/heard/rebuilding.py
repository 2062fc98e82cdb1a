"""Folding and rendering everything again from the journal: no projection is truth, and this shows it."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec

from heard.coverage.frames import Painter
from heard.coverage.rendering import rendering_hash
from heard.engine.errors import Corrupt
from heard.engine.journal import Journal
from heard.engine.projection import Projection, code_hash
from heard.opening import ROOMS, open_house
from heard.store.derived import folding
from heard.store.files import connect
from heard.store.frames import FramesFile

AT_ONCE = 500

Progress = Callable[[int, int], None]


class Rebuilt(msgspec.Struct, frozen=True):
    """How many entries were folded; `compared` when a server is running, whose files were left as they are."""

    entries: int
    compared: bool


def rebuild(data: Path, progress: Progress = lambda done, total: None) -> Rebuilt:
    """Make the derived files of a data directory again; beside a running server, make them aside and compare.

    Raises Corrupt when a running server's tables are not what the journal gives.
    """
    open_house(data).close()  # refuses a journal that is older than what was shown from it
    with _alone(data) as alone:
        if not alone:
            return _compare(data, progress)
        for old in (path for pattern in ("projection-*", "frames-*", "watch-*") for path in data.glob(pattern)):
            old.unlink()
        house = open_house(data)
        try:
            entries = _fold(house.journal, house.node.projection, house.store.position(), progress)
            path = data / f"frames-{code_hash(ROOMS)}-{rendering_hash()}.sqlite"
            with closing(FramesFile(path, house.store.epoch)) as frames:
                Painter(house.journal, house.tables, house.doors, frames).paint()
        finally:
            house.close()
    return Rebuilt(entries, compared=False)


@contextmanager
def _alone(data: Path) -> Iterator[bool]:
    """Whether no server runs here; none can start while this lasts."""
    descriptor = os.open(data / "serve.lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


def _fold(journal: Journal, projection: Projection, until: int, progress: Progress) -> int:
    """Fold up to a position, and no further."""
    while (position := projection.position()) < until:
        projection.catch_up(lambda after: journal.read(after, min(AT_ONCE, until - after)))
        if projection.position() == position:
            break
        progress(projection.position(), until)
    return projection.position()


def _compare(data: Path, progress: Progress) -> Rebuilt:
    house = open_house(data)
    try:
        house.tables.execute("BEGIN")
        position, told = house.node.projection.position(), contents(house.tables)
        house.tables.execute("COMMIT")
        with (
            tempfile.TemporaryDirectory(prefix=".rebuilt-", dir=data) as aside,
            closing(connect(Path(aside) / "projection.sqlite", synchronous="OFF")) as tables,
        ):
            projection = Projection(tables, ROOMS, folding)
            entries = _fold(house.journal, projection, position, progress)
            again = contents(tables)
    finally:
        house.close()
    for name in told:
        if told[name] != again.get(name):
            raise Corrupt(
                f"The running server's table “{name}” is not what the journal gives. Nothing was changed. "
                "Stop the server, run this again, and start it."
            )
    return Rebuilt(entries, compared=True)


def contents(tables: Any) -> dict[str, list[Any]]:
    names = [name for (name,) in tables.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
    return {name: sorted(tables.execute(f'SELECT * FROM "{name}"'), key=repr) for name in names}
