"""What the desk asks every few seconds: who else is here, how many read, how fast it reaches them, and is it newer."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from heard.accounts import projection as accounts
from heard.cases import projection as cases
from heard.cases import states
from heard.cases.exits import Serving, looking_twice
from heard.cases.footing import of_case, of_people
from heard.cases.model import Case
from heard.cases.release import HELD_WITHIN
from heard.coverage import drafts, presence, projection
from heard.coverage.in_case import signed_in
from heard.engine import now
from heard.engine.errors import HeardError, NotFound, Refused
from heard.engine.projection import Tables

NO_STORE = {"Cache-Control": "no-store"}


def routes() -> list[BaseRoute]:
    return [Route("/desk/{slug}/here", here, methods=["POST"])]


async def here(request: Request) -> Response:
    """This page of the desk is open, or is being left; answered with everyone else's, and with figures of now."""
    serving, caller = signed_in(request, "read_desk")
    form = await request.form(max_fields=10)
    page, at = (str(form.get(name) or "") for name in ("page", "at"))

    async def told() -> Response:
        case = cases.by_slug(serving.tables, request.path_params["slug"])
        # The same for a post of another case, of which whoever asks may know nothing.
        if at not in ("", presence.NEW) and [one.case for one in projection.by_ids(serving.tables, [at])] != [case.id]:
            raise Refused("There is no such post to write at. Nothing was changed.")
        if "leaves" in form:
            presence.leave(serving.vault, case.id, caller.account.id, page)
        else:
            presence.come(serving.vault, case.id, caller.account.id, page, at)
        return Response(msgspec.json.encode(seen(serving, case, caller.account.id)), 200, NO_STORE, "application/json")

    return await looking_twice(serving, told)


def seen(serving: Serving, case: Case, account: str) -> dict[str, Any]:
    """`here`: who else, and at what; `readers` and `delivery_ms` are None where this node does not know."""
    readers, delivery_ms = _audience(serving, case.id)
    return {
        "here": [{"name": _name(serving, one.account), "at": one.at} for one in _others(serving, case, account)],
        "readers": readers,
        "delivery_ms": delivery_ms,
        "latest": _latest(serving.tables, case.id, _drafts(serving, case.id)),
    }


def _drafts(serving: Serving, case: str) -> list[str]:
    try:
        return drafts.told_apart(serving.node.journal, case)
    except HeardError:  # as with who else is here
        return []


def _latest(tables: Tables, case: str, kept: list[str]) -> str:
    """What changes with all that the desk shows: its posts, what of them is overdue, the drafts, and how the court
    sits, in which no post changes.
    """
    sits = [cases.needs_second_eyes(tables, case), cases.is_held(tables, case)]
    leave = [of_case(tables, case), of_people(tables, case)]
    of_the_court = [cases.juries(tables, case), states.in_private(tables, case), sorted(states.care(tables, case))]
    listed = [states.asked_to_end_second_eyes(tables, case), cases.hearings(tables, case), cases.sittings(tables, case)]
    overdue = projection.kept_before(tables, case, now.utc() - HELD_WITHIN)
    told = msgspec.json.encode([*sits, *leave, *of_the_court, *listed, overdue, kept])
    return f"{projection.latest_change(tables, case)}.{hashlib.blake2b(told, digest_size=6).hexdigest()}"


def _others(serving: Serving, case: Case, account: str) -> list[presence.Here]:
    try:
        return presence.here(serving.vault, case.id, but=account)
    except HeardError:  # the desk opens, and publishes, also while the vault can not be asked for this
        return []


def _name(serving: Serving, account: str) -> str:
    try:
        known = accounts.by_id(serving.tables, account)
    except NotFound:
        return "somebody"
    return known.name or known.email


def _audience(serving: Serving, case: str) -> tuple[int | None, int | None]:
    """How many read at this node; and in how many ms the newest change went from the journal to the last of them."""
    audience = serving.audience(case) if serving.audience else None
    if audience is None:
        return None, None
    entry = serving.node.journal.entry(audience.delivered[0]) if audience.delivered else None
    if entry is None:
        return audience.readers, None
    took = now.instant(audience.delivered[1]) - entry.at
    return audience.readers, max(0, round(took.total_seconds() * 1000))
