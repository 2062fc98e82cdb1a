"""Alerts: what an editor says that followers of a case are told of at once, and what follows it when it was wrong.

Each follower is told of a post as it stands when the letter is made, and after that once for every change that takes
back what was said. So an alert has no queue: from how far a follower was told, and from how far the post has come, it
follows what is still to be said (`due`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from heard.cases import projection as cases
from heard.cases.follows import Told
from heard.cases.release import Door, Doors, NotPublished
from heard.coverage import model, projection
from heard.coverage.alert_entries import AlertCalled, AlertCalledOff, AlertSent, Sort
from heard.coverage.alerted import Alert, Sent, called_in, of_post, sent_of_case
from heard.coverage.elements import Quote
from heard.coverage.entries import (
    PostClarified,
    PostCorrected,
    PostErased,
    PostPublished,
    PostRetracted,
    PostTakenOver,
)
from heard.coverage.kept import writers
from heard.coverage.model import Post
from heard.coverage.sealing import nothing_new_now
from heard.coverage.shown import show
from heard.engine import now
from heard.engine.entry import Draft
from heard.engine.errors import Refused
from heard.engine.journal import Journal
from heard.engine.node import Command, Decision
from heard.engine.projection import Tables

#: Further than any number of corrections.
WITHDRAWN = 1_000_000
_WORDINGS = frozenset(
    body.kind for body in (PostPublished, PostTakenOver, PostCorrected, PostClarified, PostRetracted, PostErased)
)


# What is asked --------------------------------------------------------------------------------------------------------


def how_far(post: Post) -> int:
    """How far it has come since it was published: the number of its corrections, or that it was withdrawn."""
    if post.status in ("retracted", "erased"):
        return WITHDRAWN
    return sum(notice.kind == "corrected" for notice in post.notices)


def due(told: Told, alert: Alert, post: Post) -> Sort | None:
    """What a follower is still to be told of a post: nothing of one that was withdrawn before they heard of it."""
    had, far = told.alerted.get(post.id), how_far(post)
    if had is None:
        news = post.status == "published" and alert.position > told.upto and not alert.is_over(now.utc())
        return "news" if news else None
    return sort_of(had, far) if far > had else None


def sort_of(had: int | None, far: int) -> Sort:
    """What takes somebody so far who had this of a post, or nothing."""
    return "news" if had is None else "withdrawn" if far == WITHDRAWN else "corrected"


def may_go_out(tables: Tables, journal: Journal, door: Door, alert: Alert, post: Post, sort: Sort) -> bool:
    """Whether the post may be told of at this moment. News, until the alert is over, while the rules of its case let
    out what is new, and those whose words it is and who called for the alert have leave; the right words, to whom the
    wrong ones were sent, as soon as readers read them; that it was withdrawn always.
    """
    if sort == "withdrawn":
        return True
    if sort == "news":
        if alert.is_over(now.utc()):
            return False
        try:
            nothing_new_now(tables, post.case, alert.by, *writers(journal, post.id))
        except Refused:
            return False
    return is_seen(door, post)


def is_seen(door: Door, post: Post) -> bool:
    """Whether readers may read the post at this moment."""
    shown = show(door, post)
    return shown is not None and shown.status == "published"


def wording_of(journal: Journal, post: str) -> int:
    """The position of the entry that gave the post its words, or took them."""
    return max((entry.position for entry in journal.stream(post) if entry.kind in _WORDINGS), default=0)


class AtDesk(NamedTuple):
    """What the desk shows at a post: whether an alert is offered, or to call one off; whether one was called for, and
    what of it went out; and whether that is over.
    """

    offered: bool
    called: Alert | None = None
    sent: tuple[Sent, ...] = ()
    to_call_off: bool = False
    over: bool = False

    def __bool__(self) -> bool:
        return self.offered or self.called is not None


NO_ALERT = AtDesk(False)


def at_desk(tables: Tables, case: str, posts: Sequence[Post], *, may: bool) -> dict[str, AtDesk]:
    """By post. What is a key event or a finding offers one to who `may` call for it."""
    known = {alert.post: alert for alert in called_in(tables, case)}
    sent: dict[str, list[Sent]] = {}
    for one in sent_of_case(tables, case) if known else ():
        sent.setdefault(one.post, []).append(one)
    found = {}
    for post in posts:
        called = known.get(post.id)
        over = called is not None and called.is_over(now.utc())
        offered = may and _offers(post) and (called is None or over)
        going = may and called is not None and not over
        found[post.id] = AtDesk(offered, called, tuple(sent.get(post.id, ())), going, over)
    return found


def _offers(post: Post) -> bool:
    finds = any(isinstance(element, Quote) and element.setting == "ruling or conclusion" for element in post.elements)
    return post.kind == "post" and post.status == "published" and (post.key_event or finds)


# What is written ------------------------------------------------------------------------------------------------------


def call(doors: Doors, journal: Journal, post: str, by: str) -> Command:
    """Say that followers are told of a post that readers have; saying so twice is saying it once, until it is over.
    Said again then, those are told who were not. `by` is the account that says so.
    """

    def judge(tables: Tables) -> Decision:
        known = projection.by_id(tables, post)
        model.POST_MOVES.after(known.status, "marked")
        if known.kind == "state":
            raise Refused("Of a change of state no alert is sent. Nothing was changed; write a post that says it.")
        if (before := of_post(tables, post)) and not before.is_over(now.utc()):
            return Decision((), (post,))
        nothing_new_now(tables, known.case, by, *writers(journal, post))
        if not is_seen(doors.of(tables, known.case), known):
            raise NotPublished
        rules = cases.by_id(tables, known.case).rules
        return Decision((Draft(post, AlertCalled(known.case)),), (post, rules))

    return judge


def call_off(post: str) -> Command:
    """Tell nobody more of a post by its alert. Who was told is still told what becomes of it."""

    def judge(tables: Tables) -> Decision:
        known = projection.by_id(tables, post)
        called = of_post(tables, post)
        if called is None:
            raise Refused("No alert was called for at this post. Nothing was changed.")
        if called.is_over(now.utc()):
            return Decision((), (post,))
        return Decision((Draft(post, AlertCalledOff(known.case)),), (post,))

    return judge


def record(post: str, sent: AlertSent) -> Command:
    """Write down that an alert went out."""
    return lambda tables: Decision((Draft(post, sent),), ())
