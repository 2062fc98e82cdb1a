"""What can be done to accounts."""

from __future__ import annotations

from heard.accounts import projection
from heard.accounts.entries import (
    EMAILS,
    AccountAdded,
    EmailTaken,
    LinkMade,
    Role,
    Scope,
    SessionsEnded,
    SignedIn,
    SignedOut,
    TokenAdded,
    TokenRevoked,
)
from heard.engine.entry import Body, Draft, new_id
from heard.engine.errors import NotFound, Refused
from heard.engine.node import Command, Decision
from heard.engine.projection import Tables

#: The one who types commands on the server itself; no account, so no address either.
OPERATOR = "operator"


def add_account(email: str, role: Role, name: str = "") -> Command:
    account = new_id()
    address = email.strip().lower()

    def judge(tables: Tables) -> Decision:
        if not 3 <= len(address) <= 254 or "@" not in address[1:-1] or not address.isprintable() or " " in address:
            raise Refused(f"“{email[:80]}” is not an e-mail address. Nothing was changed.")
        if any(tables.execute("SELECT 1 FROM account WHERE email = ?", (address,))):
            raise Refused("There is an account with this address already. Nothing was changed.", email_taken=True)
        drafts = (Draft(account, AccountAdded(address, role, name)), Draft(EMAILS, EmailTaken(address, account)))
        return Decision(drafts, (EMAILS,))

    return judge


def add_token(account: str, token: str, scope: Scope) -> Command:
    return _on_account(account, TokenAdded(token, scope))


def revoke_token(token: str) -> Command:
    def judge(tables: Tables) -> Decision:
        known = projection.token(tables, token)
        if known is None:
            raise NotFound("There is no such token.")
        return Decision((Draft(known[0], TokenRevoked(token)),), (known[0],))

    return judge


def make_link(account: str) -> Command:
    return _on_account(account, LinkMade())


def sign_in(account: str) -> Command:
    return _on_account(account, SignedIn())


def sign_out(account: str) -> Command:
    return _on_account(account, SignedOut())


def end_sessions(account: str) -> Command:
    """End every session of the account, and every link that was not used."""
    return _on_account(account, SessionsEnded())


def _on_account(account: str, body: Body) -> Command:
    def judge(tables: Tables) -> Decision:
        projection.by_id(tables, account)
        return Decision((Draft(account, body),), (account,))

    return judge
