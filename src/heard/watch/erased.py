"""Up to when of a station what was told of people may be destroyed (`retention`): out of that time nothing new rings.

Worked out again from the record, what nobody can say any more would be gaps, and every start would ring for them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from heard.engine.journal import Journal
from heard.watch.retention_entries import VerdictsErased


class Erased:
    """Read from the record once, when it is asked for first; what is destroyed later is told to it."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self._until: dict[str, datetime] | None = None

    def heard(self, station: str, until_at: datetime) -> None:
        """More was destroyed. In years that is once a day and station: all of it is not read again for each."""
        if self._until is not None:
            self._until[station] = max(until_at, self._until.get(station, until_at))

    def reaches(self, stations: Iterable[str], at: datetime) -> bool:
        """Whether an instant of any of these stations lies in such a time."""
        if self._until is None:
            told = self.journal.opened(self.journal.store.of_kinds((VerdictsErased.kind,), 0))
            until = [(one.stream, one.body.until_at) for one in told if isinstance(one.body, VerdictsErased)]
            self._until = dict(sorted(until, key=lambda one: one[1]))  # of each station the latest
        return any(one in self._until and at <= self._until[one] for one in stations)
