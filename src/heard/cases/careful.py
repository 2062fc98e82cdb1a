"""Care that is taken with a case: of a suicide, of a sexual offence.

It asks whoever writes to look again, shows readers of a suicide where there is help, and keeps how somebody died out of
what is met unasked. It is not a restriction: what an order or a statute forbids is recorded as one.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import get_args

from heard.cases import projection, states
from heard.cases.entries import Care, CareTaken
from heard.engine.entry import Draft
from heard.engine.errors import Refused
from heard.engine.node import Command, Decision
from heard.engine.projection import Tables

KINDS: tuple[Care, ...] = get_args(Care)


def take_care(case: str, care: Collection[str]) -> Command:
    """From this entry on the case is reported with this care and no other."""

    def judge(tables: Tables) -> Decision:
        rules = projection.by_id(tables, case).rules
        if not set(care) <= set(KINDS):
            raise Refused(f"A case is reported with care for one of: {', '.join(KINDS)}. Nothing was changed.")
        if states.care(tables, case) == set(care):
            return Decision((), (rules,))
        taken = tuple(one for one in KINDS if one in care)
        return Decision((Draft(rules, CareTaken(case, taken)),), (rules,))

    return judge
