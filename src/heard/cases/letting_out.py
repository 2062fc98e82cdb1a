"""Rules of a case on how its posts go out: by whom, beside their author."""

from __future__ import annotations

from heard.cases import projection
from heard.cases.entries import SecondEyesRuled
from heard.engine.entry import Draft
from heard.engine.node import Command, Decision
from heard.engine.projection import Tables


def rule_second_eyes(case: str, needed: bool) -> Command:
    """From this entry on a post waits until somebody other than its author lets it out; or no more."""

    def judge(tables: Tables) -> Decision:
        rules = projection.by_id(tables, case).rules
        if projection.needs_second_eyes(tables, case) == needed:
            return Decision((), (rules,))
        return Decision((Draft(rules, SecondEyesRuled(case, needed)),), (rules,))

    return judge
