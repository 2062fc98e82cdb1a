"""Deeds that are owed by an instant: one instance for each, from what it arises to what ends it.

    DUE ── done in time ──▶ MET                    LAPSED ── done ─────────────▶ MET_LATE (every: DUE again)
     │ └── done within the grace ──▶ MET_LATE        │ └── was done in time, we learn ──▶ MET
     │ └── nobody's duty any more ──▶ VOID           │ └── more time is given ──▶ DUE
     └─── the time passes ──▶ LAPSED, and it rings   └──── off duty ──▶ VOID; the guard ends ──▶ IDLE

In time means `at <= due`. Evidence that was received at the instant of a timer is heard before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

import msgspec

from heard.watch import civil
from heard.watch.alarms import Alarm
from heard.watch.evidence import ARMED, Evidence
from heard.watch.obligations import Before, By, Each, Every, Obligation


class Instance(msgspec.Struct):
    """One deed that is owed. `who` owes it, if a person does; `told_at` is when we learnt that it is owed; `failed`
    when it is known already that it was not done.
    """

    key: str
    due: datetime | None
    told_at: datetime
    who: str = ""
    failed: bool = False
    state: str = "DUE"
    alarm: Alarm | None = None


class Owed:
    """The instances of one obligation; `heard` takes evidence in order of receipt, `passed` lets time pass."""

    def __init__(self, obligation: Obligation) -> None:
        self.obligation = obligation
        self.allowance = timedelta(seconds=obligation.grace_s + obligation.wait_s)
        self.grace = timedelta(seconds=obligation.grace_s)
        self.instances: dict[str, Instance] = {}
        self.alarms: list[Alarm] = []

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
        """When the next of them rings, if nothing is heard."""
        return min(filter(None, map(self.rings_at, self.instances.values())), default=None)

    def passed(self, at: datetime) -> None:
        """What rings at this instant."""
        for instance in self.instances.values():
            if self.rings_at(instance) == at:
                assert instance.due is not None
                instance.state = "LAPSED"
                instance.alarm = Alarm(instance.key, "lapse", instance.due, at)
                self.alarms.append(instance.alarm)

    def done(self, instance: Instance, evidence: Evidence) -> None:
        """The deed was done at the time that is claimed."""
        assert instance.due is not None
        if instance.state == "DUE":
            instance.state = "MET" if evidence.at <= instance.due else "MET_LATE"
        elif instance.state == "LAPSED" and instance.alarm:
            in_time = evidence.at <= instance.due
            instance.alarm.clear(evidence.received_at, "late-evidence" if in_time else "done-late")
            instance.state = "MET" if in_time else "MET_LATE"

    def end(self, instance: Instance, at: datetime, state: str, why: str) -> None:
        if instance.state == "LAPSED" and instance.alarm:
            instance.alarm.clear(at, why)
        if instance.state in ("DUE", "LAPSED"):
            instance.state = state


class OnDuty:
    """Who is on duty at a post, by the times that are claimed."""

    def __init__(self, post: str | None) -> None:
        self.post, self.since = post, dict[str, datetime]()

    def heard(self, evidence: Evidence) -> None:
        if self.post is not None and evidence["post"] == self.post:
            if evidence.kind == "duty.start":
                self.since[evidence["who"]] = evidence.at
            elif evidence.kind == "duty.end":
                self.since.pop(evidence["who"], None)


class OwedBy(Owed):
    obligation: By

    def __init__(self, obligation: By) -> None:
        super().__init__(obligation)
        self.on_duty = OnDuty(obligation.for_each_on_duty)

    def heard(self, evidence: Evidence) -> None:
        self.on_duty.heard(evidence)
        of = self.obligation
        if evidence.kind == of.on:
            for who in self.on_duty.since if of.for_each_on_duty is not None else [""]:
                key = self._key(evidence, who)
                self.instances.setdefault(key, Instance(key, self._due(evidence.at), evidence.received_at, who))
        elif evidence.kind == of.do:
            for instance in self._meant(evidence):
                self.done(instance, evidence)
        elif evidence.kind == "extend":
            for instance in self._meant(evidence):
                self._extend(instance, evidence)
        elif evidence.kind == "duty.end" and evidence["post"] == of.for_each_on_duty:
            for instance in self.instances.values():
                if instance.who == evidence["who"]:
                    self.end(instance, evidence.received_at, "VOID", "off-duty")

    def _key(self, evidence: Evidence, who: str = "") -> str:
        parts = [str(evidence[name]) for name in self.obligation.match]
        return "/".join([*parts, who] if who else parts)

    def _meant(self, evidence: Evidence) -> Iterator[Instance]:
        who = str(evidence["who"] or "") if self.obligation.for_each_on_duty is not None else ""
        if instance := self.instances.get(self._key(evidence, who)):
            yield instance

    def _due(self, at: datetime) -> datetime:
        of = self.obligation
        if of.days is not None:
            return civil.end_of_day(civil.local_day(at, of.tz) + timedelta(days=of.days), of.tz)
        return at + timedelta(seconds=of.within_s or 0)

    def _extend(self, instance: Instance, evidence: Evidence) -> None:
        written = str(evidence["due"])
        until = datetime.fromisoformat(written) if "T" in written else None
        instance.due = until or civil.end_of_day(date.fromisoformat(written), self.obligation.tz)
        if instance.state == "LAPSED" and instance.alarm:
            instance.alarm.clear(evidence.received_at, "extended")
            instance.state = "DUE"


class OwedBefore(Owed):
    obligation: Before

    def __init__(self, obligation: Before) -> None:
        super().__init__(obligation)
        self.versions: list[tuple[datetime, object]] = []
        self.acknowledged: dict[tuple[object, object], datetime] = {}

    def heard(self, evidence: Evidence) -> None:
        of, who = self.obligation, evidence["who"]
        if evidence.kind == "publish" and evidence["order"] == of.order:
            self.versions.append((evidence.at, evidence["version"]))
        elif evidence.kind == "ack" and evidence["order"] == of.order:
            known = self.acknowledged.setdefault((who, evidence["version"]), evidence.at)
            self.acknowledged[who, evidence["version"]] = min(known, evidence.at)
            instance = self.instances.get(who)
            if instance and instance.due and self._current(instance.due) == evidence["version"]:
                self.done(instance, evidence)
        elif evidence.kind == of.at and evidence["post"] == of.post:
            instance = self.instances[who] = Instance(who, evidence.at, evidence.received_at, who)
            current = self._current(evidence.at)
            read_at = self.acknowledged.get((who, current))
            if current is None or (read_at is not None and read_at <= evidence.at):
                instance.state = "MET"
        elif evidence.kind == "duty.end" and evidence["post"] == of.post and who in self.instances:
            self.end(self.instances[who], evidence.received_at, "VOID", "off-duty")

    def _current(self, at: datetime) -> object:
        return max(((since, version) for since, version in self.versions if since <= at), default=(at, None))[1]


class OwedEvery(Owed):
    obligation: Every

    def __init__(self, obligation: Every) -> None:
        super().__init__(obligation)
        self.on_duty = OnDuty(obligation.while_.duty)
        self.one = self.instances[""] = Instance("", None, datetime.min.replace(tzinfo=UTC), state="IDLE")
        self.last_done_at: datetime | None = None

    def heard(self, evidence: Evidence) -> None:
        was_on = self._is_on()
        self.on_duty.heard(evidence)
        guard = self.obligation.while_
        if guard.state is not None and evidence.kind == "state" and evidence["thing"] == guard.state:
            self._state_holds = evidence["value"] == guard.is_
        self._is_armed |= evidence.kind == ARMED
        is_on = self._is_on()
        if is_on and not was_on:
            self._arm(evidence.at, evidence.received_at)
        elif was_on and not is_on:
            self.end(self.one, evidence.received_at, "IDLE", "guard-off")
            self.one.due = None
        elif is_on and evidence.kind == self.obligation.do and self._is_where(evidence):
            self._checked(evidence)
        elif is_on and evidence.kind == f"{self.obligation.do}.fail" and self._is_where(evidence):
            self._failed(evidence)

    _state_holds = False
    _is_armed = False

    def _is_on(self) -> bool:
        guard = self.obligation.while_
        if guard.duty is not None:
            return bool(self.on_duty.since)
        return self._state_holds if guard.state is not None else self._is_armed

    def _is_where(self, evidence: Evidence) -> bool:
        return all(evidence[name] == value for name, value in self.obligation.where.items())

    def _arm(self, at: datetime, told_at: datetime) -> None:
        self.one.due, self.one.told_at, self.one.state, self.one.failed = self._after(at), told_at, "DUE", False

    def _after(self, at: datetime) -> datetime:
        return at + timedelta(seconds=self.obligation.period_s)

    def _checked(self, evidence: Evidence) -> None:
        assert self.one.due is not None
        if self._after(evidence.at) <= self.one.due and self.one.state == "DUE":
            return  # an older one than what is known already
        if self.one.state == "LAPSED" and self.one.alarm:
            in_time = evidence.at <= self.one.due
            if in_time and self._after(evidence.at) <= self.one.due:
                return
            self.one.alarm.clear(evidence.received_at, "late-evidence" if in_time else "restored")
        self._arm(evidence.at, evidence.received_at)

    def _failed(self, evidence: Evidence) -> None:
        """It was tried and failed, its own source says: there is nothing to wait for."""
        if self.one.state == "DUE" and self.one.due is not None and evidence.at < self.one.due:
            self.one.due, self.one.told_at, self.one.failed = evidence.at, evidence.received_at, True


class OwedEach(Owed):
    obligation: Each

    def __init__(self, obligation: Each) -> None:
        super().__init__(obligation)
        start = datetime.min.replace(tzinfo=UTC)
        for period, due in self._periods():
            self.instances[period] = Instance(period, due, start)

    def _periods(self) -> Iterator[tuple[str, datetime]]:
        of = self.obligation
        at = time.fromisoformat(of.due["time"]) if "time" in of.due else None
        if of.each == "month":
            year, month = map(int, of.from_.split("-")[:2])
            for number in range(of.count):
                this, following = divmod(year * 12 + month - 1 + number, 12), divmod(year * 12 + month + number, 12)
                day = civil.working_day(following[0], following[1] + 1, int(of.due["working_day"]))
                due = civil.instant(day, at, of.tz) if at else civil.end_of_day(day, of.tz)
                yield f"{this[0]:04d}-{this[1] + 1:02d}", due
        else:
            first = date.fromisoformat(of.from_)
            for day in (first + timedelta(days=number) for number in range(of.count)):
                yield day.isoformat(), civil.instant(day, at, of.tz) if at else civil.end_of_day(day, of.tz)

    def heard(self, evidence: Evidence) -> None:
        if evidence.kind != self.obligation.do:
            return
        if evidence["period"] is not None:
            if instance := self.instances.get(str(evidence["period"])):
                self.done(instance, evidence)
            return
        for instance in self.instances.values():  # in order of their dues
            assert instance.due is not None
            if instance.state == "LAPSED":
                self.done(instance, evidence)  # and it counts for the next as well
            elif instance.state == "DUE" and evidence.at <= instance.due + self.grace:
                self.done(instance, evidence)
                return
