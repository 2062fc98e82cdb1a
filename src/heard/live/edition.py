"""A number that app and edges share: it changes whenever anything that a page shows has changed.

It is eight bytes of memory that both have mapped, so an edge that holds a page knows whether it still holds true
without asking anyone, and before the writer of the change has been answered.
"""

from __future__ import annotations

import mmap
import os
import tempfile

_BYTES = 8


class Edition:
    """The app's end writes it, an edge's end reads it."""

    def __init__(self, fd: int) -> None:
        """Map the number behind a descriptor, which is kept by this object."""
        self.fd = fd
        self._number = memoryview(mmap.mmap(fd, _BYTES)).cast("Q")

    @classmethod
    def fresh(cls) -> Edition:
        """A number of our own, in a file that has no name."""
        with tempfile.TemporaryFile() as file:
            file.truncate(_BYTES)
            return cls(os.dup(file.fileno()))

    def turn(self) -> None:
        """Something has changed: what was made before no longer holds."""
        self._number[0] += 1

    def now(self) -> int:
        return self._number[0]

    def close(self) -> None:
        os.close(self.fd)
