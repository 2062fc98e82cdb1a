"""How an obligation stood at an instant: as it was known then, and as it is known at another instant, such as now.

Then is what was heard by then, in the order in which it was heard. Now is all that is known of the time up to then,
each thing as if it had been heard when it happened: what came late is in its place, and nothing rang for want of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from heard.engine.entry import Entry
from heard.watch.evaluation import evaluator, hear, let_pass
from heard.watch.evidence import ARMED, Evidence
from heard.watch.owed import Instance
from heard.watch.standing import evidence_of
from heard.watch.watching import Watched, first_of


def told(entries: Iterable[Entry]) -> list[Evidence]:
    """The evidence of entries."""
    return [evidence for entry in entries for evidence in evidence_of(entry)]


def then(watched: Watched, heard: Iterable[Evidence], at: datetime) -> dict[str, Instance]:
    """As it was known at that instant."""
    return _stands(watched, [one for one in heard if one.received_at <= at], at)


def now(watched: Watched, heard: Iterable[Evidence], at: datetime, known_at: datetime) -> dict[str, Instance]:
    """As it is known at `known_at` how it stood at `at`."""
    known = [_in_its_place(one, watched.armed_at) for one in heard if one.received_at <= known_at]
    return _stands(watched, sorted(known, key=lambda one: one.received_at), at)


def _in_its_place(one: Evidence, armed_at: datetime) -> Evidence:
    facts = {name: value for name, value in one.facts.items() if name != "history"}
    return msgspec.structs.replace(one, received_at=max(min(one.at, one.received_at), armed_at), facts=facts)


def _stands(watched: Watched, heard: Iterable[Evidence], at: datetime) -> dict[str, Instance]:
    found = evaluator(watched.obligation)
    for first in first_of(watched):
        found.heard(first)
    for one in heard:
        if one.received_at <= at and one.kind != ARMED:
            hear(found, one)
    let_pass(found, at)
    return found.stands(at)
