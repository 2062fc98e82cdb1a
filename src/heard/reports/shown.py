"""A report as it may be seen: nothing that is withheld or hidden is in it, so nothing made of it can say it.

Every exit of this room (page, list, search, table, feed) is made of these and of nothing else. What is masked is masked
here, once, in every field.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any

import msgspec

from heard.reports import addressees, areas, bodies, care, counting, entries, form, requests
from heard.reports.clocks import Due
from heard.reports.concerns import bound, concerns
from heard.reports.counting import Count
from heard.reports.knowledge import Knowledge, known
from heard.reports.model import (
    HIDDEN,
    NOT_SHOWN,
    SOURCES,
    TEXTS,
    THEMES,
    Addressee,
    Cell,
    Concern,
    GivenJudgement,
    Judged,
    Masking,
    Promise,
    Response,
    Themes,
    tidy_ref,
)
from heard.reports.requests import called, of_kind
from heard.text.dates import civil_date
from heard.text.names import Names
from heard.text.nicknames import also_called, may_be_called
from heard.text.normalise import letters


class Shown(msgspec.Struct, frozen=True):
    """What is listed of a report. Its texts are in `Texts`, beside it."""

    id: str
    slug: str
    ref: str
    title: str
    dated: date | None
    dated_as: str
    added: date | None
    deceased: str
    coroner: str
    area: str
    area_as: str
    categories: tuple[str, ...]
    themes: dict[str, Themes]
    addressees: tuple[Addressee, ...]
    #: Bodies that were sent a copy, and owe nothing.
    copied: tuple[Addressee, ...]
    dues: tuple[Due | None, ...]
    responses: tuple[Response, ...]
    counts: tuple[Count, ...]
    #: Links of the source: how many there are, and how many of them are named as responses and are nobody's as yet.
    linked: int
    unclaimed: int
    promises: tuple[Promise, ...]
    judged: tuple[Judged, ...]
    judgements: tuple[GivenJudgement, ...]
    disputes: tuple[tuple[str, str], ...]
    echoes: tuple[tuple[str, str], ...]
    #: The inquests after which it was made, by the ids of their cases, and who says so.
    cases: tuple[tuple[str, str], ...]
    links: tuple[str, ...]
    sources: tuple[tuple[str, date], ...]
    flags: tuple[str, ...]
    names_hidden: bool
    child: bool
    suicide: bool
    #: What stands where the concerns should.
    cell: Cell

    @property
    def is_nameless(self) -> bool:
        """Whether somebody in it is hidden, taken out or called by initials: what is led to from it may carry the name,
        and so may what leads to it.
        """
        is_out = any(HIDDEN in one for one in (self.deceased, self.coroner))
        return self.names_hidden or is_out or addressees.is_mark("deceased", self.deceased)

    def met(self) -> tuple[Addressee, ...]:
        """All that were sent it, whether they were asked to respond or had a copy."""
        return (*self.addressees, *self.copied)

    def counted(self, on: date | None = None) -> Count | None:
        """The newest count that was taken on the day or before it."""
        found = [count for count in self.counts if on is None or count.on <= on]
        return found[-1] if found else None


class Texts(msgspec.Struct, frozen=True):
    """The running texts of a report, and its concerns one by one, masked."""

    numbered: tuple[Concern, ...] = ()
    investigation: str = ""
    circumstances: str = ""
    concerns: str = ""
    action: str = ""
    deadline: str = ""
    copies: str = ""


def show(
    report: str,
    slug: str,
    kept_at: str,
    life: Sequence[Any],
    masking: Masking,
    *,
    on: date | None = None,
    nameless: bool = False,
    child: bool = False,
    alike: entries.NamesHidden | None = None,
) -> tuple[Shown, Texts] | None:
    """What may be seen of a report; `life` are the bodies on its stream. None when the whole is withheld.

    `masking` takes out what is under an order; `nameless` hides whoever died, whatever was decided of this report.
    `child`: another report about somebody of the same name says that it was a child; `alike`: what somebody asked to be
    hidden in another.
    `on` looks back to a day: at facts, not at what may be seen of them.
    """
    knowledge = known(life, on)
    if knowledge.gone or _is_lost(life):
        return None
    said, life = knowledge.words, bound(life, on)
    texts = {field: said(field).replace("\xa0", " ") for field in TEXTS}
    # What is known since binds on every day.
    child = child or care.is_young(knowledge.words) or (on is not None and care.is_young(known(life).words))
    hidden = _in_force(life, nameless, child, alike)
    names = _names(life, knowledge, hidden)
    masked = _masked(names, masking)
    links = requests.links(knowledge)
    ref = tidy_ref(said("ref"))
    dated = civil_date(said("dated"))
    sent_to = tuple(requests.addressee(name, masked) for name in requests.asked(knowledge))
    died = re.sub(r"(?<=\w{3})[\s.;,]+$", "", said("deceased"))  # a source ends a list of names as a sentence
    deceased = HIDDEN if hidden or addressees.is_redacted(died) else masked(died)
    responses, unclaimed = requests.responses(life, links, sent_to, masked)
    area_as = masked(" ".join(areas.first_line(said("area")).split()))
    numbered = tuple(concerns(life, texts["concerns"], masked))
    shown = Shown(
        id=report,
        slug=slug,
        ref=ref,
        title=deceased if deceased and deceased != HIDDEN else (f"Report {ref}" if ref else f"Report {slug}"),
        dated=dated,
        dated_as=masked(said("dated").strip()),
        added=civil_date(said("added")),
        deceased=deceased,
        coroner=HIDDEN if addressees.is_redacted(said("coroner")) else masked(" ".join(said("coroner").split())),
        area=areas.area(area_as) if area_as else "",
        area_as=area_as,
        categories=_listed_in(said("categories"), masked),
        themes={
            field: Themes(one.source, one.on, _listed_in(one.words, masked))
            for field in THEMES
            if (one := knowledge.facts.get(field))
        },
        addressees=sent_to,
        copied=requests.had_copies(masked(texts["copies"]), sent_to),
        dues=tuple(requests.dues(life, sent_to, dated, form.stated_deadline(texts["deadline"]), masked)),
        responses=tuple(responses),
        counts=tuple(counting.counts(life)),
        linked=len(links),
        unclaimed=unclaimed,
        promises=tuple(
            Promise(called(one.addressee, sent_to, masked), masked(one.words), masked(one.concern), one.due_on)
            for one in of_kind(life, entries.PromiseRecorded)
        ),
        judged=tuple(
            Judged(
                masked(one.concern),
                called(one.addressee, sent_to, masked),
                one.outcome,
                masked(one.judged_by),
                masked(one.passage),
            )
            for one in of_kind(life, entries.OutcomeSet)
        ),
        judgements=tuple(
            GivenJudgement(
                *(masked(one.concern), called(one.addressee, sent_to, masked), one.judgement, masked(one.judged_by)),
                *(one.judged_on, masked(one.reason), one.closes, masked(one.superseded_by)),
            )
            for one in of_kind(life, entries.JudgementGiven)
        ),
        disputes=tuple(
            (called(one.addressee, sent_to, masked), masked(one.words)) for one in of_kind(life, entries.Disputed)
        ),
        echoes=tuple((one.earlier, masked(one.confirmed_by)) for one in of_kind(life, entries.EchoConfirmed)),
        cases=tuple((case, masked(by)) for case, by in _cases(life)),
        links=tuple(
            link
            for link in (kept_at, said("pdf"))
            if link.startswith("http") and not names and masking(requests.as_words(link)) == requests.as_words(link)
        ),
        sources=_sources(knowledge),
        flags=tuple(_flags(said, ref, dated)),
        names_hidden=bool(names),
        child=child,
        suicide=care.is_of_suicide(f"{said('categories')} {said('tags')}", *texts.values()),
        cell=form.cell(masked(texts["concerns"]), (one.words for one in numbered), _unfound_by(knowledge)),
    )
    return shown, Texts(numbered, **{field: masked(text) for field, text in texts.items()})


def _listed_in(cell: str, masked: Masking) -> tuple[str, ...]:
    return tuple(dict.fromkeys(masked(one.strip()) for one in re.split(r"[|;]", cell) if one.strip()))


def _sources(knowledge: Knowledge) -> tuple[tuple[str, date], ...]:
    """Those of which something stands on the page, the newest last."""
    some = {(one.source, one.on) for field, one in knowledge.facts.items() if field not in {*NOT_SHOWN, *THEMES}}
    return tuple(sorted(some, key=lambda one: (one[1], SOURCES[one[0]].voice, SOURCES[one[0]].care)))


def _unfound_by(knowledge: Knowledge) -> str:
    """The source that says it found no concerns, and has said nothing of them since."""
    unfound, told = knowledge.facts.get("unfound"), knowledge.facts.get("concerns")
    if unfound is None or "concerns" not in unfound.words.split():
        return ""
    return "" if told and told.source == unfound.source and told.on > unfound.on else unfound.source


# Whose names stand ---------------------------------------------------------------------------------------------------


def masking_of(
    life: Sequence[Any],
    masking: Masking,
    *,
    nameless: bool = False,
    child: bool = False,
    alike: entries.NamesHidden | None = None,
) -> Masking:
    """What takes out of words that others say of a report all that is hidden or withheld in the report itself."""
    knowledge = known(life)
    hidden = _in_force(life, nameless, child or care.is_young(knowledge.words), alike)
    return _masked(_names(life, knowledge, hidden), masking)


def _masked(names: set[str], masking: Masking) -> Masking:
    if not names:
        return masking
    own, given = Names(names), {name.lower() for name in names if " " not in name}
    called = {other for one in given for other in also_called(one)} - care.COMMON
    common = care.common_in(names)

    def is_theirs(word: str, before_a_name: bool) -> bool:
        return word in called or (before_a_name and (word in common or any(may_be_called(one, word) for one in given)))

    def one_word(found: re.Match[str]) -> str:
        word, text, (start, end) = found[1].lower(), found.string, found.span(1)
        if word in common and care.is_a_name_here(
            word, text[max(0, start - len(HIDDEN) - 1) : start], text[end : end + 4]
        ):
            return HIDDEN
        return HIDDEN if is_theirs(word, bool(found[2])) else found[1]

    def without(text: str) -> str:
        bare = own.masked(text, HIDDEN)
        for _ in range(2 if common else 1):  # what stands behind a name that was taken out just now is one too
            bare = _NAME_LIKE.sub(one_word, bare)
        return masking(_AGAIN.sub(HIDDEN, bare))

    return without


#: A word that may be a name, and whether a name that was taken out follows it.
_NAME_LIKE = re.compile(rf"\b([A-Z][a-z]+)\b(?=( {re.escape(HIDDEN)})?)")
_AGAIN = re.compile(rf"{re.escape(HIDDEN)}(?: {re.escape(HIDDEN)})+")


def _names(life: Sequence[Any], knowledge: Knowledge, hidden: entries.NamesHidden | None) -> set[str]:
    """The parts of names that are to stand in nothing that is shown of a report."""
    names = {part for name in knowledge.withheld for part in _forms(name)}
    if hidden:
        people = [name for said_once in _every(life, "deceased") for name in care.people_in(said_once)]
        names |= {part for name in (*people, *hidden.names) for part in care.parts_of(name)}
    return {name for name in names if letters(name, keep_markup=True)}  # a source's "-" is nobody's name


def _in_force(
    life: Iterable[Any], nameless: bool, child: bool, alike: entries.NamesHidden | None
) -> entries.NamesHidden | None:
    """The hiding in force: what people asked of this report, or else of another of the same dead, or else a rule."""
    by_rule = alike or (entries.NamesHidden() if child else None)
    return hiding(life, by_rule) or (entries.NamesHidden() if nameless else None)


def hiding(life: Iterable[Any], by_rule: entries.NamesHidden | None = None) -> entries.NamesHidden | None:
    """What people asked to be hidden since somebody last let the names stand, all of it together: whoever asks again
    takes no name back that was asked for before.
    """
    found = by_rule
    for body in life:
        if isinstance(body, entries.NamesHidden):
            found = entries.NamesHidden((*(found.names if found else ()), *body.names))
        elif isinstance(body, entries.NamesShown):
            found = None
    return found


def _is_lost(life: Iterable[Any]) -> bool:
    """Whether names are to be hidden of which nobody knows any more what they are."""
    lost = False
    for body in life:
        if isinstance(body, entries.NamesHidden):
            lost = body.lost or (lost and not body.names)
        elif isinstance(body, entries.NamesShown):
            lost = False
    return lost


def _every(life: Iterable[Any], field: str) -> list[str]:
    """All that any source ever said in a field."""
    return [body.facts[field] for body in life if isinstance(body, entries.Told) and field in body.facts]


def _forms(name: str) -> set[str]:
    """In which forms a withheld value is looked for in the text: a person's by its words, a body's as a whole."""
    return {name} if bodies.key(name) else {part for one in care.people_in(name) for part in care.parts_of(one)}


# What it says --------------------------------------------------------------------------------------------------------


def _cases(life: Iterable[Any]) -> Iterable[tuple[str, str]]:
    linked: dict[str, str] = {}
    for body in life:
        if isinstance(body, entries.CaseLinked):
            linked.setdefault(body.case, body.linked_by)
        elif isinstance(body, entries.CaseUnlinked):
            linked.pop(body.case, None)
    return linked.items()


def _flags(said: Callable[[str], str], ref: str, dated: date | None) -> Iterable[str]:
    if said("dated") and dated is None:
        yield "The date cannot be read."
    added = civil_date(said("added"))
    if dated and added and dated > added:
        yield "The report is dated after the day on which it was published."
    if said("ref") and not ref:
        yield "The reference cannot be read."
    if ref and dated and abs(int(ref[:4]) - dated.year) > 0:
        yield "The year of the reference is not the year of the report."
