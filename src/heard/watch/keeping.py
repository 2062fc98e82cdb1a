"""`keep`: something holds while a guard holds, but for gaps of at most so long.

A *gap* is a longest stretch in which the guard is not known to be off and the rule not known to hold. One that goes on
for longer than is allowed lapses, at its beginning plus what is allowed. It is a `lapse` when for so long the guard was
known to be on and the rule known to be broken, else `unproven`: nobody knows, which is not the same as all being well.

All of it is worked out from what is known by now about every instant, past and to come: late evidence so repairs what
is known of the past, and what expires is foreseen. What was rung stays rung.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import msgspec
from msgspec import structs

from heard.engine import now
from heard.watch.alarms import Alarm
from heard.watch.evidence import ARMED, HISTORY_WAITS, Evidence, Suspension, suspension
from heard.watch.obligations import Keep
from heard.watch.owed import BEGINNING, Instance, Told
from heard.watch.signals import Known, Signal, at_least, near, seconds

#: How long raw positions are kept (see the vault): evidence of what is older repairs nothing.
REPAIRS = timedelta(hours=72)
FOREVER = datetime.max.replace(tzinfo=UTC)


class Gap(msgspec.Struct, frozen=True):
    """[since, until); `proven_at` is when a breach of more than what is allowed was complete in it, if ever;
    `ends_by` the guard or the rule.
    """

    since: datetime
    until: datetime
    proven_at: datetime | None
    ends_by: str


class Kept:
    """The one instance of a `keep`."""

    def __init__(self, obligation: Keep) -> None:
        self.obligation = obligation
        self.allowed = seconds(obligation.gap_s)
        self.allowance = seconds(obligation.grace_s + obligation.wait_s)
        self.people = {who: Signal() for who in obligation.count.group}
        #: Whether the state is the one, and who is on duty: the guard is on unless one is known not to be.
        self.state_said, self.duties = Signal(), dict[str, Signal]()
        #: Where they are on duty who count: who is known to be off duty counts for nobody, wherever their phone is.
        self.post = obligation.while_.duty or obligation.count.station or None
        self.suspensions: tuple[Suspension, ...] = ()
        #: Of what was before it was armed nothing was asked; gaps that were over when history told of them ring not.
        self.armed_at = self.quiet_before = BEGINNING
        self.began_at: datetime | None = None
        self.now = BEGINNING
        self.alarms: list[Alarm] = []
        self._gaps: list[Gap] = []

    # What is heard

    def heard(self, evidence: Evidence) -> None:
        self.now = evidence.received_at
        if evidence.at < self.now - REPAIRS or not self._takes(evidence):
            return
        at = max(evidence.at, self.armed_at)
        if self._begins(evidence):
            self.began_at = min(self.began_at or at, at)
        if self.began_at is None:
            return
        if evidence["history"]:
            self.quiet_before = self.now
        # What was said of an instant changes nothing before it: only the gap that reaches it, and what follows.
        touched = [gap for gap in self._gaps if gap.until >= evidence.at]
        since = max(self.began_at, min(at, touched[0].since) if touched else at)
        alarm = self._open()
        rung = self._gap_of(alarm) if alarm else None  # what it rang for stays for as long as that is not over
        stays = [gap for gap in self._gaps if gap is rung or gap.until > self.now - REPAIRS]
        self._gaps = [*(gap for gap in stays if gap.until < evidence.at), *self._gaps_from(since)]
        self._settle()

    def _begins(self, evidence: Evidence) -> bool:
        """Who is on duty says nothing of what is watched, unless that is watched while they are."""
        return self.obligation.while_.duty is not None or evidence.kind not in ("duty.start", "duty.end")

    def _takes(self, evidence: Evidence) -> bool:
        of = self.obligation
        if evidence.kind == ARMED:
            self.armed_at = evidence.at
            return True
        if evidence.kind == "suspend":
            self.suspensions = (*self.suspensions, *suspension(evidence))
            return True
        if evidence.kind == "suspend.end":
            for one in self.suspensions:
                one.until = min(one.until, evidence.at) if one.id == str(evidence["id"]) else one.until
            return True
        if evidence.kind == "presence" and evidence["who"] in self.people and evidence["station"] == of.count.station:
            lasts = evidence["ttl_s"]
            until = evidence.at + seconds(lasts) if lasts is not None else None
            self._say(self.people[evidence["who"]], evidence.at, evidence["value"], until)
            return True
        if evidence.kind == "position" and evidence["who"] in self.people:
            good_for = seconds(of.count.ttl_s)
            value = near(
                of.count.place, of.count.radius_m, evidence["lat"], evidence["lon"], evidence["acc"],
                by_centre=of.count.confidence == "centre",
            )  # fmt: skip
            # A sender may say that its fix is good for less. That it is for more is not believed: a mark that stays on
            # the map for a year would show somebody present for as long.
            ends = [now.instant(said) for said in (evidence["good_until"],) if said]
            self._say(self.people[evidence["who"]], evidence.at, value, min([evidence.at + good_for, *ends]))
            return True
        if evidence.kind == "state" and evidence["thing"] == of.while_.state:
            lasts = of.while_.ttl_s if evidence["ttl_s"] is None else evidence["ttl_s"]
            until = evidence.at + seconds(lasts) if lasts is not None else None
            self._say(self.state_said, evidence.at, evidence["value"] == of.while_.is_, until)
            return True
        if evidence.kind in ("duty.start", "duty.end") and self._is_about(evidence["who"], evidence["post"]):
            signal = self.duties.setdefault(evidence["who"], Signal())
            self._say(signal, evidence.at, evidence.kind == "duty.start")
            return True
        return False

    def _say(self, signal: Signal, at: datetime, value: Any, until: datetime | None = None) -> None:
        """Nothing is worked out again of before the first gap that goes on or may be repaired, nor does it stay here:
        what began longer ago than that would have no beginning any more, and seem to be over. In a gap of weeks it is
        as little as what changed then.
        """
        signal.say(at, value, until)
        signal.forget_before(min([self.now - REPAIRS, *(gap.since for gap in self._gaps)]))
        signal.gather_before(self.now - REPAIRS)

    def _is_about(self, who: str, post: str) -> bool:
        """Whether a duty says anything here. Of each who is on duty there is a watch, and it holds nobody else's."""
        if self.post not in (None, post):
            return False
        guard = self.obligation.while_
        return who in self.people or (guard.duty is not None and guard.who in (None, who))

    # Laid down, and taken up again

    def state(self) -> list[Any]:
        duties = [(who, signal.state()) for who, signal in self.duties.items()]
        people = [(who, signal.state()) for who, signal in self.people.items()]
        alarms, gaps, suspensions = (
            [structs.astuple(one) for one in some] for some in (self.alarms, self._gaps, self.suspensions)
        )
        instants = [self.armed_at, self.quiet_before, self.began_at, self.now]
        return [self.state_said.state(), people, duties, instants, alarms, gaps, suspensions]

    def go_on_from(self, state: list[Any], told: Told) -> None:
        said, people, duties, instants, alarms, gaps, suspensions = state
        self.armed_at, self.quiet_before, self.began_at, self.now = instants
        self.state_said.go_on_from(said)
        for who, of_them in people:
            self.people[who].go_on_from(of_them)
        for who, of_them in duties:
            self.duties.setdefault(who, Signal()).go_on_from(of_them)
        self.alarms, self._gaps = [Alarm(*one) for one in alarms], [Gap(*one) for one in gaps]
        self.suspensions = tuple(Suspension(*one) for one in suspensions)

    # What is known of every instant

    def _guard_at(self, at: datetime) -> Known:
        if self._is_suspended(at):
            return False
        of = self.obligation.while_
        known: set[Known] = set()
        if of.state is not None:
            known.add(self.state_said.value(at))
        if of.duty is not None:
            known.add(self._is_anyone_on_duty(at))
        if False in known or (None in known and self.obligation.guard_unknown == "off"):
            return False
        return None if None in known else True

    def _is_suspended(self, at: datetime) -> bool:
        return any(one.holds(at) for one in self.suspensions)

    def _is_anyone_on_duty(self, at: datetime) -> bool:
        """That is a thing of our own record: who is not told of is not."""
        who = self.obligation.while_.who
        return any(signal.value(at) for one, signal in self.duties.items() if who in (None, one))

    def _rule_at(self, at: datetime) -> Known:
        return at_least(self.obligation.count.at_least, (self._is_there(who, at) for who in self.people))

    def _is_there(self, who: str, at: datetime) -> Known:
        duty = self.duties.get(who)
        is_on = duty.value(at) if duty is not None else None
        if is_on is False or (is_on is None and self.obligation.while_.duty is not None):
            return False
        there: Known = self.people[who].value(at)
        return there

    def _stretches(self, first: datetime) -> Iterator[tuple[datetime, datetime, Known, Known]]:
        """From, until, guard, rule: the stretches in which nothing changes, from an instant to for ever."""
        signals = (self.state_said, *self.duties.values(), *self.people.values())
        changes = {at for signal in signals for at in signal.changes(first)}
        changes |= {at for one in self.suspensions for at in (one.since, one.until) if at > first}
        for since, until in pairwise(sorted({first, *changes, FOREVER})):
            yield since, until, self._guard_at(since), self._rule_at(since)

    def _gaps_from(self, first: datetime) -> Iterator[Gap]:
        """The gaps from an instant on, at which none has begun that is not to be found again."""
        since = broken_since = proven_at = None
        for begins, ends, guard, rule in self._stretches(first):
            if guard is False or rule is True:
                if since is not None:
                    yield Gap(since, begins, proven_at, self._off_by(begins) if guard is False else "restored")
                since = broken_since = proven_at = None
                continue
            since = since or begins
            broken_since = (broken_since or begins) if guard is True and rule is False else None
            if broken_since and proven_at is None and ends - broken_since > self.allowed:
                proven_at = broken_since + self.allowed
        if since is not None:
            yield Gap(since, FOREVER, proven_at, "")

    # What follows

    def _lapses_at(self, gap: Gap) -> datetime:
        return gap.since + self.allowed

    def _off_by(self, at: datetime) -> str:
        """Why nothing is asked."""
        if self._is_suspended(at):
            return "suspended"
        of_one = self.obligation.while_.who is not None
        return "off-duty" if of_one and not self._is_anyone_on_duty(at) else "guard-off"

    def _rings_at(self, gap: Gap) -> datetime | None:
        """When a gap rings, if it does and has not yet: it must still be one when the allowance has passed."""
        rings_at = self._lapses_at(gap) + self.allowance
        if gap.until <= self.quiet_before:
            return None
        if gap.until <= rings_at or any(self._rang_for(alarm, gap) for alarm in self.alarms):
            return None
        told_at = self.quiet_before + HISTORY_WAITS if self._lapses_at(gap) <= self.quiet_before else self.now
        return max(rings_at, self.now, told_at)

    def _open(self) -> Alarm | None:
        return next((alarm for alarm in self.alarms if alarm.cleared_at is None), None)

    def _rang_for(self, alarm: Alarm, gap: Gap) -> bool:
        """It was rung for it, or it began before what was rung for had been over for long enough."""
        if gap.since < alarm.lapsed_at <= gap.until:
            return True
        return alarm.over_at is not None and alarm.lapsed_at <= gap.since < alarm.over_at

    def _gap_of(self, alarm: Alarm) -> Gap | None:
        """The gap that it rang for, if it is still known to have been one for as long as that."""
        rung = (gap for gap in reversed(self._gaps) if self._lapses_at(gap) <= alarm.lapsed_at <= gap.until)
        return next(rung, None)

    def _settle(self) -> None:
        """Clear what is over, by what is known at this moment."""
        alarm = self._open()
        if alarm is None:
            return
        gap = self._gap_of(alarm)
        if gap is None:
            alarm.clear(self.now, "late-evidence")
        elif (over := self._over(gap)) and over[0] <= self.now:
            alarm.clear(self.now, over[1])
            alarm.over_at = over[0]

    def _over(self, gap: Gap) -> tuple[datetime, str] | None:
        """When, and by what, a gap that has ended has stayed ended for long enough: broken again before that, it has
        not.
        """
        if gap.until == FOREVER:
            return None
        long_enough, restored_at = seconds(self.obligation.clear_after_s), None
        if gap.ends_by != "restored" or not long_enough:
            return gap.until, gap.ends_by
        for since, until, guard, rule in self._stretches(gap.until):
            if guard is False:
                return since, self._off_by(since)
            restored_at = None if rule is not True else restored_at or since
            if restored_at and until - restored_at > long_enough:  # and so it is at that instant
                return restored_at + long_enough, "restored"
        return None

    def next_at(self) -> datetime | None:
        alarm, coming = self._open(), list[datetime | None]()
        if alarm is None:
            coming = [self._rings_at(gap) for gap in self._gaps]
        elif gap := self._gap_of(alarm):
            over = self._over(gap)
            coming = [self._proves_at(alarm, gap), max(over[0], self.now) if over else None]
        return min((at for at in coming if at is not None), default=None)

    def _proves_at(self, alarm: Alarm, gap: Gap) -> datetime | None:
        """A breach that is proven while it is not over proves it, in this gap or in one that it was broken by again."""
        over = self._over(gap) or (FOREVER, "")
        proven = (one.proven_at for one in self._gaps if one.proven_at and gap.since <= one.since < over[0])
        proven_at = min(proven, default=None)
        if alarm.kind == "lapse" or proven_at is None:
            return None
        return max(proven_at + self.allowance, self.now)

    def passed(self, at: datetime) -> None:
        self.now = at
        alarm = self._open()
        if alarm is not None:
            gap = self._gap_of(alarm)
            if gap and self._proves_at(alarm, gap) == at:
                alarm.prove(at)
            self._settle()
            return
        for gap in self._gaps:
            if self._rings_at(gap) == at:
                proven = gap.proven_at is not None and gap.proven_at + self.allowance <= at
                self.alarms.append(Alarm("", "lapse" if proven else "unproven", self._lapses_at(gap), at))
                self._settle()
                return

    @property
    def instances(self) -> dict[str, Instance]:
        """How it stands now."""
        return self.stands(self.now)

    def stands(self, at: datetime) -> dict[str, Instance]:
        """How it stands at an instant up to which nothing more was heard."""
        if self._is_suspended(at):
            return {"": Instance("", None, at, state="SUSPENDED")}
        if self.began_at is None or self._guard_at(at) is False:
            return {"": Instance("", None, at, state="IDLE")}
        if self._open():
            return {"": Instance("", self._open().lapsed_at, at, state="LAPSED")}  # type: ignore[union-attr]
        if self._rule_at(at) is True:
            return {"": Instance("", None, at, state="OK")}
        due = next((self._lapses_at(gap) for gap in self._gaps if gap.since <= at < gap.until), None)
        return {"": Instance("", due, at, state="DUE")}

    def is_known(self, at: datetime) -> bool:
        """Whether it can be told at an instant if it is kept."""
        return self._guard_at(at) is False or (self._guard_at(at) is True and self._rule_at(at) is not None)
