"""States of coverage, and the post as its parts. No I/O."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from heard.coverage.elements import Element, plain, texts
from heard.engine.clock import Clock
from heard.engine.states import Moves

#: announced → live ↔ paused → closed ("as it happened"), and back by reopening.
STATES = Moves(
    "coverage",
    {
        ("announced", "live"): "live",
        ("announced", "closed"): "closed",
        ("live", "paused"): "paused",
        ("live", "closed"): "closed",
        ("paused", "resumed"): "live",
        ("paused", "paused"): "paused",
        ("paused", "live"): "live",
        ("paused", "closed"): "closed",
        ("closed", "reopened"): "live",
    },
)

#: published → corrected and clarified any number of times → retracted → erased. What is held, sealed or
#: submitted is let go, or dropped; what is let go before its time waits for it.
POST_MOVES = Moves(
    "post",
    {
        ("published", "corrected"): "published",
        ("published", "clarified"): "published",
        ("published", "marked"): "published",
        ("published", "placed"): "published",
        ("published", "retracted"): "retracted",
        ("published", "erased"): "erased",
        ("retracted", "retracted"): "retracted",
        ("retracted", "placed"): "retracted",
        ("retracted", "erased"): "erased",
        ("held", "published"): "published",
        ("held", "waiting"): "waiting",
        ("held", "dropped"): "dropped",
        ("held", "retracted"): "retracted",
        ("held", "erased"): "erased",
        ("sealed", "published"): "published",
        ("sealed", "waiting"): "waiting",
        ("sealed", "held"): "held",
        ("sealed", "dropped"): "dropped",
        ("sealed", "retracted"): "retracted",
        ("sealed", "erased"): "erased",
        ("waiting", "published"): "published",
        ("waiting", "held"): "held",
        ("waiting", "dropped"): "dropped",
        ("waiting", "retracted"): "dropped",
        ("waiting", "erased"): "erased",
        ("submitted", "published"): "published",
        ("submitted", "waiting"): "waiting",
        ("submitted", "held"): "held",
        ("submitted", "dropped"): "dropped",
        ("submitted", "retracted"): "dropped",
        ("submitted", "erased"): "erased",
        ("dropped", "erased"): "erased",
    },
)

#: What kind of thing was wrong: the first sentence of the notice of a correction, wherever it is read.
WRONG = {
    "name": "A name was wrong.",
    "attribution": "Words were given to somebody who did not say them.",
    "quotation": "A quotation was not what was said.",
    "figure": "A figure was wrong.",
    "time or place": "A time or a place was wrong.",
    "fact": "A fact was wrong.",
    "left out": "Something was left out that changes what was said.",
    "spelling": "A spelling was wrong.",
    "picture": "A picture was wrong.",
}
#: What stands in place of a post that was withdrawn: dated, and silent about what it said.
RETRACTION_NOTICES = {
    "legal": "This post was withdrawn for legal reasons.",
    "error": "This post was withdrawn because it was wrong.",
    "care": "This post was withdrawn out of care for the people it concerned.",
    "source": "This post was withdrawn because its source withdrew it.",
}
ERASED_NOTICE = "This post was erased."
WITHHELD_NOTICE = "This post is being checked and is not shown just now."

#: Further ahead it is a slip of the pen.
AHEAD_MAX = timedelta(days=366)
TITLE_MAX = 300
NOTICE_MAX = 1000
REASON_MAX = 4000
PROBLEM_MAX = 4000
#: A reader who says that something is wrong is answered within this, and the desk sees how much of it is left.
PROBLEM_WITHIN = timedelta(hours=24)

Status = Literal["published", "held", "sealed", "submitted", "waiting", "dropped", "retracted", "erased"]


class Notice(msgspec.Struct, frozen=True, omit_defaults=True):
    """What readers are told was done to a post."""

    kind: Literal["corrected", "clarified", "retracted", "erased"]
    at: datetime
    text: str
    old: str = ""


class Post(msgspec.Struct, frozen=True):
    """A post as the desk knows it. Not published, it has no words (`elements`): they stay sealed in the journal.

    `position` is that of the entry that last changed it, `place` its sort key among the posts of its section.
    `published_at` is None when its time was not recorded. A change of state with words is a post of kind "state".
    """

    id: str
    case: str
    kind: Literal["post", "state"]
    status: Status
    place: str
    position: int
    published_position: int
    published_at: datetime | None
    said_at: datetime | None
    written_at: datetime | None
    updated_at: datetime | None
    title: str
    elements: tuple[Element, ...]
    byline: str
    key_event: bool
    pinned: bool
    section: Literal["live", "report"]
    sitting: str
    notices: tuple[Notice, ...]
    state: str

    def texts(self) -> list[str]:
        """Everything in it that a reader could come to see."""
        told = [text for notice in self.notices for text in (notice.text, notice.old)]
        return [self.title, self.byline, plain(self.elements), *texts(self.elements), *told]


class Coverage(msgspec.Struct, frozen=True):
    """The state of a case's coverage, the clock of its pause, its summary and what is pinned.

    `since` is None when the state was taken over from elsewhere and its time was not recorded. `overran` when a pause
    was to have ended by now. `length` is how many posts its pages hold. `summary_position` is what a
    new summary is based on, 0 before the first.
    """

    case: str
    state: Literal["announced", "live", "paused", "closed"]
    since: datetime | None
    words: str
    clock: Clock | None
    summary: str
    summary_at: datetime | None
    pinned: str
    position: int
    overran: bool = False
    length: int = 0
    summary_position: int = 0


class Problem(msgspec.Struct, frozen=True):
    """Something that a reader says is wrong; its clock runs until it is settled."""

    id: str
    case: str
    post: str
    position: int
    clock: Clock
    settled_at: datetime | None


def between(before: str, after: str) -> str:
    """A place between two, compared as text; `after` may be empty, for the end.

    Places are digits. Between two neighbours there is always another, so reordering never renumbers.
    """
    digits, at = "", 0
    while True:
        low = int(before[at]) if at < len(before) else 0
        high = (int(after[at]) if at < len(after) else 0) if after else 10
        if high - low > 1:
            return digits + str((low + high) // 2)
        digits += str(low)
        if high > low:  # the rest of `after` no longer binds: anything below it here is below it
            after = ""
        at += 1


def first_place(position: int) -> str:
    """The place of a post that nobody has moved: its position of publication."""
    return f"{position:012d}"


class Sighting(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was seen at one address after a withdrawal.

    `place` is who was asked (`here`, or the address of a cache or of the public site), `name` the host that readers ask
    for. `proven_at` is when it had answered twice without the words; until then `trouble` says what stands against it.
    """

    place: str
    name: str
    address: str
    proven_at: datetime | None = None
    trouble: str = ""

    @property
    def of(self) -> tuple[str, str, str]:
        """What was asked: a later sighting of the same takes the place of this one."""
        return self.place, self.name, self.address


class Recall(msgspec.Struct, frozen=True):
    """What no server can take back: who sees to it by when, and what they did."""

    what: str
    words: str
    owner: str
    clock: Clock
    seen_to_at: datetime | None = None
    note: str = ""


class Receipt(msgspec.Struct, frozen=True):
    """What is known of a withdrawal at every surface.

    `withdrawal` is the position of its entry, `subject` the post, or the restriction; a post that was `corrected` shows
    a picture no more. Before `first_at` nobody was asked. `also_said`: other posts (or the summary) that say the same.
    """

    withdrawal: int
    case: str
    subject: str
    cause: Literal["retracted", "erased", "restricted", "corrected"]
    withdrawn_at: datetime
    by: str
    first_at: datetime | None
    last_at: datetime | None
    sightings: tuple[Sighting, ...]
    also_said: tuple[str, ...]

    @property
    def proven(self) -> tuple[Sighting, ...]:
        return tuple(one for one in self.sightings if one.proven_at)

    @property
    def not_proven(self) -> tuple[Sighting, ...]:
        return tuple(one for one in self.sightings if not one.proven_at)

    @property
    def is_proven(self) -> bool:
        return bool(self.sightings) and not self.not_proven


#: What leaves with a published post and cannot be called back.
BEYOND_RECALL = {
    "mail": "Mail and alerts that were sent, and notifications that were shown: send the right words after them.",
    "search": "Search engines that have read the page: ask each to drop it.",
    "archives": "Web archives: ask each to withdraw its copy.",
    "copies": "Copies of others: sites that took it over, cards on social networks, feed readers, screenshots.",
    "readers": "Pages that readers saved, or left open without a line to this server.",
    "names": "Copies that a cache keeps under a name it was not asked by.",
}
RECALL_WITHIN = timedelta(days=1)
