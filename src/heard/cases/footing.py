"""On what footing a case is reported live, and on what one of its people: the tables, and the questions asked of them.

What is recorded of a person stands above what is recorded of the case, with one bound: a stop of the whole case stops
everybody, whatever leave they had before it. Leave that is given to one person after it stands above it again.
"""

from __future__ import annotations

from typing import Any

import msgspec

from heard.cases.entries import OwnPermissionRecorded, Permission, PermissionRecorded
from heard.cases.states import ROOM
from heard.engine.entry import Entry
from heard.engine.projection import Fold, Tables
from heard.engine.remembered import remembered

SCHEMA = """
CREATE TABLE IF NOT EXISTS permission (
    case_id TEXT PRIMARY KEY, permission TEXT NOT NULL, position INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS own_permission (
    case_id TEXT NOT NULL, account TEXT NOT NULL, permission TEXT NOT NULL, position INTEGER NOT NULL,
    PRIMARY KEY (case_id, account)
) WITHOUT ROWID;
"""


class Recorded(msgspec.Struct, frozen=True):
    """A footing, and the entry that has who recorded it, when and in what words; at 0 nobody needed to."""

    permission: Permission
    position: int


#: To journalists and legal commentators it is open without asking.
OPEN = Recorded("no application needed", 0)


def _of_case(tables: Tables, entry: Entry, body: PermissionRecorded) -> None:
    row = (body.case, body.permission, entry.position)
    tables.execute("INSERT OR REPLACE INTO permission VALUES (?, ?, ?)", row)


def _own(tables: Tables, entry: Entry, body: OwnPermissionRecorded) -> None:
    if body.permission == "as the case is":
        tables.execute("DELETE FROM own_permission WHERE case_id = ? AND account = ?", (body.case, body.account))
        return
    row = (body.case, body.account, body.permission, entry.position)
    tables.execute("INSERT OR REPLACE INTO own_permission VALUES (?, ?, ?, ?)", row)


FOLDS: dict[Any, Fold] = {PermissionRecorded: _of_case, OwnPermissionRecorded: _own}


@remembered(ROOM)
def of_case(tables: Tables, case: str) -> Recorded:
    """On what footing the case is reported live."""
    rows = tables.execute("SELECT permission, position FROM permission WHERE case_id = ?", (case,))
    return next((Recorded(*row) for row in rows), OPEN)


@remembered(ROOM)
def of_people(tables: Tables, case: str) -> dict[str, Recorded]:
    """The accounts that have a footing of their own in the case, in the order in which it was recorded."""
    rows = tables.execute(
        "SELECT account, permission, position FROM own_permission WHERE case_id = ? ORDER BY position", (case,)
    )
    return {account: Recorded(permission, position) for account, permission, position in rows}


def footing(tables: Tables, case: str, account: str) -> Permission:
    """On what footing an account reports the case; one without its own, as everybody."""
    all_, own = of_case(tables, case), of_people(tables, case).get(account)
    if own is None or (all_.permission == "withdrawn" and own.position < all_.position):
        return own.permission if own and own.permission == "withdrawn" else all_.permission
    return own.permission


def is_stopped(tables: Tables, case: str, *accounts: str) -> bool:
    """Whether leave to report the case is withdrawn from one of these accounts."""
    return any(footing(tables, case, account) == "withdrawn" for account in accounts)
