"""Withdrawing again what a journal that is older than its witness still shows, before anything of it is served."""

from __future__ import annotations

from collections.abc import Iterable

from heard.cases.release import Doors
from heard.coverage import commands, projection
from heard.coverage.model import Post
from heard.engine.errors import NotFound
from heard.engine.journal import Journal
from heard.engine.node import Node
from heard.engine.projection import Tables

BASIS = "It was withdrawn before, and the journal that said so is lost."


def withdraw_again(
    node: Node, doors: Doors, journal: Journal, lines: Iterable[str], by: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Retract and erase the posts that a witness's `lines` name; the ids of those retracted, and of those erased.

    A line is `<post>`, or `<post> <position>` for each of its entries that was erased. A post that this journal does
    not know was lost with its words, and one that shows nothing has nothing to withdraw.
    """
    tables = node.projection.tables
    to_withdraw = [words for line in lines if len(words := line.split()) < 3]  # longer ones are of other rooms
    to_erase = {post for post, *position in to_withdraw if position}
    posts = [post for id in sorted({id for id, *_ in to_withdraw}) if (post := _known(tables, id))]
    erased = [post.id for post in posts if post.id in to_erase and post.status != "erased"]
    standing = ("published", "held", "sealed", "submitted", "waiting")
    retracted = [post.id for post in posts if post.id not in to_erase and post.status in standing]
    for id in erased:
        node.do(commands.erase(journal, id, BASIS, witnessed=True), by=by)
    for id in retracted:
        node.do(commands.retract(doors, id, BASIS, "legal"), by=by)
    return tuple(retracted), tuple(erased)


def _known(tables: Tables, id: str) -> Post | None:
    try:
        return projection.by_id(tables, id)
    except NotFound:
        return None
