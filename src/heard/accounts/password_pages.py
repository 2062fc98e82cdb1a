"""Signing in by address, password and code, in one form; setting a password; and proving once more that it is oneself.

All of it works without script. Whoever tries is told one thing, after the same work: whether there is such an account,
whether it has a password and a code, and which of the three was wrong, neither words nor time tell.
"""

from __future__ import annotations

import os
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from heard.accounts import callers, codes, commands, factors, passwords, projection, tries
from heard.accounts.model import FACTORS_MAX, Caller
from heard.accounts.own import HOUSE, again_needed, of_code, page, signed_in
from heard.accounts.pages import let_in, sign_in_form
from heard.engine import now
from heard.engine.errors import NotFound, Refused

MANY_FROM_HERE = (
    "Very many tries to sign in have come from this address. Nobody was signed in by this one. Wait a quarter of an "
    "hour, or use a passkey or a link, which work all the while."
)
FIELD_MAX = 2000
#: What is compared where an account has no app that shows codes, or fewer than another.
_NOBODYS = os.urandom(codes.SECRET_BYTES)


def routes() -> list[BaseRoute]:
    return [
        Route("/desk/sign-in/", sign_in, methods=["POST"]),
        Route("/account/again/", again, methods=["POST"]),
        Route("/account/password/", set_password, methods=["POST"]),
        Route("/account/password/remove/", remove_password, methods=["POST"]),
    ]


# Signing in -----------------------------------------------------------------------------------------------------------


async def sign_in(request: Request) -> Response:
    serving = request.app.state.serving
    form = await _form(request)
    if not (form["email"] and form["password"] and form["code"]):
        return sign_in_form("Type address, password and code, all three. Nobody was signed in.", 422)
    account = _account(serving, form["email"])
    is_known = callers.is_remembered(request, serving.vault, serving.tables, account)
    if not is_known and not tries.one_more_from(serving.vault, request.client.host if request.client else ""):
        return sign_in_form(MANY_FROM_HERE, 429, {"Retry-After": str(int(tries.WITHIN.total_seconds()))})
    may = tries.one_more(serving.vault, account, is_known=is_known)
    kept = projection.password(serving.tables, account)
    password = kept[0] if kept else ""
    fits = await passwords.fits(serving.node.journal, password, form["password"])
    factor, step = _code(serving, account, form["code"])
    if not (may and fits and factor):
        return sign_in_form(commands.WRONG_PASSWORD, 403)
    try:
        await serving.do(commands.sign_in(account, factor, step, password=password), by=account)
    except Refused:
        return sign_in_form(commands.WRONG_PASSWORD, 403)
    response = let_in(request, serving, account, factor)
    callers.remember(request, response, serving.vault, account)
    return response


def _account(serving: Any, email: str) -> str:
    try:
        return projection.by_email(serving.tables, email).id
    except NotFound:
        return ""


def _code(serving: Any, account: str, typed: str) -> tuple[str, int]:
    """The factor whose code was typed and its step, or neither: as much work for one that there is not."""
    theirs = [one.id for one in projection.factors(serving.tables, account) if one.sort == "code"]
    found, at = ("", 0), now.utc()
    for factor in [*theirs, *[""] * (FACTORS_MAX - len(theirs))]:
        secret = factors.secret_of(serving.node.journal, factor)
        step = codes.step_of(secret or _NOBODYS, typed, at)
        if secret and step is not None:
            found = (factor, step)
    return found


async def _form(request: Request) -> dict[str, str]:
    sent = await request.form(max_fields=10)
    return {name: str(sent.get(name, ""))[:FIELD_MAX] for name in ("email", "password", "again", "code")}


# One's own ------------------------------------------------------------------------------------------------------------


async def again(request: Request) -> Response:
    """Another code, in a session: it goes on as one that began now."""
    serving, caller = signed_in(request)
    me, typed = caller.account.id, (await _form(request))["code"]
    try:
        factor, step = of_code(serving, me, typed)
        await serving.do(commands.sign_in(me, factor, step), by=me)
    except Refused as refusal:
        await serving.do(commands.fail_factor(me, "code"), by=me)
        return page(request, serving, caller, status=422, error=refusal.message)
    response = RedirectResponse("/account/?done=again", 303)
    callers.let_in(request, response, serving.vault, me, factor)
    return response


async def set_password(request: Request) -> Response:
    """Kept before its entry: what the vault has and no entry names lets nobody in."""
    serving, caller = signed_in(request)
    me, journal, form = caller.account, serving.node.journal, await _form(request)
    if refused := again_needed(request, serving, caller):
        return refused
    before = projection.password(serving.tables, me.id)
    try:
        checked = passwords.checked(form["password"], form["again"], me.email, me.name, HOUSE)
        kept = await passwords.keep(journal, checked)
        await serving.do(commands.set_password(me.id, kept), by=me.id)
    except Refused as refusal:
        return page(request, serving, caller, status=422, error=refusal.message)
    if before:
        passwords.forget(journal, before[0])
    response = _goes_on(request, serving, caller, "password")
    callers.remember(request, response, serving.vault, me.id)
    return response


async def remove_password(request: Request) -> Response:
    serving, caller = signed_in(request)
    me = caller.account.id
    if refused := again_needed(request, serving, caller):
        return refused
    before = projection.password(serving.tables, me)
    await serving.do(commands.remove_password(me), by=me)
    if before:
        passwords.forget(serving.node.journal, before[0])
    return _goes_on(request, serving, caller, "no-password")


def _goes_on(request: Request, serving: Any, caller: Caller, done: str) -> Response:
    """Every session has ended; this one goes on under another secret, with the factor that it began with."""
    kept = callers.session(request, serving.vault)
    response = RedirectResponse(f"/account/?done={done}", 303)
    callers.let_in(request, response, serving.vault, caller.account.id, kept.factor if kept else "")
    return response
