"""Finding reports: words, and facets that narrow them down.

A query is an address, so that it can be shared and kept.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from itertools import chain
from typing import Any
from urllib.parse import urlencode

import msgspec

from heard.engine.errors import Refused
from heard.reports import areas, asking, bodies, figures, standing
from heard.reports.asking import Asked
from heard.reports.register import Register
from heard.reports.shown import Shown, Texts
from heard.text import care

#: As many as fit one search; nobody reads on.
FOUND_MAX = 2000
#: As many are shown where none has all of the words: further on hardly one is meant.
SOME_MAX = 200
PAGE = 25
SNIPPET = 240
#: A longer text names no body and no area.
NAME_MAX = 120
#: So much stands before what was looked for.
BEFORE = 80
#: By so many of its first letters a word is looked for in a text.
BEGINS = (6, 4)


class Query(msgspec.Struct, frozen=True):
    """What is looked for; all that is empty narrows nothing. `on` is the day as of which standings are told."""

    text: str = ""
    area: str = ""
    category: str = ""
    body: str = ""
    coroner: str = ""
    year: str = ""
    status: str = ""
    tag: str = ""
    label: str = ""
    page: int = 1
    on: date | None = None

    def address(self, **changes: Any) -> str:
        """The query as the end of an address, changed; a narrower one begins at its first page."""
        fields = msgspec.structs.asdict(self) | {"page": 1} | changes
        named = {"q" if name == "text" else name: value for name, value in fields.items()}
        told = {name: str(value) for name, value in named.items() if value and (name, value) != ("page", 1)}
        return f"?{urlencode(told)}" if told else "./"


class Hit(msgspec.Struct, frozen=True):
    shown: Shown
    standing: str
    snippet: str = ""

    @property
    def said(self) -> str:
        words = standing.SAID[self.standing][0]
        return words[:1].upper() + words[1:]


class Facet(msgspec.Struct, frozen=True):
    """One way to narrow: `counts` by value, most first, of what is found but for this facet itself."""

    name: str
    title: str
    counts: tuple[tuple[str, str, int], ...]
    #: Who set what it counts, where that is not the publisher.
    note: str = ""


class Named(msgspec.Struct, frozen=True):
    """A body or an area that the words name: where its page is, its name, and its reports, newest first."""

    address: str
    name: str
    theirs: Sequence[Shown]


class Found(msgspec.Struct, frozen=True):
    query: Query
    total: int
    hits: tuple[Hit, ...]
    facets: tuple[Facet, ...]
    looked_for: Asked = Asked()
    named: Named | None = None
    #: The facets that narrow this down, each with what it is narrowed to, in words: only what some report here has.
    narrowed: tuple[tuple[Facet, str], ...] = ()


def query_from(asked: Mapping[str, str]) -> Query:
    """A query from the parts of an address.

    Raises Refused for a day or page that is none.
    """
    page = asked.get("page", "1") or "1"
    if not page.isdecimal() or len(page) > 6 or not 0 < int(page) < 100_000:
        raise Refused("That page number is none. Nothing is wrong with the rest of your search.")
    on = None
    if asked.get("on"):
        try:
            on = date.fromisoformat(asked["on"])
        except ValueError as wrong:
            raise Refused("Write the day like 2025-07-31.") from wrong
    words = {name: asked.get(name, "")[:200].strip() for name in FACETS}
    return Query(text=asked.get("q", "")[:500].strip(), page=int(page), on=on, **words)


def find(register: Register, query: Query, today: date) -> Found:
    """The reports that fit, best first where words are looked for, else newest first."""
    on = query.on or today
    ranked, asked, every = _fitting(register, query, on)
    told = register.standings(on)
    if query.text or asked:
        but = {name: [one for one in ranked.reports if _but(asked, name, one)] for name in asked}
        facets = tuple(_facet(register, name, but.get(name, every), told) for name in FACETS)
    else:
        facets = facets_of_all(register, on)
    start = (query.page - 1) * PAGE
    words = ranked.looked_for.words
    hits = tuple(Hit(one, told[one.id], snippet(register, one, words)) for one in every[start : start + PAGE])
    narrowing = [one for one in facets if one.name in asked]
    narrowed = tuple(_narrowed(register, query, narrowing, every[:1] or register.newest(), told))
    return Found(query, len(every), hits, facets, ranked.looked_for, ranked.named, narrowed)


def _narrowed(
    register: Register, query: Query, asked: Iterable[Facet], some: Sequence[Shown], told: Mapping[str, str]
) -> Iterable[tuple[Facet, str]]:
    """What is known of what it is narrowed down to; `some` is a report that fits all of it, or else all there are."""
    for facet in asked:
        value = getattr(query, facet.name)
        if facet.name == "status":
            label = standing.SAID[value][0] if any(told[one.id] == value for one in some) else ""
        else:
            values = register.each("values", None, lambda one, _: _values(one))
            labels = (label for one in some for known, label in values[one.id][facet.name] if known == value)
            known = facet.name not in THEMES or (facet.name, value) in tellable_themes(register)
            label = next(labels, "") if known else ""
        if label:
            yield facet, label


def every(register: Register, query: Query, today: date) -> Sequence[Shown]:
    """All that fit, in the order of `find`, without anything counted beside them: for tables and feeds."""
    return _fitting(register, query, query.on or today)[2]


class _Ranked(msgspec.Struct, frozen=True):
    """What words find, best first; what was looked for; and what is called by just these words."""

    reports: Sequence[Shown]
    looked_for: Asked = Asked()
    named: Named | None = None


_Fits = Callable[[Shown], bool]


def _fitting(register: Register, query: Query, on: date) -> tuple[_Ranked, Mapping[str, _Fits], Sequence[Shown]]:
    """What the words find, by what it is narrowed down, and what is left."""
    ranked = _ranked(register, query.text)
    told = register.standings(on) if query.status else {}
    themes = tellable_themes(register) if query.tag or query.label else frozenset()
    narrowing: dict[str, _Fits] = {
        "area": lambda one: one.area == query.area,
        "category": lambda one: query.category in one.categories,
        "body": lambda one: any(other.key == query.body for other in one.addressees),
        "coroner": lambda one: one.coroner == query.coroner,
        "year": lambda one: _year(one) == query.year,
        "status": lambda one: told[one.id] == query.status,
        "tag": lambda one: query.tag in _themes("tag", one, themes),
        "label": lambda one: query.label in _themes("label", one, themes),
    }
    asked = {name: fits for name, fits in narrowing.items() if getattr(query, name)}
    left = [one for one in ranked.reports if all(fits(one) for fits in asked.values())] if asked else ranked.reports
    return ranked, asked, left


def _named(register: Register, text: str) -> Named | None:
    if not text or len(text) > NAME_MAX:
        return None
    key = bodies.key(text)
    if key and (theirs := register.by_body().get(key, ((), ()))[0]):
        return Named(f"bodies/{key}/", next(one.name for one in theirs[0].addressees if one.key == key), theirs)
    name = areas.named(text)
    theirs = [one for one in register.newest() if one.area == name] if name else []
    return Named(f"areas/{areas.area_key(name)}/", name, theirs) if theirs else None


FACETS = {
    "status": "Responses",
    "year": "Year",
    "category": "Category",
    "body": "Sent to",
    "area": "Coroner area",
    "coroner": "Coroner",
    "tag": "Research tag",
    "label": "Theme set by a machine",
}
#: By facet: under which of `model.THEMES` its values stand.
THEMES = {"tag": "tags", "label": "labels"}
#: A theme that fewer reports have narrows nothing down: it would point at somebody.
THEME_MIN = 20
#: What a study took for a suicide the coroner may not have, and how old a child was is nobody's question here.
UNTOLD = frozenset({"suicide", "under 5"})


def tellable_themes(register: Register) -> frozenset[tuple[str, str]]:
    """By facet: the themes by which reports can be found."""

    def made() -> frozenset[tuple[str, str]]:
        every = ((name, theme) for one in register for name in THEMES for theme in _themes_of(name, one))
        return frozenset(found for found, count in Counter(every).items() if count >= THEME_MIN)

    return register.once("themes", None, made)


def _themes_of(name: str, one: Shown) -> Iterable[str]:
    themes = one.themes.get(THEMES[name])
    return () if themes is None else (theme for theme in themes.names if theme.lower() not in UNTOLD)


def _themes(name: str, one: Shown, tellable: frozenset[tuple[str, str]]) -> list[str]:
    return [theme for theme in _themes_of(name, one) if (name, theme) in tellable]


def _facet(register: Register, name: str, some: Iterable[Shown], told: Mapping[str, str]) -> Facet:
    note = figures.THEMES[THEMES[name]][1] if name in THEMES else ""
    return Facet(name, FACETS[name], _counts(register, name, some, told), note)


def facets_of_all(register: Register, on: date) -> tuple[Facet, ...]:
    """What all reports count under, where nothing is looked for."""
    told = register.standings(on)
    every = register.newest()
    stand = register.once("facet of standings", on, lambda: _facet(register, "status", every, told))
    others = [name for name in FACETS if name != "status"]
    counted = register.once("facets", None, lambda: {name: _facet(register, name, every, told) for name in others})
    return tuple(counted.get(name, stand) for name in FACETS)


def _but(asked: Mapping[str, _Fits], left: str, one: Shown) -> bool:
    return all(fits(one) for name, fits in asked.items() if name != left)


def _ranked(register: Register, text: str) -> _Ranked:
    if not text:
        return _Ranked(register.newest())
    looked_for = asking.asked(text)
    exact = [one for one in register if one.ref == looked_for.ref] if looked_for.ref else []
    if exact or not looked_for.parts:
        return _Ranked(exact, looked_for)
    found = _all_of(register, looked_for)
    named = _named(register, text)
    if not found and not named:
        looked_for = asking.spelt(register, looked_for)
        found = _all_of(register, looked_for) if looked_for.instead else []
    if not found and not named and len(looked_for.parts) > 1:
        looked_for = msgspec.structs.replace(looked_for, has_all=False)
        found = register.file.search(looked_for.query(" OR "), SOME_MAX)
    ranked = [one for report, _ in found if (one := register.find(report))]
    if named:  # whoever types the name of a body wants what was sent to it
        first = {one.id for one in named.theirs}
        ranked = [*named.theirs, *(one for one in ranked if one.id not in first)]
    return _Ranked(ranked, looked_for, named)


def _all_of(register: Register, looked_for: Asked) -> list[tuple[str, float]]:
    """Reports that have all that is looked for, those in front that have the last word whole."""
    whole = register.file.search(looked_for.query(" AND "), FOUND_MAX)
    begun = register.file.search(looked_for.query(" AND ", begun=True), FOUND_MAX - len(whole))
    return list(dict([*whole, *begun]).items())


def _year(one: Shown) -> str:
    return str(one.dated.year) if one.dated else ""


def _counts(
    register: Register, name: str, reports: Iterable[Shown], told: Mapping[str, str]
) -> tuple[tuple[str, str, int], ...]:
    counts: Counter[tuple[str, str]]
    if name == "status":
        stood = Counter(told[one.id] for one in reports)
        counts = Counter({(one, standing.SAID[one][0]): count for one, count in stood.items()})
    else:
        values = register.each("values", None, lambda one, _: _values(one))
        counts = Counter(chain.from_iterable(values[one.id][name] for one in reports))
    if name in THEMES:
        tellable = tellable_themes(register)
        counts = Counter({found: count for found, count in counts.items() if (name, found[0]) in tellable})
    most = 12 if name in ("body", "coroner", "area") else 40
    order = (
        sorted(counts.items(), key=lambda found: found[0][0], reverse=True)
        if name == "year"
        else counts.most_common(most)
    )
    return tuple((value, label, count) for (value, label), count in order)


def _values(one: Shown) -> dict[str, tuple[tuple[str, str], ...]]:
    """What a report counts under in each facet but that of standings, each value once, with its label."""
    told: dict[str, Iterable[str]] = {
        "year": [_year(one)],
        "category": one.categories,
        "area": [one.area],
        "coroner": [one.coroner],
        **{name: _themes_of(name, one) for name in THEMES},
    }
    named = {body.key: (body.key, body.name) for body in one.addressees if body.key}
    return {name: tuple((value, value) for value in some if value) for name, some in told.items()} | {
        "body": tuple(named.values())
    }


def snippet(register: Register, one: Shown, words: list[str]) -> str:
    """A passage around what was looked for, without what is not for eyes that did not ask for it.

    A word is met by how it begins, first by more of it ("ambulence" finds ambulances); where none is in the texts,
    since it stood in a name, the passage is what it is without words.
    """
    texts = register.texts(one.id)
    for letters in BEGINS if words else ():
        begun = "|".join(re.escape(word[:letters]) for word in words)
        if found := _passage(texts, re.compile(rf"\b(?:{begun})", re.IGNORECASE)):
            return found
    return _passage(texts, None)


def _passage(texts: Texts, looked_for: re.Pattern[str] | None) -> str:
    for text in (*(concern.words for concern in texts.numbered), texts.circumstances):
        sentences = care.sentences(text)
        for place, sentence in enumerate(sentences):
            if (looked_for and not looked_for.search(sentence)) or care.METHODS.search(sentence):
                continue
            before = _unasked(reversed(sentences[:place]), BEFORE)[::-1]
            plain = " ".join(" ".join([*before, *_unasked(sentences[place:], SNIPPET + BEFORE)]).split())
            found = looked_for.search(plain, len(" ".join(" ".join(before).split()))) if looked_for else None
            return _cut(plain, max(0, found.start() - BEFORE) if found else 0)
    return ""


def _unasked(sentences: Iterable[str], enough: int) -> list[str]:
    """The first of them that may be met unasked, until there are so many letters."""
    kept: list[str] = []
    for sentence in sentences:
        if sum(map(len, kept)) > enough:
            break
        if not care.METHODS.search(sentence):
            kept.append(sentence)
    return kept


def _cut(text: str, start: int) -> str:
    begin = text.rfind(" ", 0, start) + 1 if start else 0
    passage = text[begin : begin + SNIPPET]
    if begin + SNIPPET < len(text):
        passage = passage.rsplit(" ", 1)[0] + " …"
    return ("… " if begin else "") + passage
