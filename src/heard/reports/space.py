"""The space in which texts are compared: a direction for each, and the words that each says.

Latent semantic analysis: TF-IDF, then the strongest directions of a truncated SVD, found by randomised subspace
iteration (Halko, Martinsson and Tropp, 2011), fitted on the register itself. Names of people, places and bodies are no
words of it: two reports are not alike because one coroner wrote both. It holds numbers and single words and no text.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

import msgspec
import numpy as np

from heard.reports.model import HIDDEN

DIRECTIONS = 160
#: So many of them, the strongest, are what a report is of on the whole; and how much the concerns alone, and the
#: circumstances alone, count in where it lies, all of it counting one. Fixed on one half of three sets of labels.
COARSE, BY_PART = 40, 0.5
#: What is asked is turned towards what these nearest reports have in common (Rocchio, 1971).
LIKE = 10
#: How often the subspace is turned towards the strongest directions, and how many rows are multiplied at once.
ROUNDS, BLOCK = 4, 256
#: A word that is in fewer reports, or in more than this share of them, tells nothing of what goes with what.
SEEN_MIN, SEEN_SHARE_MAX = 2, 0.35
VOCABULARY_MAX = 12_000
#: Of so few reports every word counts.
FEW = 200
#: A word that in the midst of sentences has a capital so many times as often as it has none is a name.
NAME_RATIO = 2

#: What a report says of its own: its concerns, and the circumstances; either may be empty.
Parts: TypeAlias = tuple[str, str]

_WORD = re.compile(r"[a-z]{3,}")
_TAKEN_OUT = re.compile(rf"{re.escape(HIDDEN)}|\bredacted\b")
_CAPITAL = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{2,}")
_SMALL = re.compile(r"\b[a-z]{3,}\b")
_STOP = frozenset(
    "the and for that this with was were are not have has had from they their there which who whom would could "
    "should been "
    "being his her him she but any all can may will its into than then them these those such also when where what "
    "while "
    "during after before about between upon under over more most other some only each own same very does did done "
    "one two "
    "inquest coroner evidence concern concerns death deaths report future risk matter matters circumstances".split()
)
# What evidence is told with, whatever it is of.
_STOP |= frozenset(
    "heard told gave given court jury witness hearing finding findings concerned consider consideration forward accept "
    "accepted believe opinion therefore however although whether number further appear appears appeared mrs "
    "miss out not has had".split()
)


class Space(msgspec.Struct):
    """The fitted space. `owners` are the places of passages' reports in `reports`, `within` their number in each."""

    vocabulary: dict[str, int]
    weights: Any
    directions: Any
    reports: list[str]
    owners: Any
    within: Any
    #: Where each report lies (see `_lying`), and a direction of unit length for each passage.
    whole: Any
    places: Any
    #: By word: which passages say it, and how much of the passage it is.
    starts: Any
    saying: Any
    shares: Any

    def packed(self) -> bytes:
        """As bytes, to be `unpacked` by the same code."""
        fields = msgspec.structs.asdict(self)
        arrays = {name: one for name, one in fields.items() if isinstance(one, np.ndarray)}
        told = {name: (one.dtype.str, one.shape, one.tobytes()) for name, one in arrays.items()}
        return msgspec.msgpack.encode((self.vocabulary, self.reports, told))

    def weight(self, stemmed: str) -> float:
        """How telling a word is; nought for one that is not in the space."""
        place = self.vocabulary.get(stemmed)
        return 0.0 if place is None else float(self.weights[place])


def unpacked(packed: bytes) -> Space:
    """Raises msgspec.DecodeError where it is none."""
    of = tuple[dict[str, int], list[str], dict[str, tuple[str, tuple[int, ...], bytes]]]
    vocabulary, reports, told = msgspec.msgpack.decode(packed, type=of)
    arrays = {name: np.frombuffer(raw, dtype).reshape(shape) for name, (dtype, shape, raw) in told.items()}
    return Space(vocabulary=vocabulary, reports=reports, **arrays)


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
    """The stems of what a text says; that something is taken out of it says nothing."""
    return [stem(word) for word in _WORD.findall(_TAKEN_OUT.sub(" ", text.lower())) if word not in _STOP]


def fit(reports: Sequence[tuple[str, Parts, Sequence[str]]]) -> Space:
    """The space of these (report, its parts, passages). Deterministic: the same reports give the same space."""
    names = _names(["\n".join(parts) for _, parts, _ in reports])
    said = [
        tuple(Counter(word for word in words_of(part) if word not in names) for part in two) for _, two, _ in reports
    ]
    counts = [concerns + circumstances for concerns, circumstances in said]
    seen = Counter(word for count in counts for word in count)
    least = SEEN_MIN if len(reports) > FEW else 1
    most = max(SEEN_MIN + 1, SEEN_SHARE_MAX * len(reports))
    kept = [word for word, number in seen.most_common() if least <= number <= most][:VOCABULARY_MAX]
    vocabulary = {word: place for place, word in enumerate(kept)}
    weights = np.array([math.log((1 + len(reports)) / (1 + seen[word])) + 1 for word in kept], dtype=np.float32)
    rows = [_sparse(count, vocabulary, weights) for count in counts]
    directions = _directions(rows, len(kept)) if kept else np.zeros((0, 1), dtype=np.float32)
    parted = [(owner, number, one) for owner, (_, _, some) in enumerate(reports) for number, one in enumerate(some)]
    passages = [_sparse(Counter(words_of(one)), vocabulary, weights) for _, _, one in parted]
    return Space(
        vocabulary,
        weights,
        directions,
        [report for report, _, _ in reports],
        np.array([owner for owner, _, _ in parted], dtype=np.int64),
        np.array([number for _, number, _ in parted], dtype=np.int64),
        _lying(said, vocabulary, weights, directions),
        _all_placed(passages, directions),
        *_by_word(passages, len(kept)),
    )


def _names(texts: Sequence[str]) -> set[str]:
    """The words that are written as names are."""
    capital, small = Counter[str](), Counter[str]()
    for text in texts:
        capital.update(map(str.lower, _CAPITAL.findall(text)))
        small.update(_SMALL.findall(text))
    stems: dict[str, list[int]] = {}
    for place, counts in enumerate((capital, small)):
        for word, number in counts.items():
            stems.setdefault(stem(word), [0, 0])[place] += number
    return {word for word, (large, plain) in stems.items() if large and large >= NAME_RATIO * plain}


def _sparse(count: Counter[str], vocabulary: dict[str, int], weights: Any) -> tuple[Any, Any]:
    """A text as (places, values) of unit length; often said is a little more than said once."""
    found = [(vocabulary[word], 1 + math.log(number)) for word, number in count.items() if word in vocabulary]
    places = np.array([place for place, _ in found], dtype=np.int64)
    values = np.array([value for _, value in found], dtype=np.float32)
    values = values * weights[places] if len(found) else values
    length = float(np.linalg.norm(values)) or 1.0
    return places, values / length


def _directions(rows: Sequence[tuple[Any, Any]], width: int) -> Any:
    """The strongest directions of the matrix with these rows."""
    size = min(DIRECTIONS, max(1, min(len(rows), width) - 1))
    starts = np.concatenate([[0], np.cumsum([len(places) for places, _ in rows])]).astype(np.int64)
    columns, values = (np.concatenate([one[part] for one in rows]) for part in (0, 1))
    turned_about = _by_word(rows, width)
    basis = np.random.default_rng(20181219).standard_normal((width, size + 10)).astype(np.float32)
    for _ in range(ROUNDS):
        basis = _upright(_times(*turned_about, _times(starts, columns, values, basis)))
    said = _times(starts, columns, values, basis)
    _, _, turned = np.linalg.svd(said.T @ said)
    return (basis @ turned[:size].T).astype(np.float32)


def _upright(basis: Any) -> Any:
    """The same subspace by directions of unit length at right angles; much cheaper than a QR of so tall a matrix."""
    tall = basis.astype(np.float64)
    strengths, turned = np.linalg.eigh(tall.T @ tall)
    kept = strengths > 1e-12 * strengths[-1]
    return (tall @ (turned[:, kept] / np.sqrt(strengths[kept]))).astype(np.float32)


def _times(starts: Any, places: Any, values: Any, dense: Any) -> Any:
    """A sparse matrix, of which `starts` says where each row's places and values begin, times a dense one."""
    made = np.zeros((len(starts) - 1, dense.shape[1]), dtype=np.float32)
    for first in range(0, len(made), BLOCK):
        begins = starts[first : first + BLOCK + 1]
        some, filled = slice(begins[0], begins[-1]), np.flatnonzero(np.diff(begins))
        if len(filled):
            spread = values[some, None] * dense[places[some]]
            made[first + filled] = np.add.reduceat(spread, begins[filled] - begins[0], axis=0)
    return made


def _placed(row: tuple[Any, Any], directions: Any) -> Any:
    places, values = row
    if not len(places):
        return np.zeros(directions.shape[1], dtype=np.float32)
    place = values @ directions[places]
    return place / (float(np.linalg.norm(place)) or 1.0)


def _all_placed(rows: Sequence[tuple[Any, Any]], directions: Any) -> Any:
    return np.stack([_placed(row, directions) for row in rows]) if rows else np.zeros((0, directions.shape[1]))


def _lying(said: Sequence[tuple[Counter[str], ...]], vocabulary: dict[str, int], weights: Any, directions: Any) -> Any:
    """Where reports lie that say so of their concerns and circumstances: by all of it, finely and coarsely, and by each
    part alone.
    """

    def placed(counts: Iterable[Counter[str]]) -> Any:
        return _all_placed([_sparse(count, vocabulary, weights) for count in counts], directions)

    every = placed(one + other for one, other in said)
    coarse = every[:, :COARSE] / np.maximum(np.linalg.norm(every[:, :COARSE], axis=1, keepdims=True), 1e-9)
    parts = [math.sqrt(BY_PART) * placed(one[part] for one in said) for part in (0, 1)]
    return np.hstack([every, coarse, *parts]).astype(np.float32)


def _by_word(rows: Sequence[tuple[Any, Any]], width: int) -> tuple[Any, Any, Any]:
    """The rows turned about: where each word's begin, which rows say it, and their values."""
    if not rows:
        return np.zeros(width + 1, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
    columns = np.concatenate([places for places, _ in rows])
    saying = np.repeat(np.arange(len(rows)), [len(places) for places, _ in rows])
    order = np.argsort(columns, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(columns, minlength=width))])
    return starts, saying[order], np.concatenate([values for _, values in rows])[order]


def by_words(space: Space, text: str) -> Any:
    """How much of what a text says each passage says too, by the words alone: the cosine of TF-IDF."""
    places, values = _sparse(Counter(words_of(text)), space.vocabulary, space.weights)
    found = np.zeros(len(space.owners), dtype=np.float32)
    for place, value in zip(places, values, strict=True):
        some = slice(space.starts[place], space.starts[place + 1])
        found[space.saying[some]] += value * space.shares[some]
    return found


def by_report(space: Space, parts: Parts) -> Any:
    """How near each report lies as a whole to one of these parts, and to what lies nearest to that: for an order."""
    if not space.reports:
        return np.zeros(0, dtype=np.float32)
    said = [tuple(Counter(words_of(part)) for part in parts)]
    [place] = _lying(said, space.vocabulary, space.weights, space.directions)
    near = space.whole @ place
    return space.whole @ (place + space.whole[np.argsort(-near, kind="stable")[:LIKE]].mean(axis=0))


def by_place(space: Space, text: str) -> tuple[Any, Any]:
    """How near each passage lies to a text, and how near its whole report does: cosines."""
    place = _placed(_sparse(Counter(words_of(text)), space.vocabulary, space.weights), space.directions)
    return space.places @ place, (space.whole[:, : len(place)] @ place)[space.owners]
