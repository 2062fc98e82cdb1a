"""The bound on probing: who finds out by trying what may not be said is stopped trying.

After five texts of one account were stopped within ten minutes, nothing that it writes goes out until an editor or a
lawyer looked at it. Its posts are held, with the same words as any other; what cannot be kept is refused. It sees no
difference but that everything is stopped. The gate stands in the node, so it holds for every way in.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import msgspec

from heard.cases import projection as cases
from heard.cases.entries import CaseDescribed, HearingListed, PersonNamed, SittingBegan, SittingRose
from heard.cases.footing import is_stopped
from heard.cases.model import checked_words
from heard.cases.release import NotPublished, StillHeld
from heard.coverage import model, projection
from heard.coverage.draft_entries import PostDrafted
from heard.coverage.entries import (
    ApprovalEnded,
    ApprovalRequired,
    Content,
    PostClarified,
    PostCorrected,
    PostHeld,
    PostPublished,
    PostSubmitted,
    PostTakenOver,
    PostWaiting,
    ReleaseAgreed,
    SummaryWritten,
    TextStopped,
    Told,
)
from heard.coverage.going_out import turned
from heard.coverage.sealing import in_private
from heard.engine import now
from heard.engine.entry import Body, Draft
from heard.engine.errors import NotFound
from heard.engine.node import Command, Decision, Gate, Written
from heard.engine.projection import Tables

STOPPED_MAX, WITHIN = 5, timedelta(minutes=10)
#: What readers come to see, beside posts, and can only be refused.
_SAID_AT_ONCE = (
    PostCorrected,
    PostClarified,
    SummaryWritten,
    CaseDescribed,
    PersonNamed,
    HearingListed,
    SittingBegan,
    SittingRose,
    ReleaseAgreed,
)


def bounded(*exempt: str) -> Gate:
    """A gate for the node. `exempt` write for others: the operator, who imports what others wrote."""

    def gate(tables: Tables, decision: Decision, by: str) -> Decision:
        if by in exempt or not any(_is_worded(draft.body) for draft in decision.drafts):
            return decision
        over = (*decision.over, by)
        if projection.needs_approval(tables, by):
            return Decision(_for_approval(tables, decision.drafts), over)
        if any(_is_stopped(tables, draft, by) for draft in decision.drafts):
            return Decision((*decision.drafts, *counted(tables, by, _case(decision.drafts))), over)
        return msgspec.structs.replace(decision, over=over)

    return gate


def _for_approval(tables: Tables, drafts: tuple[Draft, ...]) -> tuple[Draft, ...]:
    """The post held that would be published.

    Raises NotPublished for what cannot be kept, and for a post that was kept before: nobody approves of their own.
    """
    if held := held_instead(tables, drafts):
        return held
    out = PostPublished | PostTakenOver | PostWaiting
    if any(isinstance(draft.body, out) or is_said_at_once(draft.body) for draft in drafts):
        raise NotPublished
    return drafts


def held_instead(tables: Tables, drafts: tuple[Draft, ...]) -> tuple[Draft, ...]:
    """A new post as held, where it would go out, now or later; nothing where this is none."""
    first, *others = drafts
    if isinstance(first.body, PostTakenOver) and first.body.status != "published":
        return ()
    goes_out = PostPublished | PostSubmitted | PostTakenOver | PostWaiting
    if isinstance(first.body, goes_out) and not projection.is_known(tables, first.stream):
        drafted = (draft for draft in others if isinstance(draft.body, PostDrafted))
        return (Draft(first.stream, turned(PostHeld, first.body)), *drafted)
    return ()


def _is_worded(body: Body) -> bool:
    return isinstance(body, Content) or is_said_at_once(body)


def is_said_at_once(body: Body) -> bool:
    """Whether readers come to see words of it, other than as a post."""
    return isinstance(body, _SAID_AT_ONCE) or (isinstance(body, Told) and bool(body.words))


def _is_stopped(tables: Tables, draft: Draft, by: str) -> bool:
    """Whether it is a new post that its own words stopped, and not a hold or a stop of the whole case."""
    if not isinstance(draft.body, PostHeld) or projection.is_known(tables, draft.stream):
        return False
    case = draft.body.case
    stopped = cases.is_held(tables, case) or is_stopped(tables, case, by)
    return not stopped and not in_private(tables, draft.body)


def _case(drafts: tuple[Draft, ...]) -> str:
    return next((draft.body.case for draft in drafts if isinstance(draft.body, PostHeld)), "")


def counted(tables: Tables, account: str, case: str) -> tuple[Draft, ...]:
    """What says that a text of this account was stopped; after too many, that all goes for approval."""
    stopped = Draft(account, TextStopped())
    if projection.stopped_since(tables, account, now.utc() - WITHIN) + 1 < STOPPED_MAX:
        return (stopped,)
    return (stopped, Draft(account, ApprovalRequired(case)))


def count_stopped(account: str, of: str = "") -> Command:
    """Count a text that was refused, and kept nowhere; `of` is the case, post, hearing or sitting that it was for."""

    def judge(tables: Tables) -> Decision:
        if projection.needs_approval(tables, account):
            return Decision((), (account,))
        return Decision(counted(tables, account, _case_of(tables, of)), (account,))

    return judge


def _case_of(tables: Tables, thing: str) -> str:
    rows = tables.execute(
        "SELECT id FROM cases WHERE id = ?1 UNION ALL SELECT case_id FROM post WHERE id = ?1 UNION ALL "
        "SELECT case_id FROM hearing WHERE id = ?1 UNION ALL SELECT case_id FROM sitting WHERE id = ?1",
        (thing,),
    )
    return next((str(case) for (case,) in rows), "")


def counting(do: Callable[..., Awaitable[Written]]) -> Callable[..., Awaitable[Written]]:
    """The same way to write, but what it refuses for its words is counted."""

    async def doing(command: Command, *, by: str, **asked: Any) -> Written:
        try:
            return await do(command, by=by, **asked)
        except StillHeld:  # words that were stopped before, and counted then
            raise
        except NotPublished:
            await do(count_stopped(by, asked.get("scope") or ""), by=by)
            raise

    return doing


def end_approval(account: str, ground: str) -> Command:
    """Let an account publish again. It does not do so itself: see the desk."""

    def judge(tables: Tables) -> Decision:
        if not projection.needs_approval(tables, account):
            raise NotFound("Nothing of this account goes for approval.")
        ended = ApprovalEnded(checked_words(ground, "ground", model.REASON_MAX))
        return Decision((Draft(account, ended),), (account,))

    return judge
