"""One's own account: what one signs in with besides a link, and the page that asks for it after one.

All of it works without script, but for the passkey itself.
"""

from __future__ import annotations

import ipaddress
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from heard import templates
from heard.accounts import callers, codes, commands, factors, passwords, projection, qr, tries
from heard.accounts.model import Caller
from heard.accounts.pages import let_in
from heard.accounts.passkeys import Site
from heard.engine import now
from heard.engine.errors import HeardError, NotAllowed, NotFound, Refused

NO_STORE = {"Cache-Control": "no-store"}
HOUSE = "Heard"
DONE = {
    "added": "Added. From now on it is asked for when you sign in.",
    "removed": "Removed.",
    "again": "It is you. For a quarter of an hour you may change what you sign in with.",
    "password": "The password is set. With a code it signs you in; everywhere but here you were signed out.",
    "no-password": "The password is removed. Everywhere but here you were signed out.",
}
AGAIN = (
    "You signed in a while ago, so somebody else may be sitting here. Show once more that it is you, and then do this "
    "again. Nothing was changed."
)


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
    return page(request, serving, caller, message=DONE.get(request.query_params.get("done", ""), ""))


def again_needed(request: Request, serving: Any, caller: Caller) -> Response | None:
    """The page that asks once more, where the session is older than a while and there is something to prove it with."""
    if not _is_stale(request, serving, caller):
        return None
    return page(request, serving, caller, status=403, error=AGAIN)


def must_be_fresh(request: Request, serving: Any, caller: Caller) -> None:
    """As `again_needed`, for what a script asks. Raises NotAllowed."""
    if _is_stale(request, serving, caller):
        raise NotAllowed(AGAIN)


def _is_stale(request: Request, serving: Any, caller: Caller) -> bool:
    asked = projection.factors(serving.tables, caller.account.id)
    return bool(asked) and not callers.came_lately(request, serving.vault)


def page(request: Request, serving: Any, caller: Caller, *, status: int = 200, **shown: Any) -> Response:
    tables, me = serving.tables, caller.account
    made = templates.render(
        "accounts/account.html",
        account=me,
        at_desk=caller.may("read_desk"),
        in_watch=caller.may("see_watch") or caller.may("keep_watch"),
        factors=projection.factors(tables, me.id),
        administers=caller.may("administer"),
        passkeys=_has_passkeys(request),
        demanded=bool(projection.demanded(tables)),
        password=projection.password(tables, me.id),
        shortest=passwords.SHORTEST,
        longest=passwords.LONGEST,
        strange=tries.strange(serving.vault, me.id),
        stale=_is_stale(request, serving, caller),
        **{"error": "", "message": "", "secret": "", "drawn": None, **shown},
    )
    return Response(made, status, NO_STORE, "text/html")


# Codes ----------------------------------------------------------------------------------------------------------------


async def begin_code(request: Request) -> Response:
    serving, caller = signed_in(request)
    if refused := again_needed(request, serving, caller):
        return refused
    return _shown(request, serving, caller, factors.begin_code(serving.node.journal, caller.account.id))


def _shown(request: Request, serving: Any, caller: Caller, secret: bytes, **more: Any) -> Response:
    address = codes.address(secret, HOUSE, caller.account.email)
    drawn = qr.drawn(address)
    return page(request, serving, caller, secret=codes.written(secret), address=address, drawn=drawn, **more)


async def confirm_code(request: Request) -> Response:
    """The first code proves that the app has the secret; that code signs nobody in any more."""
    serving, caller = signed_in(request)
    me, journal, form = caller.account.id, serving.node.journal, await request.form(max_fields=10)
    begun = factors.begun_code(journal, me)
    if begun is None:
        return page(request, serving, caller, status=422, error="That took more than ten minutes. Begin again.")
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
    if refused := again_needed(request, serving, caller):
        return refused
    try:
        await serving.do(commands.remove_factor(me, factor), by=me)
    except NotFound:
        raise
    except HeardError as refusal:
        return page(request, serving, caller, status=422, error=refusal.message)
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
    made = templates.render("accounts/second.html", known=account is not None, sorts=sorts, error=error)
    return Response(made, 200 if account and not error else 403, NO_STORE, "text/html")


async def second(request: Request) -> Response:
    serving = request.app.state.serving
    account = callers.half_in(request, serving.vault, serving.tables)
    if account is None:
        return _second(serving, None)
    typed = str((await request.form(max_fields=10)).get("code", ""))
    try:
        factor, step = of_code(serving, account, typed)
        await serving.do(commands.sign_in(account, factor, step), by=account)
    except Refused as refusal:
        await serving.do(commands.fail_factor(account, "code"), by=account)
        return _second(serving, account, refusal.message)
    return let_in(request, serving, account, factor)


def of_code(serving: Any, account: str, typed: str) -> tuple[str, int]:
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
