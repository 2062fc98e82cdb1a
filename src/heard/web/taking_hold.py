"""The legal hold of a case on the desk, and taking its record while it is on: for lawyers, in a session, never kept.

What the record holds was withdrawn from readers, so it goes out in the one answer to whoever asked, and nowhere else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from heard import templates
from heard.accounts import projection as accounts
from heard.accounts.callers import SignInNeeded
from heard.accounts.model import Caller
from heard.accounts.still import still
from heard.cases import projection as cases
from heard.cases.exits import Serving, looking_twice
from heard.cases.legal_hold import end_legal_hold, place_legal_hold
from heard.cases.model import Case
from heard.coverage.in_case import signed_in
from heard.engine.errors import HeardError, NotAllowed, NotFound, Refused, Unavailable
from heard.export.hold_making import Taken, found_of, in_order, pack, read, size_of, take_record
from heard.export.hold_record import Found
from heard.export.making import TRIES, rules_changed
from heard.web.taking_past import leaves_of

#: A browser writes what it was given to no disk but where the person puts it.
NO_STORE = {"Cache-Control": "no-store"}
VERBS = {
    "place": "The hold is on. Nothing of this case can be erased.",
    "end": "The hold is ended.",
    "record": "",
}


def routes() -> list[BaseRoute]:
    return [
        Route("/desk/{slug}/legal-hold/", page, methods=["GET"]),
        Route("/desk/{slug}/legal-hold/{verb}", act, methods=["POST"]),
    ]


async def page(request: Request) -> Response:
    serving, caller = signed_in(request, "take_record")

    async def look() -> Response:
        case = cases.by_slug(serving.tables, request.path_params["slug"])
        return _page(serving, caller, case, message=VERBS.get(request.query_params.get("done", ""), ""))

    return await looking_twice(serving, look)


def _page(
    serving: Serving, caller: Caller, case: Case, *, message: str = "", error: str = "", verb: str = "", typed: str = ""
) -> Response:
    made = templates.render(
        "desk/legal_hold.html",
        case=case,
        account=caller.account,
        since=cases.legal_hold_since(serving.tables, case.id),
        ordered=bool(cases.restrictions(serving.tables, case.id)),
        message=message,
        error=error,
        typed={verb: typed},
    )
    return Response(made, 422 if error else 200, NO_STORE, "text/html")


async def act(request: Request) -> Response:
    """Place the hold, end it, or take the record. What is refused is said on the page."""
    serving, caller = signed_in(request, "take_record")
    verb = request.path_params["verb"]
    if verb not in VERBS:
        raise NotFound("There is no such verb here.")
    sent = await request.form(max_fields=10)
    ground = str(sent.get("ground", "")).replace("\r\n", "\n")

    async def done() -> Response:
        case = cases.by_slug(serving.tables, request.path_params["slug"])
        try:
            if verb == "record":
                return await _record(serving, caller, case, ground, names=sent.get("names") == "yes")
            command = (place_legal_hold if verb == "place" else end_legal_hold)(case.id, ground)
            if not ground.strip():
                raise Refused("The ground is missing. Nothing was changed.")
            await serving.do(still(caller, command), by=caller.account.id)
        except (NotFound, NotAllowed, SignInNeeded):
            raise
        except HeardError as refusal:
            return _page(serving, caller, case, error=refusal.message, verb=verb, typed=ground)
        return RedirectResponse(f"/desk/{case.slug}/legal-hold/?done={verb}", 303)

    return await looking_twice(serving, done)


class _Taking:
    """Whether one is under way in this process: each holds all words of a case in memory."""

    under_way = False


async def _record(serving: Serving, caller: Caller, case: Case, why: str, *, names: bool) -> Response:
    if names:
        caller.must("know_orders")
    if _Taking.under_way:
        raise Unavailable("Another record is being made just now. Nothing was done; try again in a moment.")
    _Taking.under_way = True
    try:
        upto = serving.node.catch_up()
        found = await _found(serving, case, upto)
        command = still(caller, take_record(case.id, upto, found, why, names=names))
        await serving.do(command, by=caller.account.id)
        who = {one.id: one.name for one in accounts.all_accounts(serving.tables)}
        taken = await _taken(serving, case, who)
    finally:
        _Taking.under_way = False
    headers = {**NO_STORE, "Content-Disposition": f'attachment; filename="{case.slug}-record.zip"'}
    return Response(taken.content, headers=headers, media_type="application/zip")


async def _taken(serving: Serving, case: Case, who: Mapping[str, str]) -> Taken:
    """Read here, since the journal's reader belongs to the loop, a little at a time; packed in a thread."""
    journal = serving.node.journal
    for _ in range(TRIES):
        reached = serving.node.catch_up()
        note = journal.checkpoint()
        found, leaves = await _found(serving, case, size_of(note)), await leaves_of(journal, size_of(note))
        reading = read(serving.tables, serving.doors, serving.media, case, found, note, leaves)
        made = next(reading)
        for _ in reading:  # a picture each, into what was made
            await asyncio.sleep(0)
        taken = await asyncio.to_thread(pack, made, journal, who)
        serving.node.catch_up()
        if not rules_changed(serving.node, reached):
            return taken
    raise Unavailable("Rules of this server changed all the while, so no record was made. Try again.")


async def _found(serving: Serving, case: Case, upto: int) -> list[Found]:
    parts = []
    for part in found_of(serving.node.journal, serving.tables, case, upto):
        parts.append(part)
        await asyncio.sleep(0)
    return in_order(parts)
