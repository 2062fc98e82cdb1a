"""The page as a reader had it at an instant that is past: folded anew, up to there, into tables that are in no file.

What it is made of is the journal, by the same folds, templates and door as the page of now; the door's rules are those
that were in force at that instant. Words that were erased since are nowhere any more: where they stood stands a notice,
dated when they were erased, and `Past.erased` counts them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from heard.cases import projection as cases
from heard.cases.model import Case
from heard.cases.release import Door, Doors, Released, Withheld
from heard.coverage import model, projection
from heard.coverage.entries import (
    Closed,
    Paused,
    PostErased,
    PostHeld,
    PostPlaced,
    PostPublished,
    PostRetracted,
    PostSealed,
    Reopened,
    Resumed,
    WentLive,
)
from heard.coverage.whole_page import Sources, View, posts_on, whole_page
from heard.engine import now
from heard.engine.entry import Entry
from heard.engine.errors import NotFound, TooLarge, Unavailable
from heard.engine.journal import Journal
from heard.engine.projection import Projection, Tables
from heard.store.derived import folding, in_memory

#: Entries read at once. Reading belongs to the event loop, so one slice must be over in a few milliseconds.
READ_AT_ONCE = 200
#: Entries of one case that are folded for one look: more takes a minute and hundreds of megabytes.
FOLDED_MAX = 100_000
#: A look during which something of the case is erased begins again; so often in a row is no accident.
TRIES = 5

#: The kind stays in the header when the words of a state are erased: what the state became can still be folded.
_STATES = {body.kind: body for body in (WentLive, Paused, Resumed, Closed, Reopened)}


class Past(msgspec.Struct):
    """A case up to an instant. `position` is that of the last entry before it, of whatever case."""

    case: str
    at: datetime
    position: int
    projection: Projection
    streams: frozenset[str]
    #: Erasures that came later, by the position at which the post that they erased was published.
    erasures: dict[int, Entry]
    folded: int = 0

    @property
    def tables(self) -> Tables:
        return self.projection.tables

    @property
    def erased(self) -> int:
        """How many posts stood there whose words exist nowhere any more."""
        return sum(position <= self.position for position in self.erasures)

    def slices(self, journal: Journal) -> Iterator[list[Entry]]:
        """The case's entries up to the instant, in order, a slice at a time.

        Raises TooLarge.
        """
        after, read = 0, 0
        while after < self.position:
            records = journal.store.records(after, min(READ_AT_ONCE, self.position - after))
            after = records[-1].header.position
            mine = journal.opened([record for record in records if record.header.stream in self.streams])
            if (read := read + len(mine)) > FOLDED_MAX:
                raise TooLarge(
                    f"Up to then more than {FOLDED_MAX:,} things had happened in this case, too many to look back "
                    "over here. Nothing was changed; an earlier instant may fit."
                )
            yield mine

    def fold(self, entries: list[Entry]) -> None:
        """Fold a slice. It touches nothing but these tables, so that a thread of its own may do it."""
        with folding(self.tables):  # type: ignore[arg-type]
            for entry in entries:
                self._fold(entry)
        self.folded += len(entries)

    def _fold(self, entry: Entry) -> None:
        if entry.body is None and entry.kind in _STATES:
            entry = msgspec.structs.replace(entry, body=_STATES[entry.kind]())
        self.projection.fold(entry)
        if erasure := self.erasures.get(entry.position):
            self.projection.fold(erasure)

    def finish(self) -> None:
        """What was done to a post whose words are erased (a mark, a pin) is not shown of its notice."""
        self.tables.execute("UPDATE post SET key_event = 0, pinned = 0 WHERE status = 'erased'")


class AsPublished(msgspec.Struct, frozen=True):
    """What a reader was answered at an instant. `page` is None where that was no page: `why` says so.

    `posts` are the ids of the posts that stood on it, in order of place.
    """

    case: str
    at: datetime
    position: int
    page: Released | None
    why: str
    view: View
    door: Door
    posts: tuple[str, ...]
    erased: int


NOT_YET = "There was no such page yet."
ON_HOLD = "It was on hold: readers were told that it was being checked, and saw nothing of it."


def begun(journal: Journal, tables: Tables, case: Case, at: datetime) -> Past:
    """A look at the past that is ready to be folded; `tables` are those of now, which know the streams of the case."""
    position = last_before(journal, at)
    past = Projection(in_memory(), (cases.room(), projection.room()), folding)
    return Past(case.id, at, position, past, streams_of(tables, case), _erasures(journal, tables, case, position))


def last_before(journal: Journal, at: datetime) -> int:
    """The position of the last entry that is not later than the instant, 0 where there is none."""
    written, low, high = now.text(at), 0, journal.store.position()
    while low < high:
        middle = (low + high + 1) // 2
        record = journal.store.record(middle)
        if record is not None and record.header.at <= written:
            low = middle
        else:
            high = middle - 1
    return low


def streams_of(tables: Tables, case: Case) -> frozenset[str]:
    """Every stream on which something of the case is told."""
    rows = tables.execute(
        "SELECT id FROM post WHERE case_id = ?1 UNION ALL SELECT id FROM person WHERE case_id = ?1 UNION ALL "
        "SELECT id FROM hearing WHERE case_id = ?1 UNION ALL SELECT id FROM sitting WHERE case_id = ?1",
        (case.id,),
    )
    return frozenset((case.id, case.rules, *(stream for (stream,) in rows)))


def erased_of(tables: Tables, case: str) -> set[str]:
    return {post for (post,) in tables.execute("SELECT id FROM post WHERE case_id = ? AND status = 'erased'", (case,))}


def _erasures(journal: Journal, tables: Tables, case: Case, position: int) -> dict[int, Entry]:
    found: dict[int, Entry] = {}
    for post in erased_of(tables, case.id):
        life = journal.stream(post)
        for entry in life:
            if isinstance(entry.body, PostErased) and entry.position > position:
                at = _came(life, entry.body.published_position)
                if any(one.kind == PostPlaced.kind for one in life):  # it was moved: it stood elsewhere at first
                    first = model.first_place(entry.body.published_position)
                    moved = msgspec.structs.replace(entry.body, place=first)
                    entry = msgspec.structs.replace(entry, body=moved)
                found[at] = entry
    return found


def _came(life: list[Entry], published: int) -> int:
    """Where a post came onto the page. One that was kept first did not when it was written: headers outlive words."""
    if life[0].kind not in (PostHeld.kind, PostSealed.kind):
        return published
    return next((one.position for one in life if one.kind in (PostPublished.kind, PostRetracted.kind)), published)


def answered(past: Past, door: Door, epoch: str, base: str, view: View) -> AsPublished:
    """What the folded past answers to the address that `view` stands for, by the door as its rules stood then."""
    past.finish()
    told: dict[str, Any] = {"case": past.case, "at": past.at, "position": past.position, "erased": past.erased}
    told |= {"view": view, "door": door}
    nothing: dict[str, Any] = {"page": None, "posts": ()}
    try:
        case = cases.by_id(past.tables, past.case)
        if door.held:
            raise Withheld(past.case)
        sources = Sources(past.tables, f"{epoch}.{past.position}", base)
        page = whole_page(sources, case, door, view)
        posts = tuple(posts_on(past.tables, case, view))
    except NotFound:
        return AsPublished(why=NOT_YET, **nothing, **told)
    except Withheld:
        return AsPublished(why=ON_HOLD, **nothing, **told)
    return AsPublished(page=page, why="", posts=posts, **told)


def as_published(
    journal: Journal, tables: Tables, doors: Doors, case: Case, at: datetime, *, base: str, view: View = View()
) -> AsPublished:
    """The page as a reader had it at the instant, made in this thread. See `looking_back` for the server's way.

    Raises TooLarge; Unavailable when erasures never cease meanwhile.
    """
    for _ in range(TRIES):
        past, before = begun(journal, tables, case, at), erased_of(tables, case.id)
        for entries in past.slices(journal):
            past.fold(entries)
        if erased_of(tables, case.id) == before:
            return answered(past, doors.of(past.tables, case.id), journal.store.epoch, base, view)
    raise Unavailable("Something of this case was being erased all the while. Nothing was changed; try again.")
