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
from heard.watch.evidence import ARMED, PROCLAIMED, Evidence
from heard.watch.obligations import AnyObligation
from heard.watch.owed import Instance
from heard.watch.standing import evidence_of


def told(entries: Iterable[Entry]) -> list[Evidence]:
    """The evidence of entries."""
    return [evidence for entry in entries for evidence in evidence_of(entry)]


class Told(msgspec.Struct, frozen=True):
    """What a version of an obligation was told: `first`, how things stood when it was armed, and then what it `heard`
    of.
    """

    obligation: AnyObligation
    armed_at: datetime
    first: list[Evidence]
    heard: list[Evidence]


def then(of: Told, at: datetime) -> dict[str, Instance]:
    """As it was known at that instant."""
    return _stands(of, [one for one in of.heard if one.received_at <= at], at)


def now(of: Told, at: datetime, known_at: datetime) -> dict[str, Instance]:
    """As it is known at `known_at` how it stood at `at`."""
    known = [_in_its_place(one, of.armed_at) for one in of.heard if one.received_at <= known_at]
    return _stands(of, sorted(known, key=lambda one: one.received_at), at)


def calendar_version(of: Told, known_at: datetime) -> int:
    """In which version its calendar was known at an instant: nought before anything was proclaimed."""
    told = [one["version"] for one in (*of.first, *of.heard) if one.kind == PROCLAIMED and one.received_at <= known_at]
    return max(told, default=0)


def _in_its_place(one: Evidence, armed_at: datetime) -> Evidence:
    """A day is one of work or is none whenever that was proclaimed."""
    if one.kind == PROCLAIMED:
        return msgspec.structs.replace(one, received_at=armed_at)
    facts = {name: value for name, value in one.facts.items() if name != "history"}
    return msgspec.structs.replace(one, received_at=max(min(one.at, one.received_at), armed_at), facts=facts)


def _stands(of: Told, heard: Iterable[Evidence], at: datetime) -> dict[str, Instance]:
    found = evaluator(of.obligation)
    for first in of.first:
        found.heard(first)
    for one in heard:
        if one.received_at <= at and one.kind != ARMED:
            hear(found, one)
    let_pass(found, at)
    return found.stands(at)
