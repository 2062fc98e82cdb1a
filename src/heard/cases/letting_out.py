"""Rules of a case on how its posts go out: by whom, beside their author, and how long after they were written."""

from __future__ import annotations

from heard.cases import projection, states
from heard.cases.entries import DelayFixed, SecondEyesRuled
from heard.cases.model import checked_words
from heard.engine.entry import Draft
from heard.engine.errors import NotFound, Refused
from heard.engine.node import Command, Decision
from heard.engine.projection import Tables

#: A court that wants longer than this wants no live report.
DELAY_MAX = 15
WHY_MAX = 1000


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


def rule_second_eyes(case: str, needed: bool, reason: str = "") -> Command:
    """From this entry on a post waits until somebody other than its author lets it out; or no more."""

    def judge(tables: Tables) -> Decision:
        rules = projection.by_id(tables, case).rules
        asked = states.asked_to_end_second_eyes(tables, case)
        if projection.needs_second_eyes(tables, case) == needed and not asked:
            return Decision((), (rules,))
        why = checked_words(reason, "reason", WHY_MAX, needed=False)
        return Decision((Draft(rules, SecondEyesRuled(case, needed, reason=why)),), (rules,))

    return judge


def agree_to_end_second_eyes(case: str, by: str, reason: str) -> Command:
    """One of two people says that no second pair of eyes is needed any more; when another has said so, it is not.

    Else whoever is to be read twice would take the rule off, publish alone, and put it on again.
    """

    def judge(tables: Tables) -> Decision:
        rules = projection.by_id(tables, case).rules
        if not projection.needs_second_eyes(tables, case):
            return Decision((), (rules,))
        first = states.asked_to_end_second_eyes(tables, case)
        if first and first[0] == by:
            raise Refused("You said so already. The rule stands until somebody else says so too, or a lawyer ends it.")
        why = checked_words(reason, "reason", WHY_MAX, needed=False)
        if not (first or why):
            raise Refused("The reason is missing. The rule stands; say why no second pair of eyes is needed any more.")
        ruled = SecondEyesRuled(case, needed=False, only_asked=first is None, reason=why)
        return Decision((Draft(rules, ruled),), (rules,))

    return judge
