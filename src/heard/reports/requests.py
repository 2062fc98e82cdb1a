"""Who was asked and who had a copy, until when each is to respond, and what was published of theirs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from heard.reports import addressees, bodies, clocks, copied, entries
from heard.reports.clocks import Due
from heard.reports.knowledge import Knowledge, listed
from heard.reports.model import HIDDEN, Addressee, Masking, Response


def asked(knowledge: Knowledge) -> list[str]:
    """Those of the field, each once."""
    names = listed(knowledge.facts["sent_to"]) if "sent_to" in knowledge.facts else ()
    seen: dict[str, str] = {}
    for place, name in enumerate(names):
        key = bodies.key(name)
        seen.setdefault(
            key or f"{name} {place if name == addressees.REDACTED else ''}", bodies.name(name) if key else name
        )
    return list(seen.values())


def had_copies(copies: str, sent_to: Sequence[Addressee]) -> tuple[Addressee, ...]:
    """Bodies of box 8, as masked; whoever was asked to respond is not said to have been copied besides."""
    asked = {one.key for one in sent_to}
    found = [Addressee(name, bodies.key(name)) for name in copied.bodies_in(copies) if HIDDEN not in name]
    return tuple(one for one in found if one.key not in asked)


def addressee(name: str, masked: Masking) -> Addressee:
    """A body in whose name something is masked has no page: what names it in addresses would say it."""
    said = addressees.marked(masked(name), HIDDEN)
    return Addressee(said, bodies.key(name) if said == name else "")


def called(name: str, sent_to: Sequence[Addressee], masked: Masking = str) -> str:
    """The addressee as the report's list has it; one that is not in the list is masked as all else is."""
    return next((one.name for one in sent_to if bodies.alike(one.name, name)), masked(name))


def dues(
    life: Sequence[Any], sent_to: Sequence[Addressee], dated: date | None, stated: date | None, masked: Masking
) -> Iterable[Due | None]:
    """The clock of each who was asked; None where no day is known from which it could run.

    Whoever is hidden keeps their days; of two who are called alike since, neither has the other's.
    """
    sent = {called(one.addressee, sent_to, masked): one.on for one in of_kind(life, entries.Sent)}
    extended = {called(one.addressee, sent_to, masked): one.until for one in of_kind(life, entries.ExtensionRecorded)}
    alike = Counter(one.name for one in sent_to)
    for one in sent_to:
        apart = alike[one.name] == 1
        sent_on, until = (sent.get(one.name), extended.get(one.name)) if apart else (None, None)
        start = sent_on or dated
        yield clocks.due(dated or start, sent_on, stated, until) if start else None


_FROM = re.compile(
    r"(?:response|reply)[-_ ]*(?:from|by|of)?[-_ ]+(?:the[-_ ])?(.+?)(?:[-_ ]*(?:published|redacted|final|\d+))*\.pdf$",
    re.IGNORECASE,
)


def links(knowledge: Knowledge) -> list[str]:
    """Those that the source lists as replies."""
    return re.findall(r"https?://\S+", knowledge.words("replies").replace("|", " "))


def responses(
    life: Sequence[Any], links: Sequence[str], sent_to: Sequence[Addressee], masked: Masking
) -> tuple[list[Response], int]:
    """Those that are somebody's by name, and how many links are named as responses besides."""
    found = [
        Response(
            called(one.addressee, sent_to, masked),
            one.dated_on,
            one.received_on,
            one.published_on,
            one.answer,
            one.concerns,
            masked(one.words),
        )
        for one in of_kind(life, entries.ResponseRecorded)
    ]
    known_of = {one.by for one in found}
    unclaimed = 0
    for link in links:
        name = link.rsplit("/", 1)[-1]
        named = _FROM.search(name)
        by = _who(as_words(named[1]), sent_to) if named else ""
        if by and by not in known_of:
            known_of.add(by)
            found.append(Response(by))
        elif not by and re.search(r"response|reply", name, re.IGNORECASE):
            unclaimed += 1
    return found, unclaimed


def _who(words: str, sent_to: Sequence[Addressee]) -> str:
    """Which addressee a link's name means, if it can mean only one."""
    wanted = bodies.name(words)
    same = [one.name for one in sent_to if bodies.name(one.name) == wanted or bodies.alike(one.name, wanted)]
    if len(same) != 1:
        mine = set(_plainly(words))
        same = [one.name for one in sent_to if mine and len(mine & set(_plainly(one.name))) / len(mine) > 0.7]
    return same[0] if len(same) == 1 else ""


def _plainly(words: str) -> list[str]:
    return [
        word
        for word in re.findall(r"[a-z]+", words.lower())
        if word not in ("the", "of", "and", "nhs", "trust", "foundation")
    ]


def as_words(link: str) -> str:
    """A link as the words that it is made of, in which a name would be found."""
    return link.translate(_BETWEEN_WORDS)


_BETWEEN_WORDS = str.maketrans("-_/.+", "     ")


def of_kind(life: Iterable[Any], sort: type) -> list[Any]:
    """What of its life is of one kind, in its order."""
    return [body for body in life if isinstance(body, sort)]
