"""What is said of a case beside its posts (its title, its people, hearings and sittings) passes the guard as posts do.

It stands on every page of the case: a name that came in here would stop them all, and a form of a name that a whole
page is not searched for would go out on each. So nothing of this kind is written that says what may not be said.
"""

from __future__ import annotations

from typing import Any

import msgspec

from heard.cases import projection
from heard.cases.entries import CaseDescribed, HearingListed, PersonNamed, SittingBegan, SittingRose
from heard.cases.release import Doors, NotPublished
from heard.engine.entry import Body, Draft
from heard.engine.node import Decision, Gate
from heard.engine.projection import Tables

SAID = (CaseDescribed, PersonNamed, HearingListed, SittingBegan, SittingRose)


def guarded(doors: Doors) -> Gate:
    """A gate for the node: lets a decision be written, over the rules of its case, or raises NotPublished."""

    def gate(tables: Tables, decision: Decision, by: str) -> Decision:
        said = [draft for draft in decision.drafts if isinstance(draft.body, SAID)]
        if not said:
            return decision
        rules = []
        for draft in said:
            case = projection.by_id(tables, _case(draft))
            cast = (draft.body.name,) if isinstance(draft.body, PersonNamed) else ()
            if doors.of(tables, case.id, cast).stops(*_strings(draft.body)):
                raise NotPublished
            rules.append(case.rules)
        return msgspec.structs.replace(decision, over=(*decision.over, *rules))

    return gate


def _case(draft: Draft) -> str:
    return draft.stream if isinstance(draft.body, CaseDescribed) else str(msgspec.structs.asdict(draft.body)["case"])


def _strings(body: Body) -> list[str]:
    fields: dict[str, Any] = msgspec.to_builtins(body)
    return [said for name, said in fields.items() if isinstance(said, str) and name not in ("case", "hearing")]
