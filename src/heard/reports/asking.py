"""What somebody typed, as it is looked for: a reference, phrases, words, bodies by any of their names, and spelling.

Words are looked for all together, and one by one only where no report has them all. A word that hardly a report has is
looked for as another that differs by one letter (Norvig, "How to Write a Spelling Corrector", 2007), and the page says
so. Only words that reports have as they may be seen now are ever offered.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from string import ascii_lowercase

import msgspec

from heard.reports import bodies
from heard.reports.model import tidy_ref
from heard.reports.register import Register

#: A question of more words than this finds what the first ones find.
WORDS_MAX = 24
#: A shorter word differs by one letter from too many others; a longer one is a word of nobody's. And so many words of a
#: question are looked at so: each takes some milliseconds.
SPELT_MIN, SPELT_MAX, SPELT_WORDS_MAX = 4, 18, 6
#: A word that so many reports have is meant as it is; one that fewer have may be their own slip of the pen, if so many
#: times as many have another.
SLIPS_MAX, SLIPS_RATIO = 3, 10
#: So many other words are tried for one.
TRIED_MAX = 6

# What a question is made of, whatever it asks.
_FILLING = frozenset(
    "a about after all am an and any anybody anyone are as at be because been before being but by can could did do "
    "does doing for from get had has have having he her hers him his how i if in into is it its just me might more "
    "most my no nor not of on or other our out over own same she should so some somebody someone such than that the "
    "their them then there these they this those through to too under until up was we were what when where whether "
    "which while who whom whose why will with would you your".split()
)
_REF = re.compile(
    r"(?:(?:pfd|reg(?:ulation)?\.? ?28|report|ref(?:erence)?|number|no)[.:#\s-]*)*"
    r"(20\d\d)[\s/_.:–—-]*(\d{1,5})\s?([a-z]?)[\s.]*",
    re.IGNORECASE,
)


class Asked(msgspec.Struct, frozen=True):
    """What is looked for: `reports` by their ref alone, or each of `parts` (words, phrases, or names of one body)."""

    ref: str = ""
    parts: tuple[tuple[str, ...], ...] = ()
    #: Words that stand in place of such as no report has; and whether whatever was found has all that was asked.
    instead: tuple[str, ...] = ()
    has_all: bool = True

    @property
    def words(self) -> list[str]:
        return [name for part in self.parts for name in part]

    def query(self, joined: str, *, begun: bool = False) -> str:
        """For FTS5; the last word may be the `begun` beginning of one, as it is while somebody types."""
        told = [" OR ".join(f'"{name}"' for name in part) for part in self.parts]
        return joined.join(f"({one})" for one in [*told[:-1], told[-1] + "*" if begun else told[-1]])


def asked(text: str) -> Asked:
    """What a text asks for, before any of it was looked for."""
    quoted = [" ".join(re.findall(r"\w+", phrase)) for phrase in re.findall(r'"([^"]+)"', text)]
    words = re.findall(r"\w+", re.sub(r'"[^"]*"?', " ", text))
    parts = [(phrase,) for phrase in quoted if phrase] + _parts(words)
    return Asked(ref=ref_in(text), parts=tuple(parts[:WORDS_MAX]))


def ref_in(text: str) -> str:
    """The reference that a text is, whatever its shape, as 2019-0000; empty where it is none."""
    found = _REF.fullmatch(text.strip())
    return tidy_ref(f"{found[1]}-{found[2].zfill(4)}{found[3]}") if found else ""


def _parts(words: Sequence[str]) -> list[tuple[str, ...]]:
    """Words one by one, the name of a body with its others; what only fills a question is left out."""
    parts, place = list[tuple[str, ...]](), 0
    while place < len(words):
        for end in range(min(len(words), place + bodies.WORDS_MAX), place, -1):
            if names := bodies.other_names(" ".join(words[place:end])):
                parts.append(names)
                break
        else:
            end = place + 1
            parts.append((words[place],))
        place = end
    telling = [part for part in parts if part[0].lower() not in _FILLING]
    return telling or parts


def spelt(register: Register, looked_for: Asked) -> Asked:
    """The same with words that many reports have, for such as hardly one has; itself where there are none.

    And while anything was taken away of which the index may still have words: one of them might be a name.
    """
    if not register.is_settled:
        return looked_for
    looked_at = 0
    for place, part in enumerate(looked_for.parts):
        word = part[0].lower()
        if len(part) > 1 or not re.fullmatch(f"[a-z]{{{SPELT_MIN},{SPELT_MAX}}}", word):
            continue
        held = register.file.count(f'"{word}"*')
        if held > SLIPS_MAX or looked_at == SPELT_WORDS_MAX:
            continue
        looked_at += 1
        known = register.file.holding(sorted(_one_letter_away(word)))
        near = sorted(
            (one for one in known if known[one] > SLIPS_RATIO * held), key=lambda one: (-known[one], len(one))
        )
        tried = [_with(looked_for, place, one) for one in near[:TRIED_MAX]]
        # Of words that differ by a letter the one is meant that goes with the others.
        found = [register.file.count(one.query(" AND ")) for one in tried]
        if any(found):
            looked_for = tried[found.index(max(found))]
        elif tried and register.file.count(f'"{near[0]}"'):
            looked_for = tried[0]
    return looked_for


def _with(looked_for: Asked, place: int, word: str) -> Asked:
    parts = (*looked_for.parts[:place], (word,), *looked_for.parts[place + 1 :])
    return msgspec.structs.replace(looked_for, parts=parts, instead=(*looked_for.instead, word))


def _one_letter_away(word: str) -> set[str]:
    """All that differ from a word by a letter left out, put in, changed, or by two that changed places."""
    cuts = [(word[:place], word[place:]) for place in range(len(word) + 1)]
    left_out = {one + other[1:] for one, other in cuts if other}
    turned = {one + other[1] + other[0] + other[2:] for one, other in cuts if len(other) > 1}
    changed = {one + letter + other[1:] for one, other in cuts if other for letter in ascii_lowercase}
    put_in = {one + letter + other for one, other in cuts for letter in ascii_lowercase}
    return (left_out | turned | changed | put_in) - {word}
