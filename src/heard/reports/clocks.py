"""The clocks of a report: from when an addressee owes a response, and what that makes of any day.

The Coroners (Investigations) Regulations 2013 (SI 2013/1629), reg. 29, are read here as the Chief Coroner's form states
them, "within 56 days of the date of this report": the text of reg. 29 itself has not been read by the makers of this
file. Days are civil days in England and Wales. Weekends and bank holidays do not move the last day; a response that is
dated on it is in time, and the day after is the first on which one is owed and not there.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal

import msgspec

#: "… within 56 days", as the form states.
DAYS = 56

Flag = Literal["before the report", "far from day 56"]
#: A stated last day is believed when it is no further than this from the counted one; others are shown and flagged.
NEAR_DAYS = 14


class Due(msgspec.Struct, frozen=True):
    """An addressee's last day, three ways: counted from `start`, as the report states it, as the coroner
    extended it.
    """

    start: date
    started_by: Literal["sent", "dated"]
    counted: date
    stated: date | None = None
    extended: date | None = None

    @property
    def on(self) -> date:
        """The day that counts: as extended, or else as counted. What the report states is shown beside it, not used."""
        return max(self.extended, self.counted) if self.extended else self.counted

    @property
    def flag(self) -> Flag | None:
        """What is odd about the stated day."""
        if self.stated is None:
            return None
        if self.stated <= self.start:
            return "before the report"
        return "far from day 56" if abs(self.stated - self.counted) > timedelta(NEAR_DAYS) else None


def due(dated: date, sent: date | None = None, stated: date | None = None, extended: date | None = None) -> Due:
    """The clock of an addressee. It starts on the day on which the report was sent, where that is recorded."""
    start = sent or dated
    return Due(start, "sent" if sent else "dated", start + timedelta(DAYS), stated, extended)


def day_number(start: date, on: date) -> int:
    """Which day of the clock a day is; the day of the report is day 0, the last day is day 56."""
    return (on - start).days


TrackerStatus = Literal["completed", "pending", "overdue", "partial"]


def by_the_trackers_rule(sent: int, replies: int, dated: date, on: date) -> TrackerStatus:
    """The counting rule of the Preventable Deaths Tracker, which many figures in print rest on.

    It counts replies and does not ask whose they are; it knows neither stated deadlines nor extensions. Worked out from
    its published tables of 31 July 2025, with all of which it agrees.
    """
    if replies >= sent > 0:
        return "completed"
    if day_number(dated, on) <= DAYS:
        return "pending"
    return "partial" if replies else "overdue"


def days_over(dated: date, on: date) -> int:
    """The tracker's count of days overdue; below nought, the days that are left."""
    return day_number(dated, on) - DAYS
