"""What is known of a report on a day, from all that its sources said and people decided.

Three rules, and each has its tests: the newest word of the highest source stands. **A blank is not a fact**: a source
that says nothing un-says nothing, and a text with nothing but the form's own sentences says nothing. **A redaction is a
fact**: where any source took a name out, what any source said there is withheld, whichever was read first, until a
person decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import msgspec

from heard.reports import addressees, bodies, form
from heard.reports.entries import Gone, Told, ValueLet
from heard.reports.model import FIELDS, NAMED, SOURCES, TEXTS


class Said(msgspec.Struct, frozen=True):
    """One word of one source: a value, where it is from and since when it is known."""

    words: str
    source: str
    on: date


class Knowledge(msgspec.Struct, frozen=True):
    """What stands of each field, the names that do not, and whether the whole is withheld."""

    facts: dict[str, Said]
    #: Names and values that a source took out after they had been said.
    withheld: frozenset[str]
    #: The fields of which something was taken out.
    redacted: frozenset[str]
    gone: Gone | None

    def words(self, field: str) -> str:
        said = self.facts.get(field)
        return said.words if said else ""


def known(bodies_of: Iterable[Any], on: date | None = None, fields: Sequence[str] = FIELDS) -> Knowledge:
    """From the bodies on a report's stream, in order; `on` leaves out what was read later than that day.

    `fields` leaves out all others. What is withheld is withheld on every day, however early: looking back shows no more
    than looking now.
    """
    said: dict[str, list[Said]] = {}
    let: set[str] = set()
    gone: Gone | None = None
    for body in bodies_of:
        if isinstance(body, Told):
            for field, words in body.facts.items():
                said.setdefault(field, []).append(Said(words, body.source, body.on))
        elif isinstance(body, Gone):
            gone = body
        elif isinstance(body, ValueLet):
            let.add(body.field)
            gone = None if not body.field else gone
    withheld: set[str] = set()
    redacted = {field for field in NAMED if field in said and field not in let and _taken_out(field, said[field])}
    facts = {}
    for field in (one for one in fields if one in said):
        spoken: Sequence[Said] = said[field]
        if field in redacted:
            withheld |= _withheld(field, spoken)
            spoken = [one for one in spoken if addressees.is_mark(field, one.words)]
        spoken = [one for one in spoken if on is None or one.on <= on]
        if standing := _text(spoken) if field in TEXTS else _standing(spoken):
            facts[field] = standing
    return Knowledge(facts, frozenset(withheld), frozenset(redacted), gone)


def _standing(spoken: Sequence[Said]) -> Said | None:
    """The word that stands of those that were said; of two that are equal in all, the one that was read last."""
    return max(enumerate(spoken), key=lambda one: (*_weight(one[1]), one[0]), default=(0, None))[1]


#: A text that is longer holds more than the form's own sentences.
_BARE_MAX = 900


def _text(spoken: Sequence[Said]) -> Said | None:
    """Of running text: a page that was read only as far as the form's own sentences is as good as blank.

    One that breaks off is carried on by a source that has the same words, was read no earlier, and goes further.
    """
    if len(spoken) < 2:
        return _standing(spoken)
    telling = [one for one in spoken if len(one.words) > _BARE_MAX or form.without_standing_sentences(one.words)]
    standing = _standing(telling or spoken)
    assert standing
    since = [one for one in telling if one.on >= standing.on and one.words != standing.words]
    so_far = _plain(standing.words) if since else ""
    return _standing([one for one in since if _plain(one.words).startswith(f"{so_far} ")]) or standing


def _plain(words: str) -> str:
    return " ".join(re.findall(r"\w+", form.without_standing_sentences(words).lower()))


def _weight(said: Said) -> tuple[int, date, int]:
    source = SOURCES[said.source]
    return source.voice, said.on, source.care


def _taken_out(field: str, spoken: Sequence[Said]) -> bool:
    """Whether a mark stands, or initials where another source, or another day, has more."""
    marked = [one for one in spoken if addressees.is_mark(field, one.words)]
    if any(addressees.is_redacted(one.words) for one in marked):
        return True
    return 0 < len(marked) < len(spoken) and bool(_withheld(field, spoken))


def _withheld(field: str, spoken: Sequence[Said]) -> set[str]:
    """What was said there and is not in any version that bears the mark."""
    marked = [one for one in spoken if addressees.is_mark(field, one.words)]
    if field != "sent_to":
        return {one.words.strip() for one in spoken if not addressees.is_mark(field, one.words)}
    kept = [name for one in marked for name in listed(one) if name != addressees.REDACTED]
    older = [name for one in spoken for name in listed(one) if not addressees.is_redacted(name)]
    lacking = {name for name in older if not any(bodies.alike(name, other) for other in kept)}
    by_a_mark = any(addressees.is_redacted(one.words) for one in marked)
    return lacking if by_a_mark else {name for name in lacking if not bodies.key(name)}  # initials are a person's


def listed(said: Said) -> tuple[str, ...]:
    """The addressees that a source names."""
    if SOURCES[said.source].barred:
        return tuple(
            addressees.REDACTED if addressees.is_redacted(one) else one.strip()
            for one in said.words.split("|")
            if one.strip()
        )
    return addressees.split(said.words)
