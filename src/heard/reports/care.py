"""Care for the people whom reports are about: whose names stand, and what is said of how somebody died.

Reports are public, and are read by families. A child's name is not shown unless a person decides so; anybody's can be
hidden on request. How somebody took their life stands in the report itself and nowhere that is met unasked: not in a
title, a card, a snippet, a feed, a mail or a passage beside another (Samaritans' guidance for the media).
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable

from heard.reports.model import HIDDEN
from heard.text.care import SUICIDE

_AGE = re.compile(
    r"\b(?:aged?|age of)\s*:?\s*(\d{1,3})\b(?! *(?:weeks|months|days|hours))|\b(\d{1,3})[- ]year[- ]old\b",
    re.IGNORECASE,
)
_YOUNG = re.compile(
    r"\baged?\s*\d{1,3}\s*(?:weeks?|months?|days?|hours?)\b|\b\d{1,3}[- ](?:week|month|day|hour)[- ]old\b|"
    r"\bstill ?born\b|\bneonat\w+ death\b|\bnewborn\b",
    re.IGNORECASE,
)

#: Words that stand in names and are also said of other things; masked only where they are a name (`is_a_name_here`).
COMMON = frozenset(
    "baby child mr mrs ms miss dr pc sir and of the de van von el al bin st may will mark art jack grace hope faith "
    "joy rose "
    "dean king young white black brown green grey gray hill wood west north east south park bell day ford church "
    "hall".split()
)
#: Those of them that are no part of a sentence but a name where they have a capital; and those that a month, or the
#: beginning of a sentence, writes with one too.
GIVEN, GIVEN_WITHIN = frozenset("jack grace faith joy rose dean mark".split()), frozenset("hope may will art".split())
#: Words that stand beside names and are none.
_NO_NAMES = frozenset("baby child mr mrs ms miss dr pc sir and of the de van von el al bin st".split())


def is_child(categories: str, *texts: str) -> bool:
    """Whether who died may have been under 18. Where that is not clear it is taken so."""
    if "child death" in categories.lower():
        return True
    together = " ".join(text[:600] for text in texts)
    ages = [int(one or other) for one, other in _AGE.findall(together)]
    return bool(_YOUNG.search(together)) or (bool(ages) and ages[0] < 18)


def is_young(said: Callable[[str], str]) -> bool:
    """The same of what sources say in the fields of a report; "under 5" is a research tag of the tracker."""
    age = f"aged {said('age')}" if said("age") else ""  # a table of ages has the number alone
    young = "child death" if "under 5" in said("tags").lower() else said("categories")
    return is_child(young, age, said("investigation"), said("circumstances"))


def is_of_suicide(categories: str, *texts: str) -> bool:
    """Whether a helpline belongs on the page. The category alone is set on one suicide in five."""
    return "suicide" in categories.lower() or any(SUICIDE.search(text) for text in texts)


def parts_of(name: str) -> set[str]:
    """A name and those of its words by which its bearer may be called in the text, alone."""
    words = re.findall(r"[^\W\d_][\w’'-]*", name)
    alone = {word for word in words if len(word) > 2 and word[0].isupper() and word.casefold() not in COMMON}
    return {name.strip(), *alone} if any(letter.isalnum() for letter in name) else set()


def people_in(deceased: str) -> list[str]:
    """The names in a cell that may hold several: "A B; C D and E F."."""
    parts = re.split(r"[;|\n]|, | and | & ", html.unescape(deceased))  # of an entity's own ";" no name ends
    return [one for one in (part.strip(" .,;") for part in parts) if one]


#: More reports than these are of no one death: what stands there is no name, or half the country's.
OF_ONE_DEATH_MAX = 12


def whole_names(deceased: str) -> set[str]:
    """The names in a cell, whatever their capitals, points and spaces; none of who is called by a word alone."""
    names = (" ".join(re.findall(r"[^\W_]+", name.casefold())) for name in people_in(deceased))
    return {name for name in names if " " in name and len(name) > 5}


def common_in(names: Iterable[str]) -> frozenset[str]:
    """The words of full names that are also said of other things, or too short to be looked for: "jack", "ng"."""
    words = {word.casefold() for name in names if " " in name for word in re.findall(r"[^\W\d_]+", name)}
    return frozenset(word for word in words if (word in COMMON or len(word) == 2) and word not in _NO_NAMES)


def is_a_name_here(word: str, before: str, after: str) -> bool:
    """Whether one of these, written with a capital, is somebody's name where it stands and not what else it says."""
    said = word.casefold()
    if said in GIVEN or _TITLE.search(before) or before.endswith(f"{HIDDEN} "):
        return True
    begins = not before.strip() or before.rstrip()[-1] in '.!?:;•\n“"('
    is_a_month = said == "may" and bool(
        re.match(r",? \d", after) or re.search(r"(?:\d(?:st|nd|rd|th)?|[Ii]n|[Oo]f) $", before)
    )
    return said in GIVEN_WITHIN and not begins and not is_a_month


_TITLE = re.compile(r"\b(?:Mr|Mrs|Ms|Miss|Master|Baby|Dr|Nurse|PC|Messrs)\.? $")
