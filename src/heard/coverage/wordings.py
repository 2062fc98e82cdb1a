"""Every wording of a post with its from and until, who let it out, and which orders were in force then.

For the desk alone: of an order one sees what one was told, as elsewhere (see `cases.told`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from heard.cases import projection as cases
from heard.cases.entries import RestrictionImposed, RestrictionLifted, RestrictionTold
from heard.cases.model import Case
from heard.cases.orders import KINDS
from heard.coverage.elements import plain
from heard.coverage.entries import (
    PostClarified,
    PostCorrected,
    PostErased,
    PostHeld,
    PostPublished,
    PostRetracted,
    PostSealed,
    PostTakenOver,
)
from heard.engine.entry import Entry
from heard.engine.journal import Journal
from heard.engine.projection import Tables

_WORDED = (PostPublished, PostTakenOver, PostCorrected, PostClarified)
_ENDED = {PostCorrected.kind: "corrected", PostClarified.kind: "clarified", PostRetracted.kind: "withdrawn"}


class OrderThen(msgspec.Struct, frozen=True):
    """An order from when it was recorded until it was lifted. `names` are empty for one who is not cleared."""

    id: str
    label: str
    from_at: datetime
    until_at: datetime | None
    names: tuple[str, ...]

    def was_in_force(self, at: datetime) -> bool:
        return self.from_at <= at and (self.until_at is None or at < self.until_at)


class Wording(msgspec.Struct, frozen=True):
    """Words that readers had of a post. `until_at` is None while they have them; `erased`: they exist nowhere.

    `released_by` is the account that let them out; `kept_since` when they were held or sealed first, else None.
    """

    post: str
    position: int
    title: str
    text: str
    erased: bool
    from_at: datetime
    until_at: datetime | None
    ended: str
    released_by: str
    kept_since: datetime | None
    orders: tuple[OrderThen, ...]

    def stood(self, at: datetime) -> bool:
        return self.from_at <= at and (self.until_at is None or at < self.until_at)


def orders_of(tables: Tables, journal: Journal, case: Case, account: str, *, all_of_them: bool) -> list[OrderThen]:
    """Every order that the account was told of, lifted or not. `all_of_them`: lawyers are told of each."""
    told: dict[str, set[str]] = {}
    cleared: dict[str, set[str]] = {}
    imposed: dict[str, tuple[Entry, RestrictionImposed]] = {}
    lifted: dict[str, datetime] = {}
    for entry in journal.stream(cases.by_id(tables, case.id).rules):
        match entry.body:
            case RestrictionImposed() as body:
                imposed[body.restriction] = entry, body
                told[body.restriction] = {entry.by, *body.told, *body.cleared}
                cleared[body.restriction] = {entry.by, *body.cleared}
            case RestrictionTold() as body:
                told.setdefault(body.restriction, set()).update(body.told, body.cleared)
                cleared.setdefault(body.restriction, set()).update(body.cleared)
            case RestrictionLifted() as body:
                lifted.setdefault(body.restriction, entry.at)
    return [
        OrderThen(
            id,
            KINDS[body.order].label,
            entry.at,
            lifted.get(id),
            body.names if all_of_them or account in cleared[id] else (),
        )
        for id, (entry, body) in imposed.items()
        if all_of_them or account in told[id]
    ]


def wordings(journal: Journal, post: str, orders: Sequence[OrderThen]) -> list[Wording]:
    """The wordings of one post, the first of them first."""
    found: list[Wording] = []
    kept_since: datetime | None = None
    for entry in journal.stream(post):
        if entry.kind in (PostHeld.kind, PostSealed.kind) and kept_since is None:
            kept_since = entry.at
        if found and found[-1].until_at is None and entry.kind in _ENDED:
            found[-1] = msgspec.structs.replace(found[-1], until_at=entry.at, ended=_ENDED[entry.kind])
        if found and found[-1].until_at is None and isinstance(entry.body, PostErased):
            found[-1] = msgspec.structs.replace(found[-1], until_at=entry.at, ended="erased")
        if entry.kind in _KINDS:
            found.append(_wording(entry, kept_since, orders))
    return found


_KINDS = frozenset(body.kind for body in _WORDED)


def _wording(entry: Entry, kept_since: datetime | None, orders: Sequence[OrderThen]) -> Wording:
    body = entry.body
    erased = not isinstance(body, _WORDED)
    title, text = (body.title, plain(body.elements)) if isinstance(body, _WORDED) else ("", "")
    first = entry.kind in (PostPublished.kind, PostTakenOver.kind)
    return Wording(
        entry.stream,
        entry.position,
        title,
        text,
        erased,
        entry.at,
        None,
        "",
        entry.by,
        kept_since if first else None,
        tuple(order for order in orders if order.was_in_force(entry.at)),
    )
