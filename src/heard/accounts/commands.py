"""What can be done to accounts."""

from __future__ import annotations

from heard.accounts import projection
from heard.accounts.entries import (
    EMAILS,
    RULES,
    AccountAdded,
    CaseRole,
    CaseRoleGiven,
    CaseRoleTaken,
    EmailTaken,
    FactorAdded,
    FactorDemanded,
    FactorFailed,
    FactorRemoved,
    LinkMade,
    PasswordRemoved,
    PasswordSet,
    Role,
    Scope,
    SessionsEnded,
    SignedIn,
    SignedOut,
    Sort,
    TokenAdded,
    TokenRevoked,
)
from heard.accounts.model import FACTORS_MAX, FAILED_MAX, FAILED_WITHIN, LABEL_MAX, Factor
from heard.engine import now
from heard.engine.entry import Body, Draft, new_id
from heard.engine.errors import NotFound, Refused
from heard.engine.node import Command, Decision
from heard.engine.projection import Tables

#: The same for a wrong code, for one that was used, and when there were too many to look at another.
WRONG_CODE = (
    "That did not work, and nobody was signed in. Wait for the next code and type that: each works once. "
    f"After {FAILED_MAX} wrong ones in a quarter of an hour none is looked at until it has passed."
)
#: The same for a wrong address, password or code, and when there were too many to look at another.
WRONG_PASSWORD = (
    "That did not work, and nobody was signed in. Address, password and code have to be right together, and each code "
    "works once. After a few wrong ones none is looked at for a quarter of an hour, but in a browser where you have "
    "signed in by them before; a passkey and a link work all the while."
)
WRONG_PASSKEY = "That passkey did not work, and nothing was changed. Try again from the beginning."
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


def sign_in(account: str, factor: str = "", step: int = 0, challenge: str = "", password: str = "") -> Command:
    """By a link alone where the account has no factor, else by one of them; all else as in the entry.

    What works once is used up by the entry itself, so that of two who come with it one is let in.
    """

    def judge(tables: Tables) -> Decision:
        projection.by_id(tables, account)
        known = {one.id: one for one in projection.factors(tables, account)}
        if factor not in known and (factor or known):
            raise Refused(WRONG_PASSKEY)
        if password and not (factor and known[factor].sort == "code" and is_password(tables, account, password)):
            raise Refused(WRONG_PASSWORD)
        if factor:
            _use(tables, known[factor], step, challenge)
        return Decision((Draft(account, SignedIn(factor, step, challenge, password)),), (account,))

    return judge


def _use(tables: Tables, factor: Factor, step: int, challenge: str) -> None:
    """Raises Refused for what was used before, and for a code when too many wrong ones were given."""
    if factor.sort == "code":
        if step <= factor.last or too_many_failed(tables, factor.account):
            raise Refused(WRONG_CODE)
        return
    # A passkey that does not count says 0 each time (WebAuthn, section 6.1.1); one that counts never says less.
    if projection.is_spent(tables, challenge) or (step <= factor.last and (step or factor.last)):
        raise Refused(WRONG_PASSKEY, counted_back=step <= factor.last and bool(step or factor.last))


def too_many_failed(tables: Tables, account: str) -> bool:
    return projection.failed_since(tables, account, now.utc() - FAILED_WITHIN) >= FAILED_MAX


def fail_factor(account: str, sort: Sort) -> Command:
    """Write down that it did not work; nothing is written beyond the bound, however often somebody tries."""

    def judge(tables: Tables) -> Decision:
        projection.by_id(tables, account)
        drafts = () if too_many_failed(tables, account) else (Draft(account, FactorFailed(sort)),)
        return Decision(drafts, (account,))

    return judge


def is_password(tables: Tables, account: str, password: str) -> bool:
    known = projection.password(tables, account)
    return known is not None and known[0] == password


def set_password(account: str, password: str) -> Command:
    """By the id that the vault keeps it by. Raises Refused where there is no app that shows codes to go with it."""

    def judge(tables: Tables) -> Decision:
        if not any(one.sort == "code" for one in projection.factors(tables, account)):
            raise Refused(
                "A password lets nobody in without a code. Add an app that shows codes first. Nothing changed."
            )
        return Decision((Draft(account, PasswordSet(password)),), (account,))

    return judge


def remove_password(account: str) -> Command:
    def judge(tables: Tables) -> Decision:
        if projection.password(tables, account) is None:
            raise NotFound("This account has no password.")
        return Decision((Draft(account, PasswordRemoved()),), (account,))

    return judge


def add_factor(account: str, factor: str, sort: Sort, label: str = "", step: int = 0, challenge: str = "") -> Command:
    def judge(tables: Tables) -> Decision:
        known = projection.factors(tables, account)
        if len(known) >= FACTORS_MAX:
            raise Refused(f"An account has at most {FACTORS_MAX} of these. Remove one first. Nothing was changed.")
        if len(label) > LABEL_MAX or not (label.isprintable() or not label):
            raise Refused(f"A name for it has at most {LABEL_MAX} letters, on one line. Nothing was changed.")
        if (challenge and projection.is_spent(tables, challenge)) or any(one.id == factor for one in known):
            raise Refused(WRONG_PASSKEY)
        body = FactorAdded(factor, sort, label.strip(), step, challenge)
        return Decision((Draft(account, body),), (account,))

    return judge


def remove_factor(account: str, factor: str) -> Command:
    def judge(tables: Tables) -> Decision:
        known = [one.id for one in projection.factors(tables, account)]
        if factor not in known:
            raise NotFound("This account has no such way to sign in.")
        if len(known) == 1 and projection.demanded(tables):
            raise Refused(
                "A second factor is demanded here, and this is your last. Add another first. Nothing changed."
            )
        return Decision((Draft(account, FactorRemoved(factor)),), (account, RULES))

    return judge


def demand_factor(demanded: bool) -> Command:
    """Whether an account without a second factor may do nothing but add one."""

    def judge(tables: Tables) -> Decision:
        drafts = (Draft(RULES, FactorDemanded(demanded)),)
        return Decision(drafts if demanded != bool(projection.demanded(tables)) else (), (RULES,))

    return judge


def give_role(account: str, case: str, role: CaseRole) -> Command:
    """In one case; whoever asks knows that there is such a case."""
    return _on_account(account, CaseRoleGiven(case, role))


def take_role(account: str, case: str) -> Command:
    def judge(tables: Tables) -> Decision:
        if case not in projection.case_roles(tables, account):
            raise NotFound("They have no role of that case. Nothing was changed.")
        return Decision((Draft(account, CaseRoleTaken(case)),), (account,))

    return judge


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
