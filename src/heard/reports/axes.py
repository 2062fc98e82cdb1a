"""How far a concern has come with each addressee, on four axes that are told apart: response, action, judgement, kept.

None follows from another. A response is what was published; an action what a named person read in one, with the
passage; a judgement what a named person gave, with the reason; kept is what the watch may say in public, late and
without place. Where nobody has said anything an axis is "not known".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Literal, Protocol

import msgspec

from heard.reports import bodies, equivalents
from heard.reports.concerns import meant
from heard.reports.model import HIDDEN, NOT_KNOWN, Concern, GivenJudgement, Judged
from heard.reports.shown import Shown, Texts
from heard.reports.standing import Stand, in_words

#: By the word of an outcome: what was done.
ACTIONS = {"implemented": "done", "partly implemented": "partly done", "planned": "planned", "rejected": "refused"}
#: By how an obligation stands: how what is watched because of a concern is kept.
KEEPING = {
    "kept": "kept",
    "lapsed": "lapsed",
    "unknown": "unproven",
    "suspended": "suspended",
    "closed": "closed, not watched",
    "not yet": "armed",
}

RESPONSES = (
    NOT_KNOWN,
    "awaited",
    "extended",
    "none published",
    "response published",
    "interim reply",
    "responses counted",
    "not spoken of",
)


class Kept(Protocol):
    """What the page of a report may say of something that is watched because of it (`watch.origins.Kept`)."""

    @property
    def concern(self) -> str: ...
    @property
    def words(self) -> str: ...
    @property
    def stands(self) -> Literal["kept", "lapsed", "unknown", "suspended", "closed", "not yet"]: ...
    @property
    def until_on(self) -> date: ...
    @property
    def since_on(self) -> date: ...
    @property
    def lapses(self) -> int: ...
    @property
    def last_on(self) -> date | None: ...
    @property
    def unproven(self) -> int: ...
    @property
    def false(self) -> int: ...
    @property
    def decided_by(self) -> str: ...


class Value(msgspec.Struct, frozen=True):
    """What one axis says, in whose name, as of which day, and the words that it rests on."""

    value: str = NOT_KNOWN
    words: str = ""
    by: str = ""
    on: date | None = None


NOTHING = Value()


class Axes(msgspec.Struct, frozen=True):
    """One concern and one addressee; both are empty where what is watched names no concern that is known."""

    concern: str
    number: str
    addressee: str
    response: Value = NOTHING
    action: Value = NOTHING
    judgement: Value = NOTHING
    closed: bool = False
    superseded_by: str = ""
    kept: tuple[Value, ...] = (NOTHING,)
    #: Whether nothing that anybody recorded could be meant for it without that being certain.
    certain: bool = True

    def told(self) -> bool:
        """Whether anything is known besides the response, which stands with its addressee anyway."""
        return any(one.value != NOT_KNOWN for one in (self.action, self.judgement, *self.kept))

    def _as(self, rules: Sequence[equivalents.Rule]) -> str:
        if not self.certain:
            return equivalents.NO_EQUIVALENT
        said = self.response.value, self.action.value, self.judgement.value
        return equivalents.said_by(rules, *said, closed=self.closed, superseded=bool(self.superseded_by))

    @property
    def ntsb(self) -> str:
        return self._as(equivalents.NTSB)

    @property
    def gao(self) -> str:
        return self._as(equivalents.GAO)


def axes(shown: Shown, texts: Texts, stands: Sequence[Stand], kept: Iterable[Kept]) -> list[Axes]:
    """Every concern with each addressee that it is put to; last what is watched for none of them.

    Where the concerns are not known, the report as a whole stands for them. `kept` is masked as the report is.
    """
    concerns = texts.numbered
    said: list[Judged | GivenJudgement] = [*shown.judged, *shown.judgements]
    recorded = [(meant(one.concern, concerns), one) for one in said]
    watched = [(meant(one.concern, concerns), one) for one in kept]
    names = Counter(one.addressee.name for one in stands)
    rows = []
    for concern in concerns or (None,):
        theirs = [one for of, one in recorded if of is concern and concern]
        keeps = tuple(_kept(one) for of, one in watched if of is concern) or (NOTHING,)
        for name, stand in _asked(concern, stands, [one.addressee for one in theirs]):
            # Two whose names are hidden are called alike: what is said of one of them is said of neither.
            apart = names[name] < 2
            told_apart = apart and bool(name) and HIDDEN not in name
            row = Axes(
                *(concern.id if concern else "", concern.number if concern else "", name),
                response=_response(concern, concerns, stand) if apart or not (stand and stand.response) else NOTHING,
                kept=keeps,
                certain=concern is not None
                and told_apart
                and not any(of is None and one.addressee == name for of, one in recorded),
            )
            rows.append(_judged(row, [one for one in theirs if one.addressee == name]) if told_apart else row)
    rest = [one for of, one in watched if of is None] if concerns else []
    return rows + [Axes("", one.concern, "", kept=(_kept(one),), certain=False) for one in rest]


def _judged(row: Axes, recorded: Sequence[Judged | GivenJudgement]) -> Axes:
    """With what people recorded last of this concern and this addressee."""
    for one in recorded:
        if isinstance(one, Judged):
            row = msgspec.structs.replace(row, action=Value(ACTIONS[one.outcome], one.passage, one.judged_by))
        elif one.judgement == "taken back":
            row = msgspec.structs.replace(row, judgement=NOTHING, closed=False, superseded_by="")
        else:
            judgement = Value(one.judgement, one.reason, one.judged_by, one.judged_on)
            row = msgspec.structs.replace(row, judgement=judgement, closed=one.closes, superseded_by=one.superseded_by)
    return row


def _asked(
    concern: Concern | None, stands: Sequence[Stand], named: Iterable[str]
) -> Iterator[tuple[str, Stand | None]]:
    """To whom a concern is put: those it names, or else all that were asked to respond; and whoever is `named`
    besides in what people recorded of it.
    """
    found: list[tuple[str, Stand | None]] = [(one.addressee.name, one) for one in stands]
    if concern and concern.to:
        found = [_called(name, stands) for name in concern.to]
    known = {name for name, _ in found}
    found += [_called(name, stands) for name in dict.fromkeys(named) if name not in known and HIDDEN not in name]
    yield from found or [("", None)]


def _called(name: str, stands: Sequence[Stand]) -> tuple[str, Stand | None]:
    stand = next((one for one in stands if bodies.alike(one.addressee.name, name)), None)
    return (stand.addressee.name if stand else name), stand


def _response(concern: Concern | None, concerns: Sequence[Concern], stand: Stand | None) -> Value:
    if stand is None:
        return NOTHING
    value: str = stand.state
    if value == "awaited" and stand.due and stand.due.extended:
        value = "extended"
    spoken_of = [meant(one, concerns) for one in (stand.response.concerns if stand.response else ())]
    if concern and spoken_of and concern not in spoken_of:
        if None in spoken_of:
            return Value(NOT_KNOWN, f"{stand.words}; whether it speaks of this concern is not known", "", stand.since)
        return Value("not spoken of", f"{stand.words}; it does not speak of this concern", "", stand.since)
    return Value(value, stand.words, "", stand.since)


def _kept(one: Kept) -> Value:
    since = in_words(one.since_on)
    said = {
        "kept": f"kept since {since}",
        "lapsed": f"not kept since {since}",
        "unknown": f"since {since} nobody can say whether it is kept",
        "suspended": f"since {since} not watched for a time, as two people agreed",
        "closed": f"closed on {since}, not watched any more",
        "not yet": f"watched; what comes of it can be read from {since}",
    }[one.stands]
    if one.lapses and one.last_on:
        said += f"; lapsed {_times(one.lapses)}, last on {in_words(one.last_on)}"
    if one.unproven:
        said += f"; {_times(one.unproven)} nobody could say"
    if one.false:
        said += f"; it rang {_times(one.false)} and was found to be kept"
    return Value(KEEPING[one.stands], f"{one.words} – {said}", one.decided_by, one.until_on)


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number:,} times"
