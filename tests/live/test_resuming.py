"""Ten thousand readers who leave and come back, against a model: no gap, no double, nothing withdrawn.

In one process: the frames file, its reading and the edge's replays are the real ones; only sockets are left out
(test_streams does it over those). The model knows the newest version of each thing and what has been withdrawn.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from heard.engine.frames import Change
from heard.live.catching_up import Replays, stands_at
from heard.store.frames import FramesFile
from heard.store.reading import Reading
from tests.live.painting import paint

EPOCH = "epoch1"
CASE = "case1"
PAIRS = 10_000

Replay = Callable[[Replays, str, int], tuple[bytes, str]]
"""What an edge at a position sends to one who claims an id, and the id they then stand at."""


def as_stream(replays: Replays, claim: str, position: int) -> tuple[bytes, str]:
    after = stands_at(claim, EPOCH, position)
    assert after is not None
    sent = replays.stream(CASE, after, position)
    ids = [line for line in sent.decode().split("\n") if line.startswith("id: ")]
    return sent, ids[-1].removeprefix("id: ") if ids else claim


def as_poll(replays: Replays, claim: str, position: int) -> tuple[bytes, str]:
    after = stands_at(claim, EPOCH, position)
    assert after is not None
    body = replays.poll(CASE, after, position) or replays.no_news(CASE)
    return b"data: " + body, msgspec.json.decode(body)["next"]


class Page:
    """An open page of a reader: the version of each thing it shows, and the last id."""

    def __init__(self, last_id: str, shows: dict[str, int]) -> None:
        self.last_id = last_id
        self.shows = dict(shows)

    def take(self, sent: bytes) -> None:
        for line in sent.decode().split("\n"):
            if line.startswith("data: "):
                for change in msgspec.json.decode(line.removeprefix("data: "))["changes"]:
                    version = int(change["html"].split()[0])
                    assert version > self.shows.get(change["id"], 0), "a double"
                    self.shows[change["id"]] = version


def leave_and_come_back(folder: Path, replay: Replay, pairs: int, seed: int = 1) -> None:
    """Readers leave and come back while things are published, corrected, withdrawn and forgotten."""
    chance = random.Random(seed)
    frames = FramesFile(folder / f"frames{seed}.sqlite", EPOCH)
    replays = Replays(Reading(frames.path))
    newest: dict[str, int] = {}
    withdrawn: set[str] = set()
    position = 0

    def act() -> None:
        nonlocal position
        position += chance.randrange(1, 4)  # Entries of other cases, and private ones, leave gaps.
        changes = []
        for name in {f"p{chance.randrange(40)}" for _ in range(chance.choice([1, 1, 1, 2, 5]))}:
            version = newest[name] = newest.get(name, 0) + 1
            withdrawn.add(f"words-{name}-{version - 1}.")
            kind = chance.choice(["post", "corrected", "retracted"])
            changes.append(Change(kind, name, html=f"{version} words-{name}-{version}.", place=name))
        paint(frames, position, {CASE: changes})
        replays.drop()

    pages: list[Page] = []
    for _ in range(pairs):
        for _ in range(chance.choice([0, 0, 1, 2])):
            act()
        if pages and chance.random() < 0.9:
            page = pages[chance.randrange(len(pages) if chance.random() < 0.2 else min(8, len(pages)))]
        elif len(pages) < 100:
            page = Page(f"{EPOCH}.{position}", newest)
            pages.append(page)
        else:
            page = pages[0]
        sent, page.last_id = replay(replays, page.last_id, position)
        page.take(sent)
        assert page.shows == newest, "a gap"
        assert withdrawn.isdisjoint(re.findall(r"words-[^\"]*", sent.decode())), "withdrawn"
    replays.reading.close()
    frames.close()


@pytest.mark.parametrize(("replay", "pairs"), [(as_stream, PAIRS * 7 // 10), (as_poll, PAIRS * 3 // 10)])
def test_no_gap_no_double_nothing_withdrawn(tmp_path: Path, replay: Replay, pairs: int) -> None:
    leave_and_come_back(tmp_path, replay, pairs)


def too_early(replays: Replays, claim: str, position: int) -> tuple[bytes, str]:
    after = stands_at(claim, EPOCH, position)
    assert after is not None
    _, last_id = as_stream(replays, claim, position)
    return replays.stream(CASE, max(0, after - 1), position), last_id


def too_late(replays: Replays, claim: str, position: int) -> tuple[bytes, str]:
    after = stands_at(claim, EPOCH, position)
    assert after is not None
    _, last_id = as_stream(replays, claim, position)
    return replays.stream(CASE, after + 1, position), last_id


class Hoarding:
    """A memory that keeps what it once encoded, whatever came after."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}

    def __call__(self, replays: Replays, claim: str, position: int) -> tuple[bytes, str]:
        sent, last_id = as_stream(replays, claim, position)
        return self.held.setdefault(claim, sent), last_id


@pytest.mark.parametrize(
    ("wrong", "caught"), [(too_early, "a double"), (too_late, "a gap"), (Hoarding(), "withdrawn|a gap")]
)
def test_control_wrong_replays_are_caught(tmp_path: Path, wrong: Replay, caught: str) -> None:
    with pytest.raises(AssertionError, match=caught):
        leave_and_come_back(tmp_path, wrong, PAIRS)


@pytest.fixture
def file(tmp_path: Path) -> Iterator[FramesFile]:
    frames = FramesFile(tmp_path / "frames.sqlite", EPOCH)
    yield frames
    frames.close()


def test_what_is_in_memory_is_dropped_with_any_news(file: FramesFile) -> None:
    paint(file, 1, {CASE: [Change("post", "p1", html="the words", place="1")]})
    replays = Replays(Reading(file.path))
    first = replays.stream(CASE, 0, 1)
    assert replays.stream(CASE, 0, 1) is first, "encoded once"
    paint(file, 2, {CASE: [Change("retracted", "p1", html="gone", place="1")]})
    replays.drop()
    assert b"the words" not in replays.stream(CASE, 0, 2)


def test_what_is_not_yet_told_to_everyone_is_not_replayed(file: FramesFile) -> None:
    paint(file, 1, {CASE: [Change("post", "p1", html="one", place="1")]})
    paint(file, 2, {CASE: [Change("post", "p1", html="two", place="1"), Change("key", "key", html="k")]})
    replays = Replays(Reading(file.path))
    assert replays.stream(CASE, 0, position=1) == b"", "it comes with everyone's next frame"


def test_the_memory_is_bounded(file: FramesFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("heard.live.catching_up.REPLAYS_BYTES_MAX", 30_000)
    for n in range(1, 101):
        paint(file, n, {CASE: [Change("post", f"p{n}", html="x" * 50, place=str(n))]})
    replays = Replays(Reading(file.path))
    for after in range(100):
        replays.stream(CASE, after, 100)
        assert sum(map(len, replays._held.values())) <= 30_000
