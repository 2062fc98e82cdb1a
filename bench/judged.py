"""Echoes against what was judged, by a machine: 30 concerns, and of each the ten earlier passages that lie nearest.

The record (`echoes_judged.txt`) holds digests and verdicts, and no text. Whatever a changed method puts among its first
ten that nobody has judged is said to be so, and counts as not similar.
"""

from __future__ import annotations

import hashlib
import statistics
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from heard.reports.echoes import Echoes, _runs, _same, passages_of, said_in, scores
from heard.reports.shown import Shown

RECORD = Path(__file__).parent / "echoes_judged.txt"
FIRST = 10


def record() -> dict[str, dict[str, bool]]:
    """By concern: whether each passage is similar."""
    lines = [line for line in RECORD.read_text().splitlines() if not line.startswith("#")]
    split = [(concern, said.split()) for concern, _, said in (line.partition(":") for line in lines)]
    return {concern: {one[1:]: one[0] == "+" for one in said} for concern, said in split}


def tell(made: Echoes, addresses: dict[str, str], interval: Callable[[Sequence[float]], tuple[float, float]]) -> None:
    """`addresses` are the reports by where they are published."""
    digests = {hashlib.sha256(address.encode()).hexdigest()[:8]: report for address, report in addresses.items()}
    named = {report: digest for digest, report in digests.items()}
    shares, unjudged = list[float](), 0
    # By half of the concerns: what is offered, and what is similar, each with whether it is both.
    offered, similar = ([list[bool](), list[bool]()] for _ in (0, 1))
    for concern, verdicts in record().items():
        digest, _, number = concern.partition("/")
        ours = passages_of(made.register.texts(digests.get(digest, "")))
        if int(number) >= len(ours):
            print(f"judged       {concern} is not among these texts")
            continue
        one, here = made.register.of(digests[digest]), ours[int(number)]
        around = said_in(made.register.texts(one.id))
        first = [f"{named[other.id]}/{place}" for other, place in _nearest(made, one, ours, here)]
        shares.append(sum(verdicts.get(passage, False) for passage in first) / FIRST)
        unjudged += sum(passage not in verdicts for passage in first)
        near = {named[echo.shown.id] for echo in made.of([here], around=around, before=one.dated, but=one.id)}
        half = int(digest, 16) % 2
        offered[half] += [alike for passage, alike in verdicts.items() if passage.partition("/")[0] in near]
        similar[half] += [passage.partition("/")[0] in near for passage, alike in verdicts.items() if alike]
    low, high = interval(shares)
    print(
        f"judged       of the first ten of {len(shares)} concerns {statistics.mean(shares):.3f} [{low:.3f}, {high:.3f}]"
        f" are similar; {unjudged} of {FIRST * len(shares)} were not judged"
    )
    for half, name in enumerate(("that thresholds were fixed on", "not used")):
        if offered[half] and similar[half]:
            low, high = interval([float(one) for one in offered[half]])
            print(
                f"             the half {name}: of {len(offered[half])} offered {statistics.mean(offered[half]):.2f} "
                f"[{low:.2f}, {high:.2f}] are similar; of the similar {statistics.mean(similar[half]):.2f} are offered"
            )


def _nearest(made: Echoes, one: Shown, ours: Sequence[str], here: str) -> Iterator[tuple[Shown, int]]:
    """The ten earlier reports with the passage that lies nearest, at any distance; the same inquest is not there."""
    fitted, known, seen = made.space(), [_runs(passage) for passage in ours], set[str]()
    for place in np.argsort(-scores(fitted, here), kind="stable"):
        other = made.register.find(fitted.reports[fitted.owners[place]])
        if other is None or other.id in seen or not one.dated or not other.dated or other.dated >= one.dated:
            continue
        theirs, number = passages_of(made.register.texts(other.id)), int(fitted.within[place])
        if number >= len(theirs) or any(_same(_runs(theirs[number]), passage) for passage in known):
            continue
        seen.add(other.id)
        yield other, number
        if len(seen) == FIRST:
            return
