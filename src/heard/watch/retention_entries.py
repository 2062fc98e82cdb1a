"""What can happen to how long things are kept. The rule has one stream of its own, `RULE`."""

from __future__ import annotations

from datetime import datetime

from heard.engine.entry import Body, written_as

#: The stream of the rule.
RULE = "retention"


@written_as("watch.retention_set")
class RetentionSet(Body, frozen=True):
    """On the stream `RULE`: how long raw fixes, and what was told of people on duty, are kept from now on; and why."""

    fixes_h: int
    verdicts_days: int
    reason: str


@written_as("watch.verdicts_erased")
class VerdictsErased(Body, frozen=True):
    """On the station's stream: the words of these entries, told of duties (by where they began) that were over by an
    instant, are destroyed.
    """

    until_at: datetime
    duties: tuple[int, ...]
    positions: tuple[int, ...]

    def erases(self) -> tuple[int, ...]:
        return self.positions
