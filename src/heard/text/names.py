"""Finding listed names, exactly: the same letters, with words ending where the name's words end.

Case, accents, markup, entities, zero-width characters, soft hyphens and spacing make no difference. Pet names, initials
and slips of the keyboard are found by `near_names`; a person described without the name by neither.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick

from heard.text.normalise import Gap, Spelling, has_markup, letters, spell


class Found(NamedTuple):
    """One place where a listed name stands: `name` as listed, [start, end) in code points of the text."""

    name: str
    start: int
    end: int


class Names:
    """A list of names, looked for all at once.

    Raises ValueError for a name without a letter or digit, which could never be found.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._listed: dict[str, list[tuple[str, frozenset[int], frozenset[int]]]] = {}
        for name in dict.fromkeys(names):
            spelling = spell(name, keep_markup=True)
            if not spelling.letters:
                raise ValueError("a listed name needs at least one letter or digit")
            inner = range(1, len(spelling.letters))
            must = frozenset(i for i in inner if spelling.gaps[i] is Gap.SPACE)
            may = frozenset(i for i in inner if spelling.gaps[i] is not Gap.NONE)
            self._listed.setdefault(spelling.letters, []).append((name, must, may))
        self._patterns = list(self._listed)
        self._automaton = AhoCorasick(self._patterns)

    def __len__(self) -> int:
        return sum(map(len, self._listed.values()))

    def found_in(self, *texts: str) -> bool:
        """Whether any listed name stands in a text (plain, Markdown or HTML alike), or across two neighbours."""
        together = ("\n".join(texts),) if len(texts) > 1 else ()
        return any(True for text in (*texts, *together) for _ in self._places(text))

    def positions(self, text: str) -> list[Found]:
        """Every place where a listed name stands, first to last. For eyes that may know the list, and no others."""
        return sorted(set(self._places(text)), key=lambda found: (found.start, found.end, found.name))

    def masked(self, text: str, mark: str) -> str:
        """The text with `mark` where a listed name stood; names that follow each other are one."""
        places = self.positions(text)
        if not places:
            return text
        parts, end = [], 0
        for found in places:
            if found.start >= end:
                parts += [text[end : found.start], mark]
            end = max(end, found.end)
        quoted = re.escape(mark)
        return re.sub(rf"{quoted}(?:[\s,]+{quoted})+", mark, "".join(parts) + text[end:])

    def _places(self, text: str) -> Iterator[Found]:
        if not self._patterns or not text:
            return
        # Read twice: as a reader sees it, and with tags and link targets as text, since a name in an alt text, a title
        # or an address leaves the building too, and "<Tide>" in Markdown is no tag but printed as typed.
        for keep_markup in (False, True) if has_markup(text) else (False,):
            bare = letters(text, keep_markup=keep_markup)
            if next(iter(self._automaton.find_matches_as_indexes(bare)), None) is None:
                continue
            spelling = spell(text, keep_markup=keep_markup)
            for pattern, start, end in self._automaton.find_matches_as_indexes(spelling.letters, overlapping=True):
                for name, must, may in self._listed[self._patterns[pattern]]:
                    if _stands(spelling, start, end, must, may):
                        yield Found(name, spelling.spans[start][0], spelling.spans[end - 1][1])


def _stands(spelling: Spelling, start: int, end: int, must: frozenset[int], may: frozenset[int]) -> bool:
    """Whether the letters [start, end) are the name as words, not letters that happen to follow each other.

    The text must break before and after; where the name has a space (`must`) the text has a break of some kind, and
    where the text has a space the name has some break (`may`).
    """
    if not (_parts(spelling, start) and _parts(spelling, end)):
        return False
    gaps = spelling.gaps[start + 1 : end]
    return all(
        (gap is not Gap.NONE or place not in must) and (gap is not Gap.SPACE or place in may)
        for place, gap in enumerate(gaps, start=1)
    )


def _parts(spelling: Spelling, place: int) -> bool:
    """Whether a word may begin or end before the letter at `place`."""
    if place in (0, len(spelling.letters)) or spelling.gaps[place] is not Gap.NONE:
        return True
    return _unspaced(spelling.letters[place - 1]) or _unspaced(spelling.letters[place])


def _unspaced(letter: str) -> bool:
    """Whether a letter belongs to a script that puts no spaces between words, or joins endings to a name."""
    return any(low <= letter <= high for low, high in _UNSPACED)


# Thai and Lao, Myanmar, Khmer, Hangul letters (as NFKD leaves them), kana and ideographs.
_UNSPACED = (
    ("\u0e00", "\u0eff"),
    ("\u1000", "\u11ff"),
    ("\u1780", "\u17ff"),
    ("\u2e80", "\u9fff"),
    ("\uf900", "\ufaff"),
    ("\U00020000", "\U0003ffff"),
)
