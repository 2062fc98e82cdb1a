"""Streams and long polls behind each proxy: at once, in order, open, and each reader's own."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import httpx2
import pytest

from heard.engine.frames import Change
from tests.live.edge_alone import SLUG, EdgeAlone
from tests.proxies import fronts
from tests.proxies.conftest import Behind
from tests.proxies.fronts import Front

_numbers = count(1)


@pytest.fixture
def slug(behind: Behind) -> str:
    slug = behind.server.open_case(f"case-{next(_numbers)}", "A case behind proxies")
    behind.server.post(f"/cases/{slug}/state", {"state": "live"})
    return slug


class Events:
    """A reader of a stream: one event after another, as its bytes come."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._buffer = chunks, b""
        self.heartbeats = 0
        self.last_id = ""

    def block(self) -> dict[str, str]:
        """The fields of the next block that has any."""
        while True:
            while b"\n\n" not in self._buffer:
                self._buffer += next(self._chunks)
            block, _, self._buffer = self._buffer.partition(b"\n\n")
            self.heartbeats += block == b":"
            fields = dict(line.split(": ", 1) for line in block.decode().split("\n") if not line.startswith(":"))
            if fields:
                return fields

    def changes(self) -> list[dict[str, Any]]:
        while True:
            block = self.block()
            if "data" in block:
                self.last_id = block["id"]
                return list(json.loads(block["data"])["changes"])

    def until(self, words: str) -> None:
        """Read until a change comes that has these words."""
        while not any(words in change.get("html", "") for change in self.changes()):
            pass


@contextmanager
def reading(front: Front, slug: str, last_id: str | None = None) -> Iterator[Events]:
    headers = {} if last_id is None else {"Last-Event-ID": last_id}
    with front.reader.stream("GET", f"/live/{slug}", headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        assert "content-encoding" not in answer.headers
        events = Events(answer.iter_raw())
        assert "retry" in events.block()
        yield events


def test_every_frame_has_come_before_the_next_post_is_written(front: Front, behind: Behind, slug: str) -> None:
    with reading(front, slug) as events:
        for number in range(20):
            behind.server.publish(slug, f"Post number {number}, the court sits.")
            events.until(f"Post number {number},")  # had anything held it back, this would wait for ever


def test_a_long_frame_and_a_short_one_come_alike(front: Front, behind: Behind, slug: str) -> None:
    with reading(front, slug) as events:
        behind.server.publish(slug, "Long. " + "The witness said it again. " * 700 + "Its end.")
        events.until("Its end.")
        behind.server.publish(slug, "Short.")
        events.until("Short.")


def test_who_joins_later_has_a_stream_of_their_own(front: Front, behind: Behind, slug: str) -> None:
    """A cache that shared one would send it from its beginning, with what was withdrawn meanwhile."""
    with reading(front, slug) as first:
        post = behind.server.publish(slug, "Words that will be withdrawn.")
        first.until("Words that will be withdrawn.")
        behind.server.post(f"/posts/{post}/retraction", {"reason": "a test"})
        with reading(front, slug) as second:
            assert set(second.block()) == {"id"}
            behind.server.publish(slug, "What came after.")
            first.until("What came after.")
            assert any("What came after." in change.get("html", "") for change in second.changes())


def test_who_comes_back_is_sent_what_they_missed_and_nothing_withdrawn(front: Front, behind: Behind, slug: str) -> None:
    with reading(front, slug) as events:
        last_id = events.block()["id"]
    gone = behind.server.publish(slug, "Words that will be withdrawn.")
    behind.server.publish(slug, "Words that stay.")
    behind.server.post(f"/posts/{gone}/retraction", {"reason": "a test"})
    with reading(front, slug, last_id) as events:
        missed = [events.changes(), events.changes()]
    text = json.dumps(missed)
    assert "Words that stay." in text and "will be withdrawn" not in text


def test_a_long_poll_is_answered_when_there_is_news(front: Front, behind: Behind, slug: str) -> None:
    at = front.reader.get(f"/live/{slug}/after/0").json()["next"]
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(front.reader.get, f"/live/{slug}/after/{at}")
        behind.server.publish(slug, "News for those who poll.")
        answer = waiting.result(30)
    assert "News for those who poll." in answer.text
    assert answer.headers["cache-control"] == "public, max-age=1, stale-while-revalidate=0"


#: Their patience with a silent line, cut to a twentieth. (Caddy has none.)
SHORTENED = {"nginx": {"proxy_read_timeout 60s": "proxy_read_timeout 3s"}, "varnish": {"-p pipe_timeout": "3"}}


@pytest.mark.parametrize("heartbeat_s", [1, 60])
def test_a_silent_stream_is_kept_open_by_its_heartbeat(
    heartbeat_s: int, start_edge: Callable[..., EdgeAlone], tmp_path: Path
) -> None:
    """With a heartbeat slower than the proxy's patience it is cut: the control."""
    edge = start_edge(heartbeat_s=heartbeat_s)
    edge.new_app()

    def is_cut(name: str) -> bool:
        address = f"http://127.0.0.1:{edge.port}"
        with fronts.running(name, address, tmp_path / name, replaced=SHORTENED[name]) as front:
            with reading(front, SLUG) as events:
                try:
                    events.until("At last.")
                except (StopIteration, httpx2.RemoteProtocolError):
                    return True
            return False

    with ThreadPoolExecutor() as pool:
        later = threading.Timer(8, lambda: edge.publish(Change("post", "post1", html="<p>At last.</p>")))
        cut = [pool.submit(is_cut, name) for name in SHORTENED]
        later.start()
        assert [one.result(60) for one in cut] == [heartbeat_s > 8] * 2
        later.join()
