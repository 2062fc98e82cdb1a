"""Writers who send again under their key until they are answered, and what is counted in the end: what they were told
and what each reader was sent, beside what the journal keeps."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count, pairwise
from pathlib import Path
from threading import Event, Thread

import httpx2
import msgspec

from heard.coverage.elements import plain
from heard.coverage.entries import PauseOverran, PostPublished
from heard.engine import chain
from heard.opening import open_house
from tests.faults.nodes import SLUG, HeardNode
from tests.faults.open_pages import Page
from tests.waiting import wait_until

PATIENCE_S = 120
#: A question that is not answered is asked again elsewhere after so long.
ANSWER_S = 12.0


class Writers:
    """One to each node; what is not answered is sent again to the next node, and what is new to its own."""

    def __init__(self, nodes: Sequence[HeardNode], token: str, every_s: float = 0.02) -> None:
        self.addresses = [f"{node.address}/api/v1/cases/{SLUG}/posts" for node in nodes]
        self.every_s = every_s
        #: Key: the id and the position that were told for it.
        self.acknowledged: dict[str, tuple[str, int]] = {}
        #: Any answer but that it was written, or cannot be just now.
        self.unexpected: list[str] = []
        self.slowest_s = 0.0
        self.sent_again = 0
        self._headers = {"Authorization": f"Bearer {token}"}
        self._ended = Event()
        self._threads = [Thread(target=self._write, args=(number,)) for number in range(len(nodes))]

    def _write(self, number: int) -> None:
        with httpx2.Client(headers=self._headers, timeout=ANSWER_S) as client:
            for turn in count():
                if self._ended.is_set():
                    return
                key, at, began = f"writer-{number}-{turn}", number, time.monotonic()
                while (told := self._told(client, self.addresses[at % len(self.addresses)], key)) is None:
                    at, self.sent_again = at + 1, self.sent_again + 1
                    if self._ended.is_set():
                        return
                    if time.monotonic() - began > PATIENCE_S:
                        self.unexpected.append(f"{key} was not answered for {PATIENCE_S} s")
                        return
                    time.sleep(0.05)
                self.slowest_s = max(self.slowest_s, time.monotonic() - began)
                self.acknowledged[key] = told
                time.sleep(self.every_s)

    def _told(self, client: httpx2.Client, address: str, key: str) -> tuple[str, int] | None:
        try:
            answer = client.post(address, json={"text": f"mark={key};"}, headers={"Idempotency-Key": key})
        except httpx2.HTTPError:
            return None
        if answer.status_code == 201:
            return answer.json()["id"], answer.json()["position"]
        if answer.status_code != 503:
            self.unexpected.append(f"{answer.status_code} {answer.text[:200]}")
        return None

    def more_than(self, wanted: int) -> None:
        """Wait until so many more have been acknowledged."""
        wanted += len(self.acknowledged)
        wait_until(lambda: len(self.acknowledged) >= wanted or self.unexpected, PATIENCE_S)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        for thread in self._threads:
            thread.start()
        try:
            yield
        finally:
            self.end()

    def end(self) -> None:
        """Nothing new is sent; what is under way is waited for."""
        self._ended.set()
        for thread in self._threads:
            thread.join(PATIENCE_S)


class Outcome(msgspec.Struct):
    """What was counted; the first seven are nought when nothing went wrong."""

    lost: int
    doubled: int
    gaps: int
    doubles: int
    disorder: int
    never_written: int
    unexpected: list[str]
    acknowledged: int
    sent_again: int
    slowest_s: float
    readers: int
    deliveries: int
    came_back: int
    loaded_again: int

    @property
    def is_clean(self) -> bool:
        wrong = self.lost + self.doubled + self.gaps + self.doubles + self.disorder + self.never_written
        return not wrong and not self.unexpected


class Kept(msgspec.Struct):
    """The posts of the journal: their positions by id, and their ids by the key in their words."""

    positions: dict[str, int]
    ids: dict[str, list[str]]
    head: int
    #: Pauses that were written to have run over.
    ran_over: int = 0


def kept(folder: Path, journal: str) -> Kept:
    """The journal as a node sees it that begins from nothing; its tree must be whole."""
    house = open_house(folder, journal=journal)
    posts, ids = dict[str, int](), dict[str, list[str]]()
    position = ran_over = 0
    for position, entry in enumerate(house.journal.all(), 1):
        assert entry.position == position
        ran_over += isinstance(entry.body, PauseOverran)
        if isinstance(entry.body, PostPublished):
            posts[entry.stream] = entry.position
            key = plain(entry.body.elements).removeprefix("mark=").removesuffix(";")
            ids.setdefault(key, []).append(entry.stream)
    assert house.store.frontier().root() == chain.root(house.store.leaves(position))
    house.close()
    return Kept(posts, ids, position, ran_over)


def counted(writers: Writers, pages: Sequence[Page], journal: Kept) -> Outcome:
    """To be asked when the writers have ended."""
    told = writers.acknowledged
    lives = [life for page in pages for life in page.lives]
    positions = [[began, *(sent.position for sent in events)] for began, events in lives]
    posts = [Counter(post for sent in events for post in sent.posts) for _, events in lives]
    due = [
        {post for post, position in journal.positions.items() if began < position <= reached[-1]}
        for (began, _), reached in zip(lives, positions, strict=True)
    ]
    sent = [(post, event.position) for _, events in lives for event in events for post in event.posts]
    behind = sum(page.position() < max(journal.positions.values(), default=0) for page in pages)
    return Outcome(
        lost=sum(
            journal.ids.get(key, [""])[0] != id or journal.positions.get(id) != at for key, (id, at) in told.items()
        ),
        doubled=sum(len(ids) - 1 for ids in journal.ids.values()),
        gaps=behind + sum(len(wanted - got.keys()) for wanted, got in zip(due, posts, strict=True)),
        doubles=sum(got.total() - len(got) for got in posts),
        disorder=sum(later <= earlier for reached in positions for earlier, later in pairwise(reached)),
        never_written=sum(journal.positions.get(post) != position for post, position in sent),
        unexpected=writers.unexpected,
        acknowledged=len(told),
        sent_again=writers.sent_again,
        slowest_s=round(writers.slowest_s, 2),
        readers=len(pages),
        deliveries=len(sent),
        came_back=sum(page.opened - 1 for page in pages),
        loaded_again=sum(len(page.lives) - 1 for page in pages),
    )
