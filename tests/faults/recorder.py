"""A power cut without a special kernel: what SQLite writes and syncs is recorded in order, and any moment of it can be
played back with only what a disk had promised to keep.

A write is certain once a sync of its file followed it. What was written after the last sync may be there, or not, or
torn at a sector: the dice say. A sync that fails makes the kernel forget what was waiting for it; it is never there
unless it is written again.
"""

from __future__ import annotations

import pickle
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import apsw
import msgspec

SECTOR = 512
BASE = apsw.vfs_names()[0]


class Event(msgspec.Struct, frozen=True):
    """`what` is write, truncate, sync, failed (a sync), delete or ack; `name` the file's, or the acknowledged key."""

    what: str
    name: str
    offset: int = 0
    content: bytes = b""


class Recorder(apsw.VFS):
    """Stands before the disk as SQLite's default way to files; `failing` are the numbers of the syncs that fail."""

    def __init__(self, failing: Iterable[int] = ()) -> None:
        super().__init__("recorder", BASE, makedefault=True)
        self.events: list[Event] = []
        self.failing = set(failing)
        self.syncs = 0

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:
        return _File(self, name, flags)

    def xDelete(self, name: str, sync_folder: bool) -> None:
        super().xDelete(name, sync_folder)
        self.events.append(Event("delete", Path(name).name))

    def acknowledge(self, key: str) -> None:
        self.events.append(Event("ack", key))

    def keep(self, path: Path) -> None:
        path.write_bytes(pickle.dumps([msgspec.structs.astuple(event) for event in self.events]))


class _File(apsw.VFSFile):
    def __init__(self, recorder: Recorder, name: Any, flags: list[int]) -> None:
        full = name.filename() if isinstance(name, apsw.URIFilename) else name
        self.recorder, self.name = recorder, Path(full or "unnamed").name
        super().__init__(BASE, name, flags)

    def xWrite(self, content: bytes, offset: int) -> None:
        super().xWrite(content, offset)
        self.recorder.events.append(Event("write", self.name, offset, bytes(content)))

    def xTruncate(self, size: int) -> None:
        super().xTruncate(size)
        self.recorder.events.append(Event("truncate", self.name, size))

    def xSync(self, flags: int) -> None:
        self.recorder.syncs += 1
        if self.recorder.syncs in self.recorder.failing:
            self.recorder.events.append(Event("failed", self.name))
            failure = apsw.IOError("the disk did not take it")
            failure.extendedresult = apsw.SQLITE_IOERR_FSYNC
            raise failure
        super().xSync(flags)
        self.recorder.events.append(Event("sync", self.name))


def recorded(path: Path) -> list[Event]:
    return [Event(*event) for event in pickle.loads(path.read_bytes())]


def cut(before: Path, events: list[Event], at: int, dice: random.Random, place: Path) -> list[str]:
    """Write into `place` what the disk holds when the power fails before event number `at`.

    Answers the keys that were acknowledged by then. `before` is the folder as it was when recording began, all on disk.
    """
    files = {path.name: bytearray(path.read_bytes()) for path in before.iterdir() if path.is_file()}
    waiting: dict[str, list[Event]] = {}
    acknowledged: list[str] = []
    for event in events[:at]:
        match event.what:
            case "ack":
                acknowledged.append(event.name)
            case "sync":
                for certain in waiting.pop(event.name, []):
                    _apply(files, certain, certain.content)
            case "failed":
                waiting.pop(event.name, None)
            case "delete":
                waiting.pop(event.name, None)
                files.pop(event.name, None)
            case _:
                waiting.setdefault(event.name, []).append(event)
    luck = dice.choice((0.0, 0.5, 0.9, 1.0))
    for events_waiting in waiting.values():
        for uncertain in events_waiting:
            if dice.random() < luck:
                torn = dice.random() < 0.1
                whole = len(uncertain.content)
                _apply(files, uncertain, uncertain.content[: dice.randrange(0, whole + 1, SECTOR) if torn else whole])
    place.mkdir(mode=0o700)
    for name, content in files.items():
        if not name.endswith("-shm"):  # memory that processes share: gone with the power
            (place / name).write_bytes(content)
    return acknowledged


def _apply(files: dict[str, bytearray], event: Event, content: bytes) -> None:
    file = files.setdefault(event.name, bytearray())
    if event.what == "truncate":
        del file[event.offset :]
        return
    end = event.offset + len(content)
    if len(file) < end:
        file.extend(bytes(end - len(file)))
    file[event.offset : end] = content
