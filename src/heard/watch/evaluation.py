"""One obligation over a record of evidence: what rang, who was told, and how each instance stands at an instant."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from heard.engine import now
from heard.watch import evidence as evidences
from heard.watch import obligations
from heard.watch.alarms import Alarm
from heard.watch.before import OwedBefore
from heard.watch.deeds import OwedBy, OwedEvery
from heard.watch.evidence import Evidence
from heard.watch.keeping import Kept
from heard.watch.obligations import AnyObligation, Before, By, Each, Every, Keep
from heard.watch.owed import Evaluator, Instance
from heard.watch.periods import OwedEach
from heard.watch.several import Several


def evaluator(obligation: AnyObligation) -> Evaluator:
    if obligation.for_each is not None:
        return Several(obligation, obligation.for_each, evaluator)
    match obligation:
        case By():
            return OwedBy(obligation)
        case Before():
            return OwedBefore(obligation)
        case Every():
            return OwedEvery(obligation)
        case Each():
            return OwedEach(obligation)
        case Keep():
            return Kept(obligation)


def run(watching: Evaluator, record: Iterable[Evidence], until: datetime) -> None:
    """Hear the record in order of receipt, and let time pass in between and up to `until`."""
    for one in sorted(record, key=lambda evidence: evidence.received_at):
        if one.received_at > until:
            break
        hear(watching, one)
    let_pass(watching, until)


def hear(watching: Evaluator, evidence: Evidence) -> None:
    """Let time pass up to when it was received, and hear it: of the two at one instant, the evidence is first."""
    let_pass(watching, evidence.received_at, including=False)
    if evidence.kind == "alarm.ack":
        _acknowledge(watching, evidence)
    else:
        watching.heard(evidence)


def let_pass(watching: Evaluator, until: datetime, *, including: bool = True) -> None:
    while (at := watching.next_at()) is not None and (at < until or (including and at == until)):
        watching.passed(at)


def _acknowledge(watching: Evaluator, evidence: Evidence) -> None:
    for alarm in watching.alarms:
        if alarm.cleared_at is None and evidence["key"] in (None, alarm.key):
            if alarm.acked_at is None:
                alarm.acked_at = evidence.received_at
            else:
                alarm.acked_again = [*alarm.acked_again, evidence.received_at]


def evaluate(written: dict[str, Any]) -> dict[str, Any]:
    """An example as it is written in a file (`obligation`, `evidence`, `until`): its alarms and the states at the end.

    Raises msgspec.ValidationError where the obligation is not one.
    """
    obligation = obligations.read(written["obligation"])
    until = now.instant(written["until"])
    watching = evaluator(obligation)
    run(watching, [evidences.read(one, obligation.skew_s) for one in written["evidence"]], until)
    return {
        "alarms": [_alarm(alarm, obligation, until) for alarm in watching.alarms],
        "final": {key: {"state": one.state, "due": _due(one)} for key, one in watching.stands(until).items()},
    }


def _due(instance: Instance) -> str | None:
    return written_instant(instance.due) if instance.state not in ("OK", "IDLE") else None


def _alarm(alarm: Alarm, obligation: AnyObligation, until: datetime) -> dict[str, Any]:
    told: dict[str, Any] = {
        "key": alarm.key,
        "kind": alarm.kind,
        "lapsed_at": written_instant(alarm.lapsed_at),
        "raised_at": written_instant(alarm.raised_at),
    }
    if alarm.upgraded_at:
        told |= {"kind_at_raise": alarm.kind_at_raise, "upgraded_at": written_instant(alarm.upgraded_at)}
    notified = alarm.notified(obligation.escalate, until, obligation.ack_timeout_s)
    return told | {
        "acked_at": written_instant(alarm.acked_at),
        "cleared_at": written_instant(alarm.cleared_at),
        "cleared_by": alarm.cleared_by,
        "notified": [{**one, "at": written_instant(one["at"])} for one in notified],
    }


def written_instant(at: datetime | None) -> str | None:
    """RFC 3339 in UTC, with milliseconds only where there are any."""
    if at is None:
        return None
    precision = "milliseconds" if at.microsecond else "seconds"
    return at.astimezone(UTC).isoformat(timespec=precision).replace("+00:00", "Z")
