"""A text as words, each with what stood before it: how a reader takes it in who looks for a name written otherwise."""

from __future__ import annotations

import re
from itertools import groupby, pairwise
from typing import NamedTuple

from heard.text.lookalikes import latin, signs_read
from heard.text.normalise import has_markup, seen

_WORD = re.compile(r"[^\W_]+")
_CAPITALIZED = re.compile(r"[^\W\d_a-z][^\W\d_A-Z]*")
_POSSESSIVE = re.compile(r"['’ʼ]s\b")
#: So many single letters in a row are a word spelt out: "R o w a n".
SPELT_OUT = 3


class Word(NamedTuple):
    """`letters` in small ones; whether it has a capital; what stood between the word before and this; whether it may be
    several words: a hashtag, someone's name on another site, letters spelt out.
    """

    letters: str
    capital: bool
    before: str
    run_together: bool


def readings(text: str) -> list[list[Word]]:
    """The words of a text (plain, Markdown or HTML), in each way in which it may be read: as it stands, with tags and
    the targets of links as text, with signs as letters, and with words that are spelt out put together.
    """
    plain = [_POSSESSIVE.sub("", latin(seen(text)))]
    if has_markup(text):
        plain.append(latin(seen(text, keep_markup=True)))
    read = [words(one) for one in (*plain, *(signs for one in plain for signs in signs_read(one)))]
    return read + [put for one in read if (put := put_together(one)) is not one]


def words(text: str) -> list[Word]:
    """What a text says, word by word."""
    found, end = [], 0
    for match in _WORD.finditer(text):
        written = match.group()
        before = text[end : match.start()]
        found.append(Word(written.casefold(), written != written.lower(), before, before.endswith(("#", "@"))))
        end = match.end()
    return found


def put_together(given: list[Word]) -> list[Word]:
    """Single letters in a row as the one word that they spell; the same list where there are none."""
    if not any(len(one.letters) == 1 for one in given):
        return given
    made: list[Word] = []
    for single, run in groupby(given, key=lambda one: len(one.letters) == 1):
        letters = list(run)
        if single and len(letters) >= SPELT_OUT:
            made.append(Word("".join(one.letters for one in letters), letters[0].capital, letters[0].before, True))
        else:
            made += letters
    return made if len(made) != len(given) else given


def disguised(text: str) -> set[str]:
    """Words that are written as nobody writes another word, so that they count however short they are: with a letter of
    another alphabet or a sign for one ("Тommo", "Qu1ll"), or run into a hashtag ("#JusticeForQuill").
    """
    found: set[str] = set()
    for one in (seen(text), seen(text, keep_markup=True)) if has_markup(text) else (seen(text),):
        for token in {*one.split()}:
            plain = latin(token)
            ways = ((plain,) if not token.isascii() else ()) + signs_read(plain)
            found.update(word.letters for way in ways for word in words(way))
            if "#" in token or "@" in token:
                parts = [part.casefold() for part in _CAPITALIZED.findall(plain)]
                joined = (
                    parts[at:end] for at in range(len(parts)) for end in range(at + 1, min(at + 3, len(parts)) + 1)
                )
                found.update(map("".join, joined))
    return found


def initials_in(given: list[Word]) -> set[str]:
    """Initials that stand for a whole name: "R.T.", but not of "R.T. Other" or "G.P."."""
    found = set()
    for at, (one, two) in enumerate(pairwise(given)):
        letters = one.letters + two.letters
        stand_alone = len(letters) == 2 and one.capital and two.capital and two.before in (".", ". ")
        if stand_alone and letters not in _ABBREVIATIONS and not _is_more(one, given[at + 2 : at + 3]):
            found.add(letters)
    return found


def _is_more(first: Word, after: list[Word]) -> bool:
    """Whether a dotted letter stands before the two, or a name or another letter after them."""
    return first.before == "." or any(word.capital and word.before in (".", ". ", " ") for word in after)


_ABBREVIATIONS = frozenset(
    "ad ae am bc ca cc cv dc ds eg eu gp hm ie it jp kc mp mr nb pa pc pm ps qc tv uk un us vp".split()
)
