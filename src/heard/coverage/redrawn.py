"""The rows of the desk's page, each known by what it is drawn from, so that a page that is open asks for no other rows
than those that it has not.

A row costs some hundred times more to draw than to know: its forms are many, and a page has a hundred rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec

from heard import templates
from heard.cases.model import Case
from heard.coverage.alerts import NO_ALERT, AtDesk
from heard.coverage.looks import Look
from heard.coverage.model import Post

#: A page has a hundred rows and a dozen parts.
HAD_MAX = 200


class Row(msgspec.Struct, frozen=True):
    """A post; the one that stands after it and the one before, as readers read them; its alert; and what it is drawn
    as.
    """

    post: Post
    later: Post | None
    earlier: Post | None
    alert: AtDesk
    drawn_as: str


def rows(
    posts: Sequence[Post],
    case: Case,
    may: Mapping[str, bool],
    look: Look,
    alerts: Mapping[str, AtDesk] = MappingProxyType({}),
) -> list[Row]:
    """A row for each post, the newest first as they come.

    What a row is drawn as changes with all that its template (`row` in templates/desk/posts.html) looks at, but for who
    writes at it, which the page keeps up by itself.
    """
    around = hashlib.blake2b(_encoded([case, may, look, templates.edition()]), digest_size=16)
    found = []
    for at, post in enumerate(posts):
        later = posts[at - 1] if at else None
        earlier = posts[at + 1] if at + 1 < len(posts) else None
        own = around.copy()
        alert = alerts.get(post.id, NO_ALERT)
        own.update(_encoded([post, _as_neighbour(later), _as_neighbour(earlier), alert]))
        found.append(Row(post, later, earlier, alert, own.hexdigest()[:12]))
    return found


_encoded = msgspec.json.Encoder(order="sorted").encode


def _as_neighbour(post: Post | None) -> Any:
    return post and (post.id, post.position, post.status)


def had(said: Mapping[str, str]) -> frozenset[str]:
    """What a page says that it has: the digests of its parts and rows, with commas between."""
    return frozenset(said.get("had", "").split(",")[:HAD_MAX])
