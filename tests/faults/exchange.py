"""A server whose app is exchanged for another of the same version or a new one, and what is withdrawn meanwhile."""

from __future__ import annotations

import json
import re
import signal
import time
from threading import Event, Thread

import msgspec

from heard.cases import projection as cases
from heard.deliver.surfaces import addresses
from heard.opening import open_house
from tests.live.clients import Client
from tests.live.crowd import Crowd
from tests.proxies.receipts import proven_in_the_end
from tests.server import Server
from tests.waiting import wait_until

#: What an app finds beside this file when it begins: its version, which names its files and may choose a mutant. One
#: that leaves answers what it has begun for longer than three seconds, so that a crowded machine decides nothing.
VERSIONED = """
import sys
from pathlib import Path
if "heard.web.process" in sys.orig_argv:
    from heard.engine import projection
    version, hashed = Path(__file__).with_name("version").read_text(), projection.code_hash
    projection.code_hash = lambda *of: hashed(*of) + version
    from heard.web import beside, serving
    serving.END_S = 20.0
    if version == "-behind":
        beside.Beside.look, beside.LOOK_EVERY_S = lambda self: None, 60
"""
#: Asked at every moment, so that edges are lent them where edges are lent anything.
HOT = ("/{slug}/", "/{slug}/feed.atom", "/{slug}/feed.json", "/{slug}/posts/{post}/", "/{slug}/posts/{post}/fragment/")
POSTS, READERS = 7, 20


class Found(msgspec.Struct):
    """Where words still stood after their withdrawal was answered, and how long open pages had them after it."""

    leaks: list[str] = []
    withdrawn: list[str] = []
    slowest_s: float = 0.0


def word(number: int) -> str:
    return f"quillon{number}marsh"


def app_of(server: Server) -> str:
    """Which app answers at the moment: each says when it began."""
    found = re.search(r"(?m)^process_start_time_seconds (\S+)", server.page("/metrics"))
    assert found
    return found[1]


class Begun:
    """A retraction of which the last byte is kept back: an app has begun it, and answers it when we please."""

    def __init__(self, server: Server, post: str) -> None:
        self.client = Client(int(server.address.rpartition(":")[2]))
        self.body = json.dumps({"reason": "a test"}).encode()
        head = [f"Authorization: Bearer {server.token}", "Content-Type: application/json"]
        head.append(f"Content-Length: {len(self.body)}")
        self.client.ask(f"/api/v1/posts/{post}/retraction", *head, method="POST")
        self.client.send(self.body[:-1])

    def end(self) -> int:
        """The position at which it was written."""
        with self.client:
            self.client.send(self.body[-1:])
            answer = self.client.answer()
        assert answer.status == 201, answer
        return int(answer.headers["heard-position"])


class Reading(Thread):
    """Open pages, read in a thread of their own."""

    def __init__(self, server: Server, slug: str) -> None:
        super().__init__(daemon=True)
        self.crowd = Crowd(int(server.address.rpartition(":")[2]), slug, READERS)
        self._ended = Event()
        self.start()

    def run(self) -> None:
        while not self._ended.is_set():
            self.crowd.read(0.02)

    def came_at(self, position: int) -> float:
        """When the last of them had been sent the withdrawal, after which that a receipt is due is written down."""
        position -= 1
        wait_until(lambda: all(page.positions and page.positions[-1] >= position for page in self.crowd.pages))
        return max(
            next(came_at for at, came_at in zip(page.positions, page.came_at, strict=True) if at >= position)
            for page in self.crowd.pages
        )

    def close(self) -> None:
        self._ended.set()
        self.join(10)
        self.crowd.close()


class Round:
    """One exchange of the app, in a case of its own."""

    def __init__(self, server: Server, slug: str) -> None:
        self.server, self.slug, self.found = server, slug, Found()
        server.open_case(slug, f"The case {slug}")
        self._left = [(word(number), server.publish(slug, f"So says {word(number)}.")) for number in range(POSTS)]
        self._gone: list[str] = []
        self._told: list[tuple[int, float]] = []
        wait_until(lambda: self._left[-1][0] in server.page(f"/live/{slug}/after/0"))
        self.reading = Reading(server, slug)

    def exchange(self) -> Found:
        """Withdraw just before the app is exchanged, while the two stand side by side, and just after."""
        left = self._left_so_far()
        self.retract()
        self.take_over()
        self.retract()
        # Nothing is written any more: what comes now is the only thing that pages can change by.
        proven_in_the_end(self.server, self.found.withdrawn[-1])
        post = self.retract_at_the_one_that_leaves()
        proven_in_the_end(self.server, post)
        wait_until(lambda: self._left_so_far() > left)
        self.retract()
        return self.found

    def take_over(self) -> None:
        """Exchange the app, withdrawing all the while, until the new one answers."""
        before = app_of(self.server)
        self._words, self._post = self._left.pop()
        self._begun = Begun(self.server, self._post)
        self.server.process.send_signal(signal.SIGHUP)
        while app_of(self.server) == before:
            if len(self._left) > 2:
                self.retract()
            time.sleep(0.05)

    def retract_at_the_one_that_leaves(self) -> str:
        """It was begun there before the exchange; readers are answered by the new one, whose edge may be lent pages."""
        for _ in range(3):
            self.look(self._post)
        self.gone(self._words, self._post, self._begun.end())
        return self._post

    def _left_so_far(self) -> int:
        return "".join(self.server.said).count("app_left")

    def retract(self) -> None:
        words, post = self._left.pop(0)
        answer = self.server.post(f"/posts/{post}/retraction", {"reason": "a test"})
        assert answer.status_code == 201, answer.text
        self.gone(words, post, int(answer.headers["heard-position"]))

    def gone(self, words: str, post: str, position: int) -> None:
        """That was answered: from this instant on nobody who opens a page is given the words."""
        self._told.append((position, time.monotonic()))
        self._gone.append(words)
        self.found.withdrawn.append(post)
        self.look(post)

    def look(self, post: str) -> None:
        for address in HOT:
            self._judge(address := address.format(slug=self.slug, post=post), self.server.page(address))

    def _judge(self, address: str, text: str) -> None:
        self.found.leaks += [f"{words} on {address}" for words in self._gone if words in text.casefold()]

    def close(self) -> None:
        """Ask every surface of every post, and every open page."""
        for position, answered_at in self._told:
            self.found.slowest_s = max(self.found.slowest_s, self.reading.came_at(position) - answered_at)
        assert self.reading.crowd.disconnected() == 0
        self.reading.close()
        self.server.publish(self.slug, "The last post.")
        for address in self._surfaces():
            self._judge(address, _all(self.server, address))

    def _surfaces(self) -> list[str]:
        house = open_house(self.server.data)
        house.node.catch_up()
        case = cases.by_slug(house.tables, self.slug)
        at = self._told[-1][0]
        found = [one.address for one in addresses(house.tables, house.journal, case, self.found.withdrawn, at)]
        house.close()
        return [*found, f"/live/{self.slug}", f"/api/v1/cases/{self.slug}/posts?limit=500"]


def _all(server: Server, address: str) -> str:
    if not address.startswith("/live/") or "/after/" in address:
        client = server.client if address.startswith("/api/") else server.reader
        return client.get(address).text
    headers = {} if "?" in address else {"Last-Event-ID": _before_all(server, address)}
    found = ""
    with server.reader.stream("GET", address, headers=headers) as stream:
        for line in stream.iter_lines():
            found += line
            if "The last post." in line or "reset" in line:
                break
    return found


def _before_all(server: Server, address: str) -> str:
    epoch = str(server.page(f"{address}/after/0")).partition('"next":"')[2].partition(".")[0]
    return f"{epoch}.1"
