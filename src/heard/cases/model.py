"""Case, person, hearing, sitting, restriction: the nouns, and the rules of their names. No I/O."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime

import msgspec

from heard.cases.orders import OrderKind
from heard.engine.errors import Refused

#: First words of addresses that belong to the server; no case may be called so.
RESERVED_SLUGS = frozenset(
    "- account api c corrections desk healthz live log metrics oembed ping reports static watch".split()
)
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,78}[a-z0-9])?")

TITLE_MAX = 300
STANDFIRST_MAX = 1000
NAME_MAX = 200
#: Names under one restriction: a family, a school, a street; more is a list to be split.
NAMES_MAX = 200
#: Particulars under one restriction.
PARTICULARS_MAX = 40


class Case(msgspec.Struct, frozen=True):
    """A death, or linked deaths, under inquest. `rules` is the stream of its restrictions."""

    id: str
    slug: str
    title: str
    standfirst: str
    zone: str
    rules: str
    opened_at: datetime


class Person(msgspec.Struct, frozen=True):
    """What someone is in a case."""

    id: str
    name: str
    role: str
    note: str


class Sitting(msgspec.Struct, frozen=True):
    """From sits to rises. `back_at` is when the court said it would return, if it said."""

    id: str
    hearing: str
    title: str
    began_at: datetime
    rose_at: datetime | None
    back_at: datetime | None


class Jury(msgspec.Struct, frozen=True):
    """The jury of a hearing: whether it is out of the room, and whether what was sealed then may be released.

    `returned` and `lifted` are the positions at which it was recorded, since it last went out, that it is back and that
    the seal ended; or 0. Who did, and in what words, is in the entries.
    """

    hearing: str
    absent: bool
    may_release: bool
    returned: int
    lifted: int


class Restriction(msgspec.Struct, frozen=True):
    """An order that was not lifted, without its names: `position` is where the journal keeps them."""

    id: str
    position: int
    from_at: datetime | None
    until_at: datetime | None
    order: OrderKind


#: NUL, and halves of characters: no text holds them.
_NO_TEXT = re.compile("[\0\ud800-\udfff]")


def checked_slug(slug: str) -> str:
    """The slug, if a case may be called so.

    Raises Refused.
    """
    if not _SLUG.fullmatch(slug):
        raise Refused(
            "An address may have small letters, digits and hyphens, up to 80. Nothing was opened; choose another."
        )
    if slug in RESERVED_SLUGS:
        raise Refused(f"“{slug}” is an address of the server itself. Nothing was opened; choose another.")
    return slug


def slug_of(title: str) -> str:
    """An address made of a title: its letters without their marks, its digits, and hyphens between."""
    letters = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", letters.replace("'", ""))
    slug = ""
    for word in words:
        if len(longer := f"{slug}-{word}".strip("-")) > SLUG_MADE_MAX:
            break
        slug = longer
    return slug


#: One that is made is short enough to be read out.
SLUG_MADE_MAX = 50


def checked_instant(at: datetime | None) -> datetime | None:
    """The instant, if anything that is followed here can have happened then.

    Raises Refused.
    """
    if at is not None and not 1900 <= at.year <= 2200:
        raise Refused("A time is outside the years 1900 to 2200. Nothing was changed; look at it again.")
    return at


def checked_words(words: str, what: str, longest: int, *, needed: bool = True) -> str:
    """The words without space around them, if they can be kept.

    Raises Refused when they are missing, too long, or hold a character that no text holds.
    """
    words = words.strip()
    if needed and not words:
        raise Refused(f"The {what} is missing. Nothing was changed.")
    if len(words) > longest:
        raise Refused(f"The {what} is {len(words):,} characters long; {longest:,} fit. Nothing was changed.")
    if _NO_TEXT.search(words):
        raise Refused(f"The {what} holds a character that is not text. Nothing was changed; take it out.")
    return words
