"""Deeds that are owed by an instant: one instance for each, from what it arises to what ends it.

    DUE ── done in time ──▶ MET                    LAPSED ── done ─────────────▶ MET_LATE (every: DUE again)
     │ └── done within the grace ──▶ MET_LATE        │ └── was done in time, we learn ──▶ MET
     │ └── nobody's duty any more ──▶ VOID           │ └── more time is given ──▶ DUE
     └─── the time passes ──▶ LAPSED, and it rings   └──── off duty ──▶ VOID; the guard ends ──▶ IDLE

    DUE or LAPSED ── its clock is stopped for a time (`pause`) ──▶ SUSPENDED ── that ends ──▶ DUE, with what was left
    what falls due in a time in which it is not owed (`waive`) ──▶ VOID; an `every` ──▶ IDLE, and begins anew after

In time means `at <= due`. Evidence that was received at the instant of a timer is heard before it. What kinds of deeds
there are: `deeds`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import msgspec
from msgspec import structs

from heard.watch import civil
from heard.watch.alarms import Alarm
from heard.watch.evidence import Evidence, Suspension, suspension
from heard.watch.obligations import Obligation

#: Of a clock that had run out when it was stopped nothing is left.
NOTHING = timedelta()
MICROSECOND = timedelta(microseconds=1)
#: What an entry told, by its position.
Told = Callable[[int], Evidence]

BEGINNING = datetime.min.replace(tzinfo=UTC)


class Instance(msgspec.Struct):
    """One deed that is owed. `who` owes it, if a person does; `told_at` is when we learnt that it is owed; `failed`
    when it is known already that it was not done; `left` what is left of its time while its clock stands still.
    """

    key: str
    due: datetime | None
    told_at: datetime
    who: str = ""
    failed: bool = False
    state: str = "DUE"
    alarm: Alarm | None = None
    left: timedelta | None = None
    #: Of what is owed after or before something: when that was, by the time that is claimed.
    since: datetime | None = None


class Evaluator(Protocol):
    """What watches one obligation: it is told of evidence in order of receipt, and of the time that passes."""

    alarms: list[Alarm]

    @property
    def instances(self) -> dict[str, Instance]: ...

    def stands(self, at: datetime) -> dict[str, Instance]: ...

    def is_known(self, at: datetime) -> bool: ...

    def heard(self, evidence: Evidence) -> None: ...

    def next_at(self) -> datetime | None: ...

    def passed(self, at: datetime) -> None: ...

    def state(self) -> list[Any]:
        """All that it has come to, in numbers, instants and ids: no word that anybody typed."""

    def go_on_from(self, state: list[Any], told: Told) -> None:
        """As it was when it said `state`."""


class Owed(ABC):
    """The instances of one obligation; `heard` takes evidence in order of receipt, `passed` lets time pass."""

    #: Where its times are civil: then half a day is half a day by the clock on the wall.
    zone: str | None = None
    #: Nearly all have none: a hundred thousand empty lists are 6 MB.
    suspensions: tuple[Suspension, ...] = ()

    def __init__(self, obligation: Obligation) -> None:
        self.obligation = obligation
        self.allowance = timedelta(seconds=obligation.grace_s + obligation.wait_s)
        self.grace = timedelta(seconds=obligation.grace_s)
        self.instances: dict[str, Instance] = {}
        self.alarms: list[Alarm] = []

    def heard(self, evidence: Evidence) -> None:
        if evidence.kind == "suspend":
            self.suspensions = (*self.suspensions, *suspension(evidence))
        elif evidence.kind == "suspend.end":
            for one in self.suspensions:
                if one.id == str(evidence["id"]):
                    self._end_suspension(one, evidence.received_at)
        else:
            self.hears(evidence)

    @abstractmethod
    def hears(self, evidence: Evidence) -> None:
        """What each kind of deed makes of it."""

    def stands(self, at: datetime) -> dict[str, Instance]:
        """How each stands: time changes nothing of it but by ringing."""
        return self.instances

    def is_known(self, at: datetime) -> bool:
        """A deed that was not heard of was not done."""
        return True

    def rings_at(self, instance: Instance) -> datetime | None:
        if instance.state != "DUE" or instance.due is None:
            return None
        return instance.told_at if instance.failed else max(instance.due + self.allowance, instance.told_at)

    def next_at(self) -> datetime | None:
        """When the next of them rings, or a suspension begins or ends, if nothing is heard."""
        rings = map(self.rings_at, self.instances.values())
        if not self.suspensions:
            return min(filter(None, rings), default=None)
        return min((at for at in (*rings, *map(_turns_at, self.suspensions)) if at), default=None)

    def passed(self, at: datetime) -> None:
        """What rings at this instant, unless it is suspended from this instant on."""
        for one in self.suspensions:
            if _turns_at(one) == at and one.has_begun:
                self._end_suspension(one, at)
            elif _turns_at(one) == at:
                one.has_begun = True
                self.suspend(one, at)
        for instance in self.instances.values():
            if self.rings_at(instance) == at:
                assert instance.due is not None
                instance.state = "LAPSED"
                instance.alarm = Alarm(instance.key, "lapse", instance.due, at)
                self.alarms.append(instance.alarm)

    # While it is suspended

    def is_suspended(self, how: str = "") -> bool:
        some = self.suspensions  # nearly always none, and asked several times a ping
        return bool(some) and any(one.has_begun and not one.is_over and how in ("", one.how) for one in some)

    def suspend(self, by: Suspension, at: datetime) -> None:
        for instance in self.instances.values():
            if by.how == "pause":
                self.stop(instance, at)
            elif instance.state == "LAPSED" or self.is_waived(instance):
                self.end(instance, at, "VOID", "suspended")

    def is_waived(self, instance: Instance) -> bool:
        """Whether it falls due in a time in which it is not owed."""
        going_on = (one for one in self.suspensions if one.how == "waive" and one.has_begun and not one.is_over)
        return instance.due is not None and any(instance.due < one.until for one in going_on)

    def stop(self, instance: Instance, at: datetime) -> None:
        """Its clock stands still from now on."""
        if instance.state not in ("DUE", "LAPSED") or instance.due is None:
            return
        if instance.state == "LAPSED" and instance.alarm:
            instance.alarm.clear(at, "suspended")
        left = instance.due - at if self.zone is None else civil.apart(at, instance.due, self.zone)
        instance.left = left if instance.state == "DUE" and not instance.failed else NOTHING
        instance.state = "SUSPENDED"

    def _end_suspension(self, one: Suspension, at: datetime) -> None:
        had_begun, one.until, one.is_over = one.has_begun and not one.is_over, min(one.until, at), True
        if had_begun and not self.is_suspended():
            self.resume(at)

    def resume(self, at: datetime) -> None:
        for instance in self.instances.values():
            if instance.state == "SUSPENDED":
                left = instance.left or NOTHING
                instance.due = at + left if self.zone is None else civil.later(at, left, self.zone)
                instance.state, instance.told_at, instance.left = "DUE", at, None

    # What becomes of one

    def done(self, instance: Instance, evidence: Evidence) -> None:
        """The deed was done at the time that is claimed."""
        assert instance.due is not None
        if instance.state in ("DUE", "MET_LATE"):  # late by what was known: an earlier one may come to light
            instance.state = "MET" if evidence.at <= instance.due else "MET_LATE"
        elif instance.state == "SUSPENDED":
            instance.state = "MET" if instance.left or evidence.at <= instance.due else "MET_LATE"
        elif instance.state == "LAPSED" and instance.alarm:
            in_time = evidence.at <= instance.due
            instance.alarm.clear(evidence.received_at, "late-evidence" if in_time else "done-late")
            instance.state = "MET" if in_time else "MET_LATE"

    def end(self, instance: Instance, at: datetime, state: str, why: str) -> None:
        if instance.state == "LAPSED" and instance.alarm:
            instance.alarm.clear(at, why)
        if instance.state in ("DUE", "LAPSED", "SUSPENDED"):
            instance.state = state

    # Laid down, and taken up again

    def state(self) -> list[Any]:
        numbers = {id(alarm): number for number, alarm in enumerate(self.alarms)}
        alarms = [(self.name_of(one.key), *structs.astuple(one)[1:]) for one in self.alarms]
        rows = [
            (
                *(self.name_of(one.key), one.due, one.told_at, one.who, one.failed, one.state),
                *(numbers.get(id(one.alarm)), None if one.left is None else one.left // MICROSECOND, one.since),
            )
            for one in self.instances.values()
        ]
        return [alarms, rows, [structs.astuple(one) for one in self.suspensions], self.besides()]

    def go_on_from(self, state: list[Any], told: Told) -> None:
        alarms, rows, suspensions, besides = state
        self.alarms = [Alarm(self.key_of(name, told), *rest) for name, *rest in alarms]
        for name, due, told_at, who, failed, stands, number, left, since in rows:
            key, alarm = self.key_of(name, told), None if number is None else self.alarms[number]
            time_left = None if left is None else left * MICROSECOND
            self.instances[key] = Instance(key, due, told_at, who, failed, stands, alarm, time_left, since)
        if suspensions:
            self.suspensions = tuple(Suspension(*one) for one in suspensions)
        self.take_up(besides)

    def name_of(self, key: str) -> str | int:
        """A key, or where it was told, if somebody typed it."""
        return key

    def key_of(self, name: str | int, told: Told) -> str:
        return str(name)

    def besides(self) -> Any:
        """What it knows besides its instances."""
        return None

    def take_up(self, besides: Any) -> None:
        """What it said that it knows `besides`; the instances are there already."""
        assert besides is None


def _turns_at(one: Suspension) -> datetime | None:
    """When it begins; once it has, when it ends."""
    if one.is_over:
        return None
    return one.until if one.has_begun else one.since


class OnDuty:
    """Who is on duty at a post, by the times that are claimed, in whatever order they are told; of one alone, where
    `who` is named.
    """

    def __init__(self, post: str | None, who: str | None = None) -> None:
        self.post, self.who = post, who
        #: When each who is on duty was said to begin, the first first: it may be said more than once.
        self.began: dict[str, list[datetime]] = {}
        #: When a duty of each was over last: what is told afterwards of one before that is of a duty that is over.
        self.over: dict[str, datetime] = {}

    def heard(self, evidence: Evidence) -> None:
        if self.post is None or evidence["post"] != self.post or self.who not in (None, evidence["who"]):
            return
        who, at = evidence["who"], evidence.at
        began = self.began.get(who, [])
        if evidence.kind == "duty.start" and at >= self.over.get(who, BEGINNING):
            self.began[who] = sorted({*began, at})
        elif evidence.kind == "duty.end":
            self.over[who] = max(at, self.over.get(who, BEGINNING))
            self.began[who] = [since for since in began if since > at]
            if not self.began[who]:
                del self.began[who]

    def since(self, at: datetime) -> list[str]:
        """Those on duty now who were so at an instant already."""
        return [who for who, began in self.began.items() if began[0] <= at]

    def first_at(self) -> datetime | None:
        """Since when the first of them is."""
        return min((began[0] for began in self.began.values()), default=None)

    def state(self) -> list[Any]:
        return [self.began, self.over]

    def go_on_from(self, state: list[Any]) -> None:
        self.began, self.over = state
