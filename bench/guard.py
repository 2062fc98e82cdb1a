"""The name guard with 500 restrictions in force: how long it looks at a post, beside an exact search for the names."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable

from heard.cases.guard import Guard
from heard.text.names import Names
from heard.text.particulars import Gallery, Picture, read
from tests.text.evasions import GIVEN, SURNAMES

RESTRICTIONS, POSTS = 500, 2_000
#: Words that a post has: the median of a live blog's, and a long one.
SHORT, LONG = 60, 500
PROSE = """
    the court was told that nobody had read the instruction which asked for two officers near the gate while it was open
    and that a supervisor would have had to walk there to see it Mr Ferrier said he had asked for this in writing twice
"""


def main() -> None:
    dice = random.Random(1)
    names = [f"{dice.choice(GIVEN)} {dice.choice(SURNAMES)}{number}" for number in range(RESTRICTIONS // 2)]
    names += [f"{dice.choice(GIVEN)} {dice.choice(SURNAMES)}" for _ in range(RESTRICTIONS // 2)]
    began = time.perf_counter()
    guard = Guard(names)
    print(f"{RESTRICTIONS} restrictions   made ready in {(time.perf_counter() - began) * 1e3:.0f} ms, once a change")
    exactly = Names(names)
    for length in (SHORT, LONG):
        posts = [" ".join(dice.choices(PROSE.split(), k=length)) for _ in range(POSTS)]
        for what, look in (("every form", guard.is_told_by), ("exactly", exactly.found_in)):
            took = sorted(_times(look, posts))
            p99 = took[int(len(took) * 0.99)]
            print(f"{length:>4} words, {what:<12} p50 {statistics.median(took):.2f} ms, p99 {p99:.2f} ms")

    _particulars(dice)


def _particulars(dice: random.Random) -> None:
    """Who was told of all the orders is warned by what tells those people, also when it is over several posts."""
    kins, words = ["daughter", "son", "mother", "widow"], [f"{name}by" for name in SURNAMES]
    lines = [
        [
            f"age: {dice.randint(5, 60)}",
            f"kin: {dice.choice(kins)}",
            f"place: {dice.choice(words)}{n}",
            f"job: smith{n}",
        ]
        for n in range(RESTRICTIONS)
    ]
    gallery = Gallery({str(n): Picture(map(read, one)) for n, one in enumerate(lines)})
    for length in (SHORT, LONG):
        said = [*PROSE.split(), "aged", "9,", "daughter", "widow", "smith7", f"{words[0]}3"]
        posts = [" ".join(dice.choices(said, k=length)) for _ in range(POSTS)]
        took = sorted(_times(gallery.found_in, posts))
        p99 = took[int(len(took) * 0.99)]
        print(f"{length:>4} words, particulars  p50 {statistics.median(took):.2f} ms, p99 {p99:.2f} ms")


def _times(look: Callable[[str], object], posts: list[str]) -> list[float]:
    took = []
    for post in posts:
        began = time.thread_time()  # of the processor: what else the machine does is no cost of the guard
        look(post)
        took.append((time.thread_time() - began) * 1e3)
    return took


if __name__ == "__main__":
    main()
