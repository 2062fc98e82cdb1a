"""A receipt never says more than was seen: with the real nginx and Varnish in front, and with caches that misbehave."""

from __future__ import annotations

import os
import shutil
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.proxies import fronts
from tests.proxies.bad_caches import BadCache
from tests.proxies.receipts import WORDS, addresses, on_every_page, proven, proven_in_the_end, receipt_of, troubles
from tests.server import Server, running

GIVEN_S = 5.0


class InFront:
    """A server with nginx as its public address, Varnish behind that, and one bad cache of each sort."""

    def __init__(
        self, server: Server, public: httpx2.Client, varnish: str, bad: dict[str, BadCache], lost: str
    ) -> None:
        self.server, self.public, self.varnish, self.bad, self.lost = server, public, varnish, bad, lost

    def posted(self, slug: str, **more: object) -> str:
        """A post that everyone in front has been asked for, and keeps if they keep anything."""
        post = self.server.publish(slug, f"A witness said that {WORDS}.", **more)
        on_every_page(self.server, slug, post)
        for address in addresses(slug, post):
            assert self.public.get(address).status_code == 200
            for cache in self.bad.values():
                if cache.sort != "hanging":
                    httpx2.get(cache.address.rstrip("/") + address)
        return post


@pytest.fixture(scope="module")
def in_front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InFront]:
    folder = tmp_path_factory.mktemp("receipts")
    port, varnish, nginx = fronts.free_port(), fronts.free_port(), fronts.free_port()
    bad = {sort: BadCache(sort) for sort in ("good", "deaf", "hanging", "stale", "refusing", "hiding")}
    lost = f"http://127.0.0.1:{fronts.free_port()}/"
    caches = [f"http://127.0.0.1:{varnish}/", *(one.address for one in bad.values()), lost]
    options = [word for cache in caches for word in ("--cache", cache)]
    options += ["--public", f"https://localhost:{nginx}", "--port", str(port), "--trusted-proxy", "127.0.0.1/32"]
    with pytest.MonkeyPatch.context() as patched:
        # The server believes the certificate that nginx is going to have; until then, any.
        trusted, _ = fronts.self_signed(folder)
        patched.setenv("SSL_CERT_FILE", str(trusted))
        with (
            running(folder / "data", *options) as server,
            fronts.running("varnish", server.address, folder / "varnish", varnish) as inner,
            fronts.running("nginx", inner.address, folder / "nginx", nginx) as outer,
        ):
            shutil.copy(folder / "nginx" / "certificate.pem", trusted)
            for one in bad.values():
                one.origin = server.address
            yield InFront(server, outer.reader, caches[0], bad, lost)
    for one in bad.values():
        one.close()


def test_each_place_in_front_is_proven_or_not_within_five_seconds(in_front: InFront) -> None:
    server = in_front.server
    slug = server.open_case("everyone", "A case in front of which everyone stands")
    post = in_front.posted(slug)
    assert server.post(f"/posts/{post}/retraction", {"reason": "a test"}).is_success
    told, took_s = receipt_of(server, post)
    print(f"receipt of {len(told['proven_gone']) + len(told['not_proven'])} addresses after {took_s:.2f} s")
    assert took_s <= GIVEN_S
    bad = {sort: cache.address for sort, cache in in_front.bad.items()}
    whole = {"here", in_front.varnish, str(in_front.public.base_url).rstrip("/"), bad["good"]}
    for place in whole:
        assert troubles(told, place) == set(), place
        assert set(addresses(slug, post)) <= proven(told, place), place
    assert troubles(told, bad["hanging"]) <= {"silent", "not asked in the time"} and not proven(told, bad["hanging"])
    assert "silent" in troubles(told, bad["hanging"])
    assert troubles(told, in_front.lost) == {"unreachable"} and not proven(told, in_front.lost)
    assert troubles(told, bad["refusing"]) == {"has not taken the purge"} and not proven(told, bad["refusing"])
    for sort in ("deaf", "stale"):  # believed at no address, also not where they had kept nothing
        assert "still serving the words" in troubles(told, bad[sort]), sort
        assert not proven(told, bad[sort]), sort
    hidden = {one["address"] for one in told["not_proven"] if one["place"] == bad["hiding"]}
    assert f"/{slug}/" in hidden and "not answering as this server does" in troubles(told, bad["hiding"])
    assert not told["proven"]


def test_what_is_not_proven_is_in_red_on_the_desk_and_in_no_log_by_its_words(in_front: InFront) -> None:
    server = in_front.server
    slug = server.open_case("in-red", "A case of which something is not proven")
    post = in_front.posted(slug)
    server.post(f"/posts/{post}/retraction", {"reason": "a test"})
    told, _ = receipt_of(server, post)
    with httpx2.Client(base_url=server.address, follow_redirects=True) as desk:
        desk.post(server.link.removeprefix(server.address), data={})
        page = desk.get(f"/desk/{slug}/").text
        assert 'id="unproven"' in page and f"/desk/{slug}/receipts/{told['withdrawal']}/" in page
        receipt = desk.get(f"/desk/{slug}/receipts/{told['withdrawal']}/").text
    assert "still serving the words" in receipt and in_front.bad["deaf"].address in receipt
    assert "Quillon" not in receipt
    said = "".join(server.said)
    assert "receipt_given" in said and "Quillon" not in said and slug not in said


def test_what_became_right_is_proven_later_by_itself(in_front: InFront) -> None:
    """Each of the bad caches is put right; the receipt ends with nothing open but what is still lost."""
    server = in_front.server
    slug = server.open_case("later", "A case of which it is proven later")
    post = in_front.posted(slug)
    server.post(f"/posts/{post}/retraction", {"reason": "a test"})
    told, _ = receipt_of(server, post)
    deaf = in_front.bad["deaf"].address
    assert "still serving the words" in troubles(told, deaf)
    in_front.bad["deaf"].sort = "good"
    in_front.bad["deaf"]._purged()
    give_up_at = time.monotonic() + 30
    while troubles(server.client.get(f"/api/v1/posts/{post}/receipt").json(), deaf):
        assert time.monotonic() < give_up_at
        time.sleep(0.2)


# A purge that is not sent.

#: Varnish keeps what it may keep for a second only; a cache that keeps it longer needs the purge.
KEEPS = {"set beresp.grace = 0s;": "set beresp.grace = 0s; set beresp.ttl = 600s;"}
#: Heard with a purge that answers as if it had been taken.
MUTANT = """
import heard.deliver.purging as purging
async def purge(address, keys, position): pass
purging.purge = purge
"""


@contextmanager
def served(folder: Path, mutant: str = "") -> Iterator[tuple[Server, httpx2.Client]]:
    """A server behind a Varnish that keeps what it has for ten minutes."""
    (folder / "mutant").mkdir(parents=True)
    (folder / "mutant" / "sitecustomize.py").write_text(textwrap.dedent(mutant))
    port = fronts.free_port()
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PYTHONPATH", os.pathsep.join([str(folder / "mutant"), os.environ.get("PYTHONPATH", "")]))
        with (
            running(folder / "data", "--cache", f"http://127.0.0.1:{port}/") as server,
            fronts.running("varnish", server.address, folder / "varnish", port, KEEPS) as front,
        ):
            yield server, front.reader


@pytest.mark.parametrize(
    ("mutant", "is_proven"), [("", True), (MUTANT, False)], ids=["as it is", "mutant without purge"]
)
def test_a_server_that_sends_no_purge_is_caught(tmp_path: Path, mutant: str, is_proven: bool) -> None:
    with served(tmp_path, mutant) as (server, reader):
        slug = server.open_case("purged", "A case behind a cache")
        post = server.publish(slug, f"A witness said that {WORDS}.")
        on_every_page(server, slug, post)
        for address in addresses(slug, post):
            assert "Quillon" in reader.get(address).text
        server.post(f"/posts/{post}/retraction", {"reason": "a test"})
        told, took_s = receipt_of(server, post)
        assert took_s <= GIVEN_S
        leaking = [address for address in addresses(slug, post) if "Quillon" in reader.get(address).text]
        assert told["proven"] is is_proven
        if is_proven:
            assert leaking == []
        else:
            assert leaking and set(leaking) <= {one["address"] for one in told["not_proven"]}
            cache = next(one["place"] for one in told["not_proven"])
            assert "still serving the words" in troubles(told, cache) and troubles(told, "here") == set()


def test_nothing_stands_open_after_a_retraction_behind_a_cache_that_was_told(tmp_path: Path) -> None:
    with served(tmp_path) as (server, _):
        slug = server.open_case("whole", "A case behind a cache")
        post = server.publish(slug, f"A witness said that {WORDS}.")
        server.post(f"/posts/{post}/retraction", {"reason": "a test"})
        told = proven_in_the_end(server, post)
        assert told["not_proven"] == [] and len(told["proven_gone"]) >= 2 * 14
