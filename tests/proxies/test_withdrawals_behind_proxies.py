"""What was taken back is never served again: not from a cache, not to late joiners, not by an answer on its way."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from contextlib import suppress
from itertools import count

import pytest

from tests.proxies.conftest import Behind
from tests.proxies.fronts import Front
from tests.proxies.held_line import HeldLine
from tests.waiting import wait_until

WORDS = "the keeper of the gate was Quillon Marsh"
_numbers = count(1)


@pytest.fixture
def slug(behind: Behind) -> str:
    return behind.server.open_case(f"taken-back-{next(_numbers)}", "A case of which something is taken back")


def typed(behind: Behind, *words: str) -> None:
    argv = [sys.executable, "-m", "heard.cli", *words, "--data", str(behind.server.data)]
    subprocess.run(argv, check=True, capture_output=True, timeout=60)


def _retract(behind: Behind, slug: str, post: str) -> None:
    assert behind.server.post(f"/posts/{post}/retraction", {"reason": "a test"}).is_success


def _correct(behind: Behind, slug: str, post: str) -> None:
    body = {"text": "The gate had no keeper.", "notice": "It had none.", "reason": "a test"}
    assert behind.server.post(f"/posts/{post}/corrections", body).is_success


def _restrict(behind: Behind, slug: str, post: str) -> None:
    body = {"basis": "Order 1", "names": ["Quillon Marsh"]}
    assert behind.server.post(f"/cases/{slug}/restrictions", body).is_success


def _hold(behind: Behind, slug: str, post: str) -> None:
    typed(behind, "hold", slug, "--ground", "a test")


def _erase(behind: Behind, slug: str, post: str) -> None:
    typed(behind, "erase", post, "--basis", "Order 2", "--yes")


WAYS = {"retract": _retract, "correct": _correct, "restrict": _restrict, "hold": _hold, "erase": _erase}


def addresses(slug: str, post: str, at: str) -> list[str]:
    """Every public address that showed the post's words, with a position from before it."""
    pages = [f"/{slug}/", f"/{slug}/posts/{post}/", f"/{slug}/posts/{post}/fragment/"]
    return [*pages, f"/{slug}/feed.atom", f"/{slug}/feed.json", f"/live/{slug}/after/0", f"/live/{slug}/after/{at}"]


def shown(front: Front, address: str) -> None:
    """Ask until the words are there: an answer from before them may be kept for its second."""
    until = time.monotonic() + 20
    while "Quillon" not in front.reader.get(address).text:
        assert time.monotonic() < until, address
        time.sleep(0.1)


@pytest.mark.parametrize("way", WAYS)
def test_what_was_taken_back_is_not_served_after_its_purge(way: str, front: Front, behind: Behind, slug: str) -> None:
    at = front.reader.get(f"/live/{slug}/after/0").json()["next"]
    post = behind.server.publish(slug, f"A witness said that {WORDS}.")
    asked = addresses(slug, post, at)
    for address in asked:
        shown(front, address)
    WAYS[way](behind, slug, post)
    # What the command line wrote, the server sees at its next look, a tenth of a second later.
    wait_until(lambda: not any("Quillon" in behind.server.page(address) for address in asked))
    behind.wait_until_told(*front.caches)
    assert [address for address in asked if "Quillon" in front.reader.get(address).text] == []


# An answer that Heard had made before the withdrawal, and that comes to Varnish after the purge.

AS_IT_IS: dict[str, str] = {}
#: Without generations: the surrogate key drops what is there, and what is on its way is kept a moment later.
ONLY_BY_KEY = {
    'hash_data(var.global_get("generation"));': "",
    'bereq.http.Generation != var.global_get("generation")': "false",
}


def race(front: Front, line: HeldLine, behind: Behind, slug: str, cache: int | None) -> list[str]:
    """What those are served who ask after the purge: one while the old answer is still on its way, others later."""
    post = behind.server.publish(slug, f"A witness said that {WORDS}.")
    with ThreadPoolExecutor() as pool:
        line.hold(f"GET /{slug}/feed.json ".encode())
        before = pool.submit(front.reader.get, f"/{slug}/feed.json")
        assert line.holding.wait(30)
        _retract(behind, slug, post)
        behind.wait_until_told(*([] if cache is None else [cache]))
        during = pool.submit(front.reader.get, f"/{slug}/feed.json")
        with suppress(NotYet):  # it waits for the one that is held; on a busy machine that is let go a little early
            during.result(0.5)
        line.let_go()
        answers = [during.result(30), *(front.reader.get(f"/{slug}/feed.json") for _ in range(3))]
        assert before.result(30).status_code == 200
    assert all(answer.status_code == 200 for answer in answers)
    return [answer.text for answer in answers]


@pytest.fixture
def line(behind: Behind) -> Iterator[HeldLine]:
    held = HeldLine(int(behind.server.address.rpartition(":")[2]))
    yield held
    held.close()


def test_an_answer_made_before_a_withdrawal_is_not_kept_after_its_purge(behind: Behind, line: HeldLine) -> None:
    with behind.front("varnish", line.address, behind.ports[1]) as front:
        for number in range(5):
            slug = behind.server.open_case(f"race-{number}", "A race")
            assert "Quillon" not in "".join(race(front, line, behind, slug, cache=2))


def caught(times: int, raced: Callable[[int], list[str]]) -> bool:
    """Whether the words were seen in one of so many races: what a cache keeps for a second, a slow machine may miss."""
    return any("Quillon" in "".join(raced(number)) for number in range(times))


def test_control_without_a_purge_the_race_is_lost(behind: Behind, line: HeldLine) -> None:
    with behind.front("varnish", line.address) as nobody_tells_it:

        def raced(number: int) -> list[str]:
            slug = behind.server.open_case(f"untold-{number}", "A race")
            return race(nobody_tells_it, line, behind, slug, cache=None)

        assert caught(10, raced)


def test_control_with_a_purge_by_key_alone_the_race_is_lost(behind: Behind, line: HeldLine) -> None:
    with behind.front("varnish", line.address, behind.ports[1], replaced=ONLY_BY_KEY) as front:

        def raced(number: int) -> list[str]:
            slug = behind.server.open_case(f"by-key-{number}", "A race")
            return race(front, line, behind, slug, cache=2)

        assert caught(10, raced)


def test_who_asked_before_the_withdrawal_and_still_waits_is_not_told_the_words_either(
    behind: Behind, line: HeldLine
) -> None:
    slug = behind.server.open_case("asked-before", "A race")
    with behind.front("varnish", line.address, behind.ports[1]) as front, ThreadPoolExecutor() as pool:
        post = behind.server.publish(slug, f"A witness said that {WORDS}.")
        line.hold(f"GET /{slug}/ ".encode())
        waiting = pool.submit(front.reader.get, f"/{slug}/")
        assert line.holding.wait(30)
        _retract(behind, slug, post)
        behind.wait_until_told(2)
        line.let_go()
        answer = waiting.result(30)
        assert answer.status_code == 200 and "Quillon" not in answer.text


def test_a_purge_is_not_for_outsiders(front: Front, behind: Behind, slug: str) -> None:
    """Neither directly nor through the proxy in front may someone make a cache forget."""
    answer = front.reader.request("PURGE", f"/{slug}/", headers={"Surrogate-Key": "heard", "X-Forwarded-For": "::1"})
    if front.name == "varnish":  # here the test stands where Heard stands; with the header it would come from outside
        assert answer.status_code == 403
    else:
        assert answer.status_code == 405


def test_a_cache_that_was_away_is_told_when_it_is_back(behind: Behind, slug: str) -> None:
    """With everything it missed, by one purge; it is counted, and logged by id."""
    failed, taken = (f'heard_{name}_total{{cache="2"}}' for name in ("purges_failed", "purges"))
    failures = behind.figure(failed)
    post = behind.server.publish(slug, f"A witness said that {WORDS}.")
    _retract(behind, slug, post)
    wait_until(lambda: behind.figure(failed) > failures)
    purges = behind.figure(taken)
    with behind.front("varnish", port=behind.ports[1]):
        behind.wait_until_told(2)
    assert behind.figure(taken) > purges
    said = "".join(behind.server.said)
    assert "Quillon" not in said and "purge_put_off" in said and "purged" in said
    cursors = json.loads((behind.server.data / "purged.json").read_text())
    assert len(cursors["told"]) == 2
