"""Looking back, for the cleared: the page as readers had it at an instant, its wordings, and who let them out.

Every look is an entry first, and only then a page. The past is read in slices between which the loop does other things,
and folded and rendered in a thread; nothing of it is kept.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from heard import templates
from heard.accounts import projection as accounts
from heard.accounts.model import Caller
from heard.cases import projection as cases
from heard.cases.exits import Serving, looking_twice
from heard.cases.model import Case, checked_instant
from heard.cases.saying_back import from_nowhere, to_its_host
from heard.coverage import alerted, as_published
from heard.coverage.alerts_then import alerts_then
from heard.coverage.as_published import AsPublished
from heard.coverage.entries import PastLookedAt
from heard.coverage.in_case import signed_in
from heard.coverage.orders import noted
from heard.coverage.whole_page import View
from heard.coverage.wordings import OrderThen, Wording, orders_of, wordings
from heard.engine import now
from heard.engine.entry import Draft
from heard.engine.errors import NotFound, Refused, Unavailable
from heard.engine.node import Command, Decision
from heard.engine.projection import Tables

NO_STORE = {"Cache-Control": "no-store"}
#: The bytes that readers had run nothing here: their script would put the posts of now into the page of then.
BARE = {**NO_STORE, "Content-Security-Policy": "sandbox", "X-Robots-Tag": "noindex"}
#: So many looks at once; whoever comes then is asked to come again.
LOOKS_MAX = 2


def routes() -> list[BaseRoute]:
    return [
        Route("/desk/{slug}/as-published/", page, methods=["GET"]),
        Route("/desk/{slug}/as-published/page/", bare_page, methods=["GET"]),
    ]


def look_back(account: str, case: str, at: datetime, what: str) -> Command:
    """Write down that an account looks at what readers had of a case at an instant."""

    def judge(tables: Tables) -> Decision:
        cases.by_id(tables, case)
        if at > now.utc():
            raise Refused("This instant is still to come. Choose one that is past.")
        return Decision((Draft(account, PastLookedAt(case, at, what)),), ())  # type: ignore[arg-type]

    return judge


class _Looks:
    """How many looks are under way in this process."""

    under_way = 0


async def look(request: Request, serving: Serving, caller: Caller, case: Case, at: datetime, what: str) -> AsPublished:
    """What readers were answered then; that it was looked at is in the journal before it is made.

    Raises Refused, TooLarge; Unavailable while as many look as may.
    """
    if _Looks.under_way >= LOOKS_MAX:
        raise Unavailable("Others are looking back just now. Nothing was changed; try again in a moment.")
    _Looks.under_way += 1
    try:
        await serving.do(look_back(caller.account.id, case.id, at, what), by=caller.account.id)
        base = str(from_nowhere(request).base_url).rstrip("/")
        found = await _folded(serving, case, at, base, _view(request))
        return msgspec.structs.replace(found, page=found.page and to_its_host(found.page, request))
    finally:
        _Looks.under_way -= 1


async def _folded(serving: Serving, case: Case, at: datetime, base: str, view: View) -> AsPublished:
    journal, tables = serving.node.journal, serving.tables
    for _ in range(as_published.TRIES):
        past, before = as_published.begun(journal, tables, case, at), as_published.erased_of(tables, case.id)
        for entries in past.slices(journal):  # read here: the journal's reader belongs to the loop
            await asyncio.to_thread(past.fold, entries)
        door = serving.doors.of(past.tables, case.id)
        answer = await asyncio.to_thread(as_published.answered, past, door, serving.epoch, base, view)
        if as_published.erased_of(tables, case.id) == before:
            return answer
    raise Unavailable("Something of this case was being erased all the while. Nothing was changed; try again.")


def _view(request: Request) -> View:
    return View(**{name: request.query_params.get(name, "") for name in View.__struct_fields__})


def instant(written: str, zone: str) -> datetime:
    """The instant; one without its offset is in the time of the court.

    Raises Refused.
    """
    try:
        at = datetime.fromisoformat(written.strip().replace(" ", "+"))  # a plus in an address comes as a space
        at = at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))
        checked_instant(at)
        return now.instant(at.isoformat())
    except (ValueError, OverflowError) as wrong:
        raise Refused("Say the instant as 2031-03-03T14:05:07, in the time of the court, or with an offset.") from wrong


async def page(request: Request) -> Response:
    """The form; with an instant also the page of then, in a frame that runs nothing, and what is known of it."""
    serving, caller = signed_in(request, "look_back")

    async def made() -> Response:
        case = cases.by_slug(serving.tables, request.path_params["slug"])
        found: AsPublished | None = None
        error = ""
        try:
            if written := request.query_params.get("at", ""):
                found = await look(request, serving, caller, case, instant(written, case.zone), "page")
        except NotFound:
            raise
        except (Refused, Unavailable) as refusal:
            error = refusal.message
        told = templates.render(
            "desk/as_published.html",
            case=case,
            account=caller.account,
            may_export=caller.may("take_past"),
            query=request.url.query,
            written=request.query_params.get("at", ""),
            found=found,
            error=error,
            **(await _known(serving, caller, case, found) if found else {}),
        )
        return Response(told, 422 if error else 200, NO_STORE, "text/html")

    return await looking_twice(serving, made)


async def _known(serving: Serving, caller: Caller, case: Case, found: AsPublished) -> dict[str, Any]:
    every = caller.may("know_orders")
    journal = serving.node.journal
    orders = orders_of(serving.tables, journal, case, caller.account.id, all_of_them=every)
    named = [order.id for order in orders if order.names and order.was_in_force(found.at)]
    if not await noted(serving, case, caller, named):
        orders = [msgspec.structs.replace(order, names=()) for order in orders]
    life: list[list[Wording]] = [one for post in found.posts if (one := wordings(journal, post, orders))]
    then: list[OrderThen] = [order for order in orders if order.was_in_force(found.at)]
    known = {one.id: one.name or one.email for one in accounts.all_accounts(serving.tables)}
    sent = alerts_then(journal, alerted.sent_of_case(serving.tables, case.id), found.position, case.zone)
    return {"orders": then, "life": life, "names": known, "alerts": sent}


async def bare_page(request: Request) -> Response:
    """The bytes alone that readers were given at the address that the query names."""
    serving, caller = signed_in(request, "look_back")

    async def made() -> Response:
        case = cases.by_slug(serving.tables, request.path_params["slug"])
        at = instant(request.query_params.get("at", ""), case.zone)
        found = await look(request, serving, caller, case, at, "page")
        if found.page is None:
            raise NotFound(f"Readers had no page of this case then. {found.why}")
        return Response(found.page, headers=BARE, media_type="text/html")

    return await looking_twice(serving, made)
