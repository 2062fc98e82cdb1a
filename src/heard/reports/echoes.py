"""Echoes: earlier reports that may raise the same concern, passage beside passage.

A text is compared concern by concern with each concern of the register: by its words, by what those words go together
with, and by the report that the concern stands in (see `space`). Standing sentences of the form were taken out before,
so they make no two alike. What is not near enough is not offered: better two that are worth reading than ten. Nothing
leaves the machine. What is found is an offer: "raised before" counts only what a person has read and confirmed.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

import msgspec
import numpy as np

from heard.reports import form, space
from heard.reports.register import Register
from heard.reports.shown import Shown, Texts
from heard.reports.space import Parts, Space, stem, words_of
from heard.store.register import FittedFile
from heard.text import care

#: How much the words count, their company, and the report around the passage.
BY_WORDS, BY_PLACE, BY_REPORT = 0.45, 0.45, 0.1
#: How much the two reports as wholes count in the order of what is offered, the nearest passages counting one. Fixed on
#: one half of three sets of labels; what is offered does not hang on it.
BY_AROUND = 2.0
#: What is less near than this, or than this share of the nearest, is not offered. Fixed on one half of what was judged
#: (`bench/echoes_judged.txt`); see docs/performance.md.
NEAR_MIN, OF_NEAREST = 0.34, 0.7
OFFERED = 10
CANDIDATES = 60
#: The longest passage, in characters; a longer concern is several. The shortest, in words that tell something.
PASSAGE, TELLING_MIN = 900, 6
#: So much of a passage is shown.
SHOWN = 640
#: Two passages with this share of the same four-word runs are one inquest, or one report twice.
SAME_SHARE = 0.6


class _Kept(msgspec.Struct, frozen=True):
    """The space as it is kept: of which journal, and on how many reports it was fitted."""

    epoch: str
    fitted_on: int
    space: bytes


class Echo(msgspec.Struct, frozen=True):
    """An earlier report, why it may be similar, and a passage of each side by side. `score` only orders."""

    shown: Shown
    score: float
    words: tuple[str, ...]
    here: str
    there: str


def said_in(texts: Texts) -> Parts:
    """What a report says of its own: its concerns, and the circumstances."""
    return "\n".join(one.words for one in texts.numbered), texts.circumstances


def passages_of(texts: Texts) -> list[str]:
    """The concerns of a report, long ones in parts; those too short to tell what they are of are one together."""
    parts = [passages(one.words) for one in texts.numbered]
    short = "\n".join(one.words for one, some in zip(texts.numbered, parts, strict=True) if not some)
    return [*(part for some in parts for part in some), *passages(short)]


def passages(text: str) -> list[str]:
    """A text in parts of a few sentences each, cut where its lines end if they do."""
    parts: list[str] = []
    for piece in (part for line in re.split(r"\n+", text) for part in _cut(line)):
        if parts and len(parts[-1]) + len(piece) <= PASSAGE:
            parts[-1] += f"\n{piece}"
        else:
            parts.append(piece)
    return [part for part in parts if len(words_of(part)) >= TELLING_MIN]


def _cut(line: str) -> list[str]:
    if len(line) <= PASSAGE:
        return [line.strip()] if line.strip() else []
    parts = [""]
    for sentence in re.split(r"(?<=[.;?!])\s+", line):
        if parts[-1] and len(parts[-1]) + len(sentence) > PASSAGE:
            parts.append("")
        parts[-1] = f"{parts[-1]} {sentence}".strip()
    return parts


class Echoes:
    """What the register says of echoes.

    The space is what was kept of it, or fitted when it is first asked for; and fitted again when much is new.
    """

    #: Fitted again when this share of the register is new to it.
    FIT_AGAIN = 0.02
    #: Fewer reports are fitted in the time that it takes to read a file.
    WORTH_KEEPING = 200

    def __init__(self, register: Register, file: FittedFile | None = None) -> None:
        self.register, self._file = register, file
        self._space: Space | None = None
        self._fitted_on = 0
        self._fitting = threading.Lock()
        #: Whoever makes it ready for those who asked too early.
        self.under_way: Any = None
        if file:
            register.after_withdrawal.append(file.forget)

    @property
    def ready(self) -> bool:
        """Whether anything was fitted yet."""
        return self._space is not None

    def space(self) -> Space:
        """Seconds of work when much is new, so not for the loop that serves. Whoever asks meanwhile has what was fitted
        before: as many threads as there are would wait, and everything else that wants one.
        """
        before = self._space
        if not self._fitting.acquire(blocking=before is None):
            assert before is not None
            return before
        try:
            return self._fitted()
        finally:
            self._fitting.release()

    def _fitted(self) -> Space:
        found = self._space or self._kept()
        if found is None or abs(self._fitted_on - len(self.register)) > self.FIT_AGAIN * len(self.register):
            # What was withdrawn stands in the register until its reports are made anew: that is not kept.
            forgotten, is_whole = self._file.forgotten() if self._file else 0, not self.register.to_come
            fitted_on = len(self.register)
            texts = [(one.id, self.register.texts(one.id)) for one in self.register]
            texts = [(report, one) for report, one in texts if one.numbered or one.circumstances]
            found = space.fit([(report, said_in(one), passages_of(one)) for report, one in texts])
            if self._file and is_whole and len(self.register) >= self.WORTH_KEEPING:
                told = _Kept(self.register.file.epoch, fitted_on, found.packed())
                self._file.keep(msgspec.msgpack.encode(told), forgotten)
            self._fitted_on = fitted_on
        self._space = found
        return found

    def _kept(self) -> Space | None:
        """What an earlier process of this journal fitted; what has changed since is read from the register anyway."""
        held = self._file.kept() if self._file else None
        if held is None:
            return None
        kept = msgspec.msgpack.decode(held, type=_Kept)
        if kept.epoch != self.register.file.epoch:
            return None
        self._fitted_on = kept.fitted_on
        return space.unpacked(kept.space)

    def of_text(self, text: str) -> list[Echo]:
        """Reports that may raise what somebody wrote; what the form says of itself may stand in it."""
        bare = form.without_standing_sentences(text)
        return self.of(passages(bare) or [bare])

    def of(
        self,
        ours: Sequence[str],
        *,
        around: Parts | None = None,
        before: date | None = None,
        but: str = "",
        limit: int = OFFERED,
    ) -> list[Echo]:
        """Reports dated earlier than `before` that may raise what a passage of ours does; none that is far. Those come
        first of which the rest tells of the like, too; `around` is all of ours, where the passages are not.

        A report of the same inquest, or the same twice, is there once; one that is the text itself is not.
        """
        known = [_runs(one) for one in ours] if but else []
        fitted, theirs = self.space(), dict[str, list[str]]()
        found = [one for here in ours for one in self._near(fitted, here, before, but, known, theirs)]
        whole = dict(zip(fitted.reports, space.by_report(fitted, around or ("\n".join(ours), "")), strict=True))
        found = [(near + BY_AROUND * float(whole[one.id]), one, here, there) for near, one, here, there in found]
        kept, seen = dict[str, Echo](), list[frozenset[Any]]()
        for score, shown, here, there in sorted(found, key=lambda one: -one[0]):
            if shown.id in kept or any(_same(_runs(there), other) for other in seen):
                continue
            shared = shared_words(fitted, here, there)
            seen.append(_runs(there))
            unasked = set(words_of(care.unasked(there)))  # a word that tells a method says so alone, too
            # By its stem it may be another word there, and say how here.
            told = tuple(word for word in shared if stem(word) in unasked and not care.METHODS.search(word))
            kept[shown.id] = Echo(shown, score, told, _shown(here, shared), _shown(there, shared))
            if len(kept) == limit:
                break
        return [*kept.values()]

    def _near(
        self,
        fitted: Space,
        here: str,
        before: date | None,
        but: str,
        known: Sequence[frozenset[Any]],
        texts: dict[str, list[str]],
    ) -> Iterator[tuple[float, Shown, str, str]]:
        """What is near one passage: not less than `NEAR_MIN`, nor much less than the nearest."""
        if not len(fitted.owners):
            return
        score, least = scores(fitted, here), NEAR_MIN
        for place in np.argsort(-score, kind="stable")[:CANDIDATES]:
            if score[place] < least:
                return
            shown = self.register.find(fitted.reports[fitted.owners[place]])
            if shown is None or shown.id == but or (before and (shown.dated is None or shown.dated >= before)):
                continue
            if shown.id not in texts:  # as they may be seen now, whatever it was fitted on
                texts[shown.id] = passages_of(self.register.texts(shown.id))
            number, theirs = int(fitted.within[place]), texts[shown.id]
            there = theirs[number] if number < len(theirs) else ""
            if not any(_same(_runs(there), other) for other in known) and shared_words(fitted, here, there):
                least = max(least, OF_NEAREST * float(score[place]))
                yield float(score[place]), shown, here, there


def as_now(register: Register, found: Sequence[Echo]) -> list[Echo]:
    """Those of which nothing was hidden, and nothing told, since they were compared beside what serves."""
    return [one for one in found if register.find(one.shown.id) is one.shown]


def scores(fitted: Space, text: str) -> Any:
    """How near each passage is, from nought to one."""
    passage, whole = space.by_place(fitted, text)
    return BY_WORDS * space.by_words(fitted, text) + BY_PLACE * passage + BY_REPORT * whole


def shared_words(fitted: Space, here: str, there: str, limit: int = 8) -> tuple[str, ...]:
    """The words that both say, most telling first, as the first says them."""
    theirs = set(words_of(there))
    written: dict[str, str] = {}
    for word in re.findall(r"[^\W\d_]{3,}", here):
        written.setdefault(stem(word.lower()), word.lower())
    said = [word for word in written if word in theirs and fitted.weight(word)]
    return tuple(written[word] for word in sorted(said, key=lambda one: -fitted.weight(one))[:limit])


def raised_before(register: Register, shown: Shown) -> list[tuple[Shown, str]]:
    """The earlier reports that named people confirmed, each inquest once, with whoever read both.

    One that is dated later was not before, whoever says so; one that is withheld is not here.
    """
    found: dict[str, tuple[Shown, list[str]]] = {}
    for earlier, who in shown.echoes:
        one = register.find(earlier)
        if one is None or (one.dated and shown.dated and one.dated > shown.dated):
            continue
        _, readers = found.setdefault(one.cell.key if one.cell.kind == "concerns" else earlier, (one, []))
        readers += [who] if who not in readers else []
    return [(one, ", ".join(readers)) for one, readers in found.values()]


@lru_cache(maxsize=4096)
def _runs(text: str) -> frozenset[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return frozenset(zip(words, words[1:], words[2:], words[3:], strict=False))


def _same(one: frozenset[Any], other: frozenset[Any]) -> bool:
    least = min(len(one), len(other))
    return least > 8 and len(one & other) / least >= SAME_SHARE


def _shown(text: str, words: Sequence[str]) -> str:
    """A passage as it stands beside another, without sentences that tell a method; a long one from its words on."""
    said = care.unasked(text)
    if len(said) > SHOWN:
        sentences, stems = care.sentences(said), set(map(stem, words))
        told = [len(stems & set(words_of(sentence))) for sentence in sentences]
        said = " ".join(sentences[told.index(max(told)) :])
    return said if len(said) <= SHOWN else said[:SHOWN].rsplit(" ", 1)[0] + " …"
