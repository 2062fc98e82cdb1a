"""Echoes: earlier reports that may raise the same concern, by their words and by what those words go together with.

Two rankings are fused. The one is BM25 over the index of the register; the other compares directions in a space fitted
on the register itself (latent semantic analysis: TF-IDF, then the strongest directions of a truncated SVD, found by
randomised subspace iteration). Standing sentences of the form were taken out before, so they make no two alike. Nothing
leaves the machine. What is found is an offer: "raised before" counts only what a person has read and confirmed.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

import msgspec
import numpy as np

from heard.reports import care
from heard.reports.register import Register
from heard.reports.shown import Shown, Texts

DIRECTIONS = 160
#: How often the subspace is turned towards the strongest directions, and how many rows are multiplied at once.
ROUNDS, BLOCK = 4, 256
#: A word that is in fewer reports, or in more than this share of them, tells nothing of what goes with what.
SEEN_MIN, SEEN_SHARE_MAX = 3, 0.35
VOCABULARY_MAX = 12_000
#: Of so few reports every word counts.
FEW = 200
#: Reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009): how soon a rank stops counting.
FUSED_FROM = 20
CANDIDATES = 200
#: The words by which a text is looked for; a whole report has hundreds.
QUERY_WORDS = 40
#: Two reports with this share of the same four-word runs are one inquest, or one report twice.
SAME_SHARE = 0.6

_WORD = re.compile(r"[a-z]{3,}")
_STOP = frozenset(
    "the and for that this with was were are not have has had from they their there which who whom would could "
    "should been "
    "being his her him she but any all can may will its into than then them these those such also when where what "
    "while "
    "during after before about between upon under over more most other some only each own same very does did done "
    "one two "
    "inquest coroner evidence concern concerns death deaths report future risk matter matters circumstances".split()
)


class Echo(msgspec.Struct, frozen=True):
    """An earlier report, why it may be similar, and a passage of each side by side. `score` only orders."""

    shown: Shown
    score: float
    words: tuple[str, ...]
    here: str
    there: str
    confirmed: bool = False


class Space(msgspec.Struct):
    """The fitted space: words to rows, and a direction of unit length for each report."""

    vocabulary: dict[str, int]
    weights: Any
    directions: Any
    reports: list[str]
    places: Any


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """The word without the endings that make no difference here."""
    for ending in (
        "ational",
        "isation",
        "ization",
        "ments",
        "ment",
        "ingly",
        "edly",
        "ings",
        "ing",
        "ers",
        "ies",
        "ied",
        "ed",
        "es",
        "er",
        "ly",
        "s",
    ):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word


def words_of(text: str) -> list[str]:
    return [stem(word) for word in _WORD.findall(text.lower()) if word not in _STOP]


def said_in(texts: Texts) -> str:
    """What two reports are compared by: their concerns, and the circumstances."""
    return "\n".join([*(one.words for one in texts.numbered), texts.circumstances])


def fit(documents: Sequence[tuple[str, str]]) -> Space:
    """The space of these (report, text). Deterministic: the same documents give the same space."""
    counts = [Counter(words_of(text)) for _, text in documents]
    seen = Counter(word for count in counts for word in count)
    least = SEEN_MIN if len(documents) > FEW else 1
    most = max(SEEN_MIN, SEEN_SHARE_MAX * len(documents))
    kept = [word for word, number in seen.most_common() if least <= number <= most][:VOCABULARY_MAX]
    vocabulary = {word: place for place, word in enumerate(kept)}
    weights = np.array([math.log((1 + len(documents)) / (1 + seen[word])) + 1 for word in kept], dtype=np.float32)
    rows = [_sparse(count, vocabulary, weights) for count in counts]
    directions = _directions(rows, len(kept))
    places = np.stack([_placed(row, directions) for row in rows]) if rows else np.zeros((0, 0), dtype=np.float32)
    return Space(vocabulary, weights, directions, [report for report, _ in documents], places)


def _sparse(count: Counter[str], vocabulary: dict[str, int], weights: Any) -> tuple[Any, Any]:
    """A text as (places, values) of unit length; often said is a little more than said once."""
    found = [(vocabulary[word], 1 + math.log(number)) for word, number in count.items() if word in vocabulary]
    places = np.array([place for place, _ in found], dtype=np.int64)
    values = np.array([value for _, value in found], dtype=np.float32)
    values = values * weights[places] if len(found) else values
    length = float(np.linalg.norm(values)) or 1.0
    return places, values / length


def _directions(rows: Sequence[tuple[Any, Any]], width: int) -> Any:
    """The strongest directions of the matrix with these rows: randomised subspace iteration (Halko et al., 2011)."""
    size = min(DIRECTIONS, max(1, min(len(rows), width) - 1))
    basis = np.random.default_rng(20181219).standard_normal((width, size + 10)).astype(np.float32)
    for _ in range(ROUNDS):
        basis = sum((block.T @ (block @ basis) for block in _blocks(rows, width)), np.zeros_like(basis))
        basis, _ = np.linalg.qr(basis)
    small = sum(
        ((block @ basis).T @ (block @ basis) for block in _blocks(rows, width)), np.zeros((basis.shape[1],) * 2)
    )
    _, _, turned = np.linalg.svd(small)
    return (basis @ turned[:size].T.astype(np.float32)).astype(np.float32)


def _blocks(rows: Sequence[tuple[Any, Any]], width: int) -> Iterator[Any]:
    """The matrix, some rows at a time, with its noughts: all of it would be hundreds of megabytes."""
    for start in range(0, len(rows), BLOCK):
        some = rows[start : start + BLOCK]
        block = np.zeros((len(some), width), dtype=np.float32)
        for place, (columns, values) in enumerate(some):
            block[place, columns] = values
        yield block


def _placed(row: tuple[Any, Any], directions: Any) -> Any:
    places, values = row
    if not len(places):
        return np.zeros(directions.shape[1], dtype=np.float32)
    place = values @ directions[places]
    return place / (float(np.linalg.norm(place)) or 1.0)


def near(space: Space, text: str, limit: int = CANDIDATES) -> list[tuple[str, float]]:
    """The reports that lie nearest to a text, nearest first, with the cosine."""
    place = _placed(_sparse(Counter(words_of(text)), space.vocabulary, space.weights), space.directions)
    if not len(space.reports) or not place.any():
        return []
    cosines = space.places @ place
    best = np.argsort(-cosines, kind="stable")[:limit]
    return [(space.reports[int(one)], float(cosines[one])) for one in best if cosines[one] > 0]


def fused(*rankings: Sequence[str]) -> list[tuple[str, float]]:
    """One ranking of several, by reciprocal rank."""
    scores: dict[str, float] = {}
    for ranking in rankings:
        for rank, report in enumerate(ranking):
            scores[report] = scores.get(report, 0.0) + 1 / (FUSED_FROM + rank)
    return sorted(scores.items(), key=lambda one: (-one[1], one[0]))


def telling_words(text: str, space: Space, limit: int = QUERY_WORDS) -> list[str]:
    """The words of a text that tell it apart, most telling first, each as it is written."""
    said = [word for word in _WORD.findall(text.lower()) if word not in _STOP]
    written = {stem(word): word for word in reversed(said)}
    counts = Counter(map(stem, said))
    weighed = {
        word: float(space.weights[space.vocabulary[word]]) * (1 + math.log(number))
        for word, number in counts.items()
        if word in space.vocabulary
    }
    return [written[word] for word in sorted(weighed, key=lambda one: -weighed[one])[:limit]]


class Echoes:
    """What the register says of echoes; the space is fitted when it is first asked for, and again when much is new."""

    #: Fitted again when this share of the register is new to it.
    FIT_AGAIN = 0.02

    def __init__(self, register: Register) -> None:
        self.register = register
        self._space: Space | None = None
        self._fitted_on = 0

    def space(self) -> Space:
        if self._space is None or abs(self._fitted_on - len(self.register)) > self.FIT_AGAIN * len(self.register):
            self._fitted_on = len(self.register)
            documents = [(one.id, said_in(self.register.texts(one.id))) for one in self.register]
            self._space = fit([(report, text) for report, text in documents if text.strip()])
        return self._space

    def of(self, text: str, *, before: date | None = None, but: str = "", limit: int = 10) -> list[Echo]:
        """Reports dated earlier than `before` that may raise what the text does, best first.

        A report of the same inquest, or the same twice, is there once; one that is the text itself is not.
        """
        space = self.space()
        words = telling_words(text, space)
        if not words:
            return []
        by_words = [
            report for report, _ in self.register.file.search(" OR ".join(f'"{word}"' for word in words), CANDIDATES)
        ]
        by_place = [report for report, _ in near(space, text)]
        kept, known = list[Echo](), [_runs(text)]
        for report, score in fused(by_words, by_place):
            shown = self.register.find(report)
            if shown is None or report == but or (before and (shown.dated is None or shown.dated >= before)):
                continue
            theirs = self.register.texts(report)
            said = said_in(theirs)
            mine = _runs(said)
            if any(_same(mine, other) for other in (known if but else known[1:])):
                continue
            known.append(mine)
            shared = tuple(word for word in words if stem(word) in set(words_of(said)))[:8]
            if not shared:
                continue
            said_unasked = set(words_of(care.unasked(said)))  # a word that tells a method says so alone, too
            told = tuple(word for word in shared if stem(word) in said_unasked)
            kept.append(Echo(shown, score, told, passage(text, shared), passage(said, shared)))
            if len(kept) == limit:
                break
        return kept


@lru_cache(maxsize=4096)
def _runs(text: str) -> frozenset[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return frozenset(zip(words, words[1:], words[2:], words[3:], strict=False))


def _same(one: frozenset[Any], other: frozenset[Any]) -> bool:
    least = min(len(one), len(other))
    return least > 8 and len(one & other) / least >= SAME_SHARE


def passage(text: str, words: Sequence[str], longest: int = 420) -> str:
    """The sentences in which most of the words stand, without those that tell a method."""
    stems = set(map(stem, words))
    sentences = [one for one in re.split(r"(?<=[.;?!])\s+|\n+", care.unasked(text)) if one]
    if not sentences:
        return ""
    best = max(range(len(sentences)), key=lambda place: len(stems & set(words_of(sentences[place]))))
    said = sentences[best]
    while len(said) < longest // 2 and best + 1 < len(sentences):
        best += 1
        said = f"{said} {sentences[best]}"
    return said if len(said) <= longest else said[:longest].rsplit(" ", 1)[0] + " …"
