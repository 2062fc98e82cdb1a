"""Everybody with an account, for administrators: who signs in with what, and two of them letting somebody in again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from heard import templates
from heard.accounts import callers, commands, factors, passwords, projection, secrets
from heard.accounts.model import BY_A_TOKEN, LINK_LASTS, Caller
from heard.accounts.own import NO_STORE
from heard.accounts.recovery import agree_recovery, ask_recovery, refuse_recovery
from heard.engine import now
from heard.engine.errors import HeardError, NotAllowed, NotFound
from heard.engine.node import Command

Form = Mapping[str, str]
DONE = {
    "asked": "Asked. Another administrator agrees to it on this page, within an hour.",
    "refused": "Refused. Nothing of the account was changed.",
    "ended": "Ended: every session, and every link that was not used.",
    "demanded": "Demanded of everybody, from now on.",
    "no-longer": "No longer demanded.",
}


def routes() -> list[BaseRoute]:
    return [
        Route("/account/people/", people_page, methods=["GET"]),
        Route("/account/people/demand/", demand, methods=["POST"]),
        Route("/account/people/{person}/{verb}/", act, methods=["POST"]),
    ]


def _administrator(request: Request) -> tuple[Any, Caller]:
    """In a session of their own: what takes two people is not done by two programs.

    Raises SignInNeeded, NotAllowed.
    """
    serving = request.app.state.serving
    caller = callers.of(request, serving.vault, serving.tables)
    caller.must("administer")
    if not caller.in_session:
        raise NotAllowed(BY_A_TOKEN)
    return serving, caller


async def people_page(request: Request) -> Response:
    serving, caller = _administrator(request)
    return _page(serving, caller, message=DONE.get(request.query_params.get("done", ""), ""))


def _page(serving: Any, caller: Caller, *, status: int = 200, **shown: Any) -> Response:
    tables, at = serving.tables, now.utc()
    everybody, open_now = projection.all_accounts(tables), projection.recoveries(tables)
    page = templates.render(
        "accounts/people.html",
        account=caller.account,
        people=[
            {
                "account": one,
                "factors": projection.factors(tables, one.id),
                "password": projection.password(tables, one.id),
                "cases": len(projection.case_roles(tables, one.id)),
                "recovery": asked if (asked := open_now.get(one.id)) and asked.is_open(at) else None,
            }
            for one in everybody
        ],
        names={one.id: one.name or one.email for one in everybody} | {commands.OPERATOR: "whoever has the server"},
        demanded=projection.demanded(tables),
        **{"error": "", "message": "", "link": "", "whose": "", **shown},
    )
    return Response(page, status, NO_STORE, "text/html")


async def demand(request: Request) -> Response:
    serving, caller = _administrator(request)
    wanted = (await request.form(max_fields=5)).get("demanded") == "yes"
    if wanted and not projection.factors(serving.tables, caller.account.id):
        error = (
            "Add a second factor to your own account first, or this would close the desk to you. Nothing was changed."
        )
        return _page(serving, caller, status=422, error=error)
    await serving.do(commands.demand_factor(wanted), by=caller.account.id)
    return RedirectResponse(f"/account/people/?done={'demanded' if wanted else 'no-longer'}", 303)


async def act(request: Request) -> Response:
    """One verb about somebody. What cannot be done is said on the page."""
    serving, caller = _administrator(request)
    person, verb = request.path_params["person"], request.path_params["verb"]
    if verb not in _VERBS:
        raise NotFound("There is no such verb here.")
    projection.by_id(serving.tables, person)
    sent = await request.form(max_fields=5)
    had = [one.id for one in projection.factors(serving.tables, person)]
    password = projection.password(serving.tables, person)
    make, done = _VERBS[verb]
    try:
        await serving.do(
            make(person, caller.account.id, {"recovery": str(sent.get("recovery", ""))}), by=caller.account.id
        )
    except NotFound:
        raise
    except HeardError as refusal:
        return _page(serving, caller, status=422, error=refusal.message)
    if verb != "agree":
        return RedirectResponse(f"/account/people/?done={done}", 303)
    for factor in had:
        factors.forget(serving.node.journal, factor)
    if password:
        passwords.forget(serving.node.journal, password[0])
    await serving.do(commands.make_link(person), by=caller.account.id)
    secret = secrets.make(serving.vault, "link", person, lasts=LINK_LASTS)
    link = f"{str(request.base_url).rstrip('/')}/desk/sign-in/{secret}/"
    return _page(serving, caller, link=link, whose=projection.by_id(serving.tables, person).email)


Make = Callable[[str, str, Form], Command]
_VERBS: dict[str, tuple[Make, str]] = {
    "recover": (lambda person, by, form: ask_recovery(person, by), "asked"),
    "agree": (lambda person, by, form: agree_recovery(person, form["recovery"], by), ""),
    "refuse": (lambda person, by, form: refuse_recovery(person, form["recovery"]), "refused"),
    "sign-out": (lambda person, by, form: commands.end_sessions(person), "ended"),
}
