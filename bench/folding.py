"""How fast a node builds its state again: folding without rendering, and rendering."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from heard.cases import commands as case_commands
from heard.coverage import commands
from heard.coverage.elements import Text
from heard.coverage.entries import PostPublished
from heard.coverage.frames import Painter
from heard.engine.node import Asked
from heard.engine.projection import Projection
from heard.opening import ROOMS, House, open_house
from heard.store.derived import folding
from heard.store.files import connect
from heard.store.frames import FramesFile

POSTS, RENDERED = 20_000, 3_000
WORDS = "The witness told the inquest that **nobody** had read the instruction. " * 6


def fill(house: House, posts: int) -> None:
    """A case of so many posts."""
    case = house.node.do(case_commands.open_case("bench", "A case to measure"), by="bench").stream
    for start in range(0, posts, 100):
        asked: list[Asked] = []
        for number in range(start, min(start + 100, posts)):
            post = PostPublished(case, (Text(f"{number}. {WORDS}"),), byline="A reporter")
            asked.append(house.node.ask(commands.publish(house.doors, post), by="bench"))
        house.node.do_all(asked)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        house = open_house(Path(folder) / "data", synchronous="OFF")
        fill(house, POSTS)
        fresh = Projection(connect(Path(folder) / "fresh.sqlite", synchronous="NORMAL"), ROOMS, folding)
        began = time.perf_counter()
        while fresh.catch_up(lambda after: house.journal.read(after, 500)):
            pass
        folded = house.store.position() / (time.perf_counter() - began)
        began, entries = time.perf_counter(), 0
        while batch := house.journal.read(entries, 500):
            entries = batch[-1].position
        read = entries / (time.perf_counter() - began)
        print(f"fold, without rendering  {folded:,.0f} entries/s (reading and unsealing alone: {read:,.0f})")
        house.close()
    with tempfile.TemporaryDirectory() as folder:
        house = open_house(Path(folder) / "data", synchronous="OFF")
        fill(house, RENDERED)
        painter = Painter(house.journal, house.tables, house.doors, FramesFile(Path(folder) / "frames.sqlite", "e"))
        began = time.perf_counter()
        painter.paint()
        print(f"render                   {RENDERED / (time.perf_counter() - began):,.0f} posts/s")
        house.close()


if __name__ == "__main__":
    main()
