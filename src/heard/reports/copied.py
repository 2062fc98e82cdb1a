"""Who was sent a copy: bodies that box 8 of the form names. A copy asks nobody for a response, and starts no clock.

Families are named there too, and their solicitors. So only what is called like a body is taken, and nothing is guessed:
a body that is missed is less than a person who is shown.
"""

from __future__ import annotations

import re

from heard.reports import addressees, bodies

#: A line longer than this is a sentence.
NAME_MAX = 90
_SENTENCE = re.compile(
    r"\b(?:i|my|we|you|your|may|must|shall|will|is|are|was|duty|cop(?:y|ies)|report|publish|response|family|famil(?:y|ies)|"
    r"relatives?|mother|father|parents?|wife|husband|son|daughter|brother|sister|partner of|widow\w*|solicitors?|"
    r"counsel for|behalf|deceased|interested|persons?|chief coroner|coroner)\b",
    re.IGNORECASE,
)
#: Words in a name that are written small.
_SMALL = frozenset("of and the for in on to at & upon de y".split())
#: What somebody is at a body, and no body.
_TITLE = re.compile(
    r"(?:the )?(?:chief|managing|medical|clinical|executive) (?:executive|director|officer)( officer)?", re.I
)
_CUT = re.compile(r"[;|\n•·▪●]|(?<=\s)[-–]\s|(?:^|\s)\(?(?:\d{1,2}|[a-z])[.)]\s|:\s|(?<=[a-z]{3})\.\s")


def bodies_in(text: str) -> tuple[str, ...]:
    """The bodies that are named as having been sent a copy, each once, by the name that it has here."""
    found: dict[str, str] = {}
    for part in _CUT.split(text):
        for name in addressees.split(part):
            one = re.sub(r"^(?:to|the|also|and)\s+", "", name, flags=re.IGNORECASE)
            if len(one) > NAME_MAX or _SENTENCE.search(one) or _TITLE.fullmatch(one) or not _is_a_name(one):
                continue
            if key := bodies.key(one):
                found.setdefault(key, bodies.name(one))
    return tuple(found.values())


def _is_a_name(words: str) -> bool:
    return all(word in _SMALL or not word[0].islower() for word in words.split())
