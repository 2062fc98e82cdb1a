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
    "by_case",
]
#: What can be held in one case alone.
CaseRole = Literal["reader_of_drafts", "contributor", "reporter", "editor", "lawyer"]
Scope = Literal["read", "write", "admin"]
#: What somebody has besides a link: an app that shows codes (RFC 6238), or a passkey (WebAuthn).
Sort = Literal["code", "passkey"]

#: Every address is claimed here, so that two accounts cannot have one.
EMAILS = "emails"
#: What holds for every account.
RULES = "accounts"


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
    """On the account's stream. With which factor, if not by a link alone, and what makes that work this once: `step` is
    the 30 s whose code it was, or how often the passkey says that it was used; `challenge` what the passkey answered;
    `password` which one came with a code, where no link did.
    """

    factor: str = ""
    step: int = 0
    challenge: str = ""
    password: str = ""


@written_as("accounts.signed_out")
class SignedOut(Body, frozen=True):
    """On the account's stream."""


@written_as("accounts.sessions_ended")
class SessionsEnded(Body, frozen=True):
    """On the account's stream: a phone was lost. What began before, session or unused link, lets nobody in."""


@written_as("accounts.factor_added")
class FactorAdded(Body, frozen=True):
    """On the account's stream. From here on a link alone lets nobody in; `step` and `challenge` as in `SignedIn`."""

    factor: str
    sort: Sort
    label: str = ""
    step: int = 0
    challenge: str = ""


@written_as("accounts.factor_removed")
class FactorRemoved(Body, frozen=True):
    """On the account's stream. Every session that began with it ends."""

    factor: str


@written_as("accounts.factor_failed")
class FactorFailed(Body, frozen=True):
    """On the account's stream: somebody with a link gave a wrong code, or a passkey said that it was used less often
    than before, which a copy of it would.
    """

    sort: Sort


@written_as("accounts.factor_demanded")
class FactorDemanded(Body, frozen=True):
    """On `RULES`: whether an account without a second factor may do nothing but add one."""

    demanded: bool


@written_as("accounts.password_set")
class PasswordSet(Body, frozen=True):
    """On the account's stream: by which id the vault keeps it. It lets in only together with a code; every session and
    unused link of before ends.
    """

    password: str


@written_as("accounts.password_removed")
class PasswordRemoved(Body, frozen=True):
    """On the account's stream. Every session and unused link of before ends."""


@written_as("accounts.case_role_given")
class CaseRoleGiven(Body, frozen=True):
    """On the account's stream: in this case they have this role besides the one that they have in the whole house, and
    instead of another that they had in it.
    """

    case: str
    role: CaseRole


@written_as("accounts.case_role_taken")
class CaseRoleTaken(Body, frozen=True):
    """On the account's stream."""

    case: str


@written_as("accounts.recovery_asked")
class RecoveryAsked(Body, frozen=True):
    """On the account's stream: an administrator asks that somebody who lost what they sign in with be let in again."""

    recovery: str


@written_as("accounts.recovery_agreed")
class RecoveryAgreed(Body, frozen=True):
    """On the account's stream, by another administrator, or by whoever has the server. Every factor is removed, and
    every session and unused link ends.
    """

    recovery: str


@written_as("accounts.recovery_refused")
class RecoveryRefused(Body, frozen=True):
    """On the account's stream."""

    recovery: str
