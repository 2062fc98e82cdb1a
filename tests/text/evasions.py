"""Names as they are written by one who means not to be caught, or who slips. No table is shared with the guard:
look-alike letters come from a list of its own and from Unicode's names, pet names from public data where that is there.
"""

from __future__ import annotations

import csv
import html
import random
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from urllib.parse import quote

GIVEN = (
    "Abigail Alexander Amelia Andrew Benjamin Catherine Charlotte Christopher Daniel Deborah Edward Eleanor Elizabeth "
    "Frederick Gabriel Harriet Isabella James Jennifer Jonathan Joseph Katherine Leonard Margaret Matthew Michael "
    "Nicholas Olivia Patricia Patrick Penelope Philippa Rebecca Richard Robert Samuel Stephen Susan Theodore Thomas "
    "Victoria William Rowan Siân Zoë Aoife Callum Imogen"
).split()
SURNAMES = (
    "Tidewell Abbotsley Carrowmore Dunmarsh Eastlake Farnwood Greyholm Harkstead Inglebright Jessopp Kestrelby "
    "Larkhill Marchbank Netherby O'Hallorane Penhallow Quillfeather Ravensdale Smith-Tarrant Thornycroft Underhay "
    "Venning Wetherlam Yarrowby Ash Bell Crane Pike"
).split()

_ALIKE = {
    "a": "аα", "b": "Ьв", "c": "сϲ", "d": "ԁ", "e": "еҽ", "g": "ɡ", "h": "һ", "i": "іı", "j": "ј", "k": "кκ", "l": "ӏ",
    "m": "м", "n": "ո", "o": "оοօ", "p": "рρ", "q": "ԛ", "s": "ѕ", "t": "тτ", "u": "υս", "v": "νѵ", "w": "ԝω",
    "x": "хχ", "y": "уγ",
}  # fmt: skip
_SIGNS = {"a": "4@", "b": "8", "e": "3€", "g": "9", "i": "1!", "l": "1|", "o": "0", "s": "5$", "t": "7"}
_STYLES = (
    "MATHEMATICAL BOLD",
    "MATHEMATICAL SCRIPT",
    "MATHEMATICAL SANS-SERIF ITALIC",
    "FULLWIDTH LATIN",
    "CIRCLED LATIN",
)
_BETWEEN = "\u200b\u200c\u200d\u2060\u00ad\ufeff"
_KEYS = "abcdefghijklmnopqrstuvwxyz"

Evasion = Callable[[random.Random, str, str], tuple[str, ...]]
"""From dice, a given name and a surname: the texts of a post, or of two that follow each other."""


def _each(dice: random.Random, word: str, table: dict[str, str], share: float) -> str:
    places = [at for at, letter in enumerate(word.lower()) if letter in table]
    chosen = {at for at in places if dice.random() < share} or set(dice.sample(places, min(1, len(places))))
    return "".join(dice.choice(table[c.lower()]) if at in chosen else c for at, c in enumerate(word))


def _styled(letter: str, style: str) -> str:
    size = "CAPITAL" if letter.isupper() else "SMALL"
    for name in (f"{style} {size} {letter.upper()}", f"{style} {size} LETTER {letter.upper()}"):
        try:
            return unicodedata.lookup(name)
        except KeyError:
            continue
    return letter


def exact(dice: random.Random, given: str, surname: str) -> tuple[str, ...]:
    """As it is listed, but for capitals and how wide the gap is."""
    return (dice.choice((str, str.upper, str.lower))(given + dice.choice((" ", "  ", "\u00a0", "\n")) + surname),)


def alike(dice: random.Random, given: str, surname: str) -> tuple[str, ...]:
    return (_each(dice, f"{given} {surname}", _ALIKE, dice.choice((0.2, 1))),)


def signs(dice: random.Random, given: str, surname: str) -> tuple[str, ...]:
    return (_each(dice, f"{given} {surname}", _SIGNS, dice.choice((0.2, 1))),)


def styled(dice: random.Random, given: str, surname: str) -> tuple[str, ...]:
    style = dice.choice(_STYLES)
    return ("".join(_styled(c, style) if c.isascii() and c.isalpha() else c for c in f"{given} {surname}"),)


def accented(dice: random.Random, given: str, surname: str) -> tuple[str, ...]:
    marks = "\u0300\u0301\u0308\u0327\u0335"
    return ("".join(c + dice.choice(marks) * (c.isalpha() and dice.random() < 0.4) for c in f"{given} {surname}"),)


def unseen(dice: random.Random, given: str, surname: str) -> tuple[str, ...]:
    return ("".join(c + dice.choice(_BETWEEN) * (dice.random() < 0.4) for c in f"{given} {surname}"),)


def marked(dice: random.Random, given: str, surname: str) -> tuple[str, ...]:
    name = f"{given} {surname}"
    at = dice.randrange(1, len(name) - 1)
    mark = dice.choice(("**", "*", "~~", "`", "<b>", "<i>x</i>"[:3], "<span class=a>"))
    return (f"{name[:at]}{mark}{name[at:]}",)


def entities(dice: random.Random, given: str, surname: str) -> tuple[str, ...]:
    ways = (lambda c: f"&#{ord(c)};", lambda c: f"&#x{ord(c):x};", lambda c: f"&amp;#{ord(c)};", html.escape)
    return ("".join(dice.choice(ways)(c) if dice.random() < 0.5 else c for c in f"{given} {surname}"),)


def percent(dice: random.Random, given: str, surname: str) -> tuple[str, ...]:
    return (f"https://a.example/{quote(given)}%20{quote(surname)}",)


def slug(dice: random.Random, given: str, surname: str) -> tuple[str, ...]:
    name = f"{given}{dice.choice('-_.+')}{surname}".lower()
    return (dice.choice((f"https://a.example/news/{name}/", f"[here](https://a.example/{name})", f"{name}.jpg")),)


def hashtag(dice: random.Random, given: str, surname: str) -> tuple[str, ...]:
    name = (given + surname).replace("'", "").replace("-", "")
    tag = dice.choice((name, name.lower(), f"JusticeFor{name}", f"justicefor{name.lower()}", f"{name}Inquest"))
    return (f"{dice.choice('#@')}{tag}",)


def run_on(dice: random.Random, given: str, surname: str) -> tuple[str, ...]:
    return ((given + surname).lower() if len(given + surname) > 8 else f"#{given}{surname}",)


def spelt_out(dice: random.Random, given: str, surname: str) -> tuple[str, ...]:
    between = dice.choice((" ", "-", ".", " - ", "\u2009"))
    return (f"{between.join(given)} {dice.choice((between.join(surname), surname))}",)


def initials(dice: random.Random, given: str, surname: str) -> tuple[str, ...]:
    one = given[0]
    return (
        dice.choice(
            (
                f"{one}. {surname}",
                f"{one} {surname}",
                f"{one}.{surname}",
                f"{given} {surname[0]}.",
                f"{surname}, {one}.",
            )
        ),
    )


def surname_first(dice: random.Random, given: str, surname: str) -> tuple[str, ...]:
    return (
        dice.choice((f"{surname}, {given}", f"{surname} {given}", f"{surname.upper()} {given}", f"{surname}-{given}")),
    )


def backwards(dice: random.Random, given: str, surname: str) -> tuple[str, ...]:
    return (dice.choice((f"{surname[::-1]} {given[::-1]}", f"{given[::-1]} {surname[::-1]}")),)


def middle(dice: random.Random, given: str, surname: str) -> tuple[str, ...]:
    return (
        dice.choice((f"{given} {dice.choice(GIVEN)} {surname}", f"{given} {dice.choice('ABCDEFGHJKLMP')}. {surname}")),
    )


def slip(dice: random.Random, given: str, surname: str) -> tuple[str, ...]:
    name = f"{given} {surname}"
    at = dice.choice([at for at, c in enumerate(name) if c.isalpha() and at])
    new = dice.choice([key for key in _KEYS if key != name[at].lower()])
    ways = [name[:at] + new + name[at:], name[:at] + name[at + 1 :], name[:at] + new + name[at + 1 :]]
    if at + 1 < len(name) and name[at + 1].isalpha() and name[at + 1].lower() != name[at].lower():
        ways.append(name[:at] + name[at + 1] + name[at] + name[at + 2 :])
    return (dice.choice(ways),)


def two_posts(dice: random.Random, given: str, surname: str) -> tuple[str, ...]:
    cut = dice.choice((len(given), len(given), dice.randrange(2, len(given))))
    name = f"{given} {surname}"
    return (f"We can now say that the pupil is {name[:cut]}", name[cut:].strip())


def called(dice: random.Random, given: str, surname: str) -> tuple[str, ...]:
    return (f"{dice.choice(_pet_names().get(given.lower()) or (given,))} {surname}",)


_pet_name_file: list[Path] = []


@cache
def _pet_names() -> dict[str, tuple[str, ...]]:
    """The commonest first, as the public table lists them."""
    names: dict[str, tuple[str, ...]] = {}
    for path in _pet_name_file:
        with path.open(newline="") as lines:
            for row in csv.DictReader(lines):
                if row["name2"].isalpha():
                    names[row["name1"]] = (*names.get(row["name1"], ()), row["name2"].capitalize())
    return names


def read_pet_names(shared_data: Path) -> None:
    _pet_name_file[:] = [shared_data / "corpora" / "nicknames.csv"]
    _pet_names.cache_clear()


EVASIONS: tuple[Evasion, ...] = (
    alike, signs, styled, accented, unseen, marked, entities, percent, slug, hashtag, run_on, spelt_out, initials,
    surname_first, backwards, middle, slip, two_posts, called,
)  # fmt: skip
#: Forms in which the letters are all there, in order: none may get out.
FOLDED: tuple[Evasion, ...] = (exact, alike, styled, accented, unseen, marked, entities, percent, slug)


def evaded(
    dice: random.Random, ways: tuple[Evasion, ...], names: list[tuple[str, str]]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Without end: a way's name, and the texts."""
    while True:
        way = dice.choice(ways)
        given, surname = dice.choice(names)
        first, *rest = way(dice, given, surname)
        yield way.__name__, (first, *rest) if rest else (f"The court heard that {first} was there.",)
