"""The inside of a process that works apart (`apart`): it binds itself before it has read a byte, then answers once.

It has no key and no descriptor of ours, can write no file, and ends by itself even when whoever asked was killed.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from collections.abc import Callable
from contextlib import suppress

#: Seconds after which it ends in any case; whoever asked has given up by then, or is gone.
WALL_S = 90


def answer(work: Callable[[bytes], bytes], *, memory_bytes_max: int, cpu_s: int) -> None:
    """Write to the standard output what `work` makes of all that comes on the standard input.

    `memory_bytes_max` is address space. At a bound it ends: in MemoryError, or by a signal.
    """
    # uvloop hands on whatever may be inherited, as the app's sockets to the edge: with them a decoder that was taken
    # over could answer readers, and the edge would not see the app end while this one goes on.
    for name in os.listdir("/dev/fd"):
        if int(name) > 2:
            with suppress(OSError):  # that of the listing itself
                os.close(int(name))
    for what, most in (
        (resource.RLIMIT_AS, memory_bytes_max),
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    signal.alarm(WALL_S)
    sys.stdout.buffer.write(work(sys.stdin.buffer.read()))
