"""Leave to report a hearing live, as it is recorded.

Journalists and legal commentators may send live text from open court without asking; others ask for leave, and whoever
follows by a link is bound by what the court directs (Practice Guidance of the Lord Chief Justice, 14 December 2011, on
live text-based communications; not read here word for word). The court may stop it at any moment.
"""

from __future__ import annotations

from typing import get_args

from heard.cases import model, projection
from heard.cases.entries import Permission, PermissionRecorded
from heard.cases.model import checked_words
from heard.engine.entry import Draft
from heard.engine.errors import Refused
from heard.engine.node import Command, Decision
from heard.engine.projection import Tables


def record_permission(case: str, permission: Permission, words: str = "") -> Command:
    """On what footing the case is reported from now on; `withdrawn` stops everything but withdrawing."""

    def judge(tables: Tables) -> Decision:
        if permission not in get_args(Permission):
            raise Refused(
                f"Reporting is on one of these footings: {', '.join(get_args(Permission))}. Nothing was changed."
            )
        rules = projection.by_id(tables, case).rules
        told = checked_words(words, "court's words", model.STANDFIRST_MAX, needed=False)
        return Decision((Draft(rules, PermissionRecorded(case, permission, told)),), (rules,))

    return judge
