"""Links and tokens made on the server itself."""

from __future__ import annotations

from typing import get_args

from heard.accounts import commands, projection, secrets
from heard.accounts.entries import CaseRole, Role, Scope
from heard.accounts.model import LINK_LASTS
from heard.engine.entry import new_id
from heard.engine.errors import Refused
from heard.opening import House


def known_role(role: str) -> Role:
    """Raises Refused for a role there is not."""
    for known in get_args(Role):
        if role == known:
            return known  # type: ignore[no-any-return]
    raise Refused(f"There is no role “{role[:40]}”. The roles are: {', '.join(get_args(Role))}. Nothing was changed.")


def known_case_role(role: str) -> CaseRole:
    """Raises Refused for a role that is not held in single cases."""
    for known in get_args(CaseRole):
        if role == known:
            return known  # type: ignore[no-any-return]
    there_are = ", ".join(get_args(CaseRole))
    raise Refused(f"In a case there is no role “{role[:40]}”. The roles are: {there_are}. Nothing was changed.")


def known_scope(scope: str) -> Scope:
    """Raises Refused for a scope there is not."""
    for known in get_args(Scope):
        if scope == known:
            return known  # type: ignore[no-any-return]
    raise Refused(
        f"There is no scope “{scope[:40]}”. The scopes are: {', '.join(get_args(Scope))}. Nothing was changed."
    )


def link_for(house: House, account: str) -> str:
    """The path of a sign-in link that works once."""
    house.node.do(commands.make_link(account), by=commands.OPERATOR)
    secret = secrets.make(house.vault, "link", account, lasts=LINK_LASTS)
    return f"{house.address()}/desk/sign-in/{secret}/"


def token_for(house: House, email: str, scope: str) -> str:
    """A token of the account with this address, told once."""
    house.node.catch_up()
    account, token = projection.by_email(house.tables, email), new_id()
    house.node.do(commands.add_token(account.id, token, known_scope(scope)), by=commands.OPERATOR)
    return secrets.make(house.vault, "token", account.id, token=token)
