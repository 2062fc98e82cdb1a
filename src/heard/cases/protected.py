"""A protected name, as it must be written down to be found: long enough, and not a word of the server's own pages.

The door reads a whole page before it lets it go, and stops it if a protected name stands anywhere in it. A surname such
as Post or Page stands on every page there is, as a word of the template; entered alone it would stop them all and
protect nobody. With a title or a first name it is found where it is meant and nowhere else.
"""

from __future__ import annotations

import functools

from heard import templates
from heard.cases.model import NAME_MAX, checked_words
from heard.engine.errors import Refused
from heard.text import particulars
from heard.text.normalise import fold

#: Letters and digits that a name has at least; two letters stand in every text.
SHORTEST = 3
#: What the JSON answers and feeds call their parts.
NAMES_OF_PARTS = """
    alternate author authors case category code content context date described description detail due element elements
    embed entry event feed from headline heading html https icon image item items kind language limit link live main
    name next notice notices null order organization page person place position posting posts problem publisher quote
    reason report reported role schema section setting sitting speaker state status summary text title true type
    updated url version words zone
"""


def checked_name(name: str) -> str:
    """The name, if the door can look for it.

    Raises Refused; the message repeats nothing of the name.
    """
    kept = checked_words(name, "protected name", NAME_MAX)
    folded = fold(kept)
    if sum(letter.isalnum() for letter in folded) < SHORTEST:
        raise Refused(
            f"A protected name needs at least {SHORTEST} letters or digits to be found by. Nothing was changed."
        )
    if folded in _own_words():
        raise Refused(
            "One of the names is a single word that stands on the server's own pages, which would all be stopped. "
            "Nothing was changed; enter it with a first name or a title."
        )
    return kept


def checked_particular(line: str) -> str:
    """A particular such as `age: 9`, if it can be looked for.

    Raises Refused; the message repeats nothing of it.
    """
    kept = checked_words(line, "particular", NAME_MAX)
    try:
        particulars.read(kept)
    except ValueError as wrong:
        raise Refused(
            f"One of the particulars cannot be looked for: {wrong}. Nothing was changed; write it like “age: 9”, "
            f"“school: St Brannock’s Primary”. Sorts are {', '.join(particulars.KINDS)}."
        ) from None
    return kept


@functools.cache
def _own_words() -> frozenset[str]:
    return frozenset(fold(templates.sources()).split()) | frozenset(NAMES_OF_PARTS.split())
