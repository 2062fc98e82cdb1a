"""Changes of what was published, where the case wants a second pair of eyes: corrections, clarifications, the summary.

A post that two people looked at must not become another by the word of one. The rule is a gate of the node, so it holds
for every way in. Withdrawing waits for nobody, nor does a change of state; its words wait, as a post. That a change
does not wait for the delay of a hearing is a decision: docs/decisions/2026-11-29-corrections-do-not-wait.md.

No table has the words of a change that waits: they are read from the journal.
"""

from __future__ import annotations

from typing import Any

import msgspec

from heard.cases import projection as cases
from heard.cases.release import Doors, NotPublished
from heard.coverage import elements as parts
from heard.coverage import projection
from heard.coverage.entries import (
    ChangeDropped,
    ChangeLetOut,
    ChangeProposed,
    PostClarified,
    PostCorrected,
    PostSubmitted,
    Reasoned,
    SummaryWritten,
    Told,
)
from heard.coverage.model import POST_MOVES
from heard.coverage.proposed import by_id
from heard.coverage.sealing import nothing_new_now
from heard.engine.entry import Body, Draft, new_id
from heard.engine.errors import NotFound, Refused
from heard.engine.journal import Journal
from heard.engine.node import Command, Decision, Gate
from heard.engine.projection import Tables

BODIES: dict[str, type[Body]] = {"corrected": PostCorrected, "clarified": PostClarified, "summary": SummaryWritten}
PROPOSED = (
    "This waits for a second pair of eyes: readers see what stood before until an editor or a lawyer who did not write "
    "it lets it out. It is kept; you need not send it again."
)
OWN = "Nobody lets out a change of their own. It is kept, and nothing was changed; ask somebody else on the desk."
CHANGED = "This was changed since the change was written. Nothing was done; drop it, and write it again on what stands."


def seen_twice(*exempt: str) -> Gate:
    """A gate for the node: the change is proposed, not made, where its case wants a second pair of eyes.

    `exempt` write for others: the operator, who imports what others wrote.
    """

    def gate(tables: Tables, decision: Decision, by: str) -> Decision:
        if by in exempt or any(isinstance(draft.body, ChangeLetOut) for draft in decision.drafts):
            return decision
        for draft in decision.drafts:
            if (what := _what(draft.body)) and not getattr(draft.body, "source", ""):
                case = draft.stream if what == "summary" else str(msgspec.structs.asdict(draft.body)["case"])
                if cases.needs_second_eyes(tables, case):
                    reason = "".join(one.body.reason for one in decision.drafts if isinstance(one.body, Reasoned))
                    written = msgspec.json.encode(draft.body).decode()
                    stands = _stands(tables, what, draft.stream)
                    body = ChangeProposed(case, draft.stream, what, written, reason, stands)  # type: ignore[arg-type]
                    over = (*decision.over, cases.by_id(tables, case).rules)
                    return Decision((Draft(new_id(), body),), over)
        return _words_of_states(tables, decision)

    return gate


def _words_of_states(tables: Tables, decision: Decision) -> Decision:
    """The state changes at once, and what is said with it is submitted: a pause must not say to readers what a post
    could not.
    """
    drafts: list[Draft] = []
    over = decision.over
    for draft in decision.drafts:
        body = draft.body
        if isinstance(body, Told) and body.words and not body.source and cases.needs_second_eyes(tables, draft.stream):
            drafts.append(Draft(draft.stream, msgspec.structs.replace(body, notice="", words="")))
            drafts.append(Draft(body.notice, PostSubmitted(draft.stream, (parts.Text(body.words),))))
            over = (*over, cases.by_id(tables, draft.stream).rules)
        else:
            drafts.append(draft)
    return decision if over == decision.over else Decision(tuple(drafts), over)


def _what(body: Body) -> str:
    return next((what for what, kind in BODIES.items() if isinstance(body, kind)), "")


def _stands(tables: Tables, what: str, subject: str) -> int:
    """The position by which it is known whether what stands is what the change was written on."""
    if what == "summary":
        return projection.of_case(tables, subject).summary_position
    return projection.by_id(tables, subject).position


def words_of(journal: Journal, change: str) -> tuple[ChangeProposed, Any, str]:
    """What was proposed, the body that it would be, and the account that wrote it.

    Raises NotFound.
    """
    for entry in journal.stream(change):
        if isinstance(entry.body, ChangeProposed):
            return entry.body, msgspec.json.decode(entry.body.written, type=BODIES[entry.body.what]), entry.by
    raise NotFound("There is no such change that waits.")


def texts_of(body: Any) -> list[str]:
    """Everything in it that a reader could come to see."""
    if isinstance(body, SummaryWritten):
        return parts.texts((parts.Text(body.markdown),))
    old = getattr(body, "old_shown", "")
    return [body.title, body.notice, old, *parts.texts(body.elements), parts.plain(body.elements)]


def let_out(doors: Doors, journal: Journal, change: str, by: str) -> Command:
    """Make the change, if what it was written on still stands and the rules of today allow it."""

    def judge(tables: Tables) -> Decision:
        known = by_id(tables, change)
        proposed, body, wrote = words_of(journal, change)
        if wrote == by:
            raise Refused(OWN)
        nothing_new_now(tables, known.case, by, wrote)
        if known.what == "summary":
            # One proposed by an earlier version names the newest change of the whole coverage, which is none before it.
            stands = projection.of_case(tables, known.subject).summary_position <= proposed.based_on
        else:
            post = projection.by_id(tables, known.subject)
            POST_MOVES.after(post.status, known.what)
            stands = post.position == proposed.based_on
        if not stands:
            raise Refused(CHANGED)
        if doors.of(tables, known.case).stops(*texts_of(body)):
            raise NotPublished
        reasoned = (Draft(known.subject, Reasoned(known.case, proposed.reason)),) if proposed.reason else ()
        drafts = (Draft(known.subject, body), *reasoned, Draft(change, ChangeLetOut(known.case)))
        return Decision(drafts, (change, known.subject, known.case, cases.by_id(tables, known.case).rules))

    return judge


def drop(change: str) -> Command:
    """Decide that the change is not made."""

    def judge(tables: Tables) -> Decision:
        known = by_id(tables, change)
        return Decision((Draft(change, ChangeDropped(known.case)),), (change,))

    return judge
