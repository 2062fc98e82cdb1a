"""The name guard: the names that orders in force protect, looked for exactly and in every form that tells who is meant.

What one person writes (a post, a correction, a notice) is asked about in every form. A whole page is asked about
exactly: its parts were asked before, and what stands between them is the server's own words.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from heard.text.names import Names
from heard.text.near_names import NearNames

#: So much of the end of one post and the beginning of the next may be a name that was cut in two.
AT_THE_CUT = 80


class Guard:
    """Names, and the people of the case who are none of them (`others`), so that they are not taken for one."""

    def __init__(self, names: Iterable[str] = (), others: Iterable[str] = ()) -> None:
        listed = tuple(names)
        self._exactly, self._nearly = Names(listed), NearNames(listed, others)

    def __bool__(self) -> bool:
        return bool(self._exactly)

    def stands_in(self, made: str) -> bool:
        """Whether a name stands in a text, letter for letter."""
        return self._exactly.found_in(made)

    def without(self, text: str, mark: str) -> str:
        """The text with `mark` in place of every name that stands in it, letter for letter."""
        return self._exactly.masked(text, mark)

    def is_told_by(self, *texts: str) -> bool:
        """Whether these say or hint a name, apart or read one after the other. Both are looked for, found or not."""
        # The same text again straight after itself, as words and as plain words, is read once.
        texts = tuple(text for text, _ in groupby(text.strip() for text in texts))
        exactly, nearly = self._exactly.found_in(*texts), self._nearly.found_in(*texts)
        return exactly or nearly

    def is_cut_between(self, before: str, after: str) -> bool:
        """Whether a name begins at the end of one text and ends in the next.

        What the first says by itself, published before an order, is no fault of the second.
        """
        end, beginning = before[-AT_THE_CUT:], after[:AT_THE_CUT]
        return self.is_told_by(end, beginning) and not self.is_told_by(end)
