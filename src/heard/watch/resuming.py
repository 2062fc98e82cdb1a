"""A quick start: what was worked out of all that is watched is laid down in a file now and then, and gone on from.

It is never truth. The file says at which entry it stands, with that entry's leaf; where the journal has another there,
or a word of the watch was erased since, it is emptied, and everything is heard from the beginning. What is gone on from
is, byte for byte, what the journal gives (`tests/hybrid/test_resuming.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any, Protocol

import msgspec

from heard.engine import now
from heard.engine.entry import kinds_that_erase
from heard.engine.journal import Journal
from heard.watch.retention_entries import VerdictsErased
from heard.watch.standing import KINDS, Where, told_by
from heard.watch.watched import NEVER, Unkept, Watched
from heard.watch.watching import Watching

About = tuple[str, int, bytes, bytes]
Rows = Mapping[str, Sequence[tuple[Any, ...]]]


class File(Protocol):
    """What is kept: `store.resuming`."""

    def about(self) -> About | None: ...
    def watched(self) -> Iterator[Any]: ...
    def stations(self) -> Iterator[Any]: ...
    def streams(self) -> Iterator[Any]: ...
    def recorded(self) -> Iterator[Any]: ...
    def keep(self, about: About, rows: Rows) -> bool: ...
    def empty(self) -> None: ...


# What is laid down ----------------------------------------------------------------------------------------------------


def to_keep(watching: Watching, looked_to: int) -> tuple[About, Rows, Unkept] | None:
    """What changed since it was kept last, as of this moment; None when nothing may be kept any more, since words of
    the watch that it was worked out from were erased by an entry later than `looked_to`.

    The changes are taken from `watching`: what cannot be written is put back (`put_back`). Raises Unavailable while
    the journal cannot be asked.
    """
    journal, position = watching.journal, watching.position
    # All that the journal is asked comes first: it may be lost, and then nothing was taken.
    epoch, record = journal.store.epoch, journal.store.record(position)
    if record is None or _is_erased(journal, looked_to):
        return None
    watching.lay_down_unkept()
    unkept, watching.unkept = watching.unkept, Unkept()
    besides = (watching.changed, watching.rang, watching.armed, watching.last_heard_at)
    rows = {
        "watched": [_row(watching, one) for one in unkept.watched.values() if not _is_over(watching, one)],
        "over": [(one.number,) for one in unkept.watched.values() if _is_over(watching, one)],
        "station": [(one, _told(watching, one)) for one in unkept.stations],
        "stream": list(unkept.streams.items()),
        "recorded": unkept.recorded,
    }
    return (epoch, position, record.leaf, msgspec.msgpack.encode(besides)), rows, unkept


def put_back(watching: Watching, unkept: Unkept) -> None:
    """It was not written, and is still to be."""
    newer = watching.unkept
    newer.watched = unkept.watched | newer.watched
    newer.stations |= unkept.stations
    newer.streams = unkept.streams | newer.streams
    newer.recorded = unkept.recorded + newer.recorded


def _is_over(watching: Watching, watched: Watched) -> bool:
    return watched.ended and watched.number not in watching.recording


def _row(watching: Watching, one: Watched) -> tuple[Any, ...]:
    place = (one.number, one.id, " ".join(one.stations), one.position)
    rings_at = now.text(one.next_at) if one.next_at != NEVER else ""
    return (
        *(*place, one.source, one.hears_of_station, one.may_be_unknown, rings_at),
        *(one.ended, one.number in watching.recording, one.laid_down),
    )


def _told(watching: Watching, station: str) -> bytes:
    return msgspec.msgpack.encode((watching.heard_at[station], watching.standing.state(station)))


def _is_erased(journal: Journal, after: int) -> bool:
    """Whether an entry of the watch was erased by one that is later than this."""
    # What was told of people is destroyed in its time, each day: nothing that goes on rests on it, and no file has it.
    kinds = tuple(kind for kind in kinds_that_erase() if kind != VerdictsErased.kind)
    erasing = journal.opened(journal.store.of_kinds(kinds, after))
    erased = (position for entry in erasing if entry.body is not None for position in entry.body.erases())
    return any((record := journal.store.record(one)) and record.header.kind in KINDS for one in erased)


# What is gone on from -------------------------------------------------------------------------------------------------


def resume(watching: Watching, file: File) -> bool:
    """Go on from what is kept, or empty the file; `watching` has heard nothing yet."""
    about = file.about()
    if about is None or not _fits(watching.journal, about):
        file.empty()
        return False
    _, position, _, besides = about
    watching.changed, watching.rang, watching.armed, last_heard_at = msgspec.msgpack.decode(besides)
    watching.last_heard_at, watching.position = last_heard_at, position
    names = dict[str, str]()  # each id once: of a hundred thousand sources every one is named twice
    for stream, station in file.streams():
        watching.station_of[names.setdefault(stream, stream)] = watching.same(station)
    _stations(watching, file)
    watching.recording.recorded.update(file.recorded())
    for number, id, stations, at, source, *hears, next_at, ended, looked_at, laid_down in file.watched():
        is_of_station, may_be_unknown = map(bool, hears)
        rings_at = now.instant(next_at) if next_at else NEVER
        one = Watched(
            *(id, number, _places(watching, stations), at, names.get(source, source), is_of_station, may_be_unknown),
            *(rings_at, bool(ended), laid_down),
        )
        if not one.ended:
            watching.stands_in(one)
        if looked_at:
            watching.recording.look_at(one)
    return True


def _places(watching: Watching, stations: str) -> tuple[str, ...]:
    return watching.same(tuple(watching.same(one) for one in stations.split(" ")))


def _fits(journal: Journal, about: About) -> bool:
    epoch, position, leaf, _ = about
    record = journal.store.record(position)
    same = record is not None and record.leaf == leaf and epoch == journal.store.epoch
    return same and not _is_erased(journal, position)


def _stations(watching: Watching, file: File) -> None:
    """How things stand at each, read again where it was told."""
    kept = [(station, *msgspec.msgpack.decode(told)) for station, told in file.stations()]
    positions = sorted({position for _, _, state in kept for _, (position, _) in state})
    found = [record for position in positions if (record := watching.journal.store.record(position))]
    told: dict[Where, Any] = told_by(watching.journal.opened(found))
    for station, heard_at, state in kept:
        station = watching.same(station)
        watching.heard_at[station] = heard_at
        watching.standing.go_on_from(station, state, told)


def code() -> tuple[ModuleType, ...]:
    """The modules whose code decides what a file holds: another version begins another file."""
    from heard.watch import (
        alarms,
        before,
        by_calendar,
        calendar_entries,
        civil,
        deeds,
        entries,
        evaluation,
        evidence,
        keeping,
        model,
        obligations,
        owed,
        periods,
        recording,
        resuming,
        several,
        signals,
        standing,
        watched,
        watching,
    )

    mine = (resuming, watched, watching, recording, standing, evaluation, owed, deeds, before, several, keeping)
    return (
        *mine,
        signals,
        by_calendar,
        periods,
        calendar_entries,
        civil,
        obligations,
        alarms,
        evidence,
        entries,
        model,
    )
