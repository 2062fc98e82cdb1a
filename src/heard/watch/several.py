"""FOR EACH: one obligation as many, an instance for each who is on duty at a post, or for each of some stations."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from heard.watch.alarms import Alarm
from heard.watch.evidence import ARMED, Evidence
from heard.watch.obligations import AnyObligation, Each, Every, ForEach, Guard, Keep
from heard.watch.owed import Evaluator, Instance, Told

#: A state that is none of those which anybody could type.
ANOTHER = object()


class Several:
    """Each is watched by an evaluator of its own, and bears the key of whom or where it is of."""

    def __init__(self, of: AnyObligation, each: ForEach, make: Callable[[AnyObligation], Evaluator]) -> None:
        self.of, self.each, self.make = of, each, make
        self.alarms: list[Alarm] = []
        self._one: dict[str, Evaluator] = {}
        self._taken: dict[str, int] = {}
        #: What holds for whoever comes later: that it is armed, the state of things, what is suspended.
        self._lasting: dict[tuple[str, str], Evidence] = {}
        for station in each.stations:
            self._one[station] = make(_at(of, station))

    def heard(self, evidence: Evidence) -> None:
        if self.each.on_duty is not None and evidence.kind in (ARMED, "state", "suspend", "suspend.end"):
            self._lasts(evidence)
        for key, one in self._one.items():
            one.heard(evidence)
            self._take(key, one)
        who = str(evidence["who"])
        if evidence.kind == "duty.start" and evidence["post"] == self.each.on_duty is not None and who not in self._one:
            self._one[who] = self.make(_of(self.of, who, evidence["post"]))
            for told in (*self._lasting.values(), evidence):
                self._one[who].heard(told)
            self._take(who, self._one[who])

    def _lasts(self, evidence: Evidence) -> None:
        about = (evidence.kind, str(evidence["id"] or evidence["thing"] or ""))
        known = self._lasting.get(about)
        if known is None or known.at <= evidence.at:  # what puts the past right says nothing of now
            self._lasting[about] = evidence

    def _take(self, key: str, one: Evaluator) -> None:
        """The alarms that are new, in the order in which they were raised."""
        fresh = one.alarms[self._taken.get(key, 0) :]
        for alarm in fresh:
            alarm.key = f"{alarm.key}/{key}" if alarm.key else key
        self._taken[key] = len(one.alarms)
        self.alarms += fresh

    def next_at(self) -> datetime | None:
        return min(filter(None, (one.next_at() for one in self._one.values())), default=None)

    def passed(self, at: datetime) -> None:
        for key, one in self._one.items():
            if one.next_at() == at:
                one.passed(at)
                self._take(key, one)

    @property
    def instances(self) -> dict[str, Instance]:
        return self._keyed({key: one.instances for key, one in self._one.items()})

    def stands(self, at: datetime) -> dict[str, Instance]:
        return self._keyed({key: one.stands(at) for key, one in self._one.items()})

    def _keyed(self, found: dict[str, dict[str, Instance]]) -> dict[str, Instance]:
        told = {}
        for key, instances in found.items():
            for inner, instance in instances.items():
                full = f"{inner}/{key}" if inner else key
                told[full] = msgspec.structs.replace(instance, key=full)
        return told

    def is_known(self, at: datetime) -> bool:
        return all(one.is_known(at) for one in self._one.values())

    # Laid down, and taken up again

    def state(self) -> list[Any]:
        numbers = {
            id(alarm): (key, number) for key, one in self._one.items() for number, alarm in enumerate(one.alarms)
        }
        lasting = [(one.kind, one.received_at, one.at, self._without_words(one)) for one in self._lasting.values()]
        each = [(key, one.state()) for key, one in self._one.items()]
        return [each, [numbers[id(alarm)] for alarm in self.alarms], lasting]

    def go_on_from(self, state: list[Any], told: Told) -> None:
        each, alarms, lasting = state
        for key, stood in each:
            if key not in self._one:
                self._one[key] = self.make(_of(self.of, key, str(self.each.on_duty)))
            self._one[key].go_on_from(stood, told)
            self._taken[key] = len(self._one[key].alarms)
        self.alarms = [self._one[key].alarms[number] for key, number in alarms]
        for kind, received_at, at, facts in lasting:
            self._lasts(Evidence(kind, received_at, at, self._with_words(facts)))

    def _without_words(self, evidence: Evidence) -> dict[str, Any]:
        """Of a state, which somebody typed, it is laid down only whether it is the one that counts."""
        facts = evidence.facts
        return {**facts, "value": facts["value"] == self._guard().is_} if "value" in facts else facts

    def _with_words(self, facts: dict[str, Any]) -> dict[str, Any]:
        if "value" not in facts:
            return facts
        return {**facts, "value": self._guard().is_ if facts["value"] else ANOTHER}

    def _guard(self) -> Guard:
        return self.of.while_ if isinstance(self.of, Keep | Every) else Guard()


def _of(of: AnyObligation, who: str, post: str) -> AnyObligation:
    """What one person owes, while they are on duty at a post."""
    replace = msgspec.structs.replace
    match of:
        case Keep():
            count = replace(of.count, group=(who,), at_least=1)
            return replace(of, for_each=None, count=count, while_=replace(of.while_, duty=post, who=who))
        case Every():
            guard = replace(of.while_, duty=post, who=who)
            return replace(of, for_each=None, where={**of.where, "who": who}, while_=guard)
    return replace(of, for_each=None)


def _at(of: AnyObligation, station: str) -> AnyObligation:
    """What is owed at one station."""
    replace = msgspec.structs.replace
    match of:
        case Keep():
            return replace(of, for_each=None, count=replace(of.count, station=station), while_=_guard(of, station))
        case Every():
            return replace(of, for_each=None, where={**of.where, "post": station}, while_=_guard(of, station))
        case Each():
            return replace(of, for_each=None, where={**of.where, "post": station})
    return replace(of, for_each=None)


def _guard(of: Keep | Every, station: str) -> Guard:
    guard = of.while_
    there = station if guard.state is not None else None
    return msgspec.structs.replace(guard, state=there, duty=station if guard.duty is not None else None)
