"""Signing in with a one-time link, and out; the page on which one signs in."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from heard import templates
from heard.accounts import callers, commands, projection, secrets
from heard.accounts.model import Caller
from heard.engine.errors import NotAllowed
from heard.engine.projection import Tables


def routes() -> list[BaseRoute]:
    return [
        Route("/desk/sign-in/", sign_in_page, methods=["GET"]),
        Route("/desk/sign-in/{secret}/", sign_in_page, methods=["GET"]),
        Route("/desk/sign-in/{secret}/", sign_in, methods=["POST"]),
        Route("/desk/sign-out/", sign_out, methods=["POST"]),
    ]


async def sign_in_page(request: Request) -> Response:
    """A button, not a door that opens by itself: whatever previews links in mail or chat must not spend them."""
    serving = request.app.state.serving
    secret = request.path_params.get("secret", "")
    kept = secrets.find(serving.vault, "link", secret) if secret else None
    works = kept is not None and callers.stands(serving.tables, kept)
    return _page(works, "" if works or not secret else "This link was used or has ended. Ask for another.")


def sign_in_form(error: str, status: int, headers: Mapping[str, str] = MappingProxyType({})) -> Response:
    """The page once more, with nothing of what was typed."""
    return _page(False, error, status, headers)


def _page(works: bool, error: str, status: int = 200, headers: Mapping[str, str] = MappingProxyType({})) -> Response:
    page = templates.render("desk/sign_in.html", works=works, error=error)
    return Response(page, status, {"Cache-Control": "no-store", **headers}, "text/html")


async def sign_in(request: Request) -> Response:
    serving = request.app.state.serving
    kept = secrets.spend(serving.vault, "link", request.path_params["secret"])
    if kept is None or not callers.stands(serving.tables, kept):
        return _page(False, "This link was used or has ended. Ask for another.", 403)
    if projection.factors(serving.tables, kept.account):
        response = RedirectResponse("/account/second/", 303)
        callers.let_half_in(request, response, serving.vault, kept.account)
        return response
    await serving.do(commands.sign_in(kept.account), by=kept.account)
    return let_in(request, serving, kept.account)


def let_in(request: Request, serving: Any, account: str, factor: str = "") -> Response:
    """To where somebody of this role begins, signed in."""
    response = RedirectResponse(begins_at(serving.tables, account), 303)
    callers.let_in(request, response, serving.vault, account, factor)
    return response


def begins_at(tables: Tables, account: str) -> str:
    caller = Caller(projection.by_id(tables, account), by_case=projection.case_roles(tables, account))
    if caller.may_somewhere("read_desk"):
        return "/desk/"
    return "/watch/" if caller.may("see_watch") or caller.may("keep_watch") else "/account/"


async def sign_out(request: Request) -> Response:
    serving = request.app.state.serving
    response = RedirectResponse("/", 303)
    caller = callers.of(request, serving.vault, serving.tables, to_add_a_factor=True)
    if not caller.in_session:
        raise NotAllowed("A token is not signed out: `heard token revoke` ends it. Nothing was changed.")
    callers.let_out(request, response, serving.vault)
    response.headers["Clear-Site-Data"] = '"storage"'  # what was written here and not sent is the account's, not ours
    await serving.do(commands.sign_out(caller.account.id), by=caller.account.id)
    return response
