"""Rules of a case on how its posts go out: by whom, beside their author, and how long after they were written."""

from __future__ import annotations

from heard.cases import projection
from heard.cases.entries import DelayFixed, SecondEyesRuled
from heard.engine.entry import Draft
from heard.engine.errors import NotFound, Refused
from heard.engine.node import Command, Decision
from heard.engine.projection import Tables

#: A court that wants longer than this wants no live report.
DELAY_MAX = 15


def fix_delay(case: str, hearing: str, minutes: int) -> Command:
    """From this entry on what is written of a hearing waits so long; what waits already goes when it was going to."""

    def judge(tables: Tables) -> Decision:
        if hearing not in [known for known, _, _ in projection.hearings(tables, case)]:
            raise NotFound("There is no such hearing in this case.")
        if not 0 <= minutes <= DELAY_MAX:
            raise Refused(f"A delay is 0 to {DELAY_MAX} minutes. Nothing was changed.")
        rules = projection.by_id(tables, case).rules
        if projection.delays(tables, case).get(hearing, 0) == minutes:
            return Decision((), (rules,))
        return Decision((Draft(rules, DelayFixed(case, hearing, minutes)),), (rules,))

    return judge


def rule_second_eyes(case: str, needed: bool) -> Command:
    """From this entry on a post waits until somebody other than its author lets it out; or no more."""

    def judge(tables: Tables) -> Decision:
        rules = projection.by_id(tables, case).rules
        if projection.needs_second_eyes(tables, case) == needed:
            return Decision((), (rules,))
        return Decision((Draft(rules, SecondEyesRuled(case, needed)),), (rules,))

    return judge
