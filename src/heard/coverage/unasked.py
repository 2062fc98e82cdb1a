"""What of a case is met by people who did not ask for it: titles, cards, feeds, and what a search engine reads.

Where a case is reported with care for a suicide, nothing there tells how somebody died: sentences that do are left out.
The post itself, whose reader came for it, is as its writer wrote it.
"""

from __future__ import annotations

import msgspec

from heard.cases.release import Door
from heard.coverage.shown import Shown
from heard.text import care

#: In place of words of which nothing may be met unasked.
ON_THE_PAGE = "What was said here is on the page, with care."


def unasked(door: Door, text: str) -> str:
    """The text as it may be met unasked; its line breaks are those of paragraphs."""
    if "suicide" not in door.care or not care.METHODS.search(text):
        return text
    return "\n\n".join(filter(None, map(care.unasked, text.split("\n\n"))))


def met_unasked(door: Door, post: Shown) -> tuple[str, str]:
    """The headline and the words of a post as they may be met unasked."""
    words = unasked(door, text := post.text)
    if words == text and not (post.title and unasked(door, post.title) != post.title):
        return post.headline, text
    titled = msgspec.structs.replace(post, title=unasked(door, post.title), elements=(), notice=words or ON_THE_PAGE)
    return titled.headline, words or ON_THE_PAGE


def as_listed(door: Door, post: Shown) -> Shown:
    """The post with a headline that may stand in a list."""
    headline, _ = met_unasked(door, post)
    return post if headline == post.headline else msgspec.structs.replace(post, title=headline)
