"""A number in memory that two of our processes have mapped: one writes it, the other reads it without asking anyone."""

from __future__ import annotations

import mmap
import os
import tempfile
from typing import Self

_BYTES = 8


class Number:
    """A whole number from 0 on. It outlives whichever of the processes dies."""

    def __init__(self, fd: int) -> None:
        """Map the number behind a descriptor, which is kept by this object."""
        self.fd = fd
        self._number = memoryview(mmap.mmap(fd, _BYTES)).cast("Q")

    @classmethod
    def fresh(cls) -> Self:
        """A number of our own, in a file that has no name."""
        with tempfile.TemporaryFile() as file:
            file.truncate(_BYTES)
            return cls(os.dup(file.fileno()))

    def now(self) -> int:
        return self._number[0]

    def become(self, number: int) -> None:
        """Seen by the other end before anything that we do next."""
        self._number[0] = number

    def close(self) -> None:
        os.close(self.fd)
