"""What each entry changes on a page that is open: the follower that renders frames.

It keeps a cursor of its own in the frames file, so it also renders what other processes appended. Each thing is
rendered as it is *now*, at the position of the last entry that touched it: rendered late, a frame is never older than
the page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any

import msgspec

from heard import templates
from heard.cases import projection as cases
from heard.cases.entries import (
    CareTaken,
    CaseDescribed,
    CaseHeld,
    CaseLetGo,
    CaseOpened,
    HoldWasFalse,
    RestrictionImposed,
    RestrictionLifted,
    SittingBegan,
)
from heard.cases.model import Case
from heard.cases.release import Door, Doors, Released, Withheld
from heard.coverage import projection
from heard.coverage.entries import (
    Closed,
    Content,
    CoverageTakenOver,
    KeyEventMarked,
    KeyEventUnmarked,
    Paused,
    PauseOverran,
    PostClarified,
    PostCorrected,
    PostErased,
    PostPinned,
    PostPlaced,
    PostRetracted,
    PostUnpinned,
    Reopened,
    Resumed,
    SummaryWritten,
    WentLive,
)
from heard.coverage.model import Post
from heard.coverage.shown import Shown, show, withheld
from heard.coverage.unasked import as_listed
from heard.engine.entry import Entry
from heard.engine.errors import Corrupt, NotFound
from heard.engine.frames import Change
from heard.engine.journal import Journal
from heard.engine.node import Leftovers
from heard.engine.projection import Tables
from heard.store.frames import FramesFile, Painted, Topic

#: Entries rendered in one transaction of the frames file.
RENDER_AT_ONCE = 200
#: When the rules of a case change, so many posts are looked at and rendered at once. Of more, every page is loaded
#: again and asks about its own: to look at ten thousand would keep everybody waiting for a minute.
AGAIN_MAX = 60

#: The kind of change that an entry is to readers, and what it touches besides its own post.
_KINDS: dict[type, tuple[str, tuple[str, ...]]] = {
    PostCorrected: ("corrected", ("key", "pinned")),
    PostClarified: ("clarified", ("key", "pinned")),
    PostRetracted: ("retracted", ("key", "pinned")),
    PostErased: ("retracted", ("key", "pinned")),
    KeyEventMarked: ("key", ("key",)),
    KeyEventUnmarked: ("key", ("key",)),
    PostPinned: ("pinned", ("pinned",)),
    PostUnpinned: ("pinned", ("pinned",)),
    PostPlaced: ("order", ("key",)),
}
_STATES = (WentLive, Paused, PauseOverran, Resumed, Closed, Reopened, CoverageTakenOver)
_OF_THE_CASE = (SittingBegan, CareTaken, HoldWasFalse)
_RULES = (RestrictionImposed, RestrictionLifted, CaseHeld, CaseLetGo)


class Painter:
    """Renders what the journal's new entries changed, and writes it for the edges."""

    def __init__(self, journal: Journal, tables: Tables, doors: Doors, file: FramesFile) -> None:
        self.journal, self.tables, self.doors, self.file = journal, tables, doors, file
        self._told = file.position()
        self.leftovers = Leftovers(journal, file.purging, self._told, ("cases", "coverage"))
        #: Told the position up to which frames are written.
        self.after_paint: list[Callable[[int], None]] = []

    def paint(self, folded: Sequence[Entry] = ()) -> None:
        """Render up to what is folded, and no further: the journal may be ahead of the tables.

        What was `folded` just now need not be read and opened again. An app that is being exchanged for this one may
        render into the same file: who listens here hears of that too.
        """
        told = self._told
        while entries := self._folded_after(self.file.position(), folded):
            self._see_what_others_rendered(entries[0].position - 1)
            pages: dict[str, Page] = {}
            painted = [painting for entry in entries if (painting := self._paint(entry, pages))]
            self.file.put(entries[-1].position, painted)
            self.leftovers.after(entries)
            self._told = entries[-1].position
            if folded and entries[-1] is folded[-1]:  # all of it; whoever writes more says so again
                break
        else:
            self._see_what_others_rendered(self.file.position())
        self.leftovers.purge()
        if self._told > told:
            for follow in self.after_paint:
                follow(self._told)

    def _see_what_others_rendered(self, up_to: int) -> None:
        if up_to > self._told:
            self.leftovers.of_another(self._told, up_to)
            self._told = up_to

    def _folded_after(self, position: int, known: Sequence[Entry]) -> Sequence[Entry]:
        if known and known[0].position <= position + 1 <= known[-1].position:
            first = position + 1 - known[0].position
            return known[first : first + RENDER_AT_ONCE]
        [(folded,)] = self.tables.execute("SELECT position FROM cursor")
        return self.journal.read(position, min(RENDER_AT_ONCE, folded - position)) if folded > position else []

    def _paint(self, entry: Entry, pages: dict[str, Page]) -> Painted | None:
        case_id = case_of(entry)
        if case_id is None:
            return None
        if case_id not in pages:
            case = cases.by_id(self.tables, case_id)
            pages[case_id] = Page(case, self.tables, self.doors.of(self.tables, case_id))
        page = pages[case_id]
        topics = [Topic(page.case.slug, case_id, True)] if isinstance(entry.body, CaseOpened) else []
        anew = isinstance(entry.body, _RULES) and page.posts_before(entry.position) > AGAIN_MAX
        changes = list(self._changes(entry, page, anew=anew))
        if not all(isinstance(change.html, Released) for change in changes):
            raise Corrupt("A frame was made of text that had not passed the door. It was not sent.")
        return Painted(entry.position, case_id, changes, topics, anew)

    def _changes(self, entry: Entry, page: Page, *, anew: bool) -> Iterable[Change]:
        body: Any = entry.body
        if isinstance(body, CaseOpened | CaseDescribed | CaseHeld | CaseLetGo):
            yield from map(page.area, ("state", "summary", "key", "pinned"))
        if isinstance(body, SummaryWritten):
            yield page.area("summary")
        elif isinstance(entry.body, _STATES):
            yield page.area("state")
            if notice := getattr(body, "notice", ""):
                yield from page.post(notice, "post")
        elif isinstance(body, HoldWasFalse):
            yield from page.post(body.post, "post")
            yield from map(page.area, ("key", "pinned"))
        elif isinstance(body, CareTaken):
            yield from map(page.area, ("state", "key"))
        elif isinstance(body, _RULES):
            if not anew:
                yield from page.every_post()
            yield from map(page.area, ("state", "summary", "key", "pinned"))
        elif isinstance(body, SittingBegan):
            yield from page.post(entry.stream, "post")
        elif isinstance(body, Content):
            yield from page.post(entry.stream, "post")
            yield from map(page.area, _areas_of(body))
            if body.pinned:
                yield from page.posts_pinned_until(entry)
        elif type(body) in _KINDS:
            kind, areas = _KINDS[type(body)]
            yield from page.post(entry.stream, kind)
            yield from map(page.area, areas)
            if isinstance(body, PostPinned):
                yield from page.posts_pinned_until(entry)


def _areas_of(body: Content) -> list[str]:
    return [area for area, touched in (("key", body.key_event), ("pinned", body.pinned)) if touched]


def case_of(entry: Entry) -> str | None:
    body: Any = entry.body
    if isinstance(body, (CaseOpened, CaseDescribed, SummaryWritten, *_STATES)):
        return entry.stream
    return getattr(body, "case", None) if isinstance(body, (*_RULES, Content, *_KINDS, *_OF_THE_CASE)) else None


class Page(msgspec.Struct):
    """One case at this moment, rendered thing by thing."""

    case: Case
    tables: Any
    door: Door

    def post(self, post: str, kind: str) -> Iterable[Change]:
        """The post as it is now, for readers who have it and for those who do not."""
        for known in _if_there(self.tables, post):
            yield from self._change(known, kind)

    def posts_before(self, position: int) -> int:
        """How many posts readers had when the entry at this position was written."""
        counted = "SELECT count(*) FROM post WHERE case_id = ? AND published_position < ? AND status IN "
        counted += "('published', 'retracted', 'erased')"
        [(count,)] = self.tables.execute(counted, (self.case.id, position))
        return int(count)

    def every_post(self) -> Iterable[Change]:
        """All posts: the rules changed, so each is looked at again."""
        for section in ("live", "report"):
            for post in projection.shown(self.tables, self.case.id, section):
                yield from self._change(post, "corrected")

    def posts_pinned_until(self, entry: Entry) -> Iterable[Change]:
        """The post that this pin took the place of."""
        rows = self.tables.execute(
            "SELECT id FROM post WHERE case_id = ? AND position = ? AND pinned = 0", (self.case.id, entry.position)
        )
        for (post,) in list(rows):
            yield from self.post(post, "pinned")

    def _change(self, post: Post, kind: str) -> Iterable[Change]:
        shown = show(self.door, post)
        if shown is None:
            return
        address = f"/{self.case.slug}/posts/{post.id}/fragment/"
        yield Change(kind, post.id, html=self.html(shown), href=address, place=post.place)

    def html(self, shown: Shown) -> Released:
        """The post's fragment; one that the door stops is rendered as withheld."""
        for one in (shown, withheld(shown)):
            made = templates.render("coverage/post.html", post=one, case=self.case)
            with suppress(Withheld):
                return self.door.let("frame", made, notice=one.status == "withheld")
        return self.door.let("frame", f'<article id="post-{shown.id}" hidden></article>', notice=True)

    def area(self, area: str) -> Change:
        return Change(area, area, html=self.area_html(area))

    def area_html(self, area: str) -> Released:
        """An area of the page as it is now, empty when the door stops it."""
        context = getattr(self, f"_{area}")()
        with suppress(Withheld):
            return self.door.let("frame", templates.render(f"coverage/{area}.html", case=self.case, **context))
        return self.door.let("frame", f'<div id="{area}" hidden></div>', notice=True)

    def _state(self) -> dict[str, Any]:
        return {"coverage": projection.of_case(self.tables, self.case.id), "care": self.door.care}

    def _summary(self) -> dict[str, Any]:
        return {"coverage": projection.of_case(self.tables, self.case.id)}

    def _key(self) -> dict[str, Any]:
        posts = projection.key_events(self.tables, self.case.id)
        shown = [show(self.door, post) for post in posts]
        return {"events": [as_listed(self.door, one) for one in shown if one and one.status == "published"]}

    def _pinned(self) -> dict[str, Any]:
        pinned = projection.of_case(self.tables, self.case.id).pinned
        posts = [show(self.door, post) for post in _if_there(self.tables, pinned)] if pinned else []
        return {"post": next((one for one in posts if one and one.status == "published"), None)}


def _if_there(tables: Tables, post: str) -> list[Post]:
    try:
        return [projection.by_id(tables, post)]
    except NotFound:
        return []
