"""Watching: each armed obligation with its evaluator, told of every entry and of the time, and what is to be recorded.

What it holds is worked out from the journal alone, so whoever starts next holds the same; and what fell due while
nobody watched is found again, with the instant at which it was due. It writes nothing: `recording` says what has come
to pass and has no entry yet, and `ringing` makes commands of it.
"""

from __future__ import annotations

import heapq
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

import msgspec

from heard.engine.entry import Entry
from heard.engine.journal import Journal
from heard.watch.entries import (
    AlarmCleared,
    AlarmProven,
    AlarmRaised,
    ObligationArmed,
    ObligationStoodDown,
    OrderPublished,
    SourceAdded,
)
from heard.watch.evaluation import evaluator, hear, let_pass
from heard.watch.evidence import Evidence
from heard.watch.model import Missed
from heard.watch.obligations import Keep
from heard.watch.recording import Recording
from heard.watch.retention_entries import VerdictsErased
from heard.watch.standing import KINDS, Standing, evidence_of, told_by, told_to
from heard.watch.watched import (
    NEVER,
    Evaluated,
    Move,
    Unkept,
    Watched,
    armed_by,
    beside,
    first_of,
    hears_of_station,
    lay_down,
    read,
    soonest,
    stations_of,
    take_up,
)

Name = TypeVar("Name", str, tuple[str, ...])

#: What open boards listen to.
TOPIC = "watch"

#: Entries that are heard in one go.
AT_ONCE = 500
#: So many that were used last are not laid down; and of those that ring together so many more, until there is time.
TAKEN_UP, TOGETHER, AT_REST = 1024, 12_288, 200


class Watching:
    """All that is watched, as far as the journal was read."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        #: How far the journal was read, and the newest entry in it that was of the watch.
        self.position = self.changed = 0
        #: The newest entry by which something rang.
        self.rang = 0
        self.watched: dict[str, Watched] = {}
        #: Those that are taken up, by number: the ones used last, and those of which something is to be recorded.
        self._taken_up: dict[int, tuple[Watched, Evaluated]] = {}
        #: When each rings next. What has changed since is skipped at the top.
        self.clocks: list[tuple[datetime, Watched]] = []
        self.armed = 0
        #: Those of each station, by number.
        self._at_station: dict[str, dict[int, Watched]] = {}
        #: Those that hear of a source, or of a station with its orders, by its stream.
        self._hearing_of: dict[str, list[Watched]] = {}
        self.station_of: dict[str, str] = {}
        self.standing = Standing()
        #: What has changed since it was kept in a file (`resuming`).
        self.unkept = Unkept()
        self.recording = Recording(journal, self.taken_up, self._settled)
        self._names: dict[Any, Any] = {}
        #: When anything was last told of a station, and the newest of all.
        self.heard_at: dict[str, datetime] = {}
        self.last_heard_at: datetime | None = None
        #: Since when this process has let time pass without a break, and that it does so no more: then it is blind.
        self.since_at: datetime | None = None
        self.has_stopped = False
        #: How often the clocks were looked at: a watch that hangs does so no more.
        self.looks = 0
        #: Whether the machine's clock was set and is not believed; what is to be said, now, of a time nobody watched.
        self.clock_was_set = False
        self.missed: Callable[[datetime], Missed | None] = lambda at: None
        #: Whether somebody outside is told that it lives; when they last were, and since when they cannot be reached.
        self.has_outside = False
        self.outside_heard_at: datetime | None = None
        self.outside_lost_at: datetime | None = None
        #: By what people are told of alarms.
        self.channels: list[str] = []
        #: Whether all of the record was heard once: until then what is newly folded waits for its turn.
        self.has_begun = False
        #: Called when entries were heard.
        self.after_change: list[Callable[[], None]] = []

    def stands(self) -> bytes:
        """For the streams of open boards: no word of what happened, only that something did."""
        said = {"changed": self.changed, "rang": self.rang, "watches": self.has_begun and not self.has_stopped}
        return b"event: stands\ndata: %b\n\n" % msgspec.json.encode(said)

    # What is heard

    def catch_up(self, to: int) -> None:
        """Hear the entries of the watch up to a position."""
        while self.position < to:
            self.go_on(to)
        self.begin()

    def begin(self) -> None:
        """The record was heard: from here on clocks run. Of a million pieces in it each would have set one anew."""
        if not self.has_begun:
            self.has_begun = True
            self.clocks = sorted((one.next_at, one) for one in self.watched.values() if one.next_at != NEVER)
            self.recording.erased.reaches(
                (), NEVER
            )  # which reads all of the record once: now, and not when something rings

    def go_on(self, to: int) -> None:
        """Hear the next of them, as many as take some ten milliseconds."""
        up_to = min(to, self.position + AT_ONCE)
        self.hear(self.journal.opened(self.journal.store.of_kinds(KINDS, self.position, up_to)), up_to)

    def hear(self, entries: Sequence[Entry], up_to: int) -> None:
        """These are the entries of the watch from where it stands up to a position."""
        for entry in entries:
            self._heard(entry)
            self.position = entry.position  # if the journal is lost for the next one, this one is not heard twice
        self.position = up_to
        self._lay_down(TOGETHER if self.has_begun else 0)
        if entries:
            self.changed = entries[-1].position
            for follow in self.after_change:
                follow()

    def _heard(self, entry: Entry) -> None:
        match entry.body:
            case ObligationArmed() as armed:
                self._arm(entry, armed)
            case ObligationStoodDown():
                self._end(entry, "stood-down")
            case AlarmRaised():
                self._is_recorded("raise", entry)
            case AlarmProven():
                self._is_recorded("prove", entry)
            case AlarmCleared():
                self._is_recorded("clear", entry)
            case OrderPublished(station=station) | SourceAdded(station=station):
                self.station_of[entry.stream] = self.unkept.streams[entry.stream] = self.same(station)
            case VerdictsErased(until_at=until_at):
                self.recording.erased.heard(entry.stream, until_at)
        station, told = self._station(entry), list(evidence_of(entry))
        if not told:
            return
        of_itself = self.watched.get(entry.stream)
        hearing = (of_itself,) if of_itself else tuple(self._hearing_of.get(told_to(entry, station), ()))
        # All that is read in the journal first: where that is lost, none of them was told of it yet, and it is no half.
        ready = [(watched, self._ready_for(watched, entry)) for watched in hearing]
        for evidence in told:
            if evidence.kind not in ("suspend", "suspend.end"):
                self.standing.heard(station, entry.stream, entry.position, evidence)
                self.heard_at[station] = max(evidence.at, self.heard_at.get(station, evidence.at))
                self.last_heard_at = max(evidence.at, self.last_heard_at or evidence.at)
                self.unkept.stations.add(station)
        for watched, anew in ready:
            if anew is not None:
                self._taken_up[watched.number] = watched, anew
            taken = self.taken_up(watched)
            for evidence in () if anew else told:
                hear(taken.evaluator, evidence)
            self._changed(watched, taken)

    def _is_recorded(self, move: Move, entry: Entry) -> None:
        self.recording.recorded.add((move, entry.stream))
        self.unkept.recorded.append((move, entry.stream))
        if move != "clear":
            self.rang = entry.position

    def _station(self, entry: Entry) -> str:
        """The station that an entry tells of: its stream, or whose order or source that is."""
        return self.station_of.get(entry.stream, entry.stream)

    def same(self, name: Name) -> Name:
        """One and the same object for all that is at a station, or at the same stations."""
        known: Name = self._names.setdefault(name, name)
        return known

    def is_told(self, watched: Watched, entry: Entry) -> bool:
        """Whether an entry is one that it hears of."""
        return told_to(entry, self._station(entry)) in (watched.id, *watched.hears_of())

    def _arm(self, entry: Entry, armed: ObligationArmed) -> None:
        self._end(entry, "superseded")
        obligation = read(armed)
        self.armed += 1
        stations = self.same(stations_of(armed, obligation))
        watched = Watched(
            *(entry.stream, self.armed, stations, entry.position, beside(obligation)),
            *(hears_of_station(obligation), isinstance(obligation, Keep)),
        )
        there = (*(watched.stations if watched.hears_of_station else ()), *watched.source.split())
        stood = {where: told for one in there for where, told in self.standing.of(one).items()}
        taken = Evaluated(
            *(obligation, armed.number, armed.rests_on, entry.at, list(stood), entry.at, evaluator(obligation))
        )
        taken.begin(first_of(watched, taken, stood.values()))
        self.stands_in(watched)
        self._taken_up[watched.number] = watched, taken
        self._changed(watched, taken)

    def stands_in(self, watched: Watched) -> None:
        """From now on it is watched."""
        self.watched[watched.id] = watched
        for station in watched.stations:
            self._at_station.setdefault(station, {})[watched.number] = watched
        for stream in watched.hears_of():
            if hearing := self._hearing_of.get(stream):
                hearing.append(watched)
            else:
                self._hearing_of[stream] = [watched]

    def _end(self, entry: Entry, why: str) -> None:
        watched, at = self.watched.get(entry.stream), entry.at
        if watched is None:
            return
        # First: while the journal is lost it cannot be, and goes on being watched.
        taken = self._ready_for(watched, entry) or self.taken_up(watched)
        self._taken_up[watched.number] = watched, taken
        let_pass(taken.evaluator, at, including=False)
        for alarm in taken.evaluator.alarms:
            if alarm.cleared_at is None:
                alarm.clear(at, why)
        watched.ended = True
        self._changed(watched, taken)
        del self.watched[watched.id]
        for station in watched.stations:
            del self._at_station[station][watched.number]
        for stream in watched.hears_of():
            self._hearing_of[stream].remove(watched)

    def _ready_for(self, watched: Watched, entry: Entry) -> Evaluated | None:
        """Take it up, to be told of an entry. Where time has passed in it already, and the entry was appended before
        that, it is worked out again from the record, and has heard it then.
        """
        taken = self.taken_up(watched)
        return self._again(watched, taken, entry.position) if entry.at < taken.passed_to else None

    def _again(self, watched: Watched, taken: Evaluated, to: int) -> Evaluated:
        """As if nothing had been heard before, up to and with the entry at a position."""
        anew = msgspec.structs.replace(taken)
        anew.begin(self.told_first(watched, taken))
        if watched.hears_of_station:
            records = self.journal.store.of_kinds(KINDS, watched.position, to)
        else:
            streams = (watched.id, *watched.hears_of())
            found = (record for stream in streams for record in self.journal.store.stream(stream))
            since = (record for record in found if watched.position < record.header.position <= to)
            records = sorted(since, key=lambda record: record.header.position)
        for entry in self.journal.opened(records):
            if self.is_told(watched, entry):
                for evidence in evidence_of(entry):
                    hear(anew.evaluator, evidence)
        return anew

    def told_first(self, watched: Watched, taken: Evaluated) -> list[Evidence]:
        """How things stood when it was armed, read again where that was told."""
        found = [record for position, _ in taken.stood if (record := self.journal.store.record(position))]
        told = told_by(self.journal.opened(found))
        return first_of(watched, taken, [told[where] for where in taken.stood if where in told])

    def _changed(self, watched: Watched, taken: Evaluated) -> None:
        """It was told something, or time has passed in it: see when it rings next, and look whether it has rung."""
        next_at = NEVER if watched.ended else taken.evaluator.next_at() or NEVER
        if self.has_begun and next_at not in (NEVER, watched.next_at):
            heapq.heappush(self.clocks, (next_at, watched))
        watched.next_at = next_at
        self.unkept.watched[watched.number] = watched
        if taken.settled < len(taken.evaluator.alarms):
            self.recording.look_at(watched)

    def _settled(self, watched: Watched) -> None:
        """All that it rang is recorded: so it is to be kept."""
        self.unkept.watched[watched.number] = watched

    # What is laid down, and taken up

    def taken_up(self, watched: Watched) -> Evaluated:
        """With its evaluator, as it stands."""
        known = self._taken_up.pop(watched.number, None)
        taken = known[1] if known else take_up(watched, self.journal.entry)
        self._taken_up[watched.number] = watched, taken  # the one used last is the last
        return taken

    def title(self, watched: Watched) -> str:
        """What it is called."""
        return armed_by(watched, self.journal.entry).title

    def rest(self) -> bool:
        """There is time: some of those that are taken up are laid down. Whether there are more."""
        return self._lay_down(most=AT_REST)

    def _lay_down(self, besides: int = 0, most: int = sys.maxsize) -> bool:
        """All but those used last; what is to be recorded stays, since it is asked again when it is written."""
        over = len(self._taken_up) - len(self.recording) - TAKEN_UP - besides
        for number in list(islice(self._taken_up, max(0, min(over, most)))):
            if number not in self.recording:
                watched, taken = self._taken_up.pop(number)
                watched.laid_down = lay_down(taken)
        return over > most

    def lay_down_unkept(self) -> None:
        """Each that has changed is laid down as it stands; those that are taken up stay so."""
        for number in self.unkept.watched.keys() & self._taken_up.keys():
            watched, taken = self._taken_up[number]
            watched.laid_down = lay_down(taken)

    # What time brings

    def next_at(self) -> datetime:
        """The next instant at which anything rings or ends by itself."""
        while self.clocks and self.clocks[0][0] != self.clocks[0][1].next_at:
            heapq.heappop(self.clocks)
        return self.clocks[0][0] if self.clocks else NEVER

    def first_to_ring(self, most: int) -> Iterator[Watched]:
        """Those whose clocks ring next, the first first."""
        return soonest(self.clocks, most)

    def at_station(self, station: str) -> list[Watched]:
        """All that is watched there, in the order in which it was armed."""
        return list(self._at_station.get(station, {}).values())

    def let_pass(self, at: datetime, most: int = sys.maxsize) -> None:
        """It is this late, for the first so many that ring or end by it; the next look goes on with the others.

        What rings at this very instant waits: evidence of it may still come, and is heard first.
        """
        self.looks += 1
        while most and self.next_at() < at:
            most -= 1
            taken = self.taken_up(self.clocks[0][1])  # first: while the journal is lost it cannot be, and rings later
            _, watched = heapq.heappop(self.clocks)
            watched.next_at = NEVER
            let_pass(taken.evaluator, at, including=False)
            taken.passed_to = at
            self._changed(watched, taken)
        self._lay_down(TOGETHER if self.has_begun else 0)
