"""Receipts on the desk: what is proven gone, what is not, in red, and what cannot be recalled; all without script.

The receipt of a restriction is seen by those who were told of it; for everybody else there is none.
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from heard import templates
from heard.accounts import projection as accounts
from heard.accounts.model import Caller
from heard.cases import projection as cases
from heard.cases.exits import Serving, looking_twice
from heard.cases.model import Case
from heard.coverage import orders, receipts
from heard.coverage.in_case import signed_in
from heard.coverage.model import Receipt
from heard.engine import now
from heard.engine.entry import new_id
from heard.engine.errors import HeardError, NotFound

NO_STORE = {"Cache-Control": "no-store"}
#: While something stands open the page asks again by itself.
FIRST_LOOK_S, LOOK_AGAIN_S = 2, 15


def routes() -> list[BaseRoute]:
    return [
        Route("/desk/{slug}/receipts/", listed, methods=["GET"]),
        Route("/desk/{slug}/receipts/{withdrawal:int}/", one_receipt, methods=["GET"]),
        Route("/desk/{slug}/receipts/{withdrawal:int}/signed", signed, methods=["GET"]),
        Route("/desk/{slug}/receipts/{withdrawal:int}/seen-to", see_to, methods=["POST"]),
    ]


def seen(serving: Serving, case: Case, caller: Caller) -> list[Receipt]:
    """The receipts of a case that the caller may know of, the latest first."""
    told = {one.id for one in orders.told(serving, case, caller)}
    known = receipts.of_case(serving.tables, case.id)
    return [one for one in known if one.cause != "restricted" or one.subject in told]


def _of(serving: Serving, case: Case, caller: Caller, withdrawal: int) -> Receipt:
    for one in seen(serving, case, caller):
        if one.withdrawal == withdrawal:
            return one
    raise NotFound("There is no receipt of this number.")


async def listed(request: Request) -> Response:
    serving, caller = signed_in(request, "read_desk")

    async def look() -> Response:
        case = cases.by_slug(serving.tables, request.path_params["slug"])
        page = templates.render(
            "desk/receipts.html", case=case, account=caller.account, receipts=seen(serving, case, caller)
        )
        return Response(page, 200, NO_STORE, "text/html")

    return await looking_twice(serving, look)


async def one_receipt(request: Request) -> Response:
    serving, caller = signed_in(request, "read_desk")

    async def look() -> Response:
        case = cases.by_slug(serving.tables, request.path_params["slug"])
        receipt = _of(serving, case, caller, request.path_params["withdrawal"])
        return _page(serving, caller, case, receipt, done="done" in request.query_params)

    return await looking_twice(serving, look)


def _page(serving: Serving, caller: Caller, case: Case, receipt: Receipt, **said: Any) -> Response:
    known = {one.id: one.name or one.email for one in accounts.all_accounts(serving.tables)}
    page = templates.render(
        "desk/receipt.html",
        case=case,
        account=caller.account,
        receipt=receipt,
        owner=known.get(receipt.by, "whoever runs this server"),
        recalls=receipts.recalls(serving.tables, receipt),
        alerts=receipts.went_out(serving.tables, receipt),
        may_retract=caller.may("retract"),
        again_s=None if receipt.is_proven else LOOK_AGAIN_S if receipt.first_at else FIRST_LOOK_S,
        now=now.utc(),
        once=new_id(),
        **{"error": "", "done": False, **said},
    )
    return Response(page, 422 if said.get("error") else 200, NO_STORE, "text/html")


async def signed(request: Request) -> Response:
    """The receipt as a signed note, to be kept or given away."""
    serving, caller = signed_in(request, "read_desk")

    async def look() -> Response:
        case = cases.by_slug(serving.tables, request.path_params["slug"])
        receipt = _of(serving, case, caller, request.path_params["withdrawal"])
        return PlainTextResponse(receipts.signed(serving.tables, serving.node.journal, receipt), headers=NO_STORE)

    return await looking_twice(serving, look)


async def see_to(request: Request) -> Response:
    """Record what was done about copies that cannot be recalled."""
    serving, caller = signed_in(request, "retract")
    form = {name: value for name, value in (await request.form(max_fields=20)).items() if isinstance(value, str)}

    async def done() -> Response:
        case = cases.by_slug(serving.tables, request.path_params["slug"])
        receipt = _of(serving, case, caller, request.path_params["withdrawal"])
        command = receipts.see_to(receipt.withdrawal, form.get("what", ""), form.get("note", ""))
        try:
            await serving.do(command, by=caller.account.id, scope=case.id, key=form.get("once") or None)
        except NotFound:
            raise
        except HeardError as refusal:
            return _page(serving, caller, case, receipt, error=refusal.message)
        return RedirectResponse(f"/desk/{case.slug}/receipts/{receipt.withdrawal}/?done", 303, NO_STORE)

    return await looking_twice(serving, done)
