"""What readers may see of a post: a post that has passed the door, with nothing of the desk in it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from heard.cases.release import Door
from heard.coverage import model
from heard.coverage.elements import Element, plain
from heard.coverage.model import Notice, Post


class Shown(msgspec.Struct, frozen=True):
    """A post on its way out. A withheld, retracted or erased one has no words: only `notice` stands in its place.

    `published_at` is None when its time was not recorded. `state` is set where a change of state is told in the flow.
    """

    id: str
    kind: Literal["post", "state"]
    status: Literal["published", "withheld", "retracted", "erased"]
    state: str
    place: str
    position: int
    section: Literal["live", "report"]
    sitting: str
    published_at: datetime | None
    said_at: datetime | None
    written_at: datetime | None
    updated_at: datetime | None
    title: str
    elements: tuple[Element, ...]
    byline: str
    key_event: bool
    pinned: bool
    notices: tuple[Notice, ...]
    notice: str

    @property
    def text(self) -> str:
        """The words, or the notice, as plain text."""
        return plain(self.elements) or self.notice

    @property
    def headline(self) -> str:
        """The title, or else the beginning of the words."""
        words = self.title or " ".join((plain(self.elements[:1]) or self.text).split())
        return words if len(words) <= 110 else words[:109].rsplit(" ", 1)[0] + "…"


def show(door: Door, post: Post) -> Shown | None:
    """The post as readers may see it now; None for one that never had a place on the page."""
    match post.status:
        case "held" | "sealed" | "submitted" | "waiting" | "dropped":
            return None
        case "published":
            shown = _shown(post, "published", post.notices, "")
            return withheld(shown) if door.held or (door.guard and door.stops(*post.texts())) else shown
        case "retracted" | "erased" as status:
            told = "".join(notice.text for notice in post.notices)
            if door.held or door.stops(told):  # an editor's notice from before the order: the short list says enough
                told = model.RETRACTION_NOTICES["legal"]
            notices = tuple(msgspec.structs.replace(notice, text=told) for notice in post.notices)
            return _shown(post, status, notices, told)


def withheld(shown: Shown) -> Shown:
    """The same post without a word of what it says."""
    return msgspec.structs.replace(
        shown,
        status="withheld",
        title="",
        elements=(),
        byline="",
        key_event=False,
        pinned=False,
        notices=(),
        notice=model.WITHHELD_NOTICE,
    )


def _shown(
    post: Post,
    status: Literal["published", "withheld", "retracted", "erased"],
    notices: tuple[Notice, ...],
    notice: str,
) -> Shown:
    return Shown(
        post.id,
        post.kind,
        status,
        post.state,
        post.place,
        post.position,
        post.section,
        post.sitting,
        post.published_at,
        post.said_at,
        post.written_at,
        post.updated_at,
        post.title,
        post.elements,
        post.byline,
        post.key_event,
        post.pinned,
        notices,
        notice,
    )
