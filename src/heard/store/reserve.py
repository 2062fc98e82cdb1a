"""Room on the disk that is kept for withdrawals: what was published can be retracted when nothing else can be kept."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import RLock

#: A retraction writes some tens of kilobytes into each of four files, and gives back what it did not use.
RESERVE_BYTES = 2 * 1024 * 1024
#: Below this a disk is so full that holding a piece of it would help nobody.
LEAST_BYTES = 64 * 1024


class Reserve:
    """A file that holds room, and gives it for as long as `released` is entered."""

    def __init__(self, path: Path, size: int = RESERVE_BYTES) -> None:
        self.path, self.size = path, size
        self._alone = RLock()
        self.hold()

    def hold(self) -> int:
        """Take as much room as there is, up to the size; how much that is. Called again now and then, it grows back."""
        with self._alone, open(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
            held, wanted = os.fstat(file.fileno()).st_size, self.size
            while held < wanted and wanted >= LEAST_BYTES:
                try:
                    _fill(file.fileno(), held, wanted)
                    return wanted
                except OSError:
                    file.truncate(held)
                    wanted = held + (wanted - held) // 2
            return held

    @contextmanager
    def released(self) -> Iterator[None]:
        """Give the room, and take back what is left of it before anyone else fills it."""
        with self._alone:
            with suppress(FileNotFoundError):  # someone in need of room has taken it away: then this is what there is
                os.truncate(self.path, 0)
            try:
                yield
            finally:
                self.hold()


def _fill(descriptor: int, start: int, end: int) -> None:
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, start, end - start)
    else:
        os.pwrite(descriptor, bytes(end - start), start)
