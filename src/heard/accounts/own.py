"""One's own account: what one signs in with besides a link, and the page that asks for it.

All of it works without script, but for the passkey itself.
"""

from __future__ import annotations

import ipaddress
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from heard import templates
from heard.accounts import callers, codes, commands, factors, projection
from heard.accounts.model import Caller
from heard.accounts.pages import let_in
from heard.accounts.passkeys import Site
from heard.engine import now
from heard.engine.errors import HeardError, NotAllowed, NotFound, Refused

NO_STORE = {"Cache-Control": "no-store"}
HOUSE = "Heard"
DONE = {"added": "Added. From now on it is asked for when you sign in.", "removed": "Removed."}


def routes() -> list[BaseRoute]:
    return [
        Route("/account/", account_page, methods=["GET"]),
        Route("/account/code/", begin_code, methods=["POST"]),
        Route("/account/code/confirm/", confirm_code, methods=["POST"]),
        Route("/account/factors/{factor}/remove/", remove, methods=["POST"]),
        Route("/account/second/", second_page, methods=["GET"]),
        Route("/account/second/", second, methods=["POST"]),
    ]


def signed_in(request: Request) -> tuple[Any, Caller]:
    """Who is here about their own account: in a session, and without a second factor yet if need be.

    Raises SignInNeeded, NotAllowed.
    """
    serving = request.app.state.serving
    caller = callers.of(request, serving.vault, serving.tables, to_add_a_factor=True)
    if not caller.in_session:
        raise NotAllowed("A token adds and removes nothing of an account. Sign in. Nothing was changed.")
    return serving, caller


def site(request: Request) -> Site:
    """Where this request came to, as the browser names it.

    Raises Refused where a browser makes no passkeys: at a number, or without TLS but on this machine by name.
    """
    name = request.url.hostname or ""
    secure = request.url.scheme == "https" or name == "localhost"
    if not secure or _is_number(name):
        raise Refused(
            "Browsers make passkeys only where the address is a name and speaks TLS, or is http://localhost. "
            "Open this page there. Nothing was changed."
        )
    return Site(name, f"{request.url.scheme}://{request.url.netloc}")


def _has_passkeys(request: Request) -> bool:
    try:
        return bool(site(request))
    except Refused:
        return False


def _is_number(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


async def account_page(request: Request) -> Response:
    serving, caller = signed_in(request)
    return _page(request, serving, caller, message=DONE.get(request.query_params.get("done", ""), ""))


def _page(request: Request, serving: Any, caller: Caller, *, status: int = 200, **shown: Any) -> Response:
    tables, me = serving.tables, caller.account
    page = templates.render(
        "accounts/account.html",
        account=me,
        at_desk=caller.may("read_desk"),
        in_watch=caller.may("see_watch") or caller.may("keep_watch"),
        factors=projection.factors(tables, me.id),
        administers=caller.may("administer"),
        passkeys=_has_passkeys(request),
        demanded=bool(projection.demanded(tables)),
        **{"error": "", "message": "", "secret": "", **shown},
    )
    return Response(page, status, NO_STORE, "text/html")


# Codes ----------------------------------------------------------------------------------------------------------------


async def begin_code(request: Request) -> Response:
    serving, caller = signed_in(request)
    return _shown(request, serving, caller, factors.begin_code(serving.node.journal, caller.account.id))


def _shown(request: Request, serving: Any, caller: Caller, secret: bytes, **more: Any) -> Response:
    address = codes.address(secret, HOUSE, caller.account.email)
    return _page(request, serving, caller, secret=codes.written(secret), address=address, **more)


async def confirm_code(request: Request) -> Response:
    """The first code proves that the app has the secret; that code signs nobody in any more."""
    serving, caller = signed_in(request)
    me, journal, form = caller.account.id, serving.node.journal, await request.form(max_fields=10)
    begun = factors.begun_code(journal, me)
    if begun is None:
        return _page(request, serving, caller, status=422, error="That took more than ten minutes. Begin again.")
    factor, secret = begun
    step = codes.step_of(secret, str(form.get("code", "")), now.utc())
    if step is None:
        wrong = "That is not the code of this moment. Nothing was added; type the one that the app shows now."
        return _shown(request, serving, caller, secret, status=422, error=wrong)
    factors.keep_code(journal, me)  # before its entry: what the vault has and no entry names lets nobody in
    await serving.do(commands.add_factor(me, factor, "code", str(form.get("label", "")), step), by=me)
    return _proved(request, serving, me, factor)


def _proved(request: Request, serving: Any, account: str, factor: str) -> Response:
    """This session has just proved the factor; it goes on under another secret, and the others of the account end."""
    response = RedirectResponse("/account/?done=added", 303)
    callers.let_in(request, response, serving.vault, account, factor)
    return response


async def remove(request: Request) -> Response:
    serving, caller = signed_in(request)
    me, factor = caller.account.id, request.path_params["factor"]
    try:
        await serving.do(commands.remove_factor(me, factor), by=me)
    except NotFound:
        raise
    except HeardError as refusal:
        return _page(request, serving, caller, status=422, error=refusal.message)
    factors.forget(serving.node.journal, factor)
    response = RedirectResponse("/account/?done=removed", 303)
    if not projection.factors(serving.tables, me):
        callers.let_in(request, response, serving.vault, me)
    return response


# The second factor ----------------------------------------------------------------------------------------------------


async def second_page(request: Request) -> Response:
    serving = request.app.state.serving
    return _second(serving, callers.half_in(request, serving.vault, serving.tables))


def _second(serving: Any, account: str | None, error: str = "") -> Response:
    sorts = {one.sort for one in projection.factors(serving.tables, account)} if account else set()
    page = templates.render("accounts/second.html", known=account is not None, sorts=sorts, error=error)
    return Response(page, 200 if account and not error else 403, NO_STORE, "text/html")


async def second(request: Request) -> Response:
    serving = request.app.state.serving
    account = callers.half_in(request, serving.vault, serving.tables)
    if account is None:
        return _second(serving, None)
    typed = str((await request.form(max_fields=10)).get("code", ""))
    try:
        factor, step = _of_code(serving, account, typed)
        await serving.do(commands.sign_in(account, factor, step), by=account)
    except Refused as refusal:
        await serving.do(commands.fail_factor(account, "code"), by=account)
        return _second(serving, account, refusal.message)
    return let_in(request, serving, account, factor)


def _of_code(serving: Any, account: str, typed: str) -> tuple[str, int]:
    """The factor whose code was typed, and its step.

    Raises Refused when it is the code of none.
    """
    if commands.too_many_failed(serving.tables, account):
        raise Refused(commands.WRONG_CODE)
    for one in projection.factors(serving.tables, account):
        secret = factors.secret_of(serving.node.journal, one.id) if one.sort == "code" else None
        step = codes.step_of(secret, typed, now.utc()) if secret else None
        if step is not None:
            return one.id, step
    raise Refused(commands.WRONG_CODE)
