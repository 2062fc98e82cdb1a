"""Watching: each armed obligation with its evaluator, told of every entry and of the time, and what is to be recorded.

What it holds is worked out from the journal alone, so whoever starts next holds the same; and what fell due while
nobody watched is found again, with the instant at which it was due. It writes nothing: `due_records` says what has
come to pass and has no entry yet, and `ringing` makes commands of it.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Literal

import msgspec

from heard.engine.entry import Body, Entry
from heard.engine.journal import Journal
from heard.watch import entries, obligations
from heard.watch.alarms import Alarm
from heard.watch.entries import (
    AlarmCleared,
    AlarmProven,
    AlarmRaised,
    ObligationArmed,
    ObligationStoodDown,
    OrderPublished,
    Pinged,
    SourceAdded,
    SuspensionAgreed,
    SuspensionEnded,
)
from heard.watch.evaluation import evaluator, hear, let_pass
from heard.watch.evidence import Evidence
from heard.watch.model import alarm_id
from heard.watch.obligations import AnyObligation, By, Every, Keep
from heard.watch.owed import Evaluator
from heard.watch.standing import Standing, evidence_of

#: The kinds of entry that the watch is told of.
KINDS = tuple(
    body.kind for body in vars(entries).values() if isinstance(body, type) and issubclass(body, Body) and body.kind
)
#: What open boards listen to.
TOPIC = "watch"
NEVER = datetime.max.replace(tzinfo=UTC)

#: Entries that are heard in one go.
AT_ONCE = 500

Move = Literal["raise", "prove", "clear"]


class Due(msgspec.Struct, frozen=True):
    """What has come to pass of an alarm, and is not an entry yet."""

    move: Move
    id: str
    watched: Watched
    alarm: Alarm
    found_by: Evaluator


class Watched(msgspec.Struct):
    """One version of an obligation, watched from `armed_at` on. `told_first` is how things stood then."""

    id: str
    body: ObligationArmed
    obligation: AnyObligation
    armed_at: datetime
    position: int
    told_first: list[Evidence]
    evaluator: Evaluator
    passed_to: datetime
    #: It ended by being stood down or armed anew: nothing is heard any more.
    ended: bool = False
    #: Alarms before this one are over and recorded as such.
    settled: int = 0
    next_at: datetime = NEVER
    #: Its place in the order of arming.
    number: int = 0

    def hears_of(self) -> tuple[str, ...]:
        """The streams whose entries are told to it, beside its own, by which it is suspended: of its station (or
        stations), with its orders; of the source that pings.
        """
        match self.obligation:
            case Every(do="ping", where={"source": str(source)}, while_=guard):
                is_guarded = guard.state is not None or guard.duty is not None
                return (source, *self.stations) if is_guarded else (source,)
        return self.stations

    @property
    def stations(self) -> tuple[str, ...]:
        """Where it is watched, the first being where it was armed."""
        each = self.obligation.for_each
        return tuple(dict.fromkeys((self.body.station, *(each.stations if each else ()))))

    def station_of(self, alarm: Alarm) -> str:
        """Where that rang."""
        last = alarm.key.rpartition("/")[2]
        return last if last in self.stations else self.body.station

    def alarm_id(self, alarm: Alarm) -> str:
        return alarm_id(self.id, self.body.number, alarm.key, alarm.lapsed_at)


class Watching:
    """All that is watched, as far as the journal was read."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        #: How far the journal was read, and the newest entry in it that was of the watch.
        self.position = self.changed = 0
        #: The newest entry by which something rang.
        self.rang = 0
        self.watched: dict[str, Watched] = {}
        #: Those of which something may have to be recorded, in the order in which that was noticed.
        self._to_look_at: dict[int, Watched] = {}
        #: When each rings next, with a number that no two share. What has changed since is skipped at the top.
        self._clocks: list[tuple[datetime, int, Watched]] = []
        self._armed = self._pushed = 0
        #: Those of each station, by number.
        self._at_station: dict[str, dict[int, Watched]] = {}
        #: Those that hear of a source, or of a station with its orders, by its stream.
        self._hearing_of: dict[str, list[Watched]] = {}
        self._station_of: dict[str, str] = {}
        self._standing = Standing()
        self._recorded: set[tuple[Move, str]] = set()
        #: When anything was last told of a station, and the newest of all.
        self.heard_at: dict[str, datetime] = {}
        self.last_heard_at: datetime | None = None
        #: Since when this process has let time pass without a break, and that it does so no more: then it is blind.
        self.since_at: datetime | None = None
        self.has_stopped = False
        #: How often the clocks were looked at: a watch that hangs does so no more.
        self.looks = 0
        #: Whether the machine's clock was set while it watched, and is not believed.
        self.clock_was_set = False
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
        self.has_begun = True

    def go_on(self, to: int) -> None:
        """Hear the next of them, as many as take some ten milliseconds."""
        up_to = min(to, self.position + AT_ONCE)
        records = self.journal.store.of_kinds(KINDS, self.position, up_to)
        for entry in self.journal.opened(records):
            self._heard(entry)
        self.position = up_to
        if records:
            self.changed = records[-1].header.position
            for follow in self.after_change:
                follow()

    def _heard(self, entry: Entry) -> None:
        match entry.body:
            case ObligationArmed() as armed:
                self._arm(entry, armed)
            case ObligationStoodDown():
                self._end(entry, "stood-down")
            case AlarmRaised():
                self._recorded.add(("raise", entry.stream))
                self.rang = entry.position
            case AlarmProven():
                self._recorded.add(("prove", entry.stream))
                self.rang = entry.position
            case AlarmCleared():
                self._recorded.add(("clear", entry.stream))
            case OrderPublished(station=station) | SourceAdded(station=station):
                self._station_of[entry.stream] = station
        station = self._station(entry)
        for evidence in evidence_of(entry):
            if evidence.kind not in ("suspend", "suspend.end"):
                self._standing.heard(station, entry.stream, evidence)
                self.heard_at[station] = max(evidence.at, self.heard_at.get(station, evidence.at))
                self.last_heard_at = max(evidence.at, self.last_heard_at or evidence.at)
            of_itself = self.watched.get(entry.stream)
            for watched in (of_itself,) if of_itself else self._hearing_of.get(_told_of(entry, station), ()):
                self._tell(watched, entry, evidence)

    def _station(self, entry: Entry) -> str:
        """The station that an entry tells of: its stream, or whose order or source that is."""
        return self._station_of.get(entry.stream, entry.stream)

    def is_told(self, watched: Watched, entry: Entry) -> bool:
        """Whether an entry is one that it hears of."""
        return _told_of(entry, self._station(entry)) in (watched.id, *watched.hears_of())

    def _arm(self, entry: Entry, armed: ObligationArmed) -> None:
        self._end(entry, "superseded")
        obligation = obligations.read(armed.written)
        group = obligation.count.group if isinstance(obligation, Keep) else ()
        each = obligation.for_each
        others = [one for one in (each.stations if each else ()) if one != armed.station]
        first = self._standing.told_at(entry.at, armed.station, group)
        first += [told for one in others for told in self._standing.told_at(entry.at, one, group)[1:]]
        watched = Watched(
            entry.stream, armed, obligation, entry.at, entry.position, first, evaluator(obligation), entry.at
        )
        self._armed += 1
        watched.number = self._armed
        self.watched[entry.stream] = watched
        for station in watched.stations:
            self._at_station.setdefault(station, {})[watched.number] = watched
        for stream in watched.hears_of():
            self._hearing_of.setdefault(stream, []).append(watched)
        _begin(watched)
        self._changed(watched)

    def _end(self, entry: Entry, why: str) -> None:
        watched, at = self.watched.pop(entry.stream, None), entry.at
        if watched is None:
            return
        if at < watched.passed_to:
            self._again(watched, entry.position)
        let_pass(watched.evaluator, at, including=False)
        for alarm in watched.evaluator.alarms:
            if alarm.cleared_at is None:
                alarm.clear(at, why)
        watched.ended = True
        self._changed(watched)
        for station in watched.stations:
            del self._at_station[station][watched.number]
        for stream in watched.hears_of():
            self._hearing_of[stream].remove(watched)

    def _tell(self, watched: Watched, entry: Entry, evidence: Evidence) -> None:
        if entry.at < watched.passed_to:
            # Time had passed here already when an entry came in that was appended before: begin again from the record.
            self._again(watched, entry.position)
        else:
            hear(watched.evaluator, evidence)
            self._changed(watched)

    def _again(self, watched: Watched, to: int) -> None:
        """As if nothing had been heard before, up to and with the entry at a position."""
        watched.evaluator, watched.settled, watched.passed_to = evaluator(watched.obligation), 0, watched.armed_at
        _begin(watched)
        hears_of = (watched.id, *watched.hears_of())
        if watched.body.station in hears_of:
            records = self.journal.store.of_kinds(KINDS, watched.position, to)
        else:
            found = (record for stream in hears_of for record in self.journal.store.stream(stream))
            since = (record for record in found if watched.position < record.header.position <= to)
            records = sorted(since, key=lambda record: record.header.position)
        for entry in self.journal.opened(records):
            if self.is_told(watched, entry):
                for evidence in evidence_of(entry):
                    hear(watched.evaluator, evidence)
        self._changed(watched)

    def _changed(self, watched: Watched) -> None:
        """It was told something, or time has passed in it: see when it rings next, and look whether it has rung."""
        next_at = NEVER if watched.ended else watched.evaluator.next_at() or NEVER
        if next_at not in (NEVER, watched.next_at):
            self._pushed += 1
            heapq.heappush(self._clocks, (next_at, self._pushed, watched))
        watched.next_at = next_at
        if watched.settled < len(watched.evaluator.alarms):
            self._to_look_at[watched.number] = watched

    # What time brings

    def next_at(self) -> datetime:
        """The next instant at which anything rings or ends by itself."""
        while self._clocks and self._clocks[0][0] != self._clocks[0][2].next_at:
            heapq.heappop(self._clocks)
        return self._clocks[0][0] if self._clocks else NEVER

    def first_to_ring(self, most: int) -> Iterator[Watched]:
        """Those whose clocks ring next, the first first: down the heap, without taking anything from it."""
        clocks = self._clocks
        places, seen = [(clocks[0][0], 0)] if clocks else [], set[int]()
        while places and most:
            at, place = heapq.heappop(places)
            if at == (watched := clocks[place][2]).next_at and watched.number not in seen:
                seen.add(watched.number)
                most -= 1
                yield watched
            for below in (2 * place + 1, 2 * place + 2):
                if below < len(clocks):
                    heapq.heappush(places, (clocks[below][0], below))

    def at_station(self, station: str) -> list[Watched]:
        """All that is watched there, in the order in which it was armed."""
        return list(self._at_station.get(station, {}).values())

    def let_pass(self, at: datetime) -> None:
        """It is this late. What rings at this very instant waits: evidence of it may still come, and is heard first."""
        self.looks += 1
        while self.next_at() < at:
            _, _, watched = heapq.heappop(self._clocks)
            watched.next_at = NEVER
            let_pass(watched.evaluator, at, including=False)
            watched.passed_to = at
            self._changed(watched)

    # What is to be recorded

    def due_records(self) -> Iterator[Due]:
        """What has come to pass and has no entry yet, the oldest of each obligation first."""
        for number, watched in list(self._to_look_at.items()):
            alarms = watched.evaluator.alarms
            while watched.settled < len(alarms) and self._is_settled(watched, alarms[watched.settled]):
                watched.settled += 1
            is_recorded = True
            for alarm in alarms[watched.settled :]:
                id = watched.alarm_id(alarm)
                if (move := self._next_move(id, alarm)) is not None:
                    is_recorded = False
                    yield Due(move, id, watched, alarm, watched.evaluator)
            if is_recorded:
                self._to_look_at.pop(number, None)

    def is_still(self, due: Due) -> bool:
        """Whether it is still to be recorded: an entry may have come since that shows it otherwise, or that it is."""
        return due.found_by is due.watched.evaluator and self._next_move(due.id, due.alarm) == due.move

    def _is_settled(self, watched: Watched, alarm: Alarm) -> bool:
        return alarm.cleared_at is not None and ("clear", watched.alarm_id(alarm)) in self._recorded

    def _next_move(self, id: str, alarm: Alarm) -> Move | None:
        if ("raise", id) not in self._recorded:
            return "raise"
        if ("clear", id) in self._recorded:
            return None
        if alarm.upgraded_at is not None and ("prove", id) not in self._recorded:
            return "prove"
        return "clear" if alarm.cleared_at is not None else None


def _told_of(entry: Entry, station: str) -> str:
    """Whom an entry is told to: those that hear of this stream."""
    return entry.stream if isinstance(entry.body, Pinged | SuspensionAgreed | SuspensionEnded) else station


def _begin(watched: Watched) -> None:
    for evidence in first_of(watched):
        watched.evaluator.heard(evidence)


def first_of(watched: Watched) -> list[Evidence]:
    """How things stood when it was armed; but for what was asked of people before."""
    is_by = isinstance(watched.obligation, By)
    return [one for one in watched.told_first if not (is_by and one["earlier"])]
