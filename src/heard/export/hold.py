"""The record of a case under a legal hold: all as it was published over time, each entry of the case accounted for.

This is the one export that carries words which were withdrawn. A line stands for each entry of the case, carried or
not; an entry is carried whole or not at all, with its proof. The format is in docs/formats/hold.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from heard.cases import entries as of_cases
from heard.coverage import entries as of_coverage
from heard.coverage.alert_entries import AlertCalled, AlertCalledOff, AlertSent
from heard.coverage.entries import PostErased, PostPublished, PostRetracted, PostTakenOver, Told
from heard.engine.entry import Body

FORMAT: Literal["heard hold 1"] = "heard hold 1"
FILES = (
    "README.txt", "checkpoint", "entries.ndjson", "leaves", "public-key", "record.html", "record.json", "style.css",
)  # fmt: skip

#: What gave readers words, or a notice where words had stood.
WORDED: tuple[type[Body], ...] = (
    of_cases.CaseOpened,
    of_cases.CaseDescribed,
    of_cases.PersonNamed,
    of_cases.HearingListed,
    of_cases.SittingBegan,
    of_coverage.SummaryWritten,
    of_coverage.PostPublished,
    of_coverage.PostTakenOver,
    of_coverage.PostCorrected,
    of_coverage.PostClarified,
    of_coverage.PostRetracted,
)
_TOLD: tuple[type[Body], ...] = (
    of_coverage.WentLive,
    of_coverage.Paused,
    of_coverage.Resumed,
    of_coverage.Closed,
    of_coverage.Reopened,
)
#: What else has no word in it that stayed at the desk. A reason, a ground, what was held: none of these is here.
_WORDLESS: tuple[type[Body], ...] = (
    of_cases.SlugTaken,
    of_cases.JurySworn,
    of_cases.JurySentOut,
    of_cases.JuryReturned,
    of_cases.SecondEyesRuled,
    of_cases.DelayFixed,
    of_cases.CareTaken,
    of_coverage.PauseOverran,
    of_coverage.CoverageTakenOver,
    of_coverage.ReleaseAgreed,
    of_coverage.ChangeLetOut,
    of_coverage.KeyEventMarked,
    of_coverage.KeyEventUnmarked,
    of_coverage.PostPinned,
    of_coverage.PostUnpinned,
    of_coverage.PostPlaced,
    of_coverage.RecordTaken,
    AlertCalled,
    AlertCalledOff,
    AlertSent,
)
WITH_ELEMENTS = (PostPublished, PostTakenOver, of_coverage.PostCorrected, of_coverage.PostClarified)
WORDED_KINDS = frozenset(body.kind for body in (*WORDED, *_TOLD))
#: What is carried, unless it is erased or says a protected name.
CARRIED_KINDS = WORDED_KINDS | {body.kind for body in _WORDLESS}
#: A post that has none of these on its stream was never seen by readers.
SHOWING = frozenset(body.kind for body in (PostPublished, PostTakenOver, PostRetracted, of_cases.SittingBegan))
#: What became of words when the next entry of this kind came.
_ENDED = {
    of_coverage.PostCorrected.kind: "corrected",
    of_coverage.PostClarified.kind: "clarified",
    of_coverage.PostRetracted.kind: "withdrawn",
    of_coverage.PostErased.kind: "erased",
}

#: Why an entry of the case is not carried.
Why = Literal["", "erased", "name", "desk"]


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of the case, in the words of its header; `why` says why it is not carried, "" where it is.

    `of` is what it gave words to: a post, a person, a hearing, `title` or `summary`. Of what readers never saw there is
    the position alone.
    """

    position: int
    why: Why
    stream: str = ""
    kind: str = ""
    at: str = ""
    by: str = ""
    of: str = ""


class Wording(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words that readers had, given by `entry`; `until_at` is "" while they have them.

    `orders` were in force when they came. `stopped_by` are orders, these or later ones, that keep just these words from
    readers while they are in force, as this version of Heard finds them.
    """

    of: str
    entry: int
    from_at: str
    until_at: str
    ended: str
    by: str
    orders: tuple[str, ...] = ()
    stopped_by: tuple[str, ...] = ()


class Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A restriction, with its terms; it bound from `entry` until `lifted`, the entries that recorded it and its end.

    `masked`: a term of it says a name that is protected, and is left empty. `names` only where the record has them.
    """

    id: str
    entry: int
    kind: str
    recorded_at: str
    recorded_by: str
    lifted: int
    lifted_at: str
    lifted_by: str
    basis: str
    scope: str
    document: str
    cipher: str
    from_at: str
    until_at: str
    until_event: str
    masked: bool
    names: tuple[str, ...]


class HoldRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What record.json says. `title` is that of now, "" if it says a protected name; `zone` that of the court.

    `taken` is the position of the entry by which it was taken, `size` that of the journal.
    `who` names accounts of the desk that stand in lines; `missing` are pictures of carried words that are not here.
    """

    format: Literal["heard hold 1"]
    case: str
    slug: str
    title: str
    zone: str
    size: int
    taken: int
    names: bool
    who: dict[str, str]
    orders: tuple[Order, ...]
    lines: tuple[Line, ...]
    wordings: tuple[Wording, ...]
    missing: tuple[str, ...]

    def encode(self) -> bytes:
        return msgspec.json.encode(self, order="sorted") + b"\n"


def may_be_carried(body: Body, *, names: bool) -> bool:
    """Whether an entry of this kind may be in a record at all, before its words are asked about."""
    if isinstance(body, of_cases.SittingRose):  # what was said at rising was shown to nobody
        return not body.words
    if isinstance(body, of_cases.RestrictionImposed):
        return names
    return isinstance(body, (*WORDED, *_TOLD, *_WORDLESS))


def gives_words_to(stream: str, body: Body) -> str:
    """What an entry gave words to, "" where it gave none."""
    match body:
        case Told():
            return body.notice if body.words else ""
        case of_coverage.SummaryWritten():
            return "summary"
        case of_cases.CaseOpened() | of_cases.CaseDescribed():
            return "title"
        case PostTakenOver() if body.status != "published" and not body.notices:
            return ""
    return stream if isinstance(body, WORDED) else ""


def wordings(lines: Iterable[Line], orders: Sequence[Order], stopped: Mapping[int, tuple[str, ...]]) -> list[Wording]:
    """The wordings in the order in which they came, as they follow from the lines and the orders."""
    found: list[Wording] = []
    standing: dict[str, int] = {}
    for line in lines:
        if not line.of:
            continue
        if line.of in standing:
            last = found[number := standing.pop(line.of)]
            found[number] = msgspec.structs.replace(last, until_at=line.at, ended=_ENDED.get(line.kind, "replaced"))
        if line.kind != PostErased.kind:
            standing[line.of] = len(found)
            more = {"orders": in_force(orders, line.position), "stopped_by": stopped.get(line.position, ())}
            found.append(Wording(line.of, line.position, line.at, "", "", line.by, **more))
    return found


def in_force(orders: Iterable[Order], position: int) -> tuple[str, ...]:
    """The orders that had been recorded, and not lifted, when the entry at this position was written."""
    return tuple(one.id for one in orders if one.entry < position and not 0 < one.lifted < position)


def digest(leaves: Iterable[tuple[int, bytes]]) -> str:
    """The one number that fixes which entries a case had: over `<position> <leaf in hexadecimal>`, a line each."""
    return hashlib.sha256("".join(f"{position} {leaf.hex()}\n" for position, leaf in leaves).encode()).hexdigest()
