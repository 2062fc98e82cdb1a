"""What is owed before a duty begins: whoever begins it has read the order that is in force."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from heard.watch.evidence import Evidence
from heard.watch.obligations import Before
from heard.watch.owed import Instance, OnDuty, Owed


class OwedBefore(Owed):
    """Each beginning of a duty is judged by what was in force and read at its instant, in whatever order that is told.

    Who has read a version that came later has read what is current: more cannot be asked of them.
    """

    obligation: Before

    def __init__(self, obligation: Before) -> None:
        super().__init__(obligation)
        self.versions: list[tuple[datetime, object]] = []
        self.acknowledged: dict[tuple[object, object], datetime] = {}
        self.on_duty = OnDuty(obligation.post)

    def besides(self) -> Any:
        return self.versions, [(*which, at) for which, at in self.acknowledged.items()], self.on_duty.state()

    def take_up(self, besides: Any) -> None:
        versions, acknowledged, on_duty = besides
        self.versions = [(at, version) for at, version in versions]
        self.acknowledged = {(who, version): at for who, version, at in acknowledged}
        self.on_duty.go_on_from(on_duty)

    def hears(self, evidence: Evidence) -> None:
        of, who = self.obligation, evidence["who"]
        self.on_duty.heard(evidence)
        if evidence.kind == "publish" and evidence["order"] == of.order:
            self.versions.append((evidence.at, evidence["version"]))
            for instance in self.instances.values():
                self._judge(instance, evidence)
        elif evidence.kind == "ack" and evidence["order"] == of.order:
            known = self.acknowledged.get((who, evidence["version"]), evidence.at)
            self.acknowledged[who, evidence["version"]] = min(known, evidence.at)
            if who in self.instances:
                self._judge(self.instances[who], evidence)
        elif evidence.kind == "withdraw" and evidence["order"] == of.order:
            self.versions.append((evidence.at, None))
            for instance in self.instances.values():
                self.end(instance, evidence.received_at, "VOID", "withdrawn")
        elif evidence.kind == of.at and evidence["post"] == of.post and not evidence["began_before"]:
            self._begin(who, evidence)
        elif evidence.kind == "duty.end" and who in self.instances and who not in self.on_duty.began:
            self.end(self.instances[who], evidence.received_at, "VOID", "off-duty")

    def _begin(self, who: str, evidence: Evidence) -> None:
        before = self.instances.get(who)
        if before is not None:
            if before.since is not None and evidence.at <= before.since:
                return  # it is told again, or was before the duty that is judged
            self.end(before, evidence.received_at, "VOID", "off-duty")
        instance = self.instances[who] = Instance(who, evidence.at, evidence.received_at, who, since=evidence.at)
        self._judge(instance, evidence)
        if instance.state == "DUE" and not self._goes_on(instance):
            instance.state = "VOID"  # it was over before it was told to begin

    def _goes_on(self, instance: Instance) -> bool:
        """Whether what it was owed before is not over yet."""
        return self.obligation.at != "duty.start" or instance.who in self.on_duty.began

    def _judge(self, instance: Instance, evidence: Evidence) -> None:
        """By all that is known now."""
        assert instance.due is not None and instance.since is not None
        if instance.state == "VOID":
            return
        enough = self._enough(instance.since)
        read_at = min((at for one in enough if (at := self.acknowledged.get((instance.who, one)))), default=None)
        if read_at is not None or not enough:
            in_time = read_at is None or read_at <= instance.since
            if instance.state in ("MET", "MET_LATE"):
                instance.state = "MET" if in_time else "MET_LATE"
            else:
                self.done(instance, msgspec.structs.replace(evidence, at=read_at or instance.since))
        elif instance.state in ("MET", "MET_LATE") and self._goes_on(
            instance
        ):  # a version has come to light that they had not read
            instance.state, instance.told_at = "DUE", evidence.received_at
        if instance.state == "DUE" and self.is_waived(instance):
            instance.state = "VOID"
        elif instance.state == "DUE" and self.is_suspended("pause"):
            self.stop(instance, evidence.at)

    def _enough(self, at: datetime) -> list[object]:
        """What was current at an instant, and what has become so since; nothing where nothing was to be read."""
        published = [(since, n, one) for n, (since, one) in enumerate(self.versions)]
        current = max((one for one in published if one[0] <= at), default=None)
        if current is None or current[2] is None:
            return []
        return [one[2] for one in published if one >= current and one[2] is not None]
