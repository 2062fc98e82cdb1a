"""What waits on the desk of a case: drafts, held, sealed, submitted, changes, what readers said; each with its words.

Whose words somebody is about to be shown is written down before, where they are not their own; while that cannot be
written, they are shown none of it, and how much waits all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import chain
from typing import Any, TypeVar

from heard.accounts.model import Caller
from heard.cases import projection as cases
from heard.cases.exits import Serving
from heard.cases.model import Case
from heard.cases.who_saw import see_words
from heard.coverage import court, drafting, orders, projection, proposed, waiting
from heard.coverage.entries import ProblemReported
from heard.coverage.model import Problem
from heard.engine.errors import NotFound

One = TypeVar("One")
Shown = dict[str, Any]


async def seen(serving: Serving, case: Case, caller: Caller) -> Shown:
    """The queues by their names, `kept_back` where their words could not be shown, and in `seen` who saw each.

    Raises SignInNeeded, NotAllowed.
    """
    tables, lets_out = serving.tables, caller.may("release_held")

    def posts(found: Iterable[Any]) -> list[Shown]:
        return _each(found, lambda post: waiting.seen(serving, case, post, caller))

    kept = projection.longest_with_status(tables, case.id, "held")
    since = _each(kept, lambda post: waiting.kept_since(serving, post.id))
    without_jury = court.sealed(tables, case.id)
    first_sealed = {
        hearing: next(iter(_each(found, lambda post: waiting.kept_since(serving, post.id))), None)
        for hearing, found in without_jury.items()
    }
    held = posts(kept) if lets_out else []
    sealed = {hearing: posts(found) if lets_out else [] for hearing, found in without_jury.items()}
    submitted = posts(projection.longest_with_status(tables, case.id, "submitted"))
    changes = _each(proposed.waiting(tables, case.id), lambda one: waiting.change_seen(serving, one, caller))
    drafts = drafting.seen(serving, case, caller)
    wrong = projection.problems(tables, case.id) if caller.may("retract") else []

    of_others = [
        *_of_others(submitted),
        *_of_others(changes),
        *_of_others(one for one in drafts or () if not one["gone_at"]),
    ]
    things = [*_ids(chain(held, *sealed.values())), *of_others, *(one.id for one in wrong)]
    noted = await orders.noted(serving, case, caller, things, see_words)
    if not noted:
        held, sealed = [], {hearing: [] for hearing in sealed}
        submitted, changes = _own(submitted), _own(changes)
        drafts = drafts and [one for one in drafts if one["own"] or one["gone_at"]]
    return {
        "kept_back": not noted,
        "seen": _who_saw(serving, caller, things, [one["id"] for one in _own(drafts or ())]) if noted else {},
        "held": held,
        "held_count": len(since),
        "held_first": waiting.look_by(since[0]) if since else None,
        "sealed": sealed,
        "sealed_since": first_sealed,
        "stays": cases.legal_hold_since(tables, case.id),
        "drafts": drafts and [one for one in drafts if not (one["thrown_at"] or one["gone_at"])],
        "put_away": [one for one in drafts or () if one["thrown_at"] or one["gone_at"]],
        "submitted": submitted,
        "waits": posts(projection.with_status(tables, case.id, "waiting")),
        "changes": changes,
        "problems": _each(wrong, lambda problem: _problem(serving, problem, shown=noted)),
    }


def _each(found: Iterable[Any], shown: Callable[[Any], One]) -> list[One]:
    """As shown, but for what was erased, let out or dropped since it was looked for."""
    told = []
    for one in found:
        with suppress(NotFound):
            told.append(shown(one))
    return told


def _ids(found: Iterable[Shown]) -> list[str]:
    return [one["id"] for one in found]


def _of_others(found: Iterable[Shown]) -> list[str]:
    return [one["id"] for one in found if not one["own"]]


def _own(found: Iterable[Shown]) -> list[Shown]:
    return [one for one in found if one["own"]]


def _who_saw(serving: Serving, caller: Caller, things: list[str], drafts: list[str]) -> dict[str, list[Shown]]:
    """For lawyers of all that they see; for whoever keeps a draft, of that, where somebody else saw it."""
    told = orders.who_saw_each(serving.tables, [*things, *drafts] if caller.may("know_orders") else drafts)
    return {one: saw for one, saw in told.items() if saw or one not in drafts}


def _problem(serving: Serving, problem: Problem, *, shown: bool) -> Shown:
    entry = serving.node.journal.entry(problem.position) if shown else None
    body = entry.body if entry else None
    words = body.words if isinstance(body, ProblemReported) else ""
    contact = (serving.vault.get("contact", problem.id) if shown else None) or b""
    return {"id": problem.id, "post": problem.post, "clock": problem.clock, "words": words, "contact": contact.decode()}
