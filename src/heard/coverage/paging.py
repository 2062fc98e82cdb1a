"""Which posts stand on which page. Older pages never change: they are cut from the oldest post on, fifty each.

The newest page holds the rest, between twenty-five and seventy-four posts, so that it is never nearly empty and nothing
moves from it to an older page but in whole blocks.
"""

from __future__ import annotations

import msgspec

from heard.coverage import projection
from heard.engine.projection import Tables

BLOCK = 50
NEWEST_AT_LEAST = 25


class Block(msgspec.Struct, frozen=True):
    """The posts of one page in order of time, and the blocks beside it (None where there is none)."""

    posts: tuple[str, ...]
    number: int
    last: int

    @property
    def is_newest(self) -> bool:
        return self.number == self.last


def newest(tables: Tables, case: str) -> Block:
    return _block(tables, case, None)


def oldest(tables: Tables, case: str) -> Block:
    return _block(tables, case, 0)


def before(tables: Tables, case: str, post: str) -> Block:
    """The page of the posts just before this one."""
    return _holding(tables, case, _rank(tables, case, post) - 1)


def after(tables: Tables, case: str, post: str) -> Block:
    """The page of the posts just after this one."""
    return _holding(tables, case, _rank(tables, case, post) + 1)


def around(tables: Tables, case: str, post: str) -> Block:
    """The page on which this post stands."""
    return _holding(tables, case, _rank(tables, case, post))


def _holding(tables: Tables, case: str, rank: int) -> Block:
    return _block(tables, case, max(rank, 0) // BLOCK)


def _block(tables: Tables, case: str, number: int | None) -> Block:
    """The page of this number, or the newest where there is none of it."""
    count = projection.of_case(tables, case).length
    last = _last(count)
    number = last if number is None else min(number, last)
    first = number * BLOCK
    end = count if number == last else first + BLOCK
    return Block(_between(tables, case, first, end, count), number, last)


def _between(tables: Tables, case: str, first: int, end: int, count: int) -> tuple[str, ...]:
    """The posts of these ranks, found from the end that is nearer: SQLite steps over all that comes before them."""
    if end <= count - first:
        found = tables.execute(f"SELECT id {_SHOWN} ORDER BY place LIMIT ? OFFSET ?", (case, end - first, first))
        return tuple(post for (post,) in found)
    found = tables.execute(f"SELECT id {_SHOWN} ORDER BY place DESC LIMIT ? OFFSET ?", (case, end - first, count - end))
    return tuple(post for (post,) in found)[::-1]


def _last(count: int) -> int:
    return max(0, (count - NEWEST_AT_LEAST) // BLOCK)


def _rank(tables: Tables, case: str, post: str) -> int:
    place = projection.by_id(tables, post).place
    [(rank,)] = tables.execute(f"SELECT count(*) {_SHOWN} AND place < ?", (case, place))
    return int(rank)


# Said by name: left to itself SQLite takes the broader index, and looks every post of the case up to see its status.
_SHOWN = (
    "FROM post INDEXED BY post_shown "
    "WHERE case_id = ? AND section = 'live' AND status IN ('published', 'retracted', 'erased')"
)
