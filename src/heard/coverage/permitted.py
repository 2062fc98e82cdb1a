"""Leave to report live, as it binds whoever writes: withdrawn, their box keeps notes, and nothing goes out for them.

The gate stands in the node, so it holds for every way in: the desk, a program, an import, what waited on a phone. What
others wrote, and what a clock lets out, is looked at by whose words it is, where that is decided: `kept`, `changes`,
`due_posts`. Of what the operator imports nobody knows that, so it may be anybody's.
"""

from __future__ import annotations

import msgspec

from heard.cases import projection as cases
from heard.cases.entries import CaseDescribed, HearingListed, PersonNamed, SittingBegan, SittingRose
from heard.cases.footing import is_stopped, of_case, of_people
from heard.coverage.approval import held_instead, is_said_at_once
from heard.coverage.entries import (
    Content,
    PostPublished,
    PostRetracted,
    PostSubmitted,
    PostTakenOver,
    PostWaiting,
    SummaryWritten,
    Told,
)
from heard.coverage.sealing import STOPPED, STOPPED_OF_ONE
from heard.coverage.taking_over import without_words
from heard.engine.entry import Body, Draft
from heard.engine.errors import Refused
from heard.engine.node import Decision, Gate
from heard.engine.projection import Tables

#: What a whole case that is stopped still needs: by these its notes are kept in order. From one person alone they wait.
_OF_THE_COURT = (CaseDescribed, HearingListed, PersonNamed, SittingBegan, SittingRose)
STOPPED_FOR_YOU = (
    "Leave to report this case live was withdrawn from you. Nothing was changed and nothing went out; keep your words, "
    "or write them as a post, which is kept on the desk. Withdrawing works."
)


def permitted(*exempt: str, importer: str = "") -> Gate:
    """A gate for the node. `exempt` let out what others wrote, and have asked for them: the clocks. `importer` brings
    in what others wrote and does not say who: it is kept while leave is withdrawn from anybody.
    """

    def gate(tables: Tables, decision: Decision, by: str) -> Decision:
        out = [draft for draft in decision.drafts if _goes_out(draft.body)]
        if by in exempt or not out:
            return decision
        case = _case(out[0])
        over = (*decision.over, cases.by_id(tables, case).rules)
        anybodys = [*of_people(tables, case)] if by == importer and any(_is_imported(one.body) for one in out) else []
        if not is_stopped(tables, case, by, *anybodys):
            return msgspec.structs.replace(decision, over=over)
        alone = _stopped_alone(tables, case, by)
        if not alone and of_case(tables, case).permission == "withdrawn":
            out = [draft for draft in out if not isinstance(draft.body, (*_OF_THE_COURT, PostRetracted))]
        if not out:
            return msgspec.structs.replace(decision, over=over)
        if held := held_instead(tables, decision.drafts):
            return Decision(held, over)
        if all(isinstance(draft.body, PostRetracted | PostTakenOver) for draft in out):
            return Decision(tuple(map(_from_the_list, decision.drafts)), over)
        raise Refused(STOPPED_FOR_YOU if alone else STOPPED_OF_ONE if anybodys else STOPPED)

    return gate


def _goes_out(body: Body) -> bool:
    """Whether readers would come to see words of it, now or when its time has come."""
    if isinstance(body, PostRetracted):
        return bool(body.notice)
    return isinstance(body, PostPublished | PostTakenOver | PostSubmitted | PostWaiting) or is_said_at_once(body)


def _is_imported(body: Body) -> bool:
    return isinstance(body, Content | SummaryWritten | Told) and bool(body.source)


def _case(draft: Draft) -> str:
    """Of what is on the case's own stream, that."""
    return str(getattr(draft.body, "case", "") or draft.stream)


def _stopped_alone(tables: Tables, case: str, account: str) -> bool:
    own = of_people(tables, case).get(account)
    return own is not None and own.permission == "withdrawn"


def _from_the_list(draft: Draft) -> Draft:
    """Withdrawing works for everybody; what one may tell no more is told by the words of the list."""
    if isinstance(draft.body, PostRetracted):
        return Draft(draft.stream, msgspec.structs.replace(draft.body, notice=""))
    if isinstance(draft.body, PostTakenOver):
        return Draft(draft.stream, without_words(draft.body))
    return draft
