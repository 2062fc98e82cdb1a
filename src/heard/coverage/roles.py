"""Who has which role in one case, and giving and taking them.

Administrators give all; editors, of the house or of that case, what is below their own.
"""

from __future__ import annotations

from typing import get_args

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from heard import templates
from heard.accounts import commands as account_commands
from heard.accounts import projection as accounts
from heard.accounts.entries import CaseRole
from heard.accounts.model import Account, Caller
from heard.cases import projection as cases
from heard.cases.exits import Serving, looking_twice
from heard.cases.model import Case
from heard.coverage.in_case import signed_in
from heard.engine.entry import new_id
from heard.engine.errors import HeardError, NotAllowed, NotFound, Refused
from heard.engine.node import Command

NO_STORE = {"Cache-Control": "no-store"}
#: What an editor gives: nothing that may more than they may, or as much.
BY_EDITORS: tuple[CaseRole, ...] = ("reader_of_drafts", "contributor", "reporter")
DONE = {"give": "Given. It holds from now on, in this case alone.", "take": "Taken. It holds no more, from now on."}


class Holder(msgspec.Struct, frozen=True):
    """Somebody with a role in the case; `may_take` tells whether the caller may take it."""

    account: Account
    role: CaseRole
    may_take: bool


def routes() -> list[BaseRoute]:
    return [
        Route("/desk/{slug}/roles/", roles, methods=["GET"]),
        Route("/desk/{slug}/roles/{verb}", act, methods=["POST"]),
    ]


async def roles(request: Request) -> Response:
    serving, caller = signed_in(request, "give_roles")

    async def look() -> Response:
        case = cases.by_slug(serving.tables, request.path_params["slug"])
        return _page(serving, caller, case, message=DONE.get(request.query_params.get("done", ""), ""))

    return await looking_twice(serving, look)


def _page(
    serving: Serving, caller: Caller, case: Case, *, message: str = "", error: str = "", email: str = ""
) -> Response:
    held = accounts.roles_in(serving.tables, case.id)
    page = templates.render(
        "desk/roles.html",
        case=case,
        account=caller.account,
        holders=[Holder(one, role, _may_give(caller, one.id, role)) for one, role in held],
        # Whoever is of the watch alone has no business here, and is nobody's here to know of.
        house=[one for one in accounts.all_accounts(serving.tables) if Caller(one).may("read_desk")],
        gives=[role for role in get_args(CaseRole) if _may_give(caller, "", role)],
        message=message,
        error=error,
        email=email,
        once=new_id(),
    )
    return Response(page, 422 if error else 200, NO_STORE, "text/html")


def _may_give(caller: Caller, to: str, role: str) -> bool:
    return to != caller.account.id and (caller.may("administer") or role in BY_EDITORS)


async def act(request: Request) -> Response:
    """Give or take a role. What is refused is said on the page."""
    serving, caller = signed_in(request, "give_roles")
    verb = request.path_params["verb"]
    sent = await request.form(max_fields=10)
    form = {name: value for name, value in sent.items() if isinstance(value, str)}

    async def done() -> Response:
        case = cases.by_slug(serving.tables, request.path_params["slug"])
        try:
            command = _command(serving, caller, case, verb, form)
            asked = msgspec.json.encode(sorted(form.items()))
            await serving.do(command, by=caller.account.id, scope=case.id, key=form.get("once") or None, request=asked)
        except (NotFound, NotAllowed):
            raise
        except HeardError as refusal:
            return _page(serving, caller, case, error=refusal.message, email=form.get("email", ""))
        return RedirectResponse(f"/desk/{case.slug}/roles/?done={verb}", 303)

    return await looking_twice(serving, done)


def _command(serving: Serving, caller: Caller, case: Case, verb: str, form: dict[str, str]) -> Command:
    if verb not in DONE:
        raise NotFound("There is no such verb here.")
    try:
        whom = accounts.by_email(serving.tables, form.get("email", "").strip())
    except NotFound:
        raise Refused(
            "There is no account with this address. Nothing was changed; an administrator adds one with "
            "`heard account add`."
        ) from None
    had = accounts.case_roles(serving.tables, whom.id).get(case.id, "")
    role = next((one for one in get_args(CaseRole) if one == form.get("role")), None)
    if verb == "take" and not had:
        raise Refused("They have no role in this case alone. Nothing was changed.")
    if verb == "give" and role is None:
        raise Refused("Choose the role from the list. Nothing was changed.")
    changed = [one for one in (had, role if verb == "give" else "") if one]
    if not all(_may_give(caller, whom.id, one) for one in changed):
        raise Refused(
            "Nobody changes a role of their own, and editor and lawyer are given and taken by an administrator. "
            "Nothing was changed."
        )
    if verb == "take":
        return account_commands.take_role(whom.id, case.id)
    return account_commands.give_role(whom.id, case.id, role)  # type: ignore[arg-type]
