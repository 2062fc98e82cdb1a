"""A case as readers may see it at this moment, whole and in order: what is exported, imported again and replayed."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from heard.cases import projection as cases
from heard.cases.model import Case
from heard.cases.release import Door, Doors
from heard.coverage import projection
from heard.coverage.elements import Element, pictures, plain, texts
from heard.coverage.elements import Text as Words
from heard.coverage.model import Coverage, Notice
from heard.coverage.shown import Shown, show
from heard.engine.errors import Refused
from heard.engine.projection import Tables

FORMAT: Literal["heard case 1"] = "heard case 1"
#: A post of kind "state" that is the beginning of a sitting.
SITTING = "sitting"


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class ReleasedState(_Strict, frozen=True):
    """Where the coverage stands; `since` is None when that was not recorded, `due_at` when a pause has no known end."""

    state: Literal["announced", "live", "paused", "closed"]
    since: datetime | None
    due_at: datetime | None


class ReleasedSummary(_Strict, frozen=True):
    markdown: str
    written_at: datetime | None


class ReleasedPerson(_Strict, frozen=True):
    id: str
    name: str
    role: str
    note: str


class ReleasedHearing(_Strict, frozen=True):
    id: str
    title: str
    place: str


class ReleasedSitting(_Strict, frozen=True):
    id: str
    hearing: str
    title: str
    began_at: datetime
    rose_at: datetime | None
    back_at: datetime | None


class ReleasedPost(_Strict, frozen=True):
    """A post, or a change of state told in the flow. One that has no words any more has only `notice` in their place.

    `text` is what it says as plain text.
    """

    id: str
    kind: Literal["post", "state"]
    status: Literal["published", "withheld", "retracted", "erased"]
    state: str
    section: Literal["report", "live"]
    sitting: str
    published_at: datetime | None
    said_at: datetime | None
    written_at: datetime | None
    updated_at: datetime | None
    title: str
    byline: str
    elements: tuple[Element, ...]
    text: str
    key_event: bool
    pinned: bool
    notices: tuple[Notice, ...]
    notice: str

    @property
    def headline(self) -> str:
        """The title, or else the beginning of the words."""
        words = self.title or " ".join((plain(self.elements[:1]) or self.text or self.notice).split())
        return words if len(words) <= 110 else words[:109].rsplit(" ", 1)[0] + "…"


class ReleasedCase(_Strict, frozen=True):
    """The posts of the report, then the running ones, each in the order in which they stand."""

    format: Literal["heard case 1"]
    id: str
    slug: str
    title: str
    standfirst: str
    zone: str
    coverage: ReleasedState
    summary: ReleasedSummary
    people: tuple[ReleasedPerson, ...]
    hearings: tuple[ReleasedHearing, ...]
    sittings: tuple[ReleasedSitting, ...]
    posts: tuple[ReleasedPost, ...]

    def encode(self) -> bytes:
        """The one way in which it is written as JSON: indented, fields in this order, nothing left out but defaults."""
        return msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n"

    def media(self) -> list[str]:
        """The pictures of published posts, by the hash of their bytes, in order of name."""
        shown = [picture for post in self.posts for picture in pictures(post.elements)]
        return sorted({name for picture in shown for name in picture.names.values()})


def released_case(tables: Tables, doors: Doors, slug: str) -> ReleasedCase:
    """The case at this address as its door lets it out now.

    Raises NotFound; Refused while the case is held, or while its own title says what may not be said.
    """
    case = cases.by_slug(tables, slug)
    door = doors.of(tables, case.id)
    if door.held:
        raise Refused("This case is held: nothing of it leaves until an editor lets it go. Nothing was written.")
    hearings = cases.hearings(tables, case.id)
    if door.stops(case.title, case.standfirst, case.slug, *(words for one in hearings for words in one[1:])):
        raise Refused(
            "The title or standfirst of this case, or a hearing's title, says what a restriction forbids, so nothing "
            "of it leaves. Nothing was written; describe it in other words first."
        )
    posts = [
        _post(shown)
        for section in ("report", "live")
        for post in projection.shown(tables, case.id, section)
        if (shown := show(door, post))
    ]
    told = {post.id for post in posts if post.status == "published"}
    coverage = projection.of_case(tables, case.id)
    return ReleasedCase(
        FORMAT,
        case.id,
        case.slug,
        case.title,
        case.standfirst,
        case.zone,
        _state(coverage),
        _summary(door, coverage),
        tuple(
            ReleasedPerson(one.id, one.name, one.role, one.note)
            for one in cases.people(tables, case.id)
            if not door.stops(one.name, one.role, one.note)
        ),
        tuple(ReleasedHearing(*one) for one in hearings),
        tuple(_sittings(tables, case, told)),
        tuple(posts),
    )


def _post(shown: Shown) -> ReleasedPost:
    told = {name: getattr(shown, name) for name in ReleasedPost.__struct_fields__ if name != "text"}
    return ReleasedPost(**told, text=plain(shown.elements))


def _state(coverage: Coverage) -> ReleasedState:
    return ReleasedState(coverage.state, coverage.since, coverage.clock.due_at if coverage.clock else None)


def _summary(door: Door, coverage: Coverage) -> ReleasedSummary:
    if door.stops(*texts((Words(coverage.summary),))):
        return ReleasedSummary("", None)
    return ReleasedSummary(coverage.summary, coverage.summary_at)


def _sittings(tables: Tables, case: Case, told: set[str]) -> list[ReleasedSitting]:
    """Those whose beginning still stands in the flow: one that was withdrawn there is told nowhere else either."""
    return [
        ReleasedSitting(one.id, one.hearing, one.title, one.began_at, one.rose_at, one.back_at)
        for one in cases.sittings(tables, case.id)
        if one.id in told
    ]
