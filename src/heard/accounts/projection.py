"""The tables of accounts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from heard.accounts import entries
from heard.accounts.entries import (
    AccountAdded,
    CaseRole,
    CaseRoleGiven,
    CaseRoleTaken,
    FactorAdded,
    FactorDemanded,
    FactorFailed,
    FactorRemoved,
    PasswordRemoved,
    PasswordSet,
    RecoveryAgreed,
    RecoveryAsked,
    RecoveryRefused,
    Role,
    SessionsEnded,
    SignedIn,
    TokenAdded,
    TokenRevoked,
)
from heard.accounts.model import FAILED_WITHIN, Account, Factor, Recovery
from heard.engine import now
from heard.engine.entry import Body, Entry
from heard.engine.errors import NotFound
from heard.engine.projection import Room, Tables
from heard.engine.remembered import remembered

ROOM = "accounts"

SCHEMA = """
CREATE TABLE IF NOT EXISTS account (
    id TEXT PRIMARY KEY, email TEXT NOT NULL UNIQUE, role TEXT NOT NULL, name TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS token (id TEXT PRIMARY KEY, account TEXT NOT NULL, scope TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sessions_ended (account TEXT PRIMARY KEY, at TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS factor (
    id TEXT PRIMARY KEY, account TEXT NOT NULL, sort TEXT NOT NULL, label TEXT NOT NULL, added_at TEXT NOT NULL,
    last INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS factor_account ON factor (account);
CREATE TABLE IF NOT EXISTS factor_failed (account TEXT NOT NULL, at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS factor_demanded (one INTEGER PRIMARY KEY, by TEXT NOT NULL, at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS case_role (
    account TEXT NOT NULL, case_id TEXT NOT NULL, role TEXT NOT NULL, PRIMARY KEY (account, case_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS recovery (
    account TEXT PRIMARY KEY, id TEXT NOT NULL, by TEXT NOT NULL, at TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS password (account TEXT PRIMARY KEY, id TEXT NOT NULL, at TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS spent_challenge (challenge TEXT PRIMARY KEY, at TEXT NOT NULL) WITHOUT ROWID;
"""
#: A challenge is remembered for longer than it lasts.
SPENT_KEPT = timedelta(hours=1)


def _added(tables: Tables, entry: Entry, body: AccountAdded) -> None:
    tables.execute("INSERT INTO account VALUES (?, ?, ?, ?)", (entry.stream, body.email, body.role, body.name))


def _token(tables: Tables, entry: Entry, body: TokenAdded) -> None:
    tables.execute("INSERT INTO token VALUES (?, ?, ?)", (body.token, entry.stream, body.scope))


def _revoked(tables: Tables, entry: Entry, body: TokenRevoked) -> None:
    tables.execute("DELETE FROM token WHERE id = ?", (body.token,))


def _password(tables: Tables, entry: Entry, body: PasswordSet) -> None:
    row = (entry.stream, body.password, now.text(entry.at))
    tables.execute("INSERT OR REPLACE INTO password VALUES (?, ?, ?)", row)
    _ended(tables, entry, body)


def _password_removed(tables: Tables, entry: Entry, body: PasswordRemoved | RecoveryAgreed) -> None:
    tables.execute("DELETE FROM password WHERE account = ?", (entry.stream,))
    _ended(tables, entry, body)


def _ended(tables: Tables, entry: Entry, body: Body) -> None:
    tables.execute("INSERT OR REPLACE INTO sessions_ended VALUES (?, ?)", (entry.stream, now.text(entry.at)))


def _factor(tables: Tables, entry: Entry, body: FactorAdded) -> None:
    row = (body.factor, entry.stream, body.sort, body.label, now.text(entry.at), body.step)
    tables.execute("INSERT INTO factor VALUES (?, ?, ?, ?, ?, ?)", row)
    _spend(tables, entry, body.challenge)


def _signed_in(tables: Tables, entry: Entry, body: SignedIn) -> None:
    if body.factor:
        tables.execute("UPDATE factor SET last = max(last, ?) WHERE id = ?", (body.step, body.factor))
    _spend(tables, entry, body.challenge)


def _spend(tables: Tables, entry: Entry, challenge: str) -> None:
    if challenge:
        tables.execute("DELETE FROM spent_challenge WHERE at < ?", (now.text(entry.at - SPENT_KEPT),))
        tables.execute("INSERT OR IGNORE INTO spent_challenge VALUES (?, ?)", (challenge, now.text(entry.at)))


def _factor_removed(tables: Tables, entry: Entry, body: FactorRemoved) -> None:
    tables.execute("DELETE FROM factor WHERE id = ?", (body.factor,))


def _factor_failed(tables: Tables, entry: Entry, body: FactorFailed) -> None:
    tables.execute("DELETE FROM factor_failed WHERE at < ?", (now.text(entry.at - 4 * FAILED_WITHIN),))
    tables.execute("INSERT INTO factor_failed VALUES (?, ?)", (entry.stream, now.text(entry.at)))


def _role_given(tables: Tables, entry: Entry, body: CaseRoleGiven) -> None:
    tables.execute("INSERT OR REPLACE INTO case_role VALUES (?, ?, ?)", (entry.stream, body.case, body.role))


def _role_taken(tables: Tables, entry: Entry, body: CaseRoleTaken) -> None:
    tables.execute("DELETE FROM case_role WHERE account = ? AND case_id = ?", (entry.stream, body.case))


def _recovery_asked(tables: Tables, entry: Entry, body: RecoveryAsked) -> None:
    row = (entry.stream, body.recovery, entry.by, now.text(entry.at))
    tables.execute("INSERT OR REPLACE INTO recovery VALUES (?, ?, ?, ?)", row)


def _recovery_agreed(tables: Tables, entry: Entry, body: RecoveryAgreed) -> None:
    tables.execute("DELETE FROM recovery WHERE account = ?", (entry.stream,))
    tables.execute("DELETE FROM factor WHERE account = ?", (entry.stream,))
    _password_removed(tables, entry, body)


def _recovery_refused(tables: Tables, entry: Entry, body: RecoveryRefused) -> None:
    tables.execute("DELETE FROM recovery WHERE account = ?", (entry.stream,))


def _demanded(tables: Tables, entry: Entry, body: FactorDemanded) -> None:
    tables.execute("DELETE FROM factor_demanded")
    if body.demanded:
        tables.execute("INSERT INTO factor_demanded VALUES (1, ?, ?)", (entry.by, now.text(entry.at)))


def room() -> Room:
    """What the room `accounts` folds."""
    import heard.accounts.projection as here

    folds: dict[Any, Any] = {
        AccountAdded: _added,
        TokenAdded: _token,
        TokenRevoked: _revoked,
        SessionsEnded: _ended,
        SignedIn: _signed_in,
        FactorAdded: _factor,
        FactorRemoved: _factor_removed,
        FactorFailed: _factor_failed,
        FactorDemanded: _demanded,
        PasswordSet: _password,
        PasswordRemoved: _password_removed,
        RecoveryAsked: _recovery_asked,
        RecoveryAgreed: _recovery_agreed,
        RecoveryRefused: _recovery_refused,
        CaseRoleGiven: _role_given,
        CaseRoleTaken: _role_taken,
    }
    return Room(ROOM, SCHEMA, folds, (entries, here))


@remembered(ROOM)
def by_id(tables: Tables, account: str) -> Account:
    """Raises NotFound."""
    return _one(tables.execute("SELECT id, email, role, name FROM account WHERE id = ?", (account,)))


def by_email(tables: Tables, email: str) -> Account:
    """Raises NotFound."""
    return _one(tables.execute("SELECT id, email, role, name FROM account WHERE email = ?", (email.strip().lower(),)))


def _one(rows: Any) -> Account:
    for row in rows:
        return Account(*row)
    raise NotFound("There is no such account here.")


@remembered(ROOM)
def token(tables: Tables, token: str) -> tuple[str, str] | None:
    """The account and scope of a token that was not revoked."""
    return next(iter(tables.execute("SELECT account, scope FROM token WHERE id = ?", (token,))), None)


@remembered(ROOM)
def sessions_ended_at(tables: Tables, account: str) -> datetime | None:
    """When every session of the account was ended, the last time."""
    rows = tables.execute("SELECT at FROM sessions_ended WHERE account = ?", (account,))
    return next((now.instant(at) for (at,) in rows), None)


@remembered(ROOM)
def factors(tables: Tables, account: str) -> list[Factor]:
    """What an account signs in with besides a link, the oldest first."""
    rows = tables.execute(
        "SELECT id, account, sort, label, added_at, last FROM factor WHERE account = ? ORDER BY added_at, id",
        (account,),
    )
    return [Factor(id, of, sort, label, now.instant(at), last) for id, of, sort, label, at, last in rows]


def password(tables: Tables, account: str) -> tuple[str, datetime] | None:
    """By which id the vault keeps an account's password, and since when."""
    rows = tables.execute("SELECT id, at FROM password WHERE account = ?", (account,))
    return next(((id, now.instant(at)) for id, at in rows), None)


def roles_in(tables: Tables, case: str) -> list[tuple[Account, CaseRole]]:
    """Who has a role in one case, by address."""
    given = dict(tables.execute("SELECT account, role FROM case_role WHERE case_id = ?", (case,)))
    return [(one, given[one.id]) for one in all_accounts(tables) if one.id in given]


def with_role(tables: Tables, role: str, case: str) -> list[Account]:
    """Who has a role in the whole house or in this case, by address."""
    given = {account.id for account, held in roles_in(tables, case) if held == role}
    return [one for one in all_accounts(tables) if one.role == role or one.id in given]


@remembered(ROOM)
def case_roles(tables: Tables, account: str) -> dict[str, Role]:
    """What an account may be in single cases, by case."""
    return dict(tables.execute("SELECT case_id, role FROM case_role WHERE account = ? ORDER BY case_id", (account,)))


def recoveries(tables: Tables) -> dict[str, Recovery]:
    """What was asked and neither agreed to nor refused, by account; whether it is still open, the time says."""
    rows = tables.execute("SELECT id, account, by, at FROM recovery ORDER BY account")
    return {account: Recovery(id, account, by, now.instant(at)) for id, account, by, at in rows}


def failed_since(tables: Tables, account: str, at: datetime) -> int:
    """How many wrong codes were given for an account since an instant."""
    rows = tables.execute("SELECT count(*) FROM factor_failed WHERE account = ? AND at >= ?", (account, now.text(at)))
    return int(next(iter(rows))[0])


def is_spent(tables: Tables, challenge: str) -> bool:
    return any(tables.execute("SELECT 1 FROM spent_challenge WHERE challenge = ?", (challenge,)))


@remembered(ROOM)
def demanded(tables: Tables) -> tuple[str, datetime] | None:
    """Who demanded a second factor of everybody, and when; None where nobody does."""
    rows = tables.execute("SELECT by, at FROM factor_demanded")
    return next(((by, now.instant(at)) for by, at in rows), None)


def all_accounts(tables: Tables) -> list[Account]:
    """Every account, by address."""
    return [Account(*row) for row in tables.execute("SELECT id, email, role, name FROM account ORDER BY email")]


def all_tokens(tables: Tables) -> list[tuple[str, str, str]]:
    """The id of every token that was not revoked, the address of its account, and its scope."""
    every = "SELECT token.id, email, scope FROM token JOIN account ON account.id = account ORDER BY email, token.id"
    return list(tables.execute(every))
