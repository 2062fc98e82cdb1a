"""What can happen to an account. Secrets are never here: only their digests, and those in the vault."""

from __future__ import annotations

from typing import Literal

from heard.engine.entry import Body, written_as

Role = Literal[
    "reader_of_drafts",
    "contributor",
    "reporter",
    "editor",
    "lawyer",
    "administrator",
    "holder",
    "supervisor",
    "auditor",
]
Scope = Literal["read", "write", "admin"]

#: Every address is claimed here, so that two accounts cannot have one.
EMAILS = "emails"


@written_as("accounts.added")
class AccountAdded(Body, frozen=True):
    """On the account's stream."""

    email: str
    role: Role
    name: str = ""


@written_as("accounts.email_taken")
class EmailTaken(Body, frozen=True):
    """On `EMAILS`."""

    email: str
    account: str


@written_as("accounts.token_added")
class TokenAdded(Body, frozen=True):
    """On the account's stream: a key for programs, known by its id."""

    token: str
    scope: Scope


@written_as("accounts.token_revoked")
class TokenRevoked(Body, frozen=True):
    """On the account's stream."""

    token: str


@written_as("accounts.link_made")
class LinkMade(Body, frozen=True):
    """On the account's stream: a sign-in link was made, to be used once."""


@written_as("accounts.signed_in")
class SignedIn(Body, frozen=True):
    """On the account's stream."""


@written_as("accounts.signed_out")
class SignedOut(Body, frozen=True):
    """On the account's stream."""


@written_as("accounts.sessions_ended")
class SessionsEnded(Body, frozen=True):
    """On the account's stream: a phone was lost. What began before, session or unused link, lets nobody in."""
