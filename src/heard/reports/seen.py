"""A report as it may be seen at this moment, from the journal; what hides names in it is asked for here, once."""

from __future__ import annotations

import functools
from datetime import date, datetime
from typing import Any

from heard.cases.release import Doors
from heard.engine.journal import Journal
from heard.engine.projection import Tables
from heard.reports import concerns, projection, shown
from heard.reports.entries import Listed, NamesHidden
from heard.reports.model import HIDDEN, Masking
from heard.reports.shown import Shown, Texts


def seen_now(
    journal: Journal, tables: Tables, doors: Doors, report: str, on: date | None = None
) -> tuple[Shown, Texts] | None:
    """A report as it may be seen at this moment; None when it is withheld. `on` looks back to a day."""
    life, masking, hidden = _life(journal, tables, doors, report)
    opening = life[0]
    assert isinstance(opening, Listed)
    return shown.show(report, opening.slug, opening.kept_at, life, masking, on=on, **hidden)


def masking_now(journal: Journal, tables: Tables, doors: Doors, report: str) -> Masking:
    """For words that others say of a report: takes out what is hidden in the report, or under an order."""
    life, masking, hidden = _life(journal, tables, doors, report)
    return shown.masking_of(life, masking, **hidden)


def concern_now(journal: Journal, report: str, said: str, at: datetime) -> str:
    """What names now the concern of a report that somebody meant at an instant, or that its words changed since."""
    life = [(entry.at, entry.body) for entry in journal.stream(report) if entry.body is not None]
    return concerns.now_called([body for _, body in life], sum(told_at <= at for told_at, _ in life), said)


def _life(journal: Journal, tables: Tables, doors: Doors, report: str) -> tuple[list[Any], Masking, dict[str, Any]]:
    """What happened to a report, what takes out names under an order, and what hides the name of who died: that all are
    nameless, that another report says that it was a child, or what somebody asked to be hidden in another.
    """
    life = [entry.body for entry in journal.stream(report) if entry.body is not None]
    guard = doors.of_every(tables).guard
    masking = functools.partial(guard.without, mark=HIDDEN) if guard else str
    others = projection.named_alike(tables, report)
    asked = [other for other in others if projection.is_hidden(tables, other)]
    hidden = {
        "nameless": projection.is_every_name_hidden(tables),
        "child": any(projection.is_young(tables, other) for other in others),
        "alike": _asked_in(journal, asked) if asked else None,
    }
    return life, masking, hidden


def _asked_in(journal: Journal, reports: list[str]) -> NamesHidden:
    """All that somebody asked to be hidden in any of these."""
    every = [shown.hiding(entry.body for entry in journal.stream(report)) for report in reports]
    return NamesHidden(tuple(name for one in every if one for name in one.names))
