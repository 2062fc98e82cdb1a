"""A retraction reaches a thousand readers within a second: alone, on a full disk, and while thousands come back."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.test_full_disk import filled
from tests.faults.test_full_disk import small_disk as small_disk
from tests.live.crowd import Crowd
from tests.proxies.receipts import WORDS, addresses, on_every_page, proven_in_the_end, receipt_of
from tests.server import Server, running

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

READERS, RETRACTIONS, WITHIN_S = 1_000, 5, 1.0
COMING_BACK = 5_000
#: Opens so many streams, closes them and opens them again, for as long as it runs.
STORM = """
import sys
from tests.live.crowd import Crowd
print("coming", flush=True)
while True:
    Crowd(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])).close()
    print("came", flush=True)
"""


def port(server: Server) -> int:
    return int(server.address.rpartition(":")[2])


def retract(server: Server, post: str) -> None:
    answer = server.post(f"/posts/{post}/retraction", {"reason": "a test"})
    assert answer.status_code == 201, answer.text


def told_after(server: Server, crowd: Crowd, post: str) -> list[float]:
    """Seconds from sending the retraction until each reader had the notice."""
    seen = [len(page.positions) for page in crowd.pages]
    began = time.monotonic()
    asking = threading.Thread(target=retract, args=(server, post))
    asking.start()
    while any(len(page.positions) <= had for page, had in zip(crowd.pages, seen, strict=True)):
        assert time.monotonic() - began < 30, "not all were told"
        crowd.read(0.005)
    asking.join()
    return [page.came_at[had] - began for page, had in zip(crowd.pages, seen, strict=True)]


def published(server: Server, slug: str, count: int) -> list[str]:
    return [server.publish(slug, f"Post {number}: a witness said that {WORDS}.") for number in range(count)]


def p99(took: list[float]) -> float:
    return sorted(took)[int(len(took) * 0.99)]


def all_told(server: Server, slug: str, posts: list[str], readers: int) -> float:
    """The slowest of a hundred readers of all these retractions; nobody may lose their connection."""
    crowd = Crowd(port(server), slug, readers)
    took = [seconds for post in posts for seconds in told_after(server, crowd, post)]
    assert crowd.disconnected() == 0
    crowd.close()
    print(
        f"{len(posts)} retractions to {readers:,} readers: p99 {p99(took) * 1e3:.0f} ms, last {max(took) * 1e3:.0f} ms"
    )
    return p99(took)


def shows(server: Server, slug: str, post: str) -> list[str]:
    return [address for address in addresses(slug, post) if "Quillon" in server.page(address)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("stress") / "data") as started:
        yield started


def test_a_thousand_readers_are_told_within_a_second(server: Server) -> None:
    slug = server.open_case("thousand", "A case that a thousand read")
    posts = published(server, slug, RETRACTIONS)
    assert all_told(server, slug, posts, READERS) <= WITHIN_S
    assert shows(server, slug, posts[0]) == []
    assert not any(proven_in_the_end(server, post)["not_proven"] for post in posts)


@contextmanager
def coming_back(server: Server, slug: str) -> Iterator[list[str]]:
    argv = [sys.executable, "-c", STORM, str(port(server)), slug, str(COMING_BACK)]
    others = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2], env=os.environ)
    assert others.stdout is not None
    said = [others.stdout.readline()]
    reading = threading.Thread(target=said.extend, args=(others.stdout,), daemon=True)
    reading.start()
    try:
        yield said
    finally:
        others.kill()
        others.wait()


def test_they_are_told_while_five_thousand_come_back(server: Server) -> None:
    slug = server.open_case("storm", "A case to which thousands come back")
    posts = published(server, slug, RETRACTIONS)
    crowd = Crowd(port(server), slug, 200)
    with coming_back(server, slug) as said:
        assert said == ["coming\n"]
        took = []
        for post in posts:
            took += told_after(server, crowd, post)
            time.sleep(0.5)  # so that the retractions meet the others at different moments
        told, _ = receipt_of(server, posts[-1])
    print(f"while {COMING_BACK:,} came back: p99 {p99(took) * 1e3:.0f} ms")
    assert p99(took) <= WITHIN_S and crowd.disconnected() == 0
    crowd.close()
    assert told["asked_first_at"] and shows(server, slug, posts[0]) == []


def test_they_are_told_on_a_full_disk_and_the_receipt_comes_when_there_is_room(small_disk: Path) -> None:
    with running(small_disk / "data") as server:
        slug = server.open_case("full", "A case on a full disk")
        posts = published(server, slug, 3)
        on_every_page(server, slug, posts[0])
        with filled(small_disk):
            assert server.post(f"/cases/{slug}/posts", {"text": "long words " * 1500}).status_code == 503
            assert all_told(server, slug, posts, 200) <= WITHIN_S
            for post in posts:
                assert shows(server, slug, post) == []
                told = server.client.get(f"/api/v1/posts/{post}/receipt").json()
                assert told["proven"] or told["not_proven"]  # with or without a receipt: nothing is claimed unseen
        for post in posts:
            assert proven_in_the_end(server, post, 90)["proven_gone"]
