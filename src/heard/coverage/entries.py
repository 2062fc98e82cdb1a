"""What can happen to the coverage of a case. The life of a post is the list of these on its stream.

Whatever readers may come to see is in one body, and a reason, which never leaves the desk, is always in another
(`Reasoned`), so that an export can show the one with its proof and keep the other.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from heard.coverage.elements import Element
from heard.coverage.model import Notice, Sighting
from heard.engine.entry import Body, written_as

#: Why readers no longer see a post, in words that say nothing of what it said.
NoticeCode = Literal["legal", "error", "care", "source"]


class Told(Body, frozen=True):
    """A change of state. Words, if any, are shown in the flow of posts under the id `notice`.

    `source` marks one taken over from elsewhere, whose time is `source_at`, or was not recorded.
    """

    notice: str = ""
    words: str = ""
    source: str = ""
    source_at: datetime | None = None


@written_as("coverage.went_live")
class WentLive(Told, frozen=True):
    """On the case's stream."""


@written_as("coverage.paused")
class Paused(Told, frozen=True):
    """On the case's stream: until an instant, for a time (ISO 8601), or neither was said."""

    until_at: datetime | None = None
    lasting: str = ""


@written_as("coverage.pause_overran")
class PauseOverran(Body, frozen=True):
    """On the case's stream: the time at which coverage was due back has passed, and nobody had resumed it."""

    due_at: datetime


@written_as("coverage.resumed")
class Resumed(Told, frozen=True):
    """On the case's stream."""


@written_as("coverage.closed")
class Closed(Told, frozen=True):
    """On the case's stream: from now on it reads "as it happened"."""


@written_as("coverage.reopened")
class Reopened(Told, frozen=True):
    """On the case's stream."""


@written_as("coverage.summary_written")
class SummaryWritten(Body, frozen=True):
    """On the case's stream: the editor's digest, in Markdown; `source` and `source_at` as in `Told`."""

    markdown: str
    source: str = ""
    source_at: datetime | None = None


class Content(Body, frozen=True):
    """What a post says, however it came to be published or held.

    `said_at` is when the thing was said, `written_at` when the reporter wrote it down. `source` marks a post taken over
    from elsewhere, whose time is `source_at`, or was not recorded; `source_updated_at` when it was changed there.
    Before `not_before` nothing of it leaves, whatever became of it; as published it does not say so.
    """

    case: str
    elements: tuple[Element, ...]
    title: str = ""
    byline: str = ""
    sitting: str = ""
    section: Literal["live", "report"] = "live"
    said_at: datetime | None = None
    written_at: datetime | None = None
    place: str = ""
    key_event: bool = False
    pinned: bool = False
    source: str = ""
    source_at: datetime | None = None
    source_updated_at: datetime | None = None
    not_before: datetime | None = None


@written_as("coverage.post_published")
class PostPublished(Content, frozen=True):
    """On the post's stream, its first entry; or later, when a held post is let go."""


@written_as("coverage.post_taken_over")
class PostTakenOver(Content, frozen=True):
    """On the post's stream, its first entry: a post as another journal released it, with what was done to it there.

    One that was withdrawn there has no elements; the notice that stood in its place is the last of `notices`.
    """

    notices: tuple[Notice, ...] = ()
    status: Literal["published", "retracted", "erased"] = "published"
    state: str = ""


@written_as("coverage.taken_over")
class CoverageTakenOver(Body, frozen=True):
    """On the case's stream: the state of the coverage as another journal released it, and since when."""

    state: Literal["announced", "live", "paused", "closed"]
    since_at: datetime | None = None
    due_at: datetime | None = None


@written_as("coverage.post_held")
class PostHeld(Content, frozen=True):
    """On the post's stream: it was stopped at the door. No table holds its words; the desk reads them from here."""


@written_as("coverage.post_sealed")
class PostSealed(Content, frozen=True):
    """On the post's stream: it was written while the jury of `hearing` was out. No table holds its words."""

    hearing: str = ""


@written_as("coverage.post_submitted")
class PostSubmitted(Content, frozen=True):
    """On the post's stream: by a rule of the case it waits for a second pair of eyes. No table holds its words."""


@written_as("coverage.post_waiting")
class PostWaiting(Content, frozen=True):
    """On the post's stream: it leaves the server at `due_at`, if nothing stands against it then. No table holds its
    words; pulled before (`PostDropped`), it never left.
    """

    due_at: datetime | None = None


@written_as("coverage.release_agreed")
class ReleaseAgreed(Body, frozen=True):
    """On the stream of a held post: one person would let it out, and another has to. Why is in `Reasoned`.

    `not_meant`: whoever says so knows the orders, and nobody protected is meant.
    """

    case: str
    not_meant: bool = False


@written_as("coverage.post_dropped")
class PostDropped(Body, frozen=True):
    """On the post's stream: what was kept will not be published. A witness remembers it: the clock of one that waits
    must not publish it from an older backup.
    """

    case: str

    def withdraws(self) -> bool:
        return True


@written_as("coverage.post_corrected")
class PostCorrected(Body, frozen=True):
    """An error put right. `old_shown` carries the words before it only when the editor chose to show them."""

    case: str
    elements: tuple[Element, ...]
    title: str
    notice: str
    old_shown: str = ""


@written_as("coverage.post_clarified")
class PostClarified(Body, frozen=True):
    """True but unclear, put more clearly."""

    case: str
    elements: tuple[Element, ...]
    title: str
    notice: str


@written_as("coverage.post_retracted")
class PostRetracted(Body, frozen=True):
    """Withdrawn. A dated notice stays: one from the short list, or the editor's own words."""

    case: str
    code: NoticeCode = "error"
    notice: str = ""

    def withdraws(self) -> bool:
        return True


@written_as("coverage.post_erased")
class PostErased(Body, frozen=True):
    """Erased by law: the entries at `positions` lost their words for ever. Where the post stood, a notice stands.

    `pictures` are the files that media kept for it, by the last part of their addresses: they are destroyed too, and it
    must be known of which addresses it has to be proven.
    """

    case: str
    positions: tuple[int, ...]
    basis: str
    place: str
    section: Literal["live", "report"]
    sitting: str
    published_position: int
    pictures: tuple[str, ...] = ()

    def erases(self) -> tuple[int, ...]:
        return self.positions

    def withdraws(self) -> bool:
        return True


@written_as("coverage.receipt_given")
class ReceiptGiven(Body, frozen=True):
    """What was seen at the surfaces after the withdrawal at this position, or has changed since the receipt before."""

    case: str
    withdrawal: int
    sightings: tuple[Sighting, ...]
    also_said: tuple[str, ...] = ()


@written_as("coverage.recall_seen_to")
class RecallSeenTo(Body, frozen=True):
    """What was done about copies of a withdrawn post that no server can take back, for the desk."""

    case: str
    withdrawal: int
    what: str
    note: str


@written_as("coverage.reasoned")
class Reasoned(Body, frozen=True):
    """Why something was done to the post on whose stream this is. It never leaves the desk."""

    case: str
    reason: str


@written_as("coverage.key_event_marked")
class KeyEventMarked(Body, frozen=True):
    case: str


@written_as("coverage.key_event_unmarked")
class KeyEventUnmarked(Body, frozen=True):
    case: str


@written_as("coverage.post_pinned")
class PostPinned(Body, frozen=True):
    """On the post's stream: it takes the place of whatever was pinned before."""

    case: str


@written_as("coverage.post_unpinned")
class PostUnpinned(Body, frozen=True):
    case: str


@written_as("coverage.post_placed")
class PostPlaced(Body, frozen=True):
    """An editor's reordering: `place` is where the post now stands among the others, compared as text."""

    case: str
    place: str


@written_as("coverage.problem_reported")
class ProblemReported(Body, frozen=True):
    """On the problem's stream: a reader says that something is wrong. An address, if left, is in the vault only."""

    case: str
    post: str
    words: str


@written_as("coverage.problem_settled")
class ProblemSettled(Body, frozen=True):
    """On the problem's stream: what was done about it, for the desk."""

    case: str
    note: str


@written_as("coverage.past_looked_at")
class PastLookedAt(Body, frozen=True):
    """On an account's stream: it looked at what readers had of a case at an instant, or took that away with its proof.

    `by` of the entry says who; what was seen is not in it.
    """

    case: str
    instant: datetime
    what: Literal["page", "export"]


@written_as("coverage.record_taken")
class RecordTaken(Body, frozen=True):
    """On the case's rules: its record was taken under a legal hold; who is in the header, why is in `Reasoned`.

    It fixes what that record had to account for: `entries` of the case up to position `upto`, and in `digest` their
    positions and leaves. `names`: with the names that orders protect.
    """

    case: str
    upto: int
    entries: int
    digest: str
    names: bool = False


@written_as("coverage.text_stopped")
class TextStopped(Body, frozen=True):
    """On an account's stream: something that it wrote was stopped for its words. Neither the words nor the case."""


@written_as("coverage.approval_required")
class ApprovalRequired(Body, frozen=True):
    """On an account's stream: too many of its texts were stopped, the last in `case`; all of it goes for approval."""

    case: str = ""


@written_as("coverage.lawyer_told")
class LawyerTold(Body, frozen=True):
    """On the stream of an account of which all goes for approval since `bound`, a position: who was told, and how."""

    bound: int
    lawyer: str
    by: dict[str, str]


@written_as("coverage.approval_ended")
class ApprovalEnded(Body, frozen=True):
    """On an account's stream: an editor or a lawyer let it publish again."""

    ground: str


@written_as("coverage.change_proposed")
class ChangeProposed(Body, frozen=True):
    """On the change's stream: by a rule of the case a correction, a clarification or the summary waits for a second
    pair of eyes. `written` is the body that it would be, as JSON; `subject` the stream, last changed at `based_on`.
    """

    case: str
    subject: str
    what: Literal["corrected", "clarified", "summary"]
    written: str
    reason: str = ""
    based_on: int = 0


@written_as("coverage.change_let_out")
class ChangeLetOut(Body, frozen=True):
    """On the change's stream: somebody who did not write it let it out; it is an entry of its own beside this."""

    case: str


@written_as("coverage.change_dropped")
class ChangeDropped(Body, frozen=True):
    """On the change's stream: it is not made."""

    case: str
