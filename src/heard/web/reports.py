"""The verbs of the API about published reports: what a search finds, one report, a body, an area.

What somebody asks for comes back in the address of the next page only, beside what passed the door and not through it:
had the words of a question to pass, the answer would tell which names are under an order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from heard.cases.release import Exit
from heard.engine import now
from heard.engine.errors import NotFound
from heard.reports import axes_tables, finding, standing, tables
from heard.reports.areas import area_key, today
from heard.reports.echoes import raised_before
from heard.reports.pages import axes_of, inquests, register_of
from heard.reports.register import Register
from heard.reports.shown import Shown
from heard.web import errors
from heard.web.verbs import Call, Verb

#: The questions of the page, by the same names.
QUESTIONS = ("q", *finding.FACETS, "on")
_EXIT: Exit = "json"


def verbs() -> list[Verb]:
    return [
        Verb("GET", "/reports", "read_desk", list_reports, asks=QUESTIONS),
        Verb("GET", "/reports/{report}", "read_desk", read_report),
        Verb("GET", "/bodies/{body}", "read_desk", read_body),
        Verb("GET", "/areas/{area}", "read_desk", read_area),
    ]


async def list_reports(call: Call) -> Response:
    """What a search finds, best first where words are asked for, else newest first."""
    register = register_of(call.serving)
    query = finding.query_from(call.request.query_params)
    found = finding.every(register, query, now.today())
    page, more = call.page(found)
    on, base = query.on or now.today(), _base(call)
    items = [
        tables.as_json(register, one, None, on, base, raised_before=len(raised_before(register, one))) for one in page
    ]
    told = _let(call, {"items": items, "total": len(found), "as_of": on})
    asked = query.address(page=1).removeprefix("./").replace("?", "&", 1)
    following = f"/api/v1/reports?limit={call.limit()}&after={more}{asked}" if more else None
    return _written(f'{told[:-1]},"next":{errors.encode(following).decode()}}}')


async def read_report(call: Call) -> Response:
    """One report by its id or its address, with its concerns and texts."""
    register, name = register_of(call.serving), call.named("report")
    one = register.find(name) or register.at(name)
    before = len(raised_before(register, one))
    made = tables.as_json(register, one, register.texts(one.id), now.today(), _base(call), raised_before=before)
    made |= {"inquests": tables.inquests(inquests(call.serving, one), _base(call))}
    made |= {"axes": axes_tables.as_json(axes_of(call.serving, one))}
    return _written(_let(call, made))


async def read_body(call: Call) -> Response:
    """A body: what was sent to it as an addressee with how it stands, and of what it had a copy."""
    register, key, on = register_of(call.serving), call.named("body"), now.today()
    asked, had = register.by_body().get(key, ((), ()))
    if not asked and not had:
        raise NotFound("No report was sent to a body of this name, as far as is known here.")
    name = next(other.name for other in (*asked, *had)[0].met() if other.key == key)
    told = {
        "body": key,
        "name": name,
        "as_of": on,
        "as_addressee": [_asked(register, one, key, call) for one in asked],
        "in_copy": [_named(one, call) for one in had],
    }
    return _written(_let(call, told))


def _asked(register: Register, one: Shown, key: str, call: Call) -> dict[str, Any]:
    stands = standing.stands(one, register.days_read(one.id), now.today())
    stand = next(stand for stand in stands if stand.addressee.key == key)
    return {**_named(one, call), "state": stand.state, "words": stand.words, "due": stand.due and stand.due.on}


def _named(one: Shown, call: Call) -> dict[str, Any]:
    return {"id": one.id, "url": f"{_base(call)}/reports/{one.slug}/", "ref": one.ref or None, "dated": one.dated}


async def read_area(call: Call) -> Response:
    """A coroner area: its reports, and what the area is part of today."""
    register, key, on = register_of(call.serving), call.named("area"), now.today()
    theirs = _newest(one for one in register if area_key(one.area) == key)
    if not theirs:
        raise NotFound("No report of an area of this name is known here.")
    standings = register.standings(on)
    reports = [{**_named(one, call), "standing": standings[one.id]} for one in theirs]
    name = theirs[0].area
    return _written(_let(call, {"area": key, "name": name, "today": today(name), "as_of": on, "reports": reports}))


def _newest(reports: Any) -> Sequence[Shown]:
    return sorted(reports, key=lambda one: (one.dated or now.today(), one.slug), reverse=True)


def _base(call: Call) -> str:
    return str(call.request.base_url).rstrip("/")


def _let(call: Call, made: dict[str, Any]) -> str:
    return call.doors.of_every(call.tables).let(_EXIT, tables.encoded(made))


def _written(told: str) -> Response:
    return Response(told, 200, {"Cache-Control": "no-store"}, "application/json")
