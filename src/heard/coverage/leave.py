"""Leave to report live, on the desk: on what footing the case is reported, who is on another, and recording that."""

from __future__ import annotations

from typing import Any, get_args

from heard.accounts import projection as accounts
from heard.accounts.model import Account, Caller
from heard.cases.entries import OwnPermission, Permission
from heard.cases.exits import Serving
from heard.cases.footing import Recorded, footing, of_case, of_people
from heard.cases.model import Case
from heard.cases.permission import record_own_permission
from heard.coverage.court import Form, Make, account_name
from heard.coverage.orders import told_accounts
from heard.engine.errors import Refused
from heard.engine.node import Command
from heard.engine.projection import Tables


def seen(serving: Serving, case: Case, caller: Caller) -> dict[str, Any]:
    """The case's footing and the caller's own; for who may record one, everybody's own, and whose it may be."""
    tables, mine = serving.tables, caller.account.id
    sets = caller.may("release_held")
    return {
        "case": told(serving, of_case(tables, case.id)),
        "yours": footing(tables, case.id, mine),
        "alone": mine in of_people(tables, case.id),
        "people": people(serving, case) if sets else [],
        "whom": _who_report(tables, case) if sets else [],
        "footings": get_args(Permission),
        "own_footings": get_args(OwnPermission),
    }


def told(serving: Serving, one: Recorded) -> dict[str, Any]:
    """A footing with who recorded it, when and in what words, which only the journal has."""
    entry = serving.node.journal.entry(one.position) if one.position else None
    return {
        "permission": one.permission,
        "by": account_name(serving.tables, entry.by) if entry else "",
        "at": entry.at if entry else None,
        "words": getattr(entry.body, "words", "") if entry else "",
    }


def people(serving: Serving, case: Case) -> list[dict[str, Any]]:
    """Everybody with a footing of their own; `stands` is the one that they report on, also where a stop came after."""
    found = []
    for id, one in of_people(serving.tables, case.id).items():
        account = accounts.by_id(serving.tables, id)
        stands = footing(serving.tables, case.id, id)
        told_of = told(serving, one)
        found.append({"account": account.email, "name": account.name or account.email, "stands": stands, **told_of})
    return found


def _who_report(tables: Tables, case: Case) -> list[Account]:
    def caller(one: Account) -> Caller:
        return Caller(one, by_case=accounts.case_roles(tables, one.id)).at(case.id)

    return [one for one in accounts.all_accounts(tables) if caller(one).may("write")]


def record(serving: Serving, case: Case, email: str, permission: str, words: str, caller: Caller) -> Command:
    """Record the footing of the account with this address.

    Raises Refused where there is none.
    """
    named = told_accounts(serving.tables, email)
    if len(named) != 1:
        raise Refused("Name one account by its address. Nothing was changed.")
    of: Any = permission
    return record_own_permission(case.id, named[0], caller.account.id, of, words)


def _leave(serving: Serving, case: Case, form: Form, caller: Caller) -> Command:
    account, permission, words = (form.get(name, "") for name in ("account", "permission", "words"))
    return record(serving, case, account, permission, words, caller)


VERBS: dict[str, tuple[str, Make]] = {"leave": ("release_held", _leave)}
