"""Time from one process to the next: what is owed does not hang on what a clock is set to while nobody looks.

A file beside the journal says when this process lived last, by its own time, and for how long the machine had run by
then. Who begins in the same run of the machine goes on from there, whatever its clock was set to meanwhile. After a new
start of the machine nobody here can tell a clock that was set ahead from a long time without Heard: the board says
between what instants there is no evidence.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import structlog

from heard.engine import now
from heard.engine.stores import Store
from heard.watch.model import Missed

FILE, BELIEVED = "time.json", "clock-believed"
LOOK_EVERY_S, KEEP_EVERY = 1.0, 5
#: A time without evidence is said from this length on, and for so long.
MISSED, SAID_FOR = timedelta(seconds=60), timedelta(days=1)

log = structlog.get_logger()


class Lived(msgspec.Struct, frozen=True):
    """What is kept: the time it was, `running_s` into this `run` of the machine."""

    run: str
    running_s: float
    at: datetime
    missed: Missed | None = None


class Timekeeping:
    """The time of this process, from here on."""

    def __init__(self, data: Path, newest_at: datetime, *, others: bool = False) -> None:
        """`newest_at` is when the journal's newest entry was written: it is never earlier again. `others` are there who
        write it too, and may have watched while this one did not.
        """
        self.data = data
        lived = _read(data / FILE)
        went_on, passed_s = _went_on(lived)
        now.keep_steady(newest_at, went_on, passed_s)
        self._believe_if_said()
        at, last = now.utc(), max(lived.at, newest_at) if lived else newest_at
        self.missed = lived.missed if lived else None
        if at - last > MISSED:
            self.missed = Missed(last, at, went_on is not None, others)
        if (set_by := now.set_by()) is not None:
            log.error("clock_not_believed", by_s=round(set_by.total_seconds(), 3), went_on=went_on is not None)

    async def run(self) -> None:
        """Until cancelled."""
        looks = 0
        while True:
            if looks % KEEP_EVERY == 0:
                self.keep()
            looks += 1
            await asyncio.sleep(LOOK_EVERY_S)
            self._believe_if_said()

    def keep(self) -> None:
        """That it lives, as of now. Half a file is no file: it is put in its place whole."""
        run, running_s = now.running()
        lived, fresh = Lived(run, running_s, now.utc(), self.missed), self.data / f"{FILE}.{os.getpid()}"
        with suppress(OSError):  # a full disk: then the next start believes the clock
            fresh.touch(0o600)
            fresh.write_bytes(msgspec.json.encode(lived))
            fresh.replace(self.data / FILE)

    def missed_by(self, at: datetime) -> Missed | None:
        """What is to be said of it at an instant."""
        return self.missed if self.missed and at - self.missed.until_at < SAID_FOR else None

    def _believe_if_said(self) -> None:
        said = self.data / BELIEVED
        if said.exists():
            set_by = now.set_by()
            now.believe()
            with suppress(OSError):
                said.unlink(missing_ok=True)
            log.warning("clock_believed", by_s=round(set_by.total_seconds(), 3) if set_by else 0)


@contextmanager
def as_it_goes(data: Path, newest_at: datetime) -> Iterator[None]:
    """A command keeps the time of who serves here, or did last: by what it writes no time may leap."""
    went_on, passed_s = _went_on(_read(data / FILE))
    with now.kept_steady(newest_at, went_on, passed_s) if went_on else nullcontext():
        yield


def newest_at(store: Store) -> datetime:
    """When the journal's newest entry was written."""
    newest = store.record(store.position())
    return newest.header.at_instant if newest else now.utc()


def say_believed(data: Path) -> None:
    """The operator of this machine says that its clock is right: who runs here follows it in a moment, or who begins
    here next.
    """
    (data / BELIEVED).touch(0o600)


def _went_on(lived: Lived | None) -> tuple[datetime | None, float]:
    """What time it is by what was kept, if the machine ran on since, and for how many seconds it did."""
    run, running_s = now.running()
    if lived is None or not run or lived.run != run or running_s < lived.running_s:
        return None, 0.0
    passed_s = running_s - lived.running_s
    return lived.at + timedelta(seconds=passed_s), passed_s


def _read(path: Path) -> Lived | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Lived)
    except (OSError, msgspec.DecodeError):
        return None
