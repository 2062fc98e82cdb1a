"""What is out already and says what an order forbids, or comes near to telling it: searched when an order comes late.

A search looks at each post in a thread, so that nobody waits for it, and at one that said nothing no more, until the
post, the orders or the people of the case change. What was found clean is kept in memory; it is no name and no word.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from heard.cases.exits import Serving
from heard.cases.model import Case
from heard.cases.release import Door
from heard.cases.told import Terms
from heard.coverage import projection
from heard.coverage.model import Post
from heard.coverage.so_far import lookers
from heard.text.particulars import Particular, is_enough

#: So many posts are searched before the loop may do something else.
AT_ONCE = 50
#: So many posts that come near are shown, the newest.
NEAR_MAX = 101


class Together(NamedTuple):
    """Particulars of one person that stand in different posts, each with the newest post in which it stands."""

    order: Terms
    where: dict[Particular, str]


class Near(NamedTuple):
    """A post that may tell whom an order protects, and the particulars that stand in it."""

    post: Post
    order: Terms
    pieces: list[Particular]


async def said_already(serving: Serving, case: Case) -> list[Post]:
    """What was published and says, in whatever form, what an order forbids: to be withdrawn, the newest first.

    Readers see none of it any more: the door withholds it from the moment of the order.
    """
    door, after = serving.doors.of(serving.tables, case.id), ""
    found: list[Post] = []
    while door.guard and (posts := projection.published_after(serving.tables, case.id, after, AT_ONCE)):
        after = posts[-1].id
        found += await _stopped(serving, door, posts)
        await asyncio.sleep(0)
    return sorted(found, key=lambda one: one.position, reverse=True)


async def _stopped(serving: Serving, door: Door, posts: Sequence[Post]) -> list[Post]:
    """Those that say what an order forbids, asked about in a thread."""
    clean = lookers(serving).clean.of(door)
    fresh = [one for one in posts if (one.id, one.position) not in clean]
    stopped = await asyncio.to_thread(lambda: [one for one in fresh if door.stops(*one.texts())]) if fresh else []
    clean |= {(one.id, one.position) for one in fresh} - {(one.id, one.position) for one in stopped}
    return stopped


async def coming_near(serving: Serving, case: Case, known: list[Terms]) -> list[Near]:
    """What readers see and, by two particulars at least, may tell who is protected; for the cleared. The newest."""
    cleared = {one.id: one for one in known if one.particulars}
    if not cleared:
        return []
    so_far = await lookers(serving).caught_up(serving.tables, serving.node.journal, case.id)
    door, found = serving.doors.of(serving.tables, case.id), list[Near]()
    near = [post for post, told in reversed(so_far.alone.items()) if not cleared.keys().isdisjoint(told)]
    while near and len(found) < NEAR_MAX:
        posts, near = [projection.by_id(serving.tables, one) for one in near[:AT_ONCE]], near[AT_ONCE:]
        stopped = {one.id for one in await _stopped(serving, door, posts)}
        for post in posts:
            told = so_far.alone.get(post.id, {})  # taken back while a thread was looking, it is near no more
            first = next(((cleared[one], pieces) for one, pieces in told.items() if one in cleared), None)
            if first and post.id not in stopped:
                found.append(Near(post, *first))
    return sorted(found[:NEAR_MAX], key=lambda one: one.post.position, reverse=True)


async def told_together(serving: Serving, case: Case, known: list[Terms]) -> list[Together]:
    """Those whom posts may tell together, none of which does so alone; for the cleared."""
    cleared = [one for one in known if one.particulars]
    if not cleared:
        return []
    so_far = await lookers(serving).caught_up(serving.tables, serving.node.journal, case.id)
    out = [Together(one, so_far.said(one.id)) for one in cleared]
    return [one for one in out if is_enough(one.where) and len(set(one.where.values())) > 1]
