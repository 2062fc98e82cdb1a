"""A child must not outlive its parent, not even when the parent was killed without a word."""

from __future__ import annotations

import os
import select
import threading


def end_with(fd: int) -> None:
    """End this process at once when the other end of `fd` (a pipe or a Unix socket) is closed.

    A thread waits for the hang-up alone, in the kernel, so it takes nothing from the loop, and works when
    the loop is stuck. What is unfinished is as after kill -9, which everything that writes here is made
    for.
    """

    def wait() -> None:
        poll = select.poll()
        poll.register(fd, 0)  # A hang-up is always reported; data is for others to read.
        while not any(events & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, events in poll.poll()):
            pass
        os._exit(1)

    threading.Thread(target=wait, name="lifeline", daemon=True).start()
