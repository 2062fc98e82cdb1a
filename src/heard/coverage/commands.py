"""What can be done in coverage. Each function answers a command: it judges what is folded, and says what to write.

Publishing rests on three streams: the post's own, its case's (states) and the case's rules (restrictions, holds). So
two writers of different posts never meet, and an order that was recorded one entry earlier, by anyone, always wins.
"""

from __future__ import annotations

import secrets
from datetime import datetime

import msgspec

from heard.cases import projection as cases
from heard.cases.legal_hold import must_not_be_held
from heard.cases.model import checked_instant, checked_words
from heard.cases.release import Door, Doors, NotPublished
from heard.coverage import elements as parts
from heard.coverage import model, projection
from heard.coverage.approval import counted
from heard.coverage.elements import Element
from heard.coverage.entries import (
    Closed,
    Content,
    KeyEventMarked,
    KeyEventUnmarked,
    NoticeCode,
    Paused,
    PostClarified,
    PostCorrected,
    PostDropped,
    PostErased,
    PostHeld,
    PostPinned,
    PostPlaced,
    PostRetracted,
    PostSealed,
    PostSubmitted,
    PostUnpinned,
    Reasoned,
    Reopened,
    Resumed,
    SummaryWritten,
    WentLive,
)
from heard.coverage.going_out import checked_not_before, going_out, texts_of, turned
from heard.coverage.model import Post
from heard.coverage.sealing import in_private, nothing_new_now, sealed_in
from heard.coverage.taking_over import restated, told_at
from heard.engine import now
from heard.engine.clock import duration
from heard.engine.entry import Body, Draft, new_id
from heard.engine.errors import Conflict, Refused
from heard.engine.journal import Journal
from heard.engine.node import Command, Decision
from heard.engine.projection import Tables


def publish(
    doors: Doors, content: Content, post: str | None = None, *, doubtful: bool = False, submit: bool = False
) -> Command:
    """Publish a post, or keep it on the desk: sealed while a jury is out, held when the door stops it, submitted where
    the case wants a second pair of eyes or its author publishes nothing (`submit`), waiting until its time has come.
    The kind of the first entry says which.

    In a case that was only announced the first post takes its coverage live. One whose picture was `doubtful` (its file
    said a name) is held as if it said so itself.
    """
    post = post or new_id()

    def judge(tables: Tables) -> Decision:
        case = cases.by_id(tables, content.case)
        state = projection.of_case(tables, case.id).state
        if state == "closed" and not content.source:
            raise Refused(
                "The coverage is closed. Nothing was published; reopen it first, then send this again.", state=state
            )
        kept = _checked(tables, content)
        door = doors.of(tables, case.id)
        over = (post, case.id, case.rules)
        stopped = in_private(tables, kept)
        if hearing := sealed_in(tables, kept):
            return Decision((Draft(post, msgspec.structs.replace(turned(PostSealed, kept), hearing=hearing)),), over)
        before = projection.last_words(tables, case.id) if door.guard else ""
        # The words are looked at first, whatever else would hold them: every cause takes the same time.
        if door.stops_after(before, *texts_of(kept)) or doubtful or door.held or stopped:
            return Decision((Draft(post, turned(PostHeld, kept)),), over)
        if submit or (cases.needs_second_eyes(tables, case.id) and not content.source):
            return Decision((Draft(post, turned(PostSubmitted, kept)),), over)
        return Decision(going_out(tables, post, kept, now.utc()), over)

    return judge


def _checked(tables: Tables, content: Content) -> Content:
    return msgspec.structs.replace(
        content,
        elements=parts.checked(content.elements),
        title=checked_words(content.title, "title", model.TITLE_MAX, needed=False),
        byline=checked_words(content.byline, "byline", model.TITLE_MAX, needed=False),
        sitting=content.sitting or cases.current_sitting(tables, content.case),
        said_at=checked_instant(content.said_at),
        written_at=checked_instant(content.written_at),
        not_before=checked_not_before(content.not_before),
    )


def correct(
    doors: Doors,
    post: str,
    elements: tuple[Element, ...],
    reason: str,
    *,
    title: str | None = None,
    notice: str = "",
    old_shown: bool = False,
    based_on: int | None = None,
    wrong: str = "",
    doubtful: bool = False,
) -> Command:
    """Put an error right. What kind of thing was `wrong` (`model.WRONG`) begins the notice. The old words are shown
    only if the editor says so, never where the door stops them; a picture whose file was `doubtful` goes into nothing.
    """

    def judge(tables: Tables) -> Decision:
        known = _open_to(tables, post, "corrected", based_on, elements)
        new = parts.checked(elements)
        if wrong and wrong not in model.WRONG:
            raise Refused(f"What was wrong is one of: {', '.join(model.WRONG)}. Nothing was changed; choose one.")
        said = checked_words(notice, "notice", model.NOTICE_MAX, needed=False)
        told = " ".join(filter(None, [model.WRONG.get(wrong), said])) or "This post was corrected."
        door, words = _door(doors, tables, known), known.title if title is None else title
        old = "\n\n".join(filter(None, [known.title, parts.plain(known.elements)])) if old_shown else ""
        body = PostCorrected(known.case, new, _title(words), told, "" if door.stops(old) else old)
        if doubtful:
            raise NotPublished
        return _with_reason(tables, known, body, reason, door, [words, told, *parts.texts(new), parts.plain(new)])

    return judge


def clarify(
    doors: Doors,
    post: str,
    elements: tuple[Element, ...] | None,
    reason: str,
    *,
    title: str | None = None,
    notice: str = "",
    based_on: int | None = None,
) -> Command:
    """Say more clearly what was true already; without new words, by the notice alone."""

    def judge(tables: Tables) -> Decision:
        known = _open_to(tables, post, "clarified", based_on, elements)
        if elements is None and not notice.strip():
            raise Refused("A clarification needs new words or a notice. Nothing was changed.")
        new = parts.checked(elements) if elements is not None else known.elements
        told = checked_words(notice, "notice", model.NOTICE_MAX, needed=False) or "This post was made clearer."
        words = known.title if title is None else title
        body = PostClarified(known.case, new, _title(words), told)
        door = _door(doors, tables, known)
        return _with_reason(tables, known, body, reason, door, [words, told, *parts.texts(new), parts.plain(new)])

    return judge


def _open_to(tables: Tables, post: str, verb: str, based_on: int | None, mine: tuple[Element, ...] | None) -> Post:
    """The post, if it may be changed so and nobody changed it since the editor saw it."""
    known = projection.by_id(tables, post)
    model.POST_MOVES.after(known.status, verb)
    if known.kind == "state":
        raise Refused("This notice tells of a change of state and is not corrected. Nothing was changed.")
    if based_on is not None and known.position > based_on:
        raise Conflict(
            "Somebody changed this post while you were writing. Nothing of yours was lost: both versions are here. "
            "Put them together and send it again.",
            theirs=parts.plain(known.elements),
            theirs_title=known.title,
            yours=parts.plain(mine) if mine else "",
            position=known.position,
        )
    return known


def _title(words: str) -> str:
    return checked_words(words, "title", model.TITLE_MAX, needed=False)


def _door(doors: Doors, tables: Tables, post: Post) -> Door:
    return doors.of(tables, post.case)


def _with_reason(tables: Tables, post: Post, body: Body, reason: str, door: Door, said: list[str]) -> Decision:
    nothing_new_now(tables, post.case)
    if door.stops(*said):
        raise NotPublished
    drafts = (Draft(post.id, body), *_reasoned(post, reason))
    return Decision(drafts, (post.id, cases.by_id(tables, post.case).rules))


def _reasoned(post: Post, reason: str) -> tuple[Draft, ...]:
    kept = checked_words(reason, "reason", model.REASON_MAX, needed=False)
    return (Draft(post.id, Reasoned(post.case, kept)),) if kept else ()


def retract(
    doors: Doors, post: str, reason: str = "", code: NoticeCode = "error", notice: str = "", by: str = ""
) -> Command:
    """Withdraw a post. Nothing stands against it: a notice that the door would stop gives way to one from the list.

    That tells `by`, the account, something of the list: it counts as a stopped text, and whose words go for approval
    gets the notice from the list whatever they wrote.
    """

    def judge(tables: Tables) -> Decision:
        known = projection.by_id(tables, post)
        model.POST_MOVES.after(known.status, "retracted")
        if known.status == "retracted":
            return Decision((), (post,))
        if known.status in ("submitted", "waiting"):  # readers never had it, and are told nothing
            return Decision((Draft(post, PostDropped(known.case)), *_reasoned(known, reason)), (post,))
        told = checked_words(notice, "notice", model.NOTICE_MAX, needed=False)
        tried: tuple[Draft, ...] = ()
        if told and by and projection.needs_approval(tables, by):
            told = ""
        elif told and _door(doors, tables, known).stops(told):
            told, tried = "", counted(tables, by, known.case) if by else ()
        body = PostRetracted(known.case, code, told)
        over = (post, cases.by_id(tables, known.case).rules) if told else (post,)
        return Decision((Draft(post, body), *_reasoned(known, reason), *tried), over)

    return judge


def erase(journal: Journal, post: str, basis: str, *, witnessed: bool = False) -> Command:
    """Destroy the words of a post for ever, by law. Where it was published, a notice stays.

    What a witness saw erased before a backup was restored is erased again, also past a legal hold in that backup.
    """

    def judge(tables: Tables) -> Decision:
        known = projection.by_id(tables, post)
        model.POST_MOVES.after(known.status, "erased")
        if not witnessed:
            must_not_be_held(tables, known.case)
        rules = cases.by_id(tables, known.case).rules
        worded = [entry for entry in journal.stream(post) if isinstance(entry.body, _WORDED)]
        positions = tuple(entry.position for entry in worded)
        again: tuple[Draft, ...] = ()
        if known.kind == "state":  # its words are in an entry of the case, without which the state must still stand
            positions += (told_at(known),)
            again = (Draft(known.case, restated(tables, known.case)),)
        published = known.published_position if known.status in ("published", "retracted") else 0
        body = PostErased(
            known.case,
            positions,
            checked_words(basis, "legal basis", model.REASON_MAX),
            known.place,
            known.section,
            known.sitting,
            published,
            parts.picture_names(getattr(entry.body, "elements", ()) for entry in worded),
        )
        return Decision((Draft(post, body), *again), (post, rules, known.case) if again else (post, rules))

    return judge


_WORDED = (Content, PostCorrected, PostClarified, PostRetracted, Reasoned)


def mark_key_event(post: str, marked: bool = True) -> Command:
    """Put a post into the timeline, or take it out."""

    def judge(tables: Tables) -> Decision:
        known = projection.by_id(tables, post)
        model.POST_MOVES.after(known.status, "marked")
        if known.key_event == marked:
            return Decision((), (post,))
        return Decision((Draft(post, (KeyEventMarked if marked else KeyEventUnmarked)(known.case)),), (post,))

    return judge


def pin(post: str, pinned: bool = True) -> Command:
    """Keep a post above the others, in place of whatever was pinned, or let it go."""

    def judge(tables: Tables) -> Decision:
        known = projection.by_id(tables, post)
        model.POST_MOVES.after(known.status, "marked")
        if known.pinned == pinned:
            return Decision((), (post,))
        return Decision((Draft(post, (PostPinned if pinned else PostUnpinned)(known.case)),), (post,))

    return judge


def move(post: str, before: str) -> Command:
    """Put a post just before another, in order of time; before nothing, it comes forward: after all that there are.

    What is published later comes after it all the same.
    """

    def judge(tables: Tables) -> Decision:
        known = projection.by_id(tables, post)
        model.POST_MOVES.after(known.status, "placed")
        if not before:
            last = projection.last_place(tables, known.case, known.section)
            forward = PostPlaced(known.case, f"{last}{secrets.randbelow(10**6):06d}5")
            return Decision((Draft(post, forward),) if known.place != last else (), (post,))
        other = projection.by_id(tables, before)
        if known.case != other.case or known.section != other.section or post == before:
            raise Refused("A post moves among the others of its own page. Nothing was changed.")
        earlier, _ = projection.neighbours(tables, other.case, other.section, other.place)
        return Decision((Draft(post, PostPlaced(known.case, _place(earlier, other.place))),), (post, before))

    return judge


def _place(before: str, after: str) -> str:
    # Random digits after the midpoint: two editors who move into one gap at one moment get two places.
    return f"{model.between(before, after)}{secrets.randbelow(10**6):06d}5"


def set_state(
    doors: Doors,
    case: str,
    state: str,
    words: str = "",
    until_at: datetime | None = None,
    lasting: str = "",
    *,
    source: str = "",
) -> Command:
    """Take coverage live, pause it (until, for, or neither), resume, close, reopen; `words` are shown in the flow."""

    def judge(tables: Tables) -> Decision:
        known = cases.by_id(tables, case)
        model.STATES.after(projection.of_case(tables, case).state, state)
        told = checked_words(words, "notice", model.NOTICE_MAX, needed=False)
        if told:
            nothing_new_now(tables, case)
        if told and doors.of(tables, case).stops(told):
            raise NotPublished
        if lasting:
            duration(lasting)
        notice = new_id() if told else ""
        body: Body
        match state:
            case "live":
                body = WentLive(notice, told, source)
            case "paused":
                body = Paused(notice, told, source, until_at=checked_instant(until_at), lasting=lasting)
            case "resumed":
                body = Resumed(notice, told, source)
            case "closed":
                body = Closed(notice, told, source)
            case _:
                body = Reopened(notice, told, source)
        return Decision((Draft(case, body),), (case, known.rules))

    return judge


def summarise(
    doors: Doors,
    case: str,
    markdown: str,
    *,
    source: str = "",
    source_at: datetime | None = None,
    based_on: int | None = None,
) -> Command:
    """Write the editor's digest, in place of the one that it is based on."""

    def judge(tables: Tables) -> Decision:
        known = cases.by_id(tables, case)
        words = checked_words(markdown, "summary", parts.TEXT_MAX)
        nothing_new_now(tables, case)
        stands, door = projection.of_case(tables, case), doors.of(tables, case)
        if door.stops(*parts.texts((parts.Text(words),))):
            raise NotPublished
        if based_on is not None and stands.summary_position > based_on and stands.summary != words:
            raise Conflict(
                "Somebody wrote the summary while you were writing. Nothing of yours was lost: both versions are here. "
                "Put them together and send it again.",
                theirs="" if door.stops(stands.summary) else stands.summary,
                yours=words,
                position=stands.summary_position,
            )
        return Decision((Draft(case, SummaryWritten(words, source, source_at)),), (case, known.rules))

    return judge
