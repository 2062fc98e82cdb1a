"""Text laid bare: the letters and digits of what was written, whatever its case, accents, markup or spacing.

Two texts that a reader would call the same words have the same letters here. Between letters stand gaps, of four
strengths, because a name may be broken by markup ("Ro**wan**") or by a hyphen ("O-Neill") where it is still the same
name, but not by a space. `letters` is quick and keeps no positions; `spell` is slow and knows where each letter stood.
The two agree, and a test says so.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote


class Gap(IntEnum):
    """What stands between two letters; of several things the strongest counts."""

    NONE = 0
    MARKUP = 1  # inline tags, Markdown's marks, zero-width characters: a reader sees no break
    PUNCTUATION = 2
    SPACE = 3  # white space, and the tags that begin a new line


class Spelling(NamedTuple):
    """The letters of a text, where each came from, and the gap before each and after the last."""

    letters: str
    spans: list[tuple[int, int]]  # [start, end) in the text, code points
    gaps: list[Gap]  # one longer than letters


# An entity may have been escaped more than once on its way here ("&amp;#100;"): all its rounds are undone at once.
# Digits are bounded because html.unescape reads them with int(), which raises on thousands of them.
_ENTITY = r"(?P<entity>&(?:amp;)*(?:#0{0,16}[0-9]{1,8};?|#[xX]0{0,16}[0-9a-fA-F]{1,7};?|[A-Za-z][A-Za-z0-9]{1,31};?))"
_PERCENT = r"(?P<percent>(?:%[0-9a-fA-F]{2})+)"
# A tag that was escaped, and so is printed, breaks no name either.
_ESCAPED_TAG = r"&(?:amp;)*lt;/?[A-Za-z](?:[^<>&]|&(?:amp;)*(?:quot|#34|#39);)*&(?:amp;)*gt;"
# Of a Markdown link the words stay and the target goes. No branch can scan past the next "<" or bracket, so that a
# hostile text costs no more than its length.
_MARKUP = (
    rf"(?P<comment><![^<>]*>)|(?P<tag></?[A-Za-z][^<>]*>|{_ESCAPED_TAG})|(?P<target>\]\([^()\s]*\)|\]\[[^\[\]]*\])"
)
_WITHOUT_MARKUP = re.compile(f"{_MARKUP}|{_ENTITY}|{_PERCENT}")
_WITH_MARKUP = re.compile(f"{_ENTITY}|{_PERCENT}")

_NEW_LINE_TAG = re.compile(
    r"(?:<|&(?:amp;)*lt;)/?(?:address|article|aside|blockquote|br|caption|dd|details|div|dl|dt|figcaption|figure|footer|h[1-6]|header|hr|li"
    r"|main|nav|ol|option|p|pre|section|summary|table|tbody|td|tfoot|th|thead|title|tr|ul)\b",
    re.IGNORECASE,
)
_ESCAPED_AGAIN = re.compile(r"&(?:amp;)+")
_NOT_LETTERS = re.compile(r"[\W_]+")
_MARKDOWN_MARKS = frozenset("*~`\\")
_UNMARKED = dict.fromkeys(map(ord, _MARKDOWN_MARKS))
# Letters that Unicode does not take apart into a base and a mark, though a reader without the key types the base.
_PLAIN = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ı": "i", "ŧ": "t", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"}
)


def fold(text: str) -> str:
    """The words of a text in their plainest form, one space between them: "Ro<b>wan</b>  Tidé’s" → "rowan tide s"."""
    spelling = spell(text)
    words: list[str] = []
    for letter, gap in zip(spelling.letters, spelling.gaps, strict=False):
        if gap >= Gap.PUNCTUATION and words:
            words.append(" ")
        words.append(letter)
    return "".join(words)


def letters(text: str, *, keep_markup: bool = False) -> str:
    """The letters and digits alone, without gaps.

    `keep_markup` reads tags and the targets of links as text too, so that what stands in an attribute is read.
    """
    lexer = _WITH_MARKUP if keep_markup else _WITHOUT_MARKUP
    return _NOT_LETTERS.sub("", _plain(lexer.sub(lambda token: _decoded(token)[0], text)))


def spell(text: str, *, keep_markup: bool = False) -> Spelling:
    """The letters of a text with their places and gaps."""
    found: list[str] = []
    spans: list[tuple[int, int]] = []
    gaps = [Gap.NONE]
    for piece, gap, start, end in _pieces(text, keep_markup):
        gaps[-1] = max(gaps[-1], gap)
        for offset, character in enumerate(piece):
            # A piece of plain text maps one to one; what an entity stood for keeps the whole entity's place.
            span = (start + offset, start + offset + 1) if len(piece) == end - start else (start, end)
            for letter in _plain_character(character):
                if letter.isalnum():
                    found.append(letter)
                    spans.append(span)
                    gaps.append(Gap.NONE)
                else:
                    gaps[-1] = max(gaps[-1], _gap(letter))
    return Spelling("".join(found), spans, gaps)


def seen(text: str, *, keep_markup: bool = False) -> str:
    """The text as it is read: without marks and tags, entities decoded, a new line where a tag begins one.

    `keep_markup` reads tags and the targets of links as text too.
    """

    def read(token: re.Match[str]) -> str:
        piece, gap = _decoded(token)
        return piece or "\n" * (gap is Gap.SPACE)

    return (_WITH_MARKUP if keep_markup else _WITHOUT_MARKUP).sub(read, text).translate(_UNMARKED)


def has_markup(text: str) -> bool:
    """Whether reading with and without markup could differ."""
    return any(mark in text for mark in ("<", "](", "][", "lt;"))


def _pieces(text: str, keep_markup: bool) -> Iterator[tuple[str, Gap, int, int]]:
    lexer = _WITH_MARKUP if keep_markup else _WITHOUT_MARKUP
    at = 0
    for token in lexer.finditer(text):
        yield text[at : token.start()], Gap.NONE, at, token.start()
        yield *_decoded(token), token.start(), token.end()
        at = token.end()
    yield text[at:], Gap.NONE, at, len(text)


def _decoded(token: re.Match[str]) -> tuple[str, Gap]:
    written = token.group()
    match token.lastgroup:
        case "entity":
            return html.unescape(_ESCAPED_AGAIN.sub("&", written)), Gap.NONE
        case "percent":
            return unquote(written, errors="replace"), Gap.NONE
        case "tag" if _NEW_LINE_TAG.match(written):
            return "", Gap.SPACE
        case _:
            return "", Gap.MARKUP


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return decomposed.translate(_PLAIN)


@lru_cache(maxsize=4096)
def _plain_character(character: str) -> str:
    return _plain(character)


@lru_cache(maxsize=4096)
def _gap(character: str) -> Gap:
    category = unicodedata.category(character)
    if category in ("Mn", "Me", "Mc"):
        return Gap.NONE  # an accent is part of the letter it stands on
    if character.isspace() or category[0] == "Z":
        return Gap.SPACE
    if character in _MARKDOWN_MARKS or category in ("Cf", "Cc"):
        return Gap.MARKUP
    return Gap.PUNCTUATION
