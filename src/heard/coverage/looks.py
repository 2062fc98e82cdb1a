"""Which of the posts that readers had the desk looks at: all or some sort, from the newest or from further down."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from heard.cases.exits import Serving
from heard.cases.model import Case
from heard.coverage import projection
from heard.coverage.model import Post
from heard.engine.projection import Tables

COUNT = 100
#: What may be asked for, how it is called, and the statuses that it takes in.
SHOWS: dict[str, tuple[str, tuple[str, ...]]] = {
    "all": ("All", ("published", "retracted", "erased")),
    "published": ("Published", ("published",)),
    "key": ("Key events", ("published",)),
    "withdrawn": ("Withdrawn", ("retracted", "erased")),
}


class Look(msgspec.Struct, frozen=True):
    """`before` is the place from which on one looks down, or nothing."""

    show: str = "all"
    before: str = ""


NEWEST = Look()


def asked(serving: Serving, case: Case, said: Mapping[str, str]) -> Look:
    """Raises NotFound when the post from which on one looks down is not of the case."""
    show = said.get("show", "all")
    before = said.get("before", "")
    place = projection.by_id(serving.tables, before).place if before else ""
    return Look(show if show in SHOWS else "all", place)


def posts(tables: Tables, case: Case, look: Look) -> tuple[list[Post], bool]:
    """The posts, and whether there are more further down."""
    found = projection.at_desk(
        tables, case.id, SHOWS[look.show][1], key=look.show == "key", before=look.before, count=COUNT + 1
    )
    return found[:COUNT], len(found) > COUNT
