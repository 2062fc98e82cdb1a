"""Deeds that are due by civil days: where a day is proclaimed to be none of work, what is owed yet is due otherwise."""

from __future__ import annotations

from abc import abstractmethod
from datetime import date, datetime
from typing import Any

from heard.watch import civil
from heard.watch.evidence import PROCLAIMED, Evidence
from heard.watch.obligations import Obligation
from heard.watch.owed import NOTHING, Instance, Owed


class ByCalendar(Owed):
    """What was told of its calendar is evidence as any other is: before it was told, nobody knew."""

    def __init__(self, obligation: Obligation, calendar: str) -> None:
        super().__init__(obligation)
        self.calendar_of, self.calendar = calendar, civil.Calendar()

    @abstractmethod
    def due_by_calendar(self, instance: Instance) -> datetime | None:
        """When it is due by the calendar, as that is known now; None of what is due by another clock."""

    def heard(self, evidence: Evidence) -> None:
        if evidence.kind != PROCLAIMED:
            super().heard(evidence)
            return
        if evidence["calendar"] != self.calendar_of:
            return
        was = {key: self.due_by_calendar(one) for key, one in self.instances.items()}
        self.calendar.say(date.fromisoformat(str(evidence["day"])), bool(evidence["working"]))
        for key, instance in self.instances.items():
            due = self.due_by_calendar(instance)
            if due is not None and instance.due == was[key] != due:  # what was extended, or stood still, is due by that
                self._move(instance, due, evidence.received_at)

    def _move(self, instance: Instance, due: datetime, at: datetime) -> None:
        """What was done by then was in time or late by what was known, and stays so."""
        if instance.state not in ("DUE", "LAPSED", "SUSPENDED") or instance.due is None or self.zone is None:
            return
        was, instance.due = instance.due, due
        if instance.state == "SUSPENDED":
            instance.left = max(NOTHING, (instance.left or NOTHING) + civil.apart(was, due, self.zone))
        elif instance.state == "DUE":
            instance.told_at = at
        elif due > at and instance.alarm:
            instance.alarm.clear(at, "extended")
            instance.state, instance.told_at = "DUE", at

    # Laid down, and taken up again

    def proclaimed(self) -> list[Any]:
        return [(day.isoformat(), is_working) for day, is_working in self.calendar.proclaimed.items()]

    def take_up_calendar(self, proclaimed: list[Any]) -> None:
        self.calendar = civil.Calendar({date.fromisoformat(day): is_working for day, is_working in proclaimed})
