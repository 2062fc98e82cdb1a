"""The power fails under a real file system: a picture of the disk, taken between two writes to it, is mounted and read.

The disk is an ext4 image that lies on XFS; `cp --reflink` of it is one atomic moment of what had reached the device.
Needs root, loop devices and mkfs.xfs; test_power_cut.py needs none of them.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.faults.publisher import prepare
from tests.faults.test_power_cut import wrong_after

pytestmark = [pytest.mark.faults, pytest.mark.timeout(3600)]  # the long runs of `make soak` take their time

ROOT = Path(__file__).parent.parent.parent
SOAK = bool(os.environ.get("HEARD_SOAK"))
CUTS = 200 if SOAK else 6
#: mkfs.xfs makes no file system under 300 MB; the images are sparse and take little room.
XFS_MB, DISK_MB = (4096, 1024) if SOAK else (320, 96)


def _run(*command: object) -> None:
    subprocess.run([str(part) for part in command], check=True, capture_output=True, timeout=60)


@contextmanager
def mounted(image: Path, at: Path) -> Iterator[Path]:
    at.mkdir(exist_ok=True)
    _run("mount", "-o", "loop", image, at)
    try:
        yield at
    finally:
        _run("umount", "-l", at)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """The image and where it is mounted."""
    missing = [tool for tool in ("mkfs.xfs", "mkfs.ext4", "mount", "losetup") if shutil.which(tool) is None]
    if missing or os.geteuid() != 0:
        pytest.skip(f"a disk of our own needs root and {', '.join(missing) or 'loop devices'}")
    with ExitStack() as mounts:
        try:
            _make(tmp_path / "xfs.img", XFS_MB, "mkfs.xfs", "-q", "-m", "reflink=1")
            below = mounts.enter_context(mounted(tmp_path / "xfs.img", tmp_path / "below"))
            _make(below / "disk.img", DISK_MB, "mkfs.ext4", "-q", "-b", "4096")
            at = mounts.enter_context(mounted(below / "disk.img", tmp_path / "disk"))
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as wrong:
            pytest.skip(f"this machine makes no disk of our own: {wrong}")
        yield below / "disk.img", at


def _make(image: Path, megabytes: int, *mkfs: str) -> None:
    with open(image, "wb") as file:
        file.truncate(megabytes * 1024 * 1024)
    _run(*mkfs, image)


class Publishing:
    """A child that publishes on the disk, and what it has acknowledged so far."""

    def __init__(self, data: Path, synchronous: str) -> None:
        command = [sys.executable, "-m", "tests.faults.publisher", str(data), "load", "4", "1", synchronous]
        self.child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
        self.acknowledged: list[str] = []
        self._listener = threading.Thread(target=self._listen)
        self._listener.start()

    def _listen(self) -> None:
        assert self.child.stdout is not None
        for line in self.child.stdout:
            self.acknowledged.append(line.split()[0].decode())

    def end(self) -> None:
        self.child.kill()
        self._listener.join()
        self.child.wait()


def lost(disk: tuple[Path, Path], tmp_path: Path, cuts: int, synchronous: str) -> list[str]:
    image, at = disk
    dice = random.Random()
    prepare(at / "data")
    found = []
    publishing = Publishing(at / "data", synchronous)
    try:
        for number in range(cuts):
            time.sleep(dice.uniform(0.05, 0.3))
            known = list(publishing.acknowledged)  # before the cut: what comes after it proves nothing
            picture = image.with_name("cut.img")
            _run("cp", "--reflink=always", image, picture)
            publishing.child.send_signal(signal.SIGSTOP)  # looking takes longer than publishing
            with mounted(picture, tmp_path / "cut") as left:
                if wrong := wrong_after(left / "data", known):
                    found.append(f"cut {number} after {len(known)} acknowledgements: {wrong}")
            publishing.child.send_signal(signal.SIGCONT)
    finally:
        publishing.end()
    assert len(publishing.acknowledged) > cuts
    return found


def test_a_power_cut_under_a_file_system_loses_nothing_that_was_acknowledged(
    disk: tuple[Path, Path], tmp_path: Path
) -> None:
    found = lost(disk, tmp_path, CUTS, "FULL")
    print(f"{CUTS} power cuts of a mounted disk under FULL: {len(found)} lost")
    assert found == []


def test_the_same_cuts_catch_a_journal_on_that_disk_that_is_not_synced(disk: tuple[Path, Path], tmp_path: Path) -> None:
    found = lost(disk, tmp_path, CUTS, "OFF")
    print(f"{CUTS} power cuts of a mounted disk under OFF: {len(found)} lost")
    assert found
