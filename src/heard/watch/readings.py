"""What is known of a station, instant by instant: as it was known then, and as it is known now.

    told at 13:10 of 13:02 ──▶ as known then, 13:02 is what had been told by 13:02
                               as known now, 13:02 is what was told of it since

It is worked out from entries alone, so what phones sent is not needed for it and not looked at; and it knows nothing of
the evaluators that ring, so that each may be held against the other. Whatever is not told is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Literal, TypeVar

import msgspec

from heard.engine.entry import Entry
from heard.watch import obligations
from heard.watch.entries import (
    AlarmCleared,
    AlarmRaised,
    ObligationArmed,
    ObligationStoodDown,
    SuspensionAgreed,
    SuspensionEnded,
)
from heard.watch.evidence import Evidence
from heard.watch.keeping import REPAIRS
from heard.watch.obligations import AnyObligation, Count, Every, Guard, Keep
from heard.watch.signals import Known, Signal, at_least
from heard.watch.standing import evidence_of

NEVER = datetime.max.replace(tzinfo=UTC)
BEGINNING = datetime.min.replace(tzinfo=UTC)

#: "off": nothing is owed, since it is not armed or what it holds for is not so. "suspended": two people said so.
Says = Literal["kept", "broken", "unknown", "suspended", "off"]
SAYS: tuple[Says, ...] = ("kept", "broken", "unknown", "suspended", "off")
T = TypeVar("T")


class Stretch(msgspec.Struct, frozen=True):
    """[since, until), in which nothing changes."""

    since: datetime
    until: datetime
    says: Says

    @property
    def lasts(self) -> timedelta:
        return self.until - self.since


class Version(msgspec.Struct):
    """One version of an obligation, in force from `armed_at` until it ended."""

    id: str
    number: int
    title: str
    obligation: AnyObligation
    armed_at: datetime
    ended_at: datetime = NEVER


class Suspended(msgspec.Struct):
    """A time in which an obligation was not watched, as two people agreed."""

    version: Version
    since: datetime
    until: datetime


class Rung(msgspec.Struct):
    """An alarm as the entries tell of it."""

    id: str
    obligation: str
    lapsed_at: datetime
    cleared_at: datetime | None = None
    cleared_why: str = ""

    def lasts_at(self, at: datetime) -> bool:
        """Whether it went on at an instant. What late evidence showed to have been met never did."""
        return self.lapsed_at <= at < (self.cleared_at or NEVER) and self.cleared_why != "late-evidence"


class Counted(msgspec.Struct, frozen=True):
    """How many are on duty, of them here and not known; never who."""

    on_duty: int
    here: int
    unknown: int


class Told:
    """What was told of one station, by the times that are claimed. Entries are heard in the order of the journal."""

    def __init__(self, station: str) -> None:
        self.station = station
        self.versions: dict[str, list[Version]] = {}
        self.rungs: dict[str, Rung] = {}
        self.suspended: dict[str, Suspended] = {}
        self._people: dict[str, Signal] = {}
        self._duties: dict[str, Signal] = {}
        self._state = Signal()

    # What is heard

    def heard(self, entry: Entry) -> None:
        match entry.body:
            case ObligationArmed() as armed:
                obligation = obligations.read(armed.written)
                self._end(entry)
                if self.station in (armed.station, *(obligation.for_each.stations if obligation.for_each else ())):
                    version = Version(entry.stream, armed.number, armed.title, obligation, entry.at)
                    self.versions.setdefault(entry.stream, []).append(version)
            case ObligationStoodDown():
                self._end(entry)
            case SuspensionAgreed(suspension=id, since_at=since_at, until_at=until_at) if entry.stream in self.versions:
                version = self.versions[entry.stream][-1]
                self.suspended[id] = Suspended(version, max(since_at, entry.at), until_at)
            case SuspensionEnded(suspension=id) if id in self.suspended:
                self.suspended[id].until = min(self.suspended[id].until, entry.at)
            case AlarmRaised() as raised:
                self.rang(Rung(entry.stream, raised.obligation, raised.lapsed_at))
            case AlarmCleared(cleared_at=cleared_at, why=why) if entry.stream in self.rungs:
                rung = self.rungs[entry.stream]
                rung.cleared_at, rung.cleared_why = cleared_at, why
        if entry.stream == self.station:
            for evidence in evidence_of(entry):
                self._told(evidence)

    def rang(self, rung: Rung) -> None:
        self.rungs[rung.id] = rung

    def _end(self, entry: Entry) -> None:
        for version in self.versions.get(entry.stream, ())[-1:]:
            version.ended_at = min(version.ended_at, entry.at)

    def _told(self, evidence: Evidence) -> None:
        if evidence.at < evidence.received_at - REPAIRS:  # what is so old puts nothing right any more
            return
        lasts_s, until = evidence["ttl_s"], None
        if lasts_s is not None:
            until = evidence.at + timedelta(seconds=lasts_s)
        match evidence.kind:
            case "presence":
                self._of(self._people, evidence["who"]).say(evidence.at, evidence["value"], until)
            case "state":
                self._state.say(evidence.at, evidence["value"], until)
            case "duty.start" | "duty.end":
                self._of(self._duties, evidence["who"]).say(evidence.at, evidence.kind == "duty.start")

    def _of(self, signals: dict[str, Signal], who: str) -> Signal:
        """Of whom nothing was told yet is not on duty, and counts for nobody."""
        if who not in signals:
            signals[who] = Signal()
            signals[who].say(BEGINNING, False)
        return signals[who]

    # What is known of an instant

    def state(self, at: datetime) -> str | None:
        known: str | None = self._state.value(at)
        return known

    def counted(self, at: datetime) -> Counted:
        on_duty = self._on_duty(at)
        present = [self._of(self._people, who).value(at) for who in on_duty]
        return Counted(len(on_duty), present.count(True), present.count(None))

    def in_force(self, obligation: str, at: datetime) -> Version | None:
        return next((one for one in self.versions.get(obligation, ()) if one.armed_at <= at < one.ended_at), None)

    def in_force_within(self, since: datetime, until: datetime) -> list[str]:
        """The obligations of which a version was in force in a time."""
        return [
            id
            for id, versions in self.versions.items()
            if any(one.armed_at < until and one.ended_at > since for one in versions)
        ]

    def ringing(self, at: datetime) -> list[Rung]:
        return sorted((one for one in self.rungs.values() if one.lasts_at(at)), key=lambda one: (one.lapsed_at, one.id))

    def says(self, obligation: str, at: datetime) -> Says:
        """How it stands with an obligation."""
        version = self.in_force(obligation, at)
        if version is None:
            return "off"
        if any(one.version is version and one.since <= at < one.until for one in self.suspended.values()):
            return "suspended"
        of = version.obligation
        if isinstance(of, Keep):
            is_of_each = of.for_each is not None and of.for_each.on_duty is not None
            guard = self._guard(of.while_, at) if not is_of_each or self._on_duty(at) else False
            rule = self._each_is_there(at) if is_of_each else self._rule(of.count, at)
            if guard is None and of.guard_unknown == "off":
                guard = False
            if guard is False or rule is True:
                return "off" if guard is False else "kept"
            return "broken" if guard is True and rule is False else "unknown"
        if isinstance(of, Every) and self._guard(of.while_, at) is False:
            return "off"
        return (
            "broken"
            if any(one.obligation == obligation and one.lasts_at(at) for one in self.rungs.values())
            else "kept"
        )

    def _guard(self, guard: Guard, at: datetime) -> Known:
        """Where it has a state and a duty, both have to be so."""
        known = list[Known]()
        if guard.state is not None:
            state = self.state(at)
            known.append(None if state is None else state == guard.is_)
        if guard.duty is not None:
            known.append(any(signal.value(at) for signal in self._duties.values()))
        return False if False in known else None if None in known else True

    def _rule(self, count: Count, at: datetime) -> Known:
        return at_least(count.at_least, (self._of(self._people, who).value(at) for who in count.group))

    def _each_is_there(self, at: datetime) -> Known:
        """Whether every one who is on duty is: not one of them by the presence of another."""
        on_duty = self._on_duty(at)
        return at_least(len(on_duty), (self._of(self._people, who).value(at) for who in on_duty))

    def _on_duty(self, at: datetime) -> list[str]:
        return [who for who, signal in self._duties.items() if signal.value(at)]

    def changes(self, after: datetime, before: datetime) -> set[datetime]:
        """The instants between these at which anything may be otherwise, by what was heard so far."""
        signals = (self._state, *self._people.values(), *self._duties.values())
        found = {at for signal in signals for at in signal.changes(after)}
        found |= {at for one in self.rungs.values() for at in (one.lapsed_at, one.cleared_at) if at is not None}
        found |= {at for known in self.versions.values() for one in known for at in (one.armed_at, one.ended_at)}
        found |= {at for one in self.suspended.values() for at in (one.since, one.until)}
        return {at for at in found if after < at < before}

    def stretches(self, obligation: str, since: datetime, until: datetime) -> list[Stretch]:
        """How it stands with an obligation over a time, by all that was heard so far."""
        return stretches(as_known_now(self, since, until), lambda told, at: told.says(obligation, at))


def as_known_now(told: Told, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime, Told]]:
    """The stretches of a time by all that was told: from, to, and what is asked of the first of these instants."""
    for begins, ends in pairwise([since, *sorted(told.changes(since, until)), until]):
        yield begins, ends, told


def as_known_then(
    station: str, entries: Sequence[Entry], since: datetime, until: datetime
) -> Iterator[tuple[datetime, datetime, Told]]:
    """The same by what had been told by each instant. To be asked before the next is taken."""
    told, place = Told(station), 0
    while place < len(entries) and entries[place].at <= since:
        told.heard(entries[place])
        place += 1
    at = since
    while at < until:
        ends = min(until, entries[place].at) if place < len(entries) else until
        yield from as_known_now(told, at, ends)
        while place < len(entries) and entries[place].at <= ends:
            told.heard(entries[place])
            place += 1
        at = ends


def stretches(
    reading: Iterable[tuple[datetime, datetime, Told]], ask: Callable[[Told, datetime], Says]
) -> list[Stretch]:
    """One answer for each stretch; those that follow each other with the same are one."""
    found: list[Stretch] = []
    for since, until, told in reading:
        says = ask(told, since)
        if found and found[-1].says == says:
            found[-1] = Stretch(found[-1].since, until, says)
        else:
            found.append(Stretch(since, until, says))
    return found


def told_by(station: str, entries: Iterable[Entry], at: datetime = NEVER) -> Told:
    """All that had been told by an instant."""
    told = Told(station)
    for entry in entries:
        if entry.at > at:
            break
        told.heard(entry)
    return told


def lasting(found: Iterable[Stretch], says: Says) -> timedelta:
    return sum((one.lasts for one in found if one.says == says), timedelta(0))


def minutes(lasts: timedelta) -> str:
    """With one decimal where they are not whole, cut off."""
    tenths = int(lasts.total_seconds() / 6)
    return f"{tenths / 10:g}" if tenths % 10 else f"{tenths // 10:d}"
