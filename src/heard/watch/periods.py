"""Deeds that are owed for each period: a month, by a working day of the next; or a day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import count, islice
from typing import Any

from heard.watch import civil
from heard.watch.by_calendar import ByCalendar
from heard.watch.evidence import ARMED, PROCLAIMED, Evidence
from heard.watch.obligations import Each
from heard.watch.owed import BEGINNING, Instance

#: Of periods without an end so many are owed at a time: the one that goes on, and the next.
AHEAD = 2


class OwedEach(ByCalendar):
    obligation: Each

    def __init__(self, obligation: Each) -> None:
        super().__init__(obligation, obligation.calendar)
        self.zone = obligation.tz
        self._coming = self._periods()
        for period, due in islice(self._coming, obligation.count or AHEAD):
            self._add(period, due, BEGINNING)

    def besides(self) -> Any:
        return self.proclaimed()

    def take_up(self, besides: Any) -> None:
        self.take_up_calendar(besides)
        self._coming = self._periods(since=len(self.instances))
        self._last = next(reversed(self.instances.values()))

    def _add(self, period: str, due: datetime, told_at: datetime) -> None:
        self._last = self.instances[period] = Instance(period, due, told_at)
        if self.is_waived(self._last):
            self._last.state = "VOID"
        elif self.is_suspended("pause"):
            self.stop(self._last, told_at)

    def _periods(self, since: int = 0) -> Iterator[tuple[str, datetime]]:
        of = self.obligation
        at = time.fromisoformat(of.due["time"]) if "time" in of.due else None
        numbers = range(since, of.count) if of.count else count(since)
        if of.each == "month":
            year, month = map(int, of.from_.split("-")[:2])
            for number in numbers:
                this = divmod(year * 12 + month - 1 + number, 12)
                yield f"{this[0]:04d}-{this[1] + 1:02d}", self._due_after(this[0], this[1] + 1)
        else:
            first = date.fromisoformat(of.from_)
            for day in (first + timedelta(days=number) for number in numbers):
                yield day.isoformat(), civil.instant(day, at, of.tz) if at else civil.end_of_day(day, of.tz)

    def _due_after(self, year: int, month: int) -> datetime:
        """When what is of a month is due, in the month after it."""
        of = self.obligation
        day = self.calendar.of_month(year + month // 12, month % 12 + 1, int(of.due["working_day"]))
        if "time" in of.due:
            return civil.instant(day, time.fromisoformat(of.due["time"]), of.tz)
        return civil.end_of_day(day, of.tz)

    def due_by_calendar(self, instance: Instance) -> datetime | None:
        if self.obligation.each != "month":
            return None
        year, month = map(int, instance.key.split("-"))
        return self._due_after(year, month)

    def heard(self, evidence: Evidence) -> None:
        if evidence.kind == PROCLAIMED:
            self._opened_at = None
        super().heard(evidence)
        self._go_on(evidence.received_at)

    def passed(self, at: datetime) -> None:
        super().passed(at)
        self._go_on(at)

    def _go_on(self, at: datetime) -> None:
        """Without an end there is always one that is owed yet."""
        while not self.obligation.count and not (self._last.state in ("DUE", "SUSPENDED") and self._is_to_come(at)):
            self._add(*next(self._coming), at)

    def _is_to_come(self, at: datetime) -> bool:
        return self._last.state == "SUSPENDED" or (self._last.due is not None and self._last.due > at)

    def hears(self, evidence: Evidence) -> None:
        if evidence.kind == ARMED:
            for instance in self.instances.values():  # what was due before it was armed was not asked of anybody
                if instance.due is not None and instance.due <= evidence.at:
                    self.end(instance, evidence.at, "VOID", "")
        elif evidence.kind == self.obligation.do and self._is_where(evidence):
            self._done(evidence)

    def _is_where(self, evidence: Evidence) -> bool:
        return all(evidence[name] == value for name, value in self.obligation.where.items())

    def _done(self, evidence: Evidence) -> None:
        if evidence["period"] is not None:
            if instance := self.instances.get(str(evidence["period"])):
                self.done(instance, evidence)
            return
        if evidence.at <= self._opens_at():
            return  # it was of a period of which nothing is asked
        for instance in self.instances.values():  # in order of their dues
            assert instance.due is not None
            is_of_it = evidence.at <= instance.due + self.grace
            if is_of_it or instance.state in ("LAPSED", "DUE"):
                self.done(instance, evidence)
            if is_of_it:
                return  # a second one in its time is none for the next; one after it is, and clears what had lapsed

    def _opens_at(self) -> datetime:
        """When the period before the first was over."""
        if self._opened_at is None:
            self._opened_at = next(self._periods(since=-1))[1] + self.grace
        return self._opened_at

    _opened_at: datetime | None = None
