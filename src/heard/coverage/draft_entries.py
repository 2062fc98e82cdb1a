"""What the journal is told of a draft: no more than this, as a post is made of it."""

from __future__ import annotations

from heard.engine.entry import Body, written_as


@written_as("coverage.post_drafted")
class PostDrafted(Body, frozen=True):
    """On the post's stream, with its first entry: it was made of a draft at its version `stood`, and its words are
    those of `writers`, accounts, beside whoever sent it. It never leaves the desk.
    """

    case: str
    writers: tuple[str, ...]
    stood: int
