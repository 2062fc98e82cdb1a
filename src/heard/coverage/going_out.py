"""When a post leaves the server: at once, or after the delay of its hearing, and not before the instant it was given.

Until then it waits: it is in the journal and in no table, page or frame, so that one that is pulled never left.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TypeVar

import msgspec

from heard.cases import projection as cases
from heard.coverage import elements as parts
from heard.coverage import model, projection
from heard.coverage.entries import Content, PostPinned, PostPublished, PostWaiting, WentLive
from heard.engine import now
from heard.engine.entry import Draft
from heard.engine.errors import Refused
from heard.engine.projection import Tables

Kept = TypeVar("Kept", bound=Content)
WAITING = "This waits until its time has come, and then goes out by itself. Pulled before that, it never left."


def checked_not_before(at: datetime | None) -> datetime | None:
    """Raises Refused for an instant that nobody can mean."""
    if at is not None and at > now.utc() + model.AHEAD_MAX:
        raise Refused("That is more than a year ahead. Nothing was published; look at the date again.")
    return at


def going_out(tables: Tables, post: str, content: Content, written_at: datetime) -> tuple[Draft, ...]:
    """As published, or as waiting. The delay runs from `written_at`, when the server had it first.

    In a case that was only announced the first post takes its coverage live.
    """
    due_at = written_at + delay_of(tables, content)
    if content.not_before:
        due_at = max(due_at, content.not_before)
    if due_at > now.utc():
        return (Draft(post, msgspec.structs.replace(turned(PostWaiting, content), due_at=due_at)),)
    return let_out(tables, post, content)


def let_out(tables: Tables, post: str, content: Content) -> tuple[Draft, ...]:
    begins = projection.of_case(tables, content.case).state == "announced"
    return (*published(post, content), *((Draft(content.case, WentLive()),) if begins else ()))


def delay_of(tables: Tables, content: Content) -> timedelta:
    """The delay of the hearing that it belongs to; of none, the longest of the case. What comes from elsewhere waits
    no longer.
    """
    delays = cases.delays(tables, content.case)
    if content.source or not delays:
        return timedelta()
    of = {known.id: known.hearing for known in cases.sittings(tables, content.case)}.get(content.sitting)
    return timedelta(minutes=max(delays.values()) if of is None else delays.get(of, 0))


def published(post: str, content: Content) -> tuple[Draft, ...]:
    """As published. A pin is an entry of its own: it takes the pin from another post, and has to say so still when the
    words of this one are erased.
    """
    said = msgspec.structs.replace(turned(PostPublished, content), not_before=None)
    if not content.pinned:
        return (Draft(post, said),)
    unpinned = msgspec.structs.replace(said, pinned=False)
    return (Draft(post, unpinned), Draft(post, PostPinned(content.case)))


def texts_of(content: Content) -> list[str]:
    """Everything in it that a reader could come to see."""
    return [content.title, content.byline, parts.plain(content.elements), *parts.texts(content.elements)]


def turned(body: type[Kept], content: Content) -> Kept:
    """The same content as another entry: what was held as published, what was sealed as held."""
    if type(content) is body:
        return content
    return body(**{name: getattr(content, name) for name in Content.__struct_fields__})
