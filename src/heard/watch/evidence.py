"""Evidence: what a source says happened, with two times, when it says so and when it reached us."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec

from heard.engine import now

#: The kind of the first thing that is heard in what is watched in earnest: from here on silence means something.
ARMED = "armed"
#: The kind of what is told of a calendar: that a day is one of work, or is none.
PROCLAIMED = "calendar"

#: History comes in parts. What it alone says was not kept rings after so long, when the rest of it is here.
HISTORY_WAITS = timedelta(seconds=60)


class Evidence(msgspec.Struct, frozen=True):
    """`received_at` is the order of the record, `at` the time that is claimed. `facts` are its other fields."""

    kind: str
    received_at: datetime
    at: datetime
    facts: dict[str, Any]
    clamped: bool = False

    def __getitem__(self, name: str) -> Any:
        return self.facts.get(name)


def read(written: dict[str, Any], skew_s: float) -> Evidence:
    """One piece as it was sent: `r`, `t` (as `r` where it is not given), `kind`, and more.

    A clock that runs ahead by more than `skew_s` is not believed: then it happened when it was received.
    """
    facts = dict(written)
    received_at = now.instant(facts.pop("r"))
    at = now.instant(facts.pop("t")) if facts.get("t") else received_at
    facts.pop("t", None)
    clamped = at > received_at + timedelta(seconds=skew_s)
    return Evidence(facts.pop("kind"), received_at, received_at if clamped else at, facts, clamped)


class Suspension(msgspec.Struct):
    """From an instant until another nothing is owed: its clock stands still (`pause`), or its guard is off (`waive`).

    It ends by itself. It is told of before it begins: nothing that has been is suspended.
    """

    id: str
    since: datetime
    until: datetime
    how: str
    has_begun: bool = False
    is_over: bool = False

    def holds(self, at: datetime) -> bool:
        return self.since <= at < self.until


def suspension(evidence: Evidence) -> tuple[Suspension, ...]:
    """What evidence of the kind `suspend` says: `from`, `until`, `how`, and its `id`.

    Nothing where it has no end, or where one person alone says so: that suspends nothing.
    """
    facts = evidence.facts
    by, second = facts.get("by"), facts.get("second")
    if not facts.get("until") or ((by or second) and (not by or not second or by == second)):
        return ()
    since, until = (_instant(facts.get(name), evidence.received_at) for name in ("from", "until"))
    found = Suspension(str(facts.get("id", "")), max(since, evidence.received_at), until, facts.get("how") or "pause")
    return (found,) if found.since < found.until else ()


def _instant(written: Any, otherwise: datetime) -> datetime:
    if not written:
        return otherwise
    return written if isinstance(written, datetime) else now.instant(written)
