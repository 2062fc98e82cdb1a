"""A network of its own for a node: a namespace of the kernel, with one line to its database and one to everyone else.

Either line can be cut, and then nothing comes through and nobody is told. Needs root and Linux; nothing is left behind:
the namespace and its lines go with the process that holds it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


class Apart:
    """The namespace of one process: `within` goes before a command that is to run in it."""

    def __init__(self, holder: int) -> None:
        self.within = ["nsenter", "--net", "--target", str(holder)]
        self._lines = {name: f"hrd{os.getpid()}{name[0]}" for name in ("database", "outside")}
        net = f"10.213.{os.getpid() % 250}"
        #: This machine as seen from within, and the node as seen from this machine.
        self.database, self.node = f"{net}.1", f"{net}.6"
        #: The namespace as seen from this machine, over the line to the database.
        self.beyond = f"{net}.2"
        self.net = f"{net}.0/29"
        self._join(self._lines["database"], holder, f"{net}.1/30", f"{net}.2/30")
        self._join(self._lines["outside"], holder, f"{net}.5/30", f"{net}.6/30")
        subprocess.run([*self.within, "ip", "link", "set", "lo", "up"], check=True)

    def _join(self, line: str, holder: int, here: str, there: str) -> None:
        ip("link", "add", line, "type", "veth", "peer", "name", f"{line}n", "netns", str(holder))
        ip("address", "add", here, "dev", line)
        ip("link", "set", line, "up")
        for words in (["address", "add", there, "dev", f"{line}n"], ["link", "set", f"{line}n", "up"]):
            subprocess.run([*self.within, "ip", *words], check=True)

    @contextmanager
    def cut(self, name: str, *, within: bool = False) -> Iterator[None]:
        """The line is dead on both sides for as long as the block takes; connections are not told.

        `within`: it is broken at the namespace's end, so that this machine's own address on it stays.
        """
        end = [*self.within, "ip", "link", "set", f"{self._lines[name]}n"] if within else []
        end = end or ["ip", "link", "set", self._lines[name]]
        subprocess.run([*end, "down"], check=True)
        try:
            yield
        finally:
            subprocess.run([*end, "up"], check=True)


@contextmanager
def apart() -> Iterator[Apart]:
    """Skips where this machine does not let us."""
    if os.geteuid() or not all(map(shutil.which, ("ip", "unshare", "nsenter"))):
        pytest.skip("a network namespace needs root, and iproute2 and util-linux of Linux")
    holder = subprocess.Popen(["unshare", "--net", "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdin is not None and holder.stdout is not None
    try:
        holder.stdin.write(b"there\n")
        holder.stdin.flush()
        if not holder.stdout.readline():
            pytest.skip("this machine lets nobody have a network namespace")
        try:
            made = Apart(holder.pid)
        except subprocess.CalledProcessError as wrong:
            pytest.skip(f"no lines can be laid here: {wrong.stderr}")
        yield made
    finally:
        holder.kill()
        holder.wait()
        holder.stdin.close()
        holder.stdout.close()
