"""What was kept on the desk: held by the door, sealed while a jury was out, or submitted; how it is let go, or dropped.

What was held goes out when two people say so, neither of whom wrote it, and why. What was submitted for a second pair
of eyes goes when one who did not write it says so. Who sent it wrote it, and so did all who had a hand in its draft.

No table has its words: they are read from the journal.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from heard.cases import projection as cases
from heard.cases.entries import HoldWasFalse
from heard.cases.footing import is_stopped
from heard.cases.model import checked_words
from heard.cases.release import Doors, StillHeld
from heard.cases.states import digest
from heard.coverage import model, projection
from heard.coverage.draft_entries import PostDrafted
from heard.coverage.entries import (
    Content,
    PostDropped,
    PostHeld,
    PostSealed,
    PostSubmitted,
    PostWaiting,
    Reasoned,
    ReleaseAgreed,
)
from heard.coverage.going_out import going_out, texts_of, turned
from heard.coverage.model import Post
from heard.coverage.sealing import KEPT_PRIVATE, in_private, may_be_released, nothing_new_now
from heard.engine.entry import Draft
from heard.engine.errors import NotFound, Refused
from heard.engine.journal import Journal
from heard.engine.node import Command, Decision
from heard.engine.projection import Tables

STILL_SEALED = (
    "This was written while the jury was out, and it stays sealed: it is not recorded that the conclusion was "
    "returned, the jury discharged, or leave given. Nothing was published."
)

SUBMITTED = (
    "This waits for a second pair of eyes: an editor or a lawyer who did not write it lets it out. It is kept; you "
    "need not send it again."
)
STILL_WAITING = "This goes out by itself when its time has come, and not before. Pull it if it should never go."
OWN = (
    "Nobody lets out a post of their own, nor one whose draft they wrote or changed. It is kept, and nothing was "
    "published; ask somebody else on the desk."
)
ONE_MORE = "You said that it may go. It is still held: another person, who did not write it, has to say so too."


def let_go(doors: Doors, journal: Journal, post: str, by: str, reason: str = "", *, not_meant: bool = False) -> Command:
    """Publish what was kept, as it was written, if the rules of today allow it.

    `by` is the account that says so. Held, it needs a second one: the first gives the `reason`, which never leaves the
    desk, and the post stays held. A **false hold**, where the words hint at a protected name and mean somebody else, is
    let out if one of the two knows the orders and says that nobody on them is meant (`not_meant`); one that says a name
    letter for letter by nobody.
    """

    def judge(tables: Tables) -> Decision:
        held = projection.by_id(tables, post)
        model.POST_MOVES.after(held.status, "published")
        case, words = cases.by_id(tables, held.case), kept_words(journal, post)
        door = doors.of(tables, case.id)
        if held.status == "waiting":
            raise Refused(STILL_WAITING)
        wrote = writers(journal, post)
        if by in wrote:
            raise Refused(OWN)
        nothing_new_now(tables, case.id, by, *wrote)
        if held.status == "sealed" and not may_be_released(tables, case.id, held.state):
            raise Refused(STILL_SEALED)
        if in_private(tables, words, journal.stream(post)[0].at):
            raise Refused(KEPT_PRIVATE)
        hints = door.stops(*texts_of(words))
        if door.held or (hints and (door.says_it(*texts_of(words)) or held.status != "held")):
            raise StillHeld
        why = checked_words(reason, "reason", model.REASON_MAX, needed=False)
        reasoned = (Draft(post, Reasoned(case.id, why)),) if why else ()
        over = (post, case.id, case.rules)
        if held.status == "held" and projection.agreed_by(tables, post) in ("", by):
            return Decision(_agreed(tables, held, reasoned, not_meant), over)
        false_hold: tuple[Draft, ...] = ()
        if hints:
            if not (not_meant or projection.agreed_not_meant(tables, post)):
                raise StillHeld
            false_hold = (Draft(case.rules, HoldWasFalse(case.id, post, digest(*texts_of(words)))),)
        return Decision((*_out(tables, journal, post, words), *reasoned, *false_hold), over)

    return judge


def _agreed(tables: Tables, held: Post, reasoned: tuple[Draft, ...], not_meant: bool) -> tuple[Draft, ...]:
    if projection.agreed_by(tables, held.id):
        raise Refused(ONE_MORE)
    if not reasoned:
        raise Refused("The reason is missing. The post is still held; say why it may go.")
    return (Draft(held.id, ReleaseAgreed(held.case, not_meant)), *reasoned)


def writers(journal: Journal, post: str) -> tuple[str, ...]:
    """The accounts whose words a post has: whoever sent it, the first, and all who wrote the draft that it was made of
    or changed its words.
    """
    entries = journal.stream(post)
    drafted = [one for entry in entries if isinstance(entry.body, PostDrafted) for one in entry.body.writers]
    return tuple(dict.fromkeys([*(entry.by for entry in entries[:1]), *drafted]))


def hold(journal: Journal, post: str, reason: str = "") -> Command:
    """Stop what waits for its time or for a second pair of eyes: it goes out when two people say so, as all that is
    held.
    """

    def judge(tables: Tables) -> Decision:
        known = projection.by_id(tables, post)
        if known.status == "sealed":
            raise Refused(STILL_SEALED)
        model.POST_MOVES.after(known.status, "held")
        why = checked_words(reason, "reason", model.REASON_MAX, needed=False)
        reasoned = (Draft(post, Reasoned(known.case, why)),) if why else ()
        return Decision((Draft(post, turned(PostHeld, kept_words(journal, post))), *reasoned), (post,))

    return judge


def drop(post: str) -> Command:
    """Decide that what was held will not be published."""

    def judge(tables: Tables) -> Decision:
        held = projection.by_id(tables, post)
        model.POST_MOVES.after(held.status, "dropped")
        return Decision((Draft(post, PostDropped(held.case)),), (post,))

    return judge


def release_sealed(
    doors: Doors, journal: Journal, case: str, hearing: str, chosen: Collection[str], by: str = ""
) -> Command:
    """Publish those posts of a hearing that were chosen of what was sealed; the others are dropped.

    In the order in which they were written. One that says what the door stops by now is held instead. Where the case
    wants a second pair of eyes, what `by` wrote is submitted, for somebody else to let out.
    """

    def judge(tables: Tables) -> Decision:
        known = cases.by_id(tables, case)
        sealed = [post for post in projection.with_status(tables, case, "sealed") if post.state == hearing]
        if not sealed:
            raise Refused("Nothing of this hearing is sealed any more. Nothing was changed.")
        nothing_new_now(tables, case, by)
        if not may_be_released(tables, case, hearing):
            raise Refused(STILL_SEALED)
        door, two = doors.of(tables, case), cases.needs_second_eyes(tables, case)
        drafts: list[Draft] = []
        for post in sorted(sealed, key=lambda one: one.published_position):
            words = kept_words(journal, post.id)
            if post.id not in chosen:
                drafts.append(Draft(post.id, PostDropped(case)))
            elif door.held or door.stops(*texts_of(words)) or _bound(tables, journal, post.id, words):
                drafts.append(Draft(post.id, turned(PostHeld, words)))
            elif two and by in writers(journal, post.id):
                drafts.append(Draft(post.id, turned(PostSubmitted, words)))
            else:
                drafts += _out(tables, journal, post.id, words)
        return Decision(tuple(drafts), (*(post.id for post in sealed), known.id, known.rules))

    return judge


def _bound(tables: Tables, journal: Journal, post: str, words: Content) -> bool:
    """Whether it was written in private, or by one from whom leave to report was withdrawn."""
    first = journal.stream(post)[0]
    return in_private(tables, words, first.at) or is_stopped(tables, words.case, *writers(journal, post))


def _out(tables: Tables, journal: Journal, post: str, words: Content) -> tuple[Draft, ...]:
    """As going out, with when it was written: when its author says so, or else when the server had it first.

    Embargoed, it is as new as its instant.
    """
    had_at = journal.stream(post)[0].at
    if words.not_before is None:
        words = msgspec.structs.replace(words, written_at=words.written_at or had_at)
    return going_out(tables, post, words, had_at)


#: What has the words of a post that was kept.
KEPT = (PostHeld, PostSealed, PostSubmitted, PostWaiting)


def kept_words(journal: Journal, post: str) -> Content:
    """The words of a post that was kept.

    Raises NotFound.
    """
    bodies = [entry.body for entry in journal.stream(post) if isinstance(entry.body, KEPT)]
    if not bodies:
        raise NotFound("There is no such post among those that were kept.")
    return bodies[-1]
