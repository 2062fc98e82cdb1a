"""What becomes of the pictures of a post that is erased by law: their files are destroyed."""

from __future__ import annotations

from typing import Any

from heard.coverage import projection
from heard.coverage.entries import PostErased
from heard.engine.journal import Journal
from heard.engine.projection import Tables


def erase_pictures(journal: Journal, tables: Tables, media: Any) -> None:
    """Destroy the files of every post that was erased, unless another post shows them. Doing it twice does no harm.

    To be called at the start too: a crash may have come between the entry and this.
    """
    for entry in journal.opened(journal.store.of_kinds((PostErased.kind,), 0)):
        for name in entry.body.pictures if isinstance(entry.body, PostErased) else ():
            if not projection.pictured_in(tables, name):
                media.erase(name.partition("-")[0])
