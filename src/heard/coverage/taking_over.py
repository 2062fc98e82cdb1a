"""Taking over what another journal released: posts with their times and notices, and the state of the coverage."""

from __future__ import annotations

import msgspec

from heard.cases import projection as cases
from heard.cases.model import checked_words
from heard.cases.release import Doors
from heard.coverage import elements as parts
from heard.coverage import model, projection
from heard.coverage.entries import CoverageTakenOver, PostHeld, PostPinned, PostSealed, PostTakenOver
from heard.coverage.going_out import texts_of, turned
from heard.coverage.model import Notice, Post
from heard.coverage.sealing import in_private, sealed_in
from heard.engine.entry import Draft
from heard.engine.errors import Conflict, Refused
from heard.engine.node import Command, Decision
from heard.engine.projection import Tables

#: What a post may tell of, named as the entries of the states are; the beginning of a sitting is an entry of its own.
TOLD = ("", "went_live", "paused", "resumed", "closed", "reopened", "sitting")
NOTICES_MAX = 100


def take_over_post(doors: Doors, content: PostTakenOver, post: str) -> Command:
    """A post as it was released elsewhere. The rules of this case bind it as if it was written here: what they let
    nobody publish is sealed or held, as its words alone, and of one that was withdrawn only that it was is said.
    """

    def judge(tables: Tables) -> Decision:
        case = cases.by_id(tables, content.case)
        if any(tables.execute("SELECT 1 FROM post WHERE id = ?", (post,))):
            raise Conflict("There is a post of this id already. Nothing was taken over; try again.")
        kept = _checked(content)
        over = (post, case.id, case.rules)
        door = doors.of(tables, case.id)
        told = [text for notice in kept.notices for text in (notice.text, notice.old)]
        hearing, stopped = sealed_in(tables, kept), door.stops(*texts_of(kept), *told)
        if kept.status != "published":
            if hearing or stopped or in_private(tables, kept):
                kept = without_words(kept)
        elif hearing:
            sealed = msgspec.structs.replace(turned(PostSealed, kept), hearing=hearing)
            return Decision((Draft(post, sealed),), over)
        elif door.held or stopped or in_private(tables, kept):
            return Decision((Draft(post, turned(PostHeld, kept)),), over)
        if not kept.pinned:
            return Decision((Draft(post, kept),), over)
        unpinned = msgspec.structs.replace(kept, pinned=False)
        return Decision((Draft(post, unpinned), Draft(post, PostPinned(case.id))), over)

    return judge


def without_words(withdrawn: PostTakenOver) -> PostTakenOver:
    """Of a post that was withdrawn elsewhere, that it was, in the words of the list."""
    [notice] = withdrawn.notices
    words = model.ERASED_NOTICE if notice.kind == "erased" else model.RETRACTION_NOTICES["error"]
    return msgspec.structs.replace(withdrawn, notices=(Notice(notice.kind, notice.at, words),))


def _checked(content: PostTakenOver) -> PostTakenOver:
    withdrawn = content.status != "published"
    marked = content.key_event or content.pinned
    if withdrawn and (content.elements or content.title or content.byline or marked or len(content.notices) != 1):
        raise Refused("A post that was withdrawn has one notice and no words. It was not taken over.")
    if content.state not in TOLD or len(content.notices) > NOTICES_MAX or not content.source:
        raise Refused("This post is not one that was released by Heard. It was not taken over.")
    return msgspec.structs.replace(
        content,
        elements=() if withdrawn else parts.checked(content.elements),
        title=checked_words(content.title, "title", model.TITLE_MAX, needed=False),
        byline=checked_words(content.byline, "byline", model.TITLE_MAX, needed=False),
        notices=tuple(_notice(notice, withdrawn) for notice in content.notices),
    )


def _notice(notice: Notice, withdrawn: bool) -> Notice:
    if (notice.kind in ("retracted", "erased")) != withdrawn:
        raise Refused("A notice in this post is not one that such a post bears. It was not taken over.")
    checked_words(notice.text, "notice", model.NOTICE_MAX)
    checked_words(notice.old, "text of a notice", parts.TEXT_MAX * parts.ELEMENTS_MAX, needed=False)
    return notice


def take_over_state(case: str, state: CoverageTakenOver) -> Command:
    """The coverage stands where it stood elsewhere, since the time that was recorded there."""

    def judge(tables: Tables) -> Decision:
        cases.by_id(tables, case)
        if state.due_at and not state.since_at:
            raise Refused("A pause of no recorded time has no end. It was not taken over.")
        return Decision((Draft(case, state),), (case,))

    return judge


def restated(tables: Tables, case: str) -> CoverageTakenOver:
    """The state as it stands, without words: what a state is said to be again when the entry that told it is erased."""
    coverage = projection.of_case(tables, case)
    return CoverageTakenOver(coverage.state, coverage.since, coverage.clock.due_at if coverage.clock else None)


def told_at(post: Post) -> int:
    """The position of the entry whose words a post of kind "state" tells.

    Raises Refused for the beginning of a sitting, without which its posts would belong to none.
    """
    if post.state == "sitting":
        raise Refused(
            "The title of a sitting cannot be erased. Nothing was changed; withdraw it, and readers see it nowhere."
        )
    return post.published_position
