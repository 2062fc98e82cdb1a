"""Which particulars of a protected person stand in what is published of a case by now, post by post.

"His daughter" today and "aged nine" tomorrow tell together what neither tells alone. The particulars lie in sealed
entries and in no table; so does what this finds: it is kept in memory, for those who were told of an order, and made
anew from what is published after every start.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Sequence

from heard.cases import projection as cases
from heard.cases.entries import RestrictionImposed
from heard.cases.exits import Serving
from heard.cases.orders import KINDS
from heard.cases.release import Door
from heard.cases.told import picture_of
from heard.coverage import projection
from heard.coverage.cautions import Near
from heard.coverage.model import Post
from heard.engine.journal import Journal
from heard.engine.projection import Tables
from heard.text.particulars import Gallery, Particular, Picture, is_enough

#: So many posts are looked through before the loop may do something else.
AT_ONCE = 25
#: Of so many posts in which one particular stands it is remembered that it does; and so many cases are. It bounds the
#: memory.
WITNESSES, CASES = 16, 32
BEGINNING = (0, "")

ALONE = "it may tell who {name} is: two particulars of one person stand in it"
TOGETHER = "with what stands in earlier posts it may tell who {name} is: another particular of one person stands in it"


class SoFar:
    """For one case and the orders in force in it: in which posts each particular stands."""

    def __init__(self, names: dict[str, str], pictures: dict[str, Picture], orders: tuple[str, ...]) -> None:
        self.names, self.pictures, self.orders = names, pictures, orders
        self.gallery = Gallery(pictures)
        self._said: dict[str, dict[Particular, list[str]]] = {order: defaultdict(list) for order in pictures}
        self._in: dict[str, list[list[str]]] = {}
        #: Posts that come near to somebody by themselves: by order, the pieces that stand in each.
        self.alone: dict[str, dict[str, list[Particular]]] = {}
        self._is_forgetful = False
        # Up to which change of a post that stands, and of one that was taken back, it was looked.
        self._stands, self._gone = BEGINNING, BEGINNING

    def since(self, tables: Tables, case: str) -> tuple[list[Post], list[tuple[int, str]]]:
        """The next posts that came or changed, and what was taken back."""
        if not self.pictures:
            return [], []
        posts = projection.published_since(tables, case, self._stands, AT_ONCE)
        return posts, projection.taken_back_since(tables, case, self._gone)

    def look(self, posts: Sequence[Post]) -> list[dict[str, list[Particular]]]:
        return [self.gallery.found_in(*post.texts()) for post in posts]

    def take(
        self, posts: Sequence[Post], found: Sequence[dict[str, list[Particular]]], gone: Sequence[tuple[int, str]]
    ) -> bool:
        """Remember what stands in these posts, instead of what stood in them before.

        False: all is to be looked at anew, since of a particular no post that was remembered is left, and there were
        more than are remembered.
        """
        whole = True
        for post, pieces in zip(posts, found, strict=True):
            # Somebody else may have gone on while a thread was looking: theirs is newer.
            if (post.position, post.id) > self._stands:
                self._stands = (post.position, post.id)
                whole &= self._forget(post.id)
                self._remember(post.id, pieces)
        for position, post_id in gone:
            self._gone = max(self._gone, (position, post_id))
            whole &= self._forget(post_id)
        return whole

    def _remember(self, post: str, found: dict[str, list[Particular]]) -> None:
        if near := {order: pieces for order, pieces in found.items() if is_enough(pieces)}:
            self.alone[post] = near
        for order, pieces in found.items():
            for piece in pieces:
                where = self._said[order][piece]
                where.append(post)
                self._in.setdefault(post, []).append(where)
                if len(where) > WITNESSES:
                    self._is_forgetful = True
                    self._out_of(where, where[0])

    def _out_of(self, where: list[str], post: str) -> None:
        where.remove(post)
        self._in[post] = [other for other in self._in[post] if other is not where]
        if not self._in[post]:
            del self._in[post]

    def _forget(self, post: str) -> bool:
        self.alone.pop(post, None)
        lists = self._in.pop(post, [])
        for where in lists:
            where.remove(post)
        return all(lists) or not self._is_forgetful

    def said(self, order: str, *, but: str = "") -> dict[Particular, str]:
        """The particulars of one order that are out, each with the newest post in which it stands; `but` aside."""
        known = ((piece, [post for post in where if post != but]) for piece, where in self._said[order].items())
        return {piece: where[-1] for piece, where in known if where}


class Clean:
    """Which posts a guard was asked about and said nothing of, by case."""

    def __init__(self) -> None:
        self._cases: dict[str, tuple[object, set[tuple[str, int]]]] = {}

    def of(self, door: Door) -> set[tuple[str, int]]:
        """By id and position; none where the guard is another than it was."""
        guard, known = self._cases.pop(door.case, (None, set()))
        kept = known if guard is door.guard else set()
        self._cases[door.case] = door.guard, kept
        while len(self._cases) > CASES:
            del self._cases[next(iter(self._cases))]
        return kept


class Lookers:
    """The cases in which somebody who was told of an order writes, each with what is out."""

    def __init__(self) -> None:
        self._cases: dict[str, SoFar] = {}
        #: What a search found to say nothing (`already`).
        self.clean = Clean()

    def known(self, tables: Tables, journal: Journal, case: str) -> SoFar:
        """As far as it was looked through; from the beginning where the orders are others than they were."""
        orders = tuple(one.id for one in cases.restrictions(tables, case))
        one = self._cases.pop(case, None)
        if one is None or one.orders != orders:
            one = _nothing_yet(tables, journal, case, orders)
        self._cases[case] = one
        while len(self._cases) > CASES:
            del self._cases[next(iter(self._cases))]
        return one

    async def caught_up(self, tables: Tables, journal: Journal, case: str) -> SoFar:
        """The same, looked through to the end, in a thread: many posts must not keep readers and writers waiting."""
        while True:
            one = self.known(tables, journal, case)
            posts, gone = one.since(tables, case)
            if not posts and not gone:
                return one
            self._take(case, one, posts, await asyncio.to_thread(one.look, posts), gone)

    def now(self, tables: Tables, journal: Journal, case: str) -> SoFar:
        """The same at once, for the few posts that came since."""
        while True:
            one = self.known(tables, journal, case)
            posts, gone = one.since(tables, case)
            if not posts and not gone:
                return one
            self._take(case, one, posts, one.look(posts), gone)

    def _take(
        self,
        case: str,
        one: SoFar,
        posts: Sequence[Post],
        found: Sequence[dict[str, list[Particular]]],
        gone: Sequence[tuple[int, str]],
    ) -> None:
        if not one.take(posts, found, gone):
            self._cases[case] = SoFar(one.names, one.pictures, one.orders)


def _nothing_yet(tables: Tables, journal: Journal, case: str, orders: tuple[str, ...]) -> SoFar:
    names, pictures = {}, {}
    for one in cases.restrictions(tables, case):
        entry = journal.entry(one.position)
        if entry and isinstance(entry.body, RestrictionImposed) and entry.body.particulars:
            names[one.id] = entry.body.cipher or KINDS[one.order].label
            pictures[one.id] = picture_of(entry.body.particulars)
    return SoFar(names, pictures, orders)


def lookers(serving: Serving) -> Lookers:
    if serving.so_far is None:
        serving.so_far = Lookers()
    found: Lookers = serving.so_far
    return found


def near(looking: Lookers, journal: Journal, case: str, told: Collection[str], but: str = "") -> Near:
    """Why words come near to those whom the orders `told` protect, with all that is published by then.

    `but` is the post that they take the place of.
    """

    def why(tables: Tables, texts: Sequence[str]) -> list[str]:
        so_far = looking.now(tables, journal, case)
        found, told_why = so_far.gallery.found_in(*texts), []
        for order, name in so_far.names.items():
            pieces = found.get(order, []) if order in told else []
            if is_enough(pieces):
                told_why.append(ALONE.format(name=name))
            elif pieces:
                out = so_far.said(order, but=but)
                if any(piece not in out for piece in pieces) and is_enough([*pieces, *out]):
                    told_why.append(TOGETHER.format(name=name))
        return told_why

    return why
