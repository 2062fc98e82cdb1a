"""The concerns of a report, which of them somebody means, and that what people said of one stays with its words.

A concern that a source's text tells is known by its place in that text and by its number, and a newer text may be cut
otherwise. So what somebody recorded is of the words that stood there when it was recorded. Where the same words stand
now, it stands; where they are no more, it stands with no concern and is said to, until somebody says it again.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import msgspec

from heard.reports import entries, form
from heard.reports.knowledge import known
from heard.reports.model import Concern, Masking

#: Stands for a concern of which the words have changed since somebody spoke of it.
CHANGED = "its words have changed since"


def concerns(life: Sequence[Any], text: str, masked: Masking) -> Iterable[Concern]:
    """Those that a person numbered from the report, or else those that can be told apart in its text."""
    numbered = [one for one in life if isinstance(one, entries.ConcernNumbered)]
    for one in numbered:
        yield Concern(one.concern, one.number, masked(one.words), tuple(map(masked, one.to)), one.suggestion)
    if not numbered:
        for place, (number, words) in enumerate(form.matters(text), 1):
            yield Concern(f"text-{place}", number, masked(words))


def meant(said: str, some: Sequence[Concern]) -> Concern | None:
    """The concern that somebody means by its id or its number; none where two have that number."""
    named = [one for one in some if one.id == said] or [one for one in some if is_number(one.number, said)]
    return named[0] if len(named) == 1 else None


def is_number(number: str, said: str) -> bool:
    """Whether somebody means a concern's number by what they say: "(1)" and "1." are one."""
    return bool(_plainly(said)) and _plainly(number) == _plainly(said)


def _plainly(number: str) -> str:
    return re.sub(r"[^0-9a-z]+", "", number.lower())


def bound(life: Sequence[Any], on: date | None = None) -> list[Any]:
    """What happened to a report, each thing that was said of a concern with the id that its words have now, or on a
    day.
    """
    if not any(_is_of_a_concern(body) for body in life):
        return [*life]
    told, now = [place for place, body in enumerate(life) if _tells(body)], _known(life, on)
    once = {len(told): now} if on is None else dict[int, list[Concern]]()

    def by_words(place: int, body: Any) -> Any:
        if not _is_of_a_concern(body):
            return body
        before = bisect_left(told, place)  # so many had told by then, and what they told is known once for all
        then = once[before] if before in once else once.setdefault(before, _known(life[:place]))
        if isinstance(body, entries.ResponseRecorded):
            return msgspec.structs.replace(body, concerns=tuple(_same(one, then, now) for one in body.concerns))
        concern = _same(body.concern, then, now)
        one = meant(concern, now)
        if isinstance(body, entries.PromiseRecorded):  # it is one still, if of nothing but the report
            concern = one.id if one else ""
        elif isinstance(body, entries.OutcomeSet):
            concern = one.id if one else concern
        return msgspec.structs.replace(body, concern=concern)

    said = [by_words(place, body) for place, body in enumerate(life)]
    since = said[told[-1] :] if told else []
    again = {(type(body), body.addressee) for body in since if isinstance(body, _OF_PEOPLE) and not _is_loose(body)}
    return [body for body in said if not (_is_loose(body) and (type(body), body.addressee) in again)]


def now_called(life: Sequence[Any], before: int, said: str) -> str:
    """What names now the concern that somebody meant when `before` things had happened to a report; or `CHANGED`."""
    return _same(said, _known(life[:before]), _known(life)) if said else ""


#: What a person says of a concern and an addressee, of which the last word stands.
_OF_PEOPLE = (entries.OutcomeSet, entries.JudgementGiven)


def _is_loose(body: Any) -> bool:
    return isinstance(body, _OF_PEOPLE) and body.concern == CHANGED


def _tells(body: Any) -> bool:
    """Whether other concerns may be known after it."""
    return isinstance(body, entries.ConcernNumbered) or (isinstance(body, entries.Told) and "concerns" in body.facts)


def _is_of_a_concern(body: Any) -> bool:
    if isinstance(body, entries.ResponseRecorded):
        return bool(body.concerns)
    return isinstance(body, (*_OF_PEOPLE, entries.PromiseRecorded)) and bool(body.concern)


def _known(life: Sequence[Any], on: date | None = None) -> list[Concern]:
    """The concerns as they were known; nothing is masked, since nothing of it is shown."""
    text = known(life, on, ("concerns",)).words("concerns").replace("\xa0", " ")
    return [*concerns(life, text, str)]


def _same(said: str, then: Sequence[Concern], now: Sequence[Concern]) -> str:
    """What names the concern now that somebody meant then: what they said, if that still does.

    A text that breaks off may have been carried on since.
    """
    before = meant(said, then)
    if before is None:  # whoever named a number before its text was known here means that number
        return CHANGED if said.startswith("text-") else said
    words = _words(before)
    found = [one for one in now if _words(one) == words]
    if not found:
        found = [one for one in now if _goes_on(_words(one), words) or _goes_on(words, _words(one))]
    if len(found) > 1:
        found = [one for one in found if one.id == before.id]
    if len(found) != 1:
        return CHANGED
    return said if meant(said, now) is found[0] else found[0].id


def _words(concern: Concern) -> str:
    return " ".join(re.findall(r"\w+", concern.words.lower()))


def _goes_on(longer: str, shorter: str) -> bool:
    return bool(shorter) and longer.startswith(f"{shorter} ")
