"""How well search finds, by kinds of questions: `python -m bench.finding`, with the published tables.

Questions are made by rule from the register itself (no list of them is kept, since they hold words of reports): of each
kind some hundred, each with what it should find. Some want one report, that from which their words were taken; a body's
name and a place want whatever was sent to the one or comes from the other. Printed is the half of reports whose address
has an odd digest; whatever was chosen was chosen on the other. BM25 alone is the same index asked for any of the words.
Intervals are of 2,000 bootstraps; then the times of the same questions over HTTP.
"""

from __future__ import annotations

import hashlib
import random
import re
import statistics
import sys
import tempfile
import urllib.parse
from collections.abc import Callable, Iterator
from datetime import date
from itertools import zip_longest
from pathlib import Path
from string import ascii_lowercase
from typing import TypeAlias

from bench import reports as tables
from heard.reports import areas, bodies, finding
from heard.reports.finding import Query
from heard.reports.register import Register
from heard.reports.shown import Shown
from heard.reports.space import words_of

ASKED = 100
#: A body or a place of fewer reports is not asked for.
SENT_MIN = 10
FIRST = 10
#: How a family may begin to ask.
OPENINGS = (
    "has anyone else raised {}",
    "why did nobody see to {}",
    "did they know about {} before this happened",
    "what should have been done about {}",
    "who is meant to make sure of {}",
)
#: How a reference is written where people write it by hand.
SHAPES = ("{}-{}", "{} {}", "{}/{}", "Ref: {}-{}", "PFD report {}-{}", "{}–{}", "{}-{}.")

#: A question, and the ids of what it wants: whichever of these is found first is what counts.
Judged: TypeAlias = tuple[str, set[str]]


def main() -> None:
    if not tables.DATA.is_dir():
        print("The published tables are not on this machine (HEARD_SHARED_DATA).")
        return
    half = int("--even" not in sys.argv)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        tables.read_tables(data)
        times(data, told(tables.register_of(data), half))


def told(register: Register, half: int) -> dict[str, list[Judged]]:
    """Print how well each kind is found; what was asked."""
    kinds = {name: make(register, half, random.Random(20181219 + half)) for name, make in KINDS.items()}
    for name, some in kinds.items():
        ours = [_measured(_found(register, text), wanted) for text, wanted in some]
        alone = [_measured(_bm25(register, text), wanted) for text, wanted in some]
        print(f"search       {name}: {len(some)} questions")
        for measure, title in enumerate(("MRR", "recall of the first ten")):
            mine, theirs = [one[measure] for one in ours], [one[measure] for one in alone]
            low, high = tables.interval([one - other for one, other in zip(mine, theirs, strict=True)])
            verdict = "a tie" if low <= 0 <= high else "ours is better" if low > 0 else "ours is worse"
            shown = [
                f"{statistics.mean(each):.3f} [{a:.3f}, {b:.3f}]"
                for each in (mine, theirs)
                for a, b in [tables.interval(each)]
            ]
            print(
                f"             {title:<24} ours {shown[0]}, BM25 alone {shown[1]}; [{low:+.3f}, {high:+.3f}] {verdict}"
            )
    return kinds


def times(data: Path, kinds: dict[str, list[Judged]]) -> None:
    """The same questions over HTTP, each once, kinds by turns; the goal is a p95 of 50 ms."""
    with tables.served(data) as address:
        took = dict[str, list[float]]()
        for some in zip_longest(*([(name, text) for text, _ in each] for name, each in kinds.items())):
            for name, text in filter(None, some):
                page = f"{address}/reports/?{urllib.parse.urlencode({'q': text})}"
                took.setdefault(name, []).append(tables.get(page)[0])
    took["all"] = [one for each in took.values() for one in each]
    for name, each in took.items():
        p95 = sorted(each)[int(len(each) * 0.95)]
        print(
            f"over HTTP    {name:<26} p50 {statistics.median(each):.0f} ms, p95 {p95:.0f} ms, at most {max(each):.0f}"
        )


def _found(register: Register, text: str) -> list[str]:
    return [one.id for one in finding.every(register, Query(text), date(2026, 2, 1))]


def _bm25(register: Register, text: str) -> list[str]:
    words = re.findall(r"\w+", text)
    return [report for report, _ in register.file.search(" OR ".join(f'"{one}"' for one in words), finding.FOUND_MAX)]


def _measured(found: list[str], wanted: set[str]) -> tuple[float, float]:
    """One by the place of the first that was wanted; and how many of those that ten can hold are among ten."""
    first = next((place for place, one in enumerate(found, 1) if one in wanted), 0)
    return 1 / first if first else 0.0, len(wanted & set(found[:FIRST])) / min(FIRST, len(wanted))


# The kinds ------------------------------------------------------------------------------------------------------------


def _of_half(register: Register, half: int) -> list[Shown]:
    kept = {report: address for address, report in tables.addresses_of(register).items()}
    digests = {report: int(hashlib.sha256(address.encode()).hexdigest(), 16) for report, address in kept.items()}
    return sorted((one for one in register if digests[one.id] % 2 == half), key=lambda one: digests[one.id])


def _sentences(register: Register, half: int, dice: random.Random) -> Iterator[tuple[Shown, list[str]]]:
    """Of as many reports as are asked for, the words that tell something in one sentence of a concern, as written."""
    left = ASKED
    for one in _of_half(register, half):
        said = [
            part for concern in register.texts(one.id).numbered for part in re.split(r"(?<=[.;?!])\s", concern.words)
        ]
        telling = [words for part in said if len(words := _telling(part)) >= 6]
        if telling and left:
            left -= 1
            yield one, dice.choice(telling)


def _telling(sentence: str) -> list[str]:
    return [word for word in re.findall(r"[a-z]{4,}", re.sub(r"\[.*?\]", " ", sentence)) if words_of(word)]


def _one_word(register: Register, half: int, dice: random.Random) -> list[Judged]:
    """The rarest word of a sentence that other reports have too; wanted are all that have it in their concerns."""
    made = []
    for _, words in _sentences(register, half, dice):
        count = {word: register.file.count(f'"{word}"') for word in words}
        if some := [word for word in words if 3 <= count[word] <= 30]:
            word = min(some, key=lambda one: count[one])
            made.append((word, {report for report, _ in register.file.search(f'concerns: "{word}"', 100)}))
    return [(text, wanted) for text, wanted in made if wanted]


def _several(register: Register, half: int, dice: random.Random) -> list[Judged]:
    return [(" ".join(dice.sample(words, 4)), {one.id}) for one, words in _sentences(register, half, dice)]


def _phrase(register: Register, half: int, dice: random.Random) -> list[Judged]:
    made = list[Judged]()
    for one in _of_half(register, half):
        for concern in register.texts(one.id).numbered[:1]:
            words = re.findall(r"\w+", concern.words)
            if len(words) > 12 and len(made) < ASKED:
                start = dice.randrange(len(words) - 4)
                made.append((f'"{" ".join(words[start : start + 4])}"', {one.id}))
    return made


def _misspelt(register: Register, half: int, dice: random.Random) -> list[Judged]:
    """Three words of a sentence, one of them with a letter left out, doubled, changed, or changed about."""
    made = []
    for one, words in _sentences(register, half, dice):
        some = dice.sample(words, 3)
        longest = max(some, key=len)
        made.append((" ".join(_wrong(word, dice) if word == longest else word for word in some), {one.id}))
    return made


def _wrong(word: str, dice: random.Random) -> str:
    at = dice.randrange(1, len(word) - 1)
    return dice.choice(
        (
            word[:at] + word[at + 1 :],
            word[:at] + word[at] + word[at:],
            word[:at] + dice.choice(ascii_lowercase) + word[at + 1 :],
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        )
    )


def _plain_words(register: Register, half: int, dice: random.Random) -> list[Judged]:
    """As a family would ask: four words in their order, in a sentence of everyday ones."""
    asked = zip(_sentences(register, half, dice), OPENINGS * ASKED, strict=False)
    return [(opening.format(" ".join(words[:4])), {one.id}) for (one, words), opening in asked]


def _reference(register: Register, half: int, dice: random.Random) -> list[Judged]:
    some = [one for one in _of_half(register, half) if one.ref][:ASKED]
    by_ref: dict[str, set[str]] = {}
    for one in register:
        by_ref.setdefault(one.ref, set()).add(one.id)
    shapes = SHAPES * ASKED
    return [
        (shape.format(one.ref[:4], one.ref[5:].lstrip("0") if shape == "{}/{}" else one.ref[5:]), by_ref[one.ref])
        for one, shape in zip(some, shapes, strict=False)
    ]


def _body(register: Register, half: int, dice: random.Random) -> list[Judged]:
    """Any known name of a body; wanted is what was sent to it. A body is of the half of its name's digest."""
    sent = {key: {one.id for one in theirs} for key, (theirs, _) in register.by_body().items()}
    names = [
        (other, sent.get(bodies.key(one), set()))
        for one, others in bodies.OTHER_NAMES.items()
        for other in (one, *others)
    ]
    return [(name, wanted) for name, wanted in names if len(wanted) >= SENT_MIN and _digest(name) % 2 == half]


def _place(register: Register, half: int, dice: random.Random) -> list[Judged]:
    """Any known name of a coroner's area; wanted is what comes from it."""
    of: dict[str, set[str]] = {}
    for one in register:
        of.setdefault(one.area, set()).add(one.id)
    names = [(other, of.get(one, set())) for one, others in areas.AREAS.items() for other in (one, *others)]
    return [(name, wanted) for name, wanted in names if len(wanted) >= SENT_MIN and _digest(name) % 2 == half]


def _who_died(register: Register, half: int, dice: random.Random) -> list[Judged]:
    some = [one for one in _of_half(register, half) if not one.names_hidden and len(one.deceased.split()) in (2, 3)]
    return [(one.deceased, {one.id}) for one in some[:ASKED]]


def _digest(name: str) -> int:
    return int(hashlib.sha256(name.encode()).hexdigest(), 16)


KINDS: dict[str, Callable[[Register, int, random.Random], list[Judged]]] = {
    "one word": _one_word,
    "several words": _several,
    "a phrase": _phrase,
    "a word misspelt": _misspelt,
    "a question in plain words": _plain_words,
    "a reference": _reference,
    "a body by any name": _body,
    "a place by any name": _place,
    "who died": _who_died,
}


if __name__ == "__main__":
    main()
