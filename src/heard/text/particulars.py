"""Finding what tells who somebody is without their name: age, kin, school, place, job.

Each is one piece of a picture. One alone is said of many; two of one person in one text may tell those who know them
(jigsaw identification). This is for a warning to somebody who may know, never for saying that a text is safe.
"""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from heard.text.normalise import seen

KINDS = ("age", "kin", "school", "place", "job", "other")
#: So many pieces of one person in one text are worth a warning.
ENOUGH = 2

_WORDS = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_NUMBERS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
).split()
#: Who else a reader takes for the same.
_KIN = {
    "daughter": "daughter stepdaughter girl child schoolgirl pupil teenager",
    "son": "son stepson boy child schoolboy pupil teenager",
    "child": "child girl boy pupil schoolgirl schoolboy teenager youngster daughter son",
    "sister": "sister stepsister sibling twin",
    "brother": "brother stepbrother sibling twin",
    "mother": "mother mum mam stepmother parent",
    "father": "father dad stepfather parent",
    "wife": "wife widow spouse partner",
    "husband": "husband widower spouse partner",
    "partner": "partner girlfriend boyfriend fiancé fiancée fiance fiancee wife husband",
    "grandchild": "grandchild granddaughter grandson",
}
#: Words that many schools, places and trades have in their names.
_COMMON = frozenset(
    "a an and at for in of on the st saint our school primary secondary academy college university nursery infant "
    "infants junior high grammar comprehensive church catholic ce road street lane avenue close house court hospital "
    "ward north south east west upper lower new old great little who is was with as".split()
)


class Particular(NamedTuple):
    """One piece: its kind, of `KINDS`, and what is so of the person."""

    kind: str
    value: str


def read(line: str) -> Particular:
    """A particular as it is written down, such as `age: 9` or `school: St Brannock's Primary`.

    Raises ValueError where nothing could be looked for.
    """
    kind, colon, value = (part.strip() for part in line.partition(":"))
    kind, value = (kind.casefold(), value) if colon and kind.casefold() in KINDS else ("other", line.strip())
    if kind == "age" and not re.fullmatch(r"\d{1,3}", value):
        raise ValueError("an age is a number of years")
    if kind != "age" and not _telling(value):
        raise ValueError("nothing in it tells one from another")
    return Particular(kind, value)


class Picture:
    """All pieces of one person."""

    def __init__(self, particulars: Iterable[Particular]) -> None:
        self.particulars = tuple(particulars)
        self._pieces = [(one, _pattern(one)) for one in self.particulars]

    def found_in(self, *texts: str) -> list[Particular]:
        """The pieces that stand in these texts, in the order in which they were listed."""
        read_as = [seen(text) for text in texts if text]
        return [one for one, pattern in self._pieces if any(pattern(text) for text in read_as)]

    def is_told_by(self, *texts: str) -> bool:
        """Whether enough pieces, of two kinds at least, stand in these texts."""
        return is_enough(self.found_in(*texts))


def is_enough(found: Iterable[Particular]) -> bool:
    """Whether these pieces of one person may tell who it is."""
    known = set(found)
    return len(known) >= ENOUGH and len({one.kind for one in known}) > 1


class Gallery:
    """Many pictures looked for at once, in a time that hardly grows with their number."""

    def __init__(self, pictures: Mapping[str, Picture]) -> None:
        self._clues: dict[str, list[tuple[str, int, Particular, Callable[[str], object]]]] = defaultdict(list)
        for name, picture in pictures.items():
            for at, (one, pattern) in enumerate(picture._pieces):
                for clue in _clues(one):
                    self._clues[clue].append((name, at, one, pattern))

    def found_in(self, *texts: str) -> dict[str, list[Particular]]:
        """By picture, the pieces that stand in these texts, in the order in which they were listed."""
        found: dict[str, dict[int, Particular]] = defaultdict(dict)
        for text in dict.fromkeys(seen(text).strip() for text in texts if text):
            said: dict[Particular, bool] = {}  # many may be nine years old, or somebody's daughter: looked for once
            for clue in _tokens(text) & self._clues.keys():
                for name, at, one, pattern in self._clues[clue]:
                    if one not in said:
                        said[one] = bool(pattern(text))
                    if said[one]:
                        found[name][at] = one
        return {name: [one for _, one in sorted(pieces.items())] for name, pieces in found.items() if pieces}


def _clues(one: Particular) -> Iterable[str]:
    """Words of which at least one stands in every text that says this piece."""
    if one.kind == "age":
        years = int(one.value)
        return {one.value, str(years), *_NUMBERS[years : years + 1]}
    if one.kind == "kin":
        return _kin(one.value)
    return {max(sorted(_telling(one.value)), key=len)}


def _tokens(text: str) -> set[str]:
    """Each word as it stands, without what may hang on to it, and in parts."""
    words = set(_words(text))
    parts = {part for word in words for part in (re.split("['’]", word) if "'" in word or "’" in word else (word,))}
    return words | parts | {_stem(word) for word in words} | {part[:-1] for part in parts if part.endswith("s")}


def _kin(value: str) -> set[str]:
    words = {word for word in _words(value) if word not in _COMMON}
    return {other for word in words for other in _KIN.get(word, word).split()}


@functools.lru_cache(4096)
def _pattern(one: Particular) -> Callable[[str], object]:
    if one.kind == "age":
        return _age(int(one.value)).search
    if one.kind == "kin":
        return re.compile(
            rf"\b(?:{'|'.join(sorted(map(re.escape, _kin(one.value))))})(?:s|'s|’s)?\b", re.IGNORECASE
        ).search
    wanted = _telling(one.value)
    return lambda text: wanted <= {_stem(word) for word in _words(text)}


def _age(years: int) -> re.Pattern[str]:
    written = str(years) if years >= len(_NUMBERS) else f"(?:{years}|{_NUMBERS[years]})"
    return re.compile(
        rf"\b{written}[- ]year[- ]old\b|\baged? (?:just |only )?{written}\b(?! (?:days|weeks|months))|"
        rf"\b{written} years (?:old|of age)\b|[a-z]\)?, {written}(?=[,.;:)]|$| (?:and|who|was|is|had)\b)|\({written}\)",
        re.IGNORECASE,
    )


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORDS.findall(text)]


def _stem(word: str) -> str:
    """Without what makes it a possessive or a plural."""
    if "'" in word or "’" in word:
        word = re.sub(r"['’]s?$", "", word)
    return word[:-1] if len(word) > 4 and word.endswith("s") and not word.endswith("ss") else word


def _telling(value: str) -> frozenset[str]:
    return frozenset(_stem(word) for word in _words(value) if word not in _COMMON and len(word) > 2)
