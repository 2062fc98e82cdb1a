"""The clock of a post that waits: when its time has come it goes out, judged by the rules of that moment.

What is due is read from the tables, which are folded from the journal: a restart changes nothing, and what came due
meanwhile goes out then. That it goes out once is as with any clock of coverage: see `falling_due`.
"""

from __future__ import annotations

import msgspec

from heard.cases import projection as cases
from heard.cases import states
from heard.cases.footing import is_stopped
from heard.cases.release import Doors
from heard.coverage import projection
from heard.coverage.entries import PostHeld
from heard.coverage.falling_due import Lapse
from heard.coverage.going_out import let_out, texts_of, turned
from heard.coverage.kept import kept_words, writers
from heard.coverage.model import Post
from heard.engine import now
from heard.engine.entry import Draft
from heard.engine.journal import Journal
from heard.engine.node import Command, Decision
from heard.engine.projection import Tables


def posts_due(doors: Doors, journal: Journal, tables: Tables) -> list[Lapse]:
    """The posts whose time has come, in the order in which they go out."""
    return [
        Lapse(f"lapse/post/{post.id}/{post.state}", let_out_when_due(doors, journal, post.id)) for post in due(tables)
    ]


def due(tables: Tables) -> list[Post]:
    """What goes out now. While a jury of its case is out, or it sits in private, it waits on: nothing new is told."""
    posts = projection.due_by(tables, now.utc())
    return [post for post in posts if _may_go(tables, post.case)]


def _may_go(tables: Tables, case: str) -> bool:
    return not states.in_private(tables, case) and not any(jury.absent for jury in cases.juries(tables, case).values())


def let_out_when_due(doors: Doors, journal: Journal, post: str) -> Command:
    """Publish what waited, if it is due; held instead where by now the door, a rule or the case stands against it."""

    def judge(tables: Tables) -> Decision:
        known = projection.by_id(tables, post)
        case = cases.by_id(tables, known.case)
        wrote = writers(journal, post)
        over = (post, case.id, case.rules, *wrote)
        if post not in [one.id for one in due(tables)]:
            return Decision((), over)
        words = kept_words(journal, post)
        door = doors.of(tables, case.id)
        # Of a draft, whoever sent it has looked at the words of others.
        stopped = is_stopped(tables, case.id, *wrote) or projection.needs_approval(tables, wrote[0])
        closed = projection.of_case(tables, case.id).state == "closed"
        before = projection.last_words(tables, case.id) if door.guard else ""
        if door.stops_after(before, *texts_of(words)) or door.held or stopped or closed:
            return Decision((Draft(post, turned(PostHeld, words)),), over)
        if words.not_before is None and words.written_at is None:  # delayed: readers see both times
            words = msgspec.structs.replace(words, written_at=journal.stream(post)[0].at)
        return Decision(let_out(tables, post, words), over)

    return judge
