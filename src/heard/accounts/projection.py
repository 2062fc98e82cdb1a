"""The tables of accounts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from heard.accounts import entries
from heard.accounts.entries import AccountAdded, SessionsEnded, TokenAdded, TokenRevoked
from heard.accounts.model import Account
from heard.engine import now
from heard.engine.entry import Entry
from heard.engine.errors import NotFound
from heard.engine.projection import Room, Tables

SCHEMA = """
CREATE TABLE IF NOT EXISTS account (
    id TEXT PRIMARY KEY, email TEXT NOT NULL UNIQUE, role TEXT NOT NULL, name TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS token (id TEXT PRIMARY KEY, account TEXT NOT NULL, scope TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sessions_ended (account TEXT PRIMARY KEY, at TEXT NOT NULL) WITHOUT ROWID;
"""


def _added(tables: Tables, entry: Entry, body: AccountAdded) -> None:
    tables.execute("INSERT INTO account VALUES (?, ?, ?, ?)", (entry.stream, body.email, body.role, body.name))


def _token(tables: Tables, entry: Entry, body: TokenAdded) -> None:
    tables.execute("INSERT INTO token VALUES (?, ?, ?)", (body.token, entry.stream, body.scope))


def _revoked(tables: Tables, entry: Entry, body: TokenRevoked) -> None:
    tables.execute("DELETE FROM token WHERE id = ?", (body.token,))


def _ended(tables: Tables, entry: Entry, body: SessionsEnded) -> None:
    tables.execute("INSERT OR REPLACE INTO sessions_ended VALUES (?, ?)", (entry.stream, now.text(entry.at)))


def room() -> Room:
    """What the room `accounts` folds."""
    import heard.accounts.projection as here

    folds: dict[Any, Any] = {AccountAdded: _added, TokenAdded: _token, TokenRevoked: _revoked, SessionsEnded: _ended}
    return Room("accounts", SCHEMA, folds, (entries, here))


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


def token(tables: Tables, token: str) -> tuple[str, str] | None:
    """The account and scope of a token that was not revoked."""
    return next(iter(tables.execute("SELECT account, scope FROM token WHERE id = ?", (token,))), None)


def sessions_ended_at(tables: Tables, account: str) -> datetime | None:
    """When every session of the account was ended, the last time."""
    rows = tables.execute("SELECT at FROM sessions_ended WHERE account = ?", (account,))
    return next((now.instant(at) for (at,) in rows), None)


def all_accounts(tables: Tables) -> list[Account]:
    """Every account, by address."""
    return [Account(*row) for row in tables.execute("SELECT id, email, role, name FROM account ORDER BY email")]


def all_tokens(tables: Tables) -> list[tuple[str, str, str]]:
    """The id of every token that was not revoked, the address of its account, and its scope."""
    every = "SELECT token.id, email, scope FROM token JOIN account ON account.id = account ORDER BY email, token.id"
    return list(tables.execute(every))
