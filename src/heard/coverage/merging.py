"""Two people's changes to the same words, put together: a three-way merge by paragraphs, and within one by words.

What only one of them changed is taken as they changed it; where both changed the same, both stand in what is proposed,
one after the other, and a person decides. So no word that somebody typed is missing from the proposal.
The algorithm is that of diff3 (Khanna, Kunal and Pierce, A Formal Investigation of Diff3, 2007). No I/O.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Literal

import msgspec

#: Comparing takes the square of these at worst, where all words are alike, and the app has one loop for all: some 20 ms
#: here. Longer texts are put together by larger pieces.
PARAGRAPHS_MAX, WORDS_MAX = 200, 300

Sort = Literal["same", "theirs", "yours", "both", "clash"]


class Part(msgspec.Struct, frozen=True):
    """A piece of the three texts, and what is proposed for it.

    `theirs` and `yours`: only they, or you, changed it. `both`: each changed something else in it, or the same in the
    same way. `clash`: the same was changed differently, and `proposed` has both.
    """

    sort: Sort
    was: str
    theirs: str
    yours: str
    proposed: str


def parts(was: str, theirs: str, yours: str) -> list[Part]:
    """The pieces in order; those that nobody changed among them."""
    split = [_paragraphs(text) for text in (was, theirs, yours)]
    if max(map(len, split)) > PARAGRAPHS_MAX:
        split = [[text.strip()] for text in (was, theirs, yours)]
    return [part for pieces in _pieces(*split) for part in _parts_of(*pieces)]


def proposed(found: Sequence[Part]) -> str:
    """The text that is proposed, whole."""
    return "\n\n".join(part.proposed for part in found if part.proposed)


def _paragraphs(text: str) -> list[str]:
    return [part.strip("\n") for part in re.split(r"\n[ \t]*\n", text.strip("\n")) if part.strip()]


Pieces = tuple[list[str], list[str], list[str]]


def _pieces(was: list[str], theirs: list[str], yours: list[str]) -> Iterator[Pieces]:
    """The three cut at what stands in all of them: stretches that are the same in turn with stretches that are not."""
    at = (0, 0, 0)
    for begins, ends in _in_step(was, theirs, yours):
        changed = was[at[0] : begins[0]], theirs[at[1] : begins[1]], yours[at[2] : begins[2]]
        if any(changed):
            yield changed
        for one in was[begins[0] : ends[0]]:
            yield [one], [one], [one]
        at = ends


Place = tuple[int, int, int]


def _in_step(was: list[str], theirs: list[str], yours: list[str]) -> Iterator[tuple[Place, Place]]:
    """Where all three say the same, from and until, in each; at last their ends."""
    blocks = [SequenceMatcher(None, was, other, autojunk=False).get_matching_blocks() for other in (theirs, yours)]
    one = two = 0
    while one < len(blocks[0]) and two < len(blocks[1]):
        a, b = blocks[0][one], blocks[1][two]
        begin, end = max(a.a, b.a), min(a.a + a.size, b.a + b.size)
        if begin < end:
            by = end - begin
            first = (begin, a.b + begin - a.a, b.b + begin - b.a)
            yield first, (end, first[1] + by, first[2] + by)
        if a.a + a.size < b.a + b.size:
            one += 1
        else:
            two += 1
    last = (len(was), len(theirs), len(yours))
    yield last, last


def _parts_of(was: list[str], theirs: list[str], yours: list[str]) -> Iterator[Part]:
    """As many paragraphs in each are taken one by one; otherwise they cannot be told apart."""
    if len(was) == len(theirs) == len(yours):
        for three in zip(was, theirs, yours, strict=True):
            yield _part(*three)
    else:
        yield _part(*("\n\n".join(text) for text in (was, theirs, yours)))


def _part(was: str, theirs: str, yours: str) -> Part:
    if theirs == yours:
        return Part("same" if theirs == was else "both", was, theirs, yours, yours)
    if theirs == was or yours == was:
        changed: Sort = "yours" if theirs == was else "theirs"
        return Part(changed, was, theirs, yours, yours if theirs == was else theirs)
    words = _by_words(was, theirs, yours)
    if words is not None:
        return Part("both", was, theirs, yours, words)
    return Part("clash", was, theirs, yours, "\n\n".join(filter(None, (theirs, yours))))


def _by_words(was: str, theirs: str, yours: str) -> str | None:
    """Both changes within one paragraph; None where they meet."""
    split = [words_of(text) for text in (was, theirs, yours)]
    if not all(split) or max(map(len, split)) > WORDS_MAX:
        return None
    together: list[str] = []
    for old, one, two in _pieces(*split):
        if one != two and old not in (one, two):
            return None
        together += two if one == old else one
    return "".join(together)


def words_of(text: str) -> list[str]:
    """A text cut into words, each with the space after it; put together they are the text."""
    return re.findall(r"\s*\S+\s*$|\s*\S+", text)


def changes(was: str, now: str) -> list[tuple[Literal["same", "out", "in"], str]]:
    """What was taken out and put in between two texts, in order, for a reader to see."""
    if not was or not now:
        return [("out", was)] if was else [("in", now)] if now else []
    old, new = words_of(was), words_of(now)
    if max(len(old), len(new)) > WORDS_MAX:
        return [("same", now)] if was == now else [("out", was), ("in", now)]
    found: list[tuple[Literal["same", "out", "in"], str]] = []
    for _, a, until_a, b, until_b in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if old[a:until_a] == new[b:until_b]:
            found.append(("same", "".join(new[b:until_b])))
            continue
        gone, come = "".join(old[a:until_a]), "".join(new[b:until_b])
        found += [("out", gone)] if gone else []
        found += [("in", come)] if come else []
    return found
