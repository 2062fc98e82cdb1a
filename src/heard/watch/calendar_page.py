"""The page of the calendar of working days: what is known of it, in which version; whoever administers adds to it."""

from __future__ import annotations

from datetime import date

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from heard.accounts.model import Caller
from heard.cases.exits import Serving, looking_twice
from heard.engine import now
from heard.engine.errors import HeardError, Refused
from heard.watch import calendars, projection
from heard.watch.asked import do, form_of, names, page, signed_in
from heard.watch.obligations import ENGLAND_AND_WALES, calendar_of, read
from heard.watch.verbs import Form


def routes() -> list[BaseRoute]:
    return [
        Route("/watch/calendar/", calendar_page, methods=["GET"]),
        Route("/watch/calendar/", proclaim, methods=["POST"]),
    ]


async def calendar_page(request: Request) -> Response:
    serving, caller = signed_in(request, "see_watch")

    async def look() -> Response:
        return _calendar(serving, caller, done="done" in request.query_params)

    return await looking_twice(serving, look)


async def proclaim(request: Request) -> Response:
    serving, caller = signed_in(request, "administer")
    form = await form_of(request)

    async def done() -> Response:
        try:
            command = calendars.proclaim(_day(form), form.get("is") == "working", form.get("reason", ""))
            await do(serving, caller, command, form, ENGLAND_AND_WALES)
        except HeardError as refusal:
            return _calendar(serving, caller, refusal.message, form)
        return RedirectResponse("/watch/calendar/?done", 303)

    return await looking_twice(serving, done)


def _day(form: Form) -> date:
    try:
        return date.fromisoformat(form.get("on", "").strip())
    except ValueError:
        raise Refused("Say which day, such as 2031-03-03. Nothing was changed.") from None


def _calendar(
    serving: Serving, caller: Caller, error: str = "", draft: Form | None = None, *, done: bool = False
) -> Response:
    tables, year = serving.tables, now.today().year
    known = calendars.as_known(tables)
    due_by_it = [one for one in projection.obligations(tables) if calendar_of(read(one.written))]
    return page(
        serving, "watch/calendar.html", caller, 422 if error else 200, versions=calendars.versions(tables),
        years={of: calendars.days_off(known, of) for of in (year, year + 1)}, due_by_it=due_by_it,
        codes={one.id: one for one in projection.stations(tables)}, names=names(tables), error=error,
        draft=draft or {}, done=done,
    )  # fmt: skip
