"""What must be true after a fault, whatever it was: read from the disk by a fresh process's eyes."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from pathlib import Path

import msgspec
import pytest

from heard.coverage.entries import PostCorrected, PostPublished, PostRetracted
from heard.engine.errors import HeardError
from heard.engine.node import Written
from heard.opening import open_house
from heard.verify import verify_directory
from tests.faults.publisher import do_three

#: Every system call that puts something on the disk or tells someone about it. "?" leaves out what a platform lacks.
WRITE_LIKE = (
    "write pwrite64 writev pwritev pwritev2 fdatasync fsync sync_file_range ftruncate fallocate msync rename renameat "
    "renameat2 link linkat unlink unlinkat mkdir mkdirat sendto sendmsg"
).split()


class Found(msgspec.Struct):
    """What a check found wrong; all empty when nothing was lost, doubled or damaged."""

    lost: list[str]
    doubled: list[str]
    damaged: list[str]

    def wrong(self) -> bool:
        return bool(self.lost or self.doubled or self.damaged)


def acknowledged(output: bytes) -> list[str]:
    """The keys in whole lines of a child's output: half a line reached nobody."""
    return [line.split()[0].decode() for line in output.split(b"\n")[:-1]]


def after_three(data: Path, acks: list[str], *, keyless: bool = False) -> Found:
    """Open what the victim left, send the three again as its client would, and look."""
    found = Found([], [], [])
    try:
        house = open_house(data)
        for key in acks:
            if not keyless and house.store.outcome(house.journal.key_for("editor", "", key), None) is None:
                found.lost.append(key)
        repeated: list[str] = []

        def told(key: str, done: Written) -> None:
            if done.repeated:
                repeated.append(key)

        do_three(house, told, keyless=keyless)
        bodies = [type(entry.body) for entry in house.journal.all()]
        for kind in (PostPublished, PostCorrected, PostRetracted):
            if bodies.count(kind) != 1:
                found.doubled.append(f"{kind.__name__} × {bodies.count(kind)}")
        house.close()
        verify_directory(data)
    except (HeardError, sqlite3.Error) as wrong:
        found.damaged.append(str(wrong))
    return found


def needs_strace() -> None:
    if shutil.which("strace") is None:
        pytest.skip("strace is not on this machine: kills at exact system calls are not tried here")
    tried = subprocess.run(
        ["strace", "-f", "-qq", "-e", "trace=none", "-e", "inject=getppid:error=EIO", "true"], capture_output=True
    )
    if tried.returncode:
        pytest.skip("strace may not trace on this machine: kills at exact system calls are not tried here")
