"""Leave to report a hearing live, as it is recorded.

Journalists and legal commentators may send live text from open court without asking; others ask for leave, and whoever
follows by a link is bound by what the court directs (Practice Guidance of the Lord Chief Justice, 14 December 2011, on
live text-based communications; not read here word for word). The court may stop it at any moment.
"""

from __future__ import annotations

from typing import get_args

from heard.cases import model, projection
from heard.cases.entries import OwnPermission, OwnPermissionRecorded, Permission, PermissionRecorded
from heard.cases.model import checked_words
from heard.engine.entry import Draft
from heard.engine.errors import Refused
from heard.engine.node import Command, Decision
from heard.engine.projection import Tables


def record_permission(case: str, permission: Permission, words: str = "") -> Command:
    """On what footing the case is reported from now on; `withdrawn` stops everything but withdrawing."""

    def judge(tables: Tables) -> Decision:
        _checked(permission, get_args(Permission))
        rules = projection.by_id(tables, case).rules
        return Decision((Draft(rules, PermissionRecorded(case, permission, _told(words))),), (rules,))

    return judge


def record_own_permission(case: str, account: str, by: str, permission: OwnPermission, words: str = "") -> Command:
    """On what footing one person reports the case from now on. `by` is the account that records it: nobody gives leave
    to themselves, but anybody who may record it may stop themselves.
    """

    def judge(tables: Tables) -> Decision:
        _checked(permission, get_args(OwnPermission))
        if account == by and permission != "withdrawn":
            raise Refused("Nobody records leave for themselves. Nothing was changed; ask somebody else on the desk.")
        rules = projection.by_id(tables, case).rules
        return Decision((Draft(rules, OwnPermissionRecorded(case, account, permission, _told(words))),), (rules,))

    return judge


def _checked(permission: str, known: tuple[str, ...]) -> None:
    if permission not in known:
        raise Refused(f"Reporting is on one of these footings: {', '.join(known)}. Nothing was changed.")


def _told(words: str) -> str:
    return checked_words(words, "court's words", model.STANDFIRST_MAX, needed=False)
