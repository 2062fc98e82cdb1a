"""Taking away a page as readers had it, with its proof: for lawyers and administrators, and written down."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from heard.cases import projection as cases
from heard.cases.exits import looking_twice
from heard.coverage import alerted
from heard.coverage.alerts_then import alerts_then
from heard.coverage.in_case import signed_in
from heard.coverage.looking_back import NO_STORE, instant, look
from heard.engine.errors import NotFound, Unavailable
from heard.engine.journal import Journal
from heard.export.past import alerts_on, entries_on, past_zip

#: Leaves read before the loop may do something else.
LEAVES_AT_ONCE = 500


def routes() -> list[BaseRoute]:
    return [Route("/desk/{slug}/as-published/export/", take, methods=["GET"])]


async def take(request: Request) -> Response:
    serving, caller = signed_in(request, "take_past")

    async def made() -> Response:
        case = cases.by_slug(serving.tables, request.path_params["slug"])
        at = instant(request.query_params.get("at", ""), case.zone)
        found = await look(request, serving, caller, case, at, "export")
        if found.page is None:
            raise NotFound(f"Readers had no page of this case then. {found.why}")
        journal = serving.node.journal
        entries, posts = entries_on(journal, found)
        sent = alerts_then(journal, alerted.sent_of_case(serving.tables, case.id), found.position, case.zone)
        told, alerts = alerts_on(journal, found, sent)
        entries = sorted([*entries, *told], key=lambda one: one.position)
        note = journal.checkpoint()
        leaves = await leaves_of(journal, int(note.split("\n")[1]))
        content = await asyncio.to_thread(past_zip, journal, found, case.slug, entries, posts, note, leaves, alerts)
        name = f"{case.slug}-{at:%Y%m%dT%H%M%SZ}.zip"
        headers = {**NO_STORE, "Content-Disposition": f'attachment; filename="{name}"'}
        return Response(content, headers=headers, media_type="application/zip")

    return await looking_twice(serving, made)


async def leaves_of(journal: Journal, size: int) -> list[bytes]:
    """The first leaves of the tree. Raises Unavailable where there are not so many."""
    leaves: list[bytes] = []
    while len(leaves) < size:
        records = journal.store.records(len(leaves), min(LEAVES_AT_ONCE, size - len(leaves)))
        if not records:  # as where another server of PostgreSQL took over that had less
            raise Unavailable("The journal is shorter than it was a moment ago. Nothing was made; try again.")
        leaves += [record.leaf for record in records]
        await asyncio.sleep(0)
    return leaves
