"""The kinds of deeds that are owed: after a trigger, and again and again (for each period: `periods`; before a duty:
`before`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from heard.watch import civil
from heard.watch.by_calendar import ByCalendar
from heard.watch.evidence import ARMED, HISTORY_WAITS, Evidence, Suspension
from heard.watch.obligations import By, Every
from heard.watch.owed import BEGINNING, Instance, OnDuty, Owed, Told

#: Deeds that nothing has asked for yet, since what asks may be told later: so many of an obligation are kept.
EARLY_MAX = 256


class Early(msgspec.Struct, array_like=True):
    """Something that was done, of which it is not known yet that it was asked for. `entry` is where it was told."""

    key: str
    at: datetime
    entry: int | None


class OwedBy(ByCalendar):
    obligation: By

    def __init__(self, obligation: By) -> None:
        super().__init__(obligation, obligation.calendar)
        self.zone = obligation.tz if obligation.within_s is None else None
        self.on_duty = OnDuty(obligation.for_each_on_duty)
        #: The positions of the entries by which each arose whose key is of words that somebody typed.
        self._arose_at: dict[str, int] = {}
        self._early: list[Early] = []
        #: What is asked of whoever was on duty by then, and when: who is told late to have been, owes it as well.
        self._asked: dict[str, datetime] = {}

    def besides(self) -> Any:
        early = [(one.key if one.entry is None else one.entry, one.at) for one in self._early]
        return self.on_duty.state(), early, self._asked, self.proclaimed()

    def take_up(self, besides: Any) -> None:
        on_duty, _, self._asked, proclaimed = besides
        self.on_duty.go_on_from(on_duty)
        self.take_up_calendar(proclaimed)

    def go_on_from(self, state: list[Any], told: Told) -> None:
        super().go_on_from(state, told)
        _, early, *_ = state[-1]
        self._early = [
            Early(name, at, None) if isinstance(name, str) else Early(self._key(told(name)), at, name)
            for name, at in early
        ]

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
            self._ask(evidence)
        elif evidence.kind == "duty.start" and evidence["post"] == of.for_each_on_duty:
            for key, asked_at in self._asked.items():
                if evidence.at <= asked_at and evidence["who"] in self.on_duty.began:
                    self._begin(f"{key}/{evidence['who']}", asked_at, evidence, evidence["who"])
        elif evidence.kind == "withdraw" and of.on == "publish":
            self._void(evidence, "withdrawn")
        elif evidence.kind == of.do:
            self._did(evidence)
        elif evidence.kind == "extend":
            for instance in self._meant(evidence):
                self._extend(instance, evidence)
        elif evidence.kind == "duty.end" and evidence["post"] == of.for_each_on_duty:
            for instance in self.instances.values():
                if instance.who == evidence["who"] not in self.on_duty.began:
                    self.end(instance, evidence.received_at, "VOID", "off-duty")

    def _ask(self, evidence: Evidence) -> None:
        of, key = self.obligation, self._key(evidence)
        if of.for_each_on_duty is None:
            self._begin(key, evidence.at, evidence, "")
            return
        if of.on == "publish":
            self._asked.setdefault(key, evidence.at)
        for who in self.on_duty.since(evidence.at):
            self._begin(f"{key}/{who}", evidence.at, evidence, who)

    def _begin(self, key: str, asked_at: datetime, evidence: Evidence, who: str) -> None:
        if key in self.instances:
            return
        instance = Instance(key, self._due(asked_at), evidence.received_at, who, since=asked_at)
        self.instances[key] = instance
        if "ref" in self.obligation.match and evidence["entry"]:
            self._arose_at[key] = evidence["entry"]
        done_at = min((one.at for one in self._early if one.key == key and one.at >= asked_at), default=None)
        self._early = [one for one in self._early if one.key != key]
        if done_at is not None:
            self.done(instance, msgspec.structs.replace(evidence, at=done_at))
        elif self.is_waived(instance):
            instance.state = "VOID"
        elif self.is_suspended("pause"):
            self.stop(instance, evidence.at)

    def _did(self, evidence: Evidence) -> None:
        """It answers what was asked by then, whichever of the two was told first."""
        who = str(evidence["who"] or "") if self.obligation.for_each_on_duty is not None else ""
        key = self._key(evidence, who)
        instance = self.instances.get(key)
        if instance is None:
            entry = evidence["entry"] if "ref" in self.obligation.match else None
            self._early = [*self._early, Early(key, evidence.at, entry)][-EARLY_MAX:]
        elif instance.since is None or evidence.at >= instance.since:
            self.done(instance, evidence)

    def _void(self, evidence: Evidence, why: str, unless: str = "") -> None:
        """The order is not in force any more, or not in the version that was to be read: nobody can read it now."""
        if self.obligation.match[:2] != ("order", "version"):
            return

        def is_over(key: str) -> bool:
            return key.startswith(f"{evidence['order']}/") and key.split("/")[1] != unless

        self._asked = {key: at for key, at in self._asked.items() if not is_over(key)}
        self._early = [one for one in self._early if not is_over(one.key)]
        for key, instance in self.instances.items():
            if is_over(key):
                self.end(instance, evidence.received_at, "VOID", why)

    def _key(self, evidence: Evidence, who: str = "") -> str:
        parts = [str(evidence[name]) for name in self.obligation.match]
        return "/".join([*parts, who] if who else parts)

    def _meant(self, evidence: Evidence) -> Iterator[Instance]:
        who = str(evidence["who"] or "") if self.obligation.for_each_on_duty is not None else ""
        if instance := self.instances.get(self._key(evidence, who)):
            yield instance

    def _due(self, at: datetime) -> datetime:
        of, day = self.obligation, civil.local_day(at, self.obligation.tz)
        if of.days is not None:
            return civil.end_of_day(day + timedelta(days=of.days), of.tz)
        if of.working_days is not None:
            return civil.end_of_day(self.calendar.after(day, of.working_days), of.tz)
        if of.months is not None:
            return civil.end_of_day(civil.months_later(day, of.months), of.tz)
        return at + timedelta(seconds=of.within_s or 0)

    def due_by_calendar(self, instance: Instance) -> datetime | None:
        return None if instance.since is None else self._due(instance.since)

    def _extend(self, instance: Instance, evidence: Evidence) -> None:
        written = str(evidence["due"])
        until = datetime.fromisoformat(written) if "T" in written else None
        instance.due = until or civil.end_of_day(date.fromisoformat(written), self.obligation.tz)
        instance.told_at = evidence.received_at
        if instance.state == "SUSPENDED" and instance.left is not None:
            instance.state, instance.left = "DUE", None
            self.stop(instance, evidence.received_at)
        if instance.state == "LAPSED" and instance.alarm:
            instance.alarm.clear(evidence.received_at, "extended")
            instance.state = "DUE"


class OwedEvery(Owed):
    obligation: Every

    def __init__(self, obligation: Every) -> None:
        super().__init__(obligation)
        self.on_duty = OnDuty(obligation.while_.duty, obligation.while_.who)
        self.one = self.instances[""] = Instance("", None, BEGINNING, state="IDLE")

    def besides(self) -> Any:
        state = self._state_holds, self._state_at, self._is_armed, self._unknown_at, self._checked_at
        return self.on_duty.state(), *state

    def take_up(self, besides: Any) -> None:
        self.one = self.instances[""]
        on_duty, self._state_holds, self._state_at, self._is_armed, self._unknown_at, self._checked_at = besides
        self.on_duty.go_on_from(on_duty)

    def hears(self, evidence: Evidence) -> None:
        was_on, was_since = self._is_on(), self.on_duty.first_at()
        self.on_duty.heard(evidence)
        guard = self.obligation.while_
        if guard.state is not None and evidence.kind == "state" and evidence["thing"] == guard.state:
            self._hears_state(evidence)
        is_check = evidence.kind == self.obligation.do and self._is_where(evidence)
        self._is_armed |= evidence.kind == ARMED or is_check
        is_on = self._is_on()
        if is_check and (guard.duty is not None or guard.state is not None):
            self._checked_at = max(evidence.at, self._checked_at or evidence.at)
        if is_on and was_on and evidence.kind in ("duty.start", "duty.end") and guard.state is None:
            self._hears_late(evidence, was_since)
        elif is_on and not was_on:
            # That it is owed may be told after what was done since.
            self._arm(max(evidence.at, self._checked_at or evidence.at), evidence.received_at)
        elif was_on and not is_on:
            of_one = guard.who is not None and not self.on_duty.began
            self.end(self.one, evidence.received_at, "IDLE", "off-duty" if of_one else "guard-off")
            self.one.due = None
        elif is_on and is_check:
            self._checked(evidence)
        elif is_on and evidence.kind == f"{self.obligation.do}.fail" and self._is_where(evidence):
            self._failed(evidence)

    _state_holds = False
    _state_at: datetime | None = None
    _is_armed = False
    #: The time of the newest check that was told of, where it may not be owed yet.
    _checked_at: datetime | None = None
    #: When what was told of the state is not good any more, where it said that nothing is owed.
    _unknown_at: datetime | None = None

    def _hears_state(self, evidence: Evidence) -> None:
        """What puts the past right says nothing of now."""
        if self._state_at is None or evidence.at >= self._state_at:
            self._state_at, self._state_holds = evidence.at, evidence["value"] == self.obligation.while_.is_
            lasts = None if self._state_holds else evidence["ttl_s"] or self.obligation.while_.ttl_s
            self._unknown_at = None if lasts is None else evidence.at + timedelta(seconds=lasts)

    def _hears_late(self, evidence: Evidence, was_since: datetime | None) -> None:
        """Who is on duty may be told out of order: then it has been owed since earlier, or only since later."""
        since = self.on_duty.first_at()
        if since is None or was_since is None or since == was_since or self.suspensions:
            return
        owed_since = max(since, self._checked_at or since)
        if evidence.kind == "duty.end" and evidence.at < since:  # from that end until then nobody was
            self.end(self.one, evidence.received_at, "IDLE", "guard-off")
            self._arm(owed_since, evidence.received_at)
        elif since < was_since and self.one.state == "DUE":
            self._arm(owed_since, evidence.received_at)

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
            return bool(self.on_duty.began) and (guard.state is None or self._state_may_hold())
        return self._state_may_hold() if guard.state is not None else self._is_armed

    def _state_may_hold(self) -> bool:
        """A guard of which nothing was told counts as on, from the first that is heard of what it guards."""
        return self._state_holds if self._state_at is not None else self._is_armed

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
