"""The kinds of deeds that are owed: after a trigger, before something begins, again and again, for each period."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import count, islice
from typing import Any

from heard.watch import civil
from heard.watch.evidence import ARMED, HISTORY_WAITS, Evidence, Suspension
from heard.watch.obligations import Before, By, Each, Every
from heard.watch.owed import BEGINNING, Instance, OnDuty, Owed, Told

#: Of periods without an end so many are owed at a time: the one that goes on, and the next.
AHEAD = 2


class OwedBy(Owed):
    obligation: By

    def __init__(self, obligation: By) -> None:
        super().__init__(obligation)
        self.zone = obligation.tz if obligation.days is not None else None
        self.on_duty = OnDuty(obligation.for_each_on_duty)
        #: The positions of the entries by which each arose whose key is of words that somebody typed.
        self._arose_at: dict[str, int] = {}

    def besides(self) -> Any:
        return self.on_duty.since

    def take_up(self, besides: Any) -> None:
        self.on_duty.since = besides

    def name_of(self, key: str) -> str | int:
        return self._arose_at.get(key, key)

    def key_of(self, name: str | int, told: Told) -> str:
        if isinstance(name, str):
            return name
        key = self._key(told(name))
        self._arose_at[key] = name
        return key

    def hears(self, evidence: Evidence) -> None:
        self.on_duty.heard(evidence)
        of = self.obligation
        if evidence.kind == "publish" and of.on == "publish":
            self._void(evidence, "superseded", unless=str(evidence["version"]))
        if evidence.kind == of.on:
            for who in self.on_duty.since if of.for_each_on_duty is not None else [""]:
                self._begin(self._key(evidence, who), evidence, who)
        elif evidence.kind == "withdraw" and of.on == "publish":
            self._void(evidence, "withdrawn")
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

    def _begin(self, key: str, evidence: Evidence, who: str) -> None:
        if key in self.instances:
            return
        instance = Instance(key, self._due(evidence.at), evidence.received_at, who)
        self.instances[key] = instance
        if "ref" in self.obligation.match and evidence["entry"]:
            self._arose_at[key] = evidence["entry"]
        if self.is_waived(instance):
            instance.state = "VOID"
        elif self.is_suspended("pause"):
            self.stop(instance, evidence.at)

    def _void(self, evidence: Evidence, why: str, unless: str = "") -> None:
        """The order is not in force any more, or not in the version that was to be read: nobody can read it now."""
        if self.obligation.match[:2] != ("order", "version"):
            return
        for key, instance in self.instances.items():
            if key.startswith(f"{evidence['order']}/") and key.split("/")[1] != unless:
                self.end(instance, evidence.received_at, "VOID", why)

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
        if instance.state == "SUSPENDED" and instance.left is not None:
            instance.state, instance.left = "DUE", None
            self.stop(instance, evidence.received_at)
        if instance.state == "LAPSED" and instance.alarm:
            instance.alarm.clear(evidence.received_at, "extended")
            instance.state = "DUE"


class OwedBefore(Owed):
    obligation: Before

    def __init__(self, obligation: Before) -> None:
        super().__init__(obligation)
        self.versions: list[tuple[datetime, object]] = []
        self.acknowledged: dict[tuple[object, object], datetime] = {}

    def besides(self) -> Any:
        return self.versions, [(*which, at) for which, at in self.acknowledged.items()]

    def take_up(self, besides: Any) -> None:
        versions, acknowledged = besides
        self.versions = [(at, version) for at, version in versions]
        self.acknowledged = {(who, version): at for who, version, at in acknowledged}

    def hears(self, evidence: Evidence) -> None:
        of, who = self.obligation, evidence["who"]
        if evidence.kind == "publish" and evidence["order"] == of.order:
            self.versions.append((evidence.at, evidence["version"]))
        elif evidence.kind == "ack" and evidence["order"] == of.order:
            known = self.acknowledged.setdefault((who, evidence["version"]), evidence.at)
            self.acknowledged[who, evidence["version"]] = min(known, evidence.at)
            instance = self.instances.get(who)
            if instance and instance.due and self._current(instance.due) == evidence["version"]:
                self.done(instance, evidence)
        elif evidence.kind == "withdraw" and evidence["order"] == of.order:
            self.versions.append((evidence.at, None))
            for instance in self.instances.values():
                self.end(instance, evidence.received_at, "VOID", "withdrawn")
        elif evidence.kind == of.at and evidence["post"] == of.post and not evidence["began_before"]:
            instance = self.instances[who] = Instance(who, evidence.at, evidence.received_at, who)
            current = self._current(evidence.at)
            read_at = self.acknowledged.get((who, current))
            if current is None or (read_at is not None and read_at <= evidence.at):
                instance.state = "MET"
            elif self.is_waived(instance):
                instance.state = "VOID"
            elif self.is_suspended("pause"):
                self.stop(instance, evidence.at)
        elif evidence.kind == "duty.end" and evidence["post"] == of.post and who in self.instances:
            self.end(self.instances[who], evidence.received_at, "VOID", "off-duty")

    def _current(self, at: datetime) -> object:
        return max(
            ((since, n, one) for n, (since, one) in enumerate(self.versions) if since <= at), default=(at, 0, None)
        )[2]


class OwedEvery(Owed):
    obligation: Every

    def __init__(self, obligation: Every) -> None:
        super().__init__(obligation)
        self.on_duty = OnDuty(obligation.while_.duty, obligation.while_.who)
        self.one = self.instances[""] = Instance("", None, BEGINNING, state="IDLE")

    def besides(self) -> Any:
        return self.on_duty.since, self._state_holds, self._state_at, self._is_armed, self._unknown_at

    def take_up(self, besides: Any) -> None:
        self.one = self.instances[""]
        self.on_duty.since, self._state_holds, self._state_at, self._is_armed, self._unknown_at = besides

    def hears(self, evidence: Evidence) -> None:
        was_on = self._is_on()
        self.on_duty.heard(evidence)
        guard = self.obligation.while_
        if guard.state is not None and evidence.kind == "state" and evidence["thing"] == guard.state:
            self._hears_state(evidence)
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
    _state_at: datetime | None = None
    _is_armed = False

    #: When what was told of the state is not good any more, where it said that nothing is owed.
    _unknown_at: datetime | None = None

    def _hears_state(self, evidence: Evidence) -> None:
        """What puts the past right says nothing of now."""
        if self._state_at is None or evidence.at >= self._state_at:
            self._state_at, self._state_holds = evidence.at, evidence["value"] == self.obligation.while_.is_
            lasts = None if self._state_holds else evidence["ttl_s"]
            self._unknown_at = None if lasts is None else evidence.at + timedelta(seconds=lasts)

    def next_at(self) -> datetime | None:
        rings_at = super().next_at()
        return rings_at if self._unknown_at is None else min(rings_at or self._unknown_at, self._unknown_at)

    def passed(self, at: datetime) -> None:
        if self._unknown_at is not None and self._unknown_at <= at:  # a guard of which nothing is known counts as on
            self._unknown_at, self._state_holds = None, True
            if self._is_on():
                self._arm(at, at)
        super().passed(at)

    def _is_on(self) -> bool:
        guard = self.obligation.while_
        if self.is_suspended("waive"):
            return False
        if guard.duty is not None:
            return bool(self.on_duty.since) and (guard.state is None or self._state_holds)
        return self._state_holds if guard.state is not None else self._is_armed

    def suspend(self, by: Suspension, at: datetime) -> None:
        if by.how == "pause":
            self.stop(self.one, at)
        else:
            self.end(self.one, at, "IDLE", "suspended")
            self.one.due = None

    def resume(self, at: datetime) -> None:
        if self.one.state == "SUSPENDED":
            super().resume(at)
        elif self._is_on():
            self._arm(at, at)

    def _is_where(self, evidence: Evidence) -> bool:
        return all(evidence[name] == value for name, value in self.obligation.where.items())

    def _arm(self, at: datetime, told_at: datetime) -> None:
        self.one.due, self.one.told_at, self.one.state, self.one.failed = self._after(at), told_at, "DUE", False
        if self.is_suspended():
            self.stop(self.one, at)

    def _after(self, at: datetime) -> datetime:
        return at + timedelta(seconds=self.obligation.period_s)

    def _checked(self, evidence: Evidence) -> None:
        assert self.one.due is not None
        if self._after(evidence.at) <= self.one.due and self.one.state in ("DUE", "SUSPENDED"):
            return  # an older one than what is known already
        if self.one.state == "LAPSED" and self.one.alarm:
            in_time = evidence.at <= self.one.due
            if in_time and self._after(evidence.at) <= self.one.due:
                return
            self.one.alarm.clear(evidence.received_at, "late-evidence" if in_time else "restored")
        waits = HISTORY_WAITS if evidence["history"] else timedelta()
        self._arm(evidence.at, evidence.received_at + waits)

    def _failed(self, evidence: Evidence) -> None:
        """It was tried and failed, its own source says: there is nothing to wait for."""
        if self.one.state == "DUE" and self.one.due is not None and evidence.at < self.one.due:
            self.one.due, self.one.told_at, self.one.failed = evidence.at, evidence.received_at, True


class OwedEach(Owed):
    obligation: Each

    def __init__(self, obligation: Each) -> None:
        super().__init__(obligation)
        self.zone = obligation.tz
        self._coming = self._periods()
        for period, due in islice(self._coming, obligation.count or AHEAD):
            self._add(period, due, BEGINNING)

    def take_up(self, besides: Any) -> None:
        self._coming = self._periods(since=len(self.instances))
        self._last = next(reversed(self.instances.values()))

    def _add(self, period: str, due: datetime, told_at: datetime) -> None:
        self._last = self.instances[period] = Instance(period, due, told_at)
        if self.is_waived(self._last):
            self._last.state = "VOID"
        elif self.is_suspended("pause"):
            self.stop(self._last, told_at)

    def _periods(self, since: int = 0) -> Iterator[tuple[str, datetime]]:
        of = self.obligation
        at = time.fromisoformat(of.due["time"]) if "time" in of.due else None
        numbers = range(since, of.count) if of.count else count(since)
        if of.each == "month":
            year, month = map(int, of.from_.split("-")[:2])
            for number in numbers:
                this, following = divmod(year * 12 + month - 1 + number, 12), divmod(year * 12 + month + number, 12)
                day = civil.working_day(following[0], following[1] + 1, int(of.due["working_day"]))
                due = civil.instant(day, at, of.tz) if at else civil.end_of_day(day, of.tz)
                yield f"{this[0]:04d}-{this[1] + 1:02d}", due
        else:
            first = date.fromisoformat(of.from_)
            for day in (first + timedelta(days=number) for number in numbers):
                yield day.isoformat(), civil.instant(day, at, of.tz) if at else civil.end_of_day(day, of.tz)

    def heard(self, evidence: Evidence) -> None:
        super().heard(evidence)
        self._go_on(evidence.received_at)

    def passed(self, at: datetime) -> None:
        super().passed(at)
        self._go_on(at)

    def _go_on(self, at: datetime) -> None:
        """Without an end there is always one that is owed yet."""
        while not self.obligation.count and not (self._last.state in ("DUE", "SUSPENDED") and self._is_to_come(at)):
            self._add(*next(self._coming), at)

    def _is_to_come(self, at: datetime) -> bool:
        return self._last.state == "SUSPENDED" or (self._last.due is not None and self._last.due > at)

    def hears(self, evidence: Evidence) -> None:
        if evidence.kind == ARMED:
            for instance in self.instances.values():  # what was due before it was armed was not asked of anybody
                if instance.due is not None and instance.due <= evidence.at:
                    self.end(instance, evidence.at, "VOID", "")
        elif evidence.kind == self.obligation.do and self._is_where(evidence):
            self._done(evidence)

    def _is_where(self, evidence: Evidence) -> bool:
        return all(evidence[name] == value for name, value in self.obligation.where.items())

    def _done(self, evidence: Evidence) -> None:
        if evidence["period"] is not None:
            if instance := self.instances.get(str(evidence["period"])):
                self.done(instance, evidence)
            return
        before: datetime | None = None
        for instance in self.instances.values():  # in order of their dues
            assert instance.due is not None
            if instance.state == "LAPSED":
                self.done(instance, evidence)  # and it counts for the next as well
            elif instance.state in ("DUE", "SUSPENDED") and evidence.at <= instance.due + self.grace:
                if not (evidence["history"] and before is not None and evidence.at <= before):
                    self.done(instance, evidence)
                return
            before = instance.due
