"""The front page: cases live now, coming, concluded."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from heard import templates
from heard.cases import projection as cases
from heard.cases.exits import Outgoing, Serving
from heard.cases.model import Case
from heard.cases.release import Released, Withheld, joined
from heard.coverage import projection

_SHELF = {"announced": "coming", "live": "live", "paused": "live", "closed": "concluded"}


async def front_page(request: Request, serving: Serving) -> Outgoing:
    """Each case passes its own door; one that may not be shown is not mentioned."""
    shelves: dict[str, list[dict[str, Any]]] = {"live": [], "coming": [], "concluded": []}
    for case in cases.all_cases(serving.tables):
        state = projection.of_case(serving.tables, case.id).state
        if told := _told(serving, case, state):
            shelves[_SHELF[state]].append(told)
    page = templates.render("cases/front.html", reports=len(serving.register or ()), **shelves)
    return Outgoing(joined("page", page, _released(shelves)))


def _told(serving: Serving, case: Case, state: str) -> dict[str, Any] | None:
    door, coverage = serving.doors.of(serving.tables, case.id), projection.of_case(serving.tables, case.id)
    try:
        words = {name: door.let("page", getattr(case, name)) for name in ("slug", "title", "standfirst")}
    except Withheld:
        return None
    return {**words, "state": state, "since": coverage.since, "zone": case.zone, "posts": _count(serving, case.id)}


def _count(serving: Serving, case: str) -> int:
    rows = serving.tables.execute("SELECT count(*) FROM post WHERE case_id = ? AND status = 'published'", (case,))
    return int(next(iter(rows))[0])


def _released(shelves: dict[str, list[dict[str, Any]]]) -> list[Released]:
    told = [one for shelf in shelves.values() for one in shelf]
    return [one[name] for one in told for name in ("slug", "title", "standfirst")]
