"""Evidence: what a source says happened, with two times, when it says so and when it reached us."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec

from heard.engine import now

#: The kind of the first thing that is heard in what is watched in earnest: from here on silence means something.
ARMED = "armed"


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
