"""A legal hold: everything of a case is kept as it is, sealed where it was withdrawn, until the hold is ended.

It stops erasing, and nothing else: withdrawing and restricting go on.
"""

from __future__ import annotations

from heard.cases import model, projection
from heard.cases.entries import LegalHoldEnded, LegalHoldPlaced
from heard.cases.model import checked_words
from heard.engine.entry import Draft
from heard.engine.errors import Refused
from heard.engine.node import Command, Decision
from heard.engine.projection import Tables


def place_legal_hold(case: str, ground: str) -> Command:
    def judge(tables: Tables) -> Decision:
        rules = projection.by_id(tables, case).rules
        if projection.legal_hold_since(tables, case):
            return Decision((), (rules,))
        return Decision((Draft(rules, LegalHoldPlaced(case, _checked(ground))),), (rules,))

    return judge


def end_legal_hold(case: str, ground: str) -> Command:
    def judge(tables: Tables) -> Decision:
        rules = projection.by_id(tables, case).rules
        if not projection.legal_hold_since(tables, case):
            return Decision((), (rules,))
        return Decision((Draft(rules, LegalHoldEnded(case, _checked(ground))),), (rules,))

    return judge


def must_not_be_held(tables: Tables, case: str) -> None:
    """Raises Refused while a legal hold is on the case."""
    since = projection.legal_hold_since(tables, case)
    if since:
        raise Refused(
            f"A legal hold has been on this case since {since:%d %B %Y}: nothing of it may be erased. Nothing was "
            "changed; withdraw the post, and readers see it nowhere. A lawyer can end the hold."
        )


def _checked(ground: str) -> str:
    return checked_words(ground, "ground", model.STANDFIRST_MAX)
