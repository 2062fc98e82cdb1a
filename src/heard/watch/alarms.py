"""An alarm: what lapsed and when, when it was raised, and who was told by the ladder in force at that moment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from heard.watch.obligations import Step

AGAIN = "now a proven lapse"


class Alarm(msgspec.Struct):
    """`lapsed_at` is the due instant, whenever it was noticed. Never deleted; cleared, and why."""

    key: str
    kind: str
    lapsed_at: datetime
    raised_at: datetime
    kind_at_raise: str = ""
    upgraded_at: datetime | None = None
    acked_at: datetime | None = None
    cleared_at: datetime | None = None
    cleared_by: str | None = None
    #: Said again; it counts where the ladder was climbed on since.
    acked_again: list[datetime] = []
    #: What it rang for was over at this instant, whenever we learnt of it.
    over_at: datetime | None = None

    def clear(self, at: datetime, by: str) -> None:
        self.cleared_at, self.cleared_by = at, by

    def prove(self, at: datetime) -> None:
        """It was unproven, and now is a lapse; everyone told so far is told again."""
        self.kind_at_raise, self.kind, self.upgraded_at = self.kind, "lapse", at

    def notified(self, ladder: Sequence[Step], until: datetime, ack_timeout_s: float | None) -> list[dict[str, Any]]:
        """Who was told by `until`, and when. An acknowledgement stops the ladder; where it is not cleared in time after
        that, the ladder goes on, until somebody says again that they see to it. Of two things at one instant the
        acknowledgement and the clearing win.
        """
        told: list[dict[str, Any]] = []
        for number, at in self._rungs(ladder, ack_timeout_s):
            if at <= until and (self.cleared_at is None or at < self.cleared_at):
                told.append({"to": ladder[number].to, "at": at})
        if self.upgraded_at and self.upgraded_at <= until:
            again = [one["to"] for one in told if one["at"] < self.upgraded_at]
            told += [{"to": to, "at": self.upgraded_at, "again": AGAIN} for to in again]
        return sorted(told, key=lambda one: one["at"])

    def _rungs(self, ladder: Sequence[Step], ack_timeout_s: float | None) -> list[tuple[int, datetime]]:
        rungs = [(number, self.raised_at + timedelta(seconds=step.after_s)) for number, step in enumerate(ladder)]
        if self.acked_at is None:
            return rungs
        last = self.acked_at
        for number, at in enumerate((self.acked_at, *self.acked_again)):
            if number and not any(last < climbed_at < at for _, climbed_at in rungs):
                continue  # nobody else was told since
            before, last = [(step, due) for step, due in rungs if due < at], at
            after = rungs[len(before) :]
            if ack_timeout_s is None or not after:
                return before
            shift = at + timedelta(seconds=ack_timeout_s) - after[0][1]
            rungs = [*before, *((step, due + shift) for step, due in after)]
        return rungs
