"""The public page of a case's people: who is who."""

from __future__ import annotations

from starlette.requests import Request
from starlette.routing import BaseRoute

from heard import templates
from heard.cases import projection
from heard.cases.exits import Outgoing, Serving, WayOut, case_at


def routes() -> list[BaseRoute]:
    return [WayOut("/{slug}/people/", "page", people)]


async def people(request: Request, serving: Serving) -> Outgoing:
    case, door = case_at(serving, request)
    known = [one for one in projection.people(serving.tables, case.id) if not door.stops(one.name, one.role, one.note)]
    return Outgoing(door.let("page", templates.render("coverage/people.html", case=case, people=known)), case=case.id)
