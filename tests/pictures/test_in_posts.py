"""A picture from the phone to the page, and off every page again: on a real server."""

from __future__ import annotations

import re
import time
from pathlib import Path

import httpx2
import pytest

from heard.coverage import commands, projection
from heard.opening import open_house
from tests.pictures import files
from tests.pictures.sending import WORDS, address, fresh, posted, sealed_at, sent, shown_on
from tests.proxies.bad_caches import BadCache
from tests.proxies.receipts import proven_in_the_end, receipt_of
from tests.server import Server, running


@pytest.fixture(scope="module")
def slug(server: Server) -> str:
    return server.open_case("gate", "The gate")


def test_it_is_on_the_page_with_its_words_its_size_and_every_width(server: Server, slug: str) -> None:
    post, kept = posted(server.client, slug, content=fresh(1))
    page = server.page(f"/{slug}/posts/{post}/")
    [img] = set(re.findall(r"<img [^>]*>", page))
    assert f'src="{address(slug, kept)}"' in img and 'loading="lazy"' in img
    assert 'width="1000" height="700"' in img and WORDS["alt"] in img
    assert f"{WORDS['caption']} <small>{WORDS['credit']}</small>" in page
    names = shown_on(page, slug)
    assert len(names) == 6
    for name in names:
        answer = server.reader.get(name)
        assert answer.status_code == 200 and answer.headers["content-type"] in ("image/jpeg", "image/webp")
        assert answer.headers["x-content-type-options"] == "nosniff" and "content-encoding" not in answer.headers
        again = server.reader.get(name, headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304 and not again.content
    for feed in ("feed.json", "feed.atom"):
        assert f"{server.address}{address(slug, kept)}" in server.page(f"/{slug}/{feed}")
    stream = server.page(f"/live/{slug}/after/0")
    assert kept["media"] in stream


def test_an_upload_is_nowhere_until_a_post_shows_it(server: Server, slug: str) -> None:
    kept = sent(server.client, slug, fresh(2)).json()
    never = server.reader.get(f"/{slug}/media/{'0' * 64}-480.jpg")
    before = server.reader.get(address(slug, kept))
    assert (before.status_code, before.content) == (never.status_code, never.content) == (404, never.content)


def test_it_has_one_address_and_none_in_another_case(server: Server, slug: str) -> None:
    other = server.open_case("other-gate", "Another")
    _, kept = posted(server.client, slug, content=fresh(3))
    at = address(slug, kept)
    assert server.reader.get(at).status_code == 200
    hash_, width = kept["media"], kept["width"]
    for wrong in (
        address(other, kept),
        f"/{slug}/media/{hash_}",
        f"/{slug}/media/{hash_}-{width + 1}.jpg",
        f"/{slug}/media/{hash_}-{width}.webp",
        f"/{slug}/media/{hash_}-0{width}.jpg",
        f"/{slug}/media/{hash_.upper()}-{width}.jpg",
        f"/{slug}/media/{hash_}-{width}.jpg%00",
        f"/{slug}/media/..%2f..%2fjournal.sqlite",
    ):
        assert server.reader.get(wrong).status_code == 404, wrong


def test_a_picture_of_another_case_cannot_be_named(server: Server, slug: str) -> None:
    elsewhere = server.open_case("elsewhere-gate", "Elsewhere")
    kept = sent(server.client, elsewhere, fresh(4)).json()
    for media in (kept["media"], "0" * 64, "../vault.sqlite", ""):
        told = {"media": media, **WORDS}
        answer = server.post(f"/cases/{slug}/posts", {"text": "The gate.", "pictures": [told]})
        assert answer.status_code == 422 and "not one that was uploaded" in answer.text


@pytest.mark.parametrize("lacking", ["alt", "credit"])
def test_it_needs_a_description_and_a_credit(server: Server, slug: str, lacking: str) -> None:
    kept = sent(server.client, slug, fresh(5)).json()
    told = {"media": kept["media"], **WORDS, lacking: " "}
    answer = server.post(f"/cases/{slug}/posts", {"text": "The gate.", "pictures": [told]})
    assert answer.status_code == 422 and "needs a description" in answer.text


def test_what_is_no_picture_is_refused_in_words_and_nothing_is_kept(server: Server, slug: str) -> None:
    before = set((server.data / "media").iterdir())
    for content, words in (
        (b"<svg onload='alert(1)'/>", "can carry a program"),
        (files.talkative_jpeg()[:700], "damaged"),
        (files.claiming_png(50_000, 50_000), "million points"),
        (b"The coroner", "no picture that is known"),
        (files.text_bomb(), "damaged"),
    ):
        answer = sent(server.client, slug, content)
        assert answer.status_code == 422 and words in answer.json()["detail"]
    assert sent(server.client, slug, b"\xff\xd8\xff" + bytes(17 * 1024**2)).status_code == 413
    assert set((server.data / "media").iterdir()) == before


def test_withdrawn_it_is_gone_at_once_and_the_receipt_asked_for_every_file(server: Server, slug: str) -> None:
    post, kept = posted(server.client, slug, content=fresh(6))
    names = shown_on(server.page(f"/{slug}/posts/{post}/fragment/"), slug)
    assert {server.reader.get(name).status_code for name in names} == {200}
    server.post(f"/posts/{post}/retraction", {"reason": "a test"})
    never = server.reader.get(f"/{slug}/media/{'0' * 64}-480.jpg")
    assert {server.reader.get(name).content for name in names} == {never.content}
    told, took_s = receipt_of(server, post)
    assert names <= {one["address"] for one in told["proven_gone"]} and told["proven"] and took_s < 5
    assert kept["media"] not in server.page(f"/{slug}/feed.json") + server.page(f"/live/{slug}/after/0")


def test_shown_by_another_post_it_stays_and_is_not_called_gone(server: Server, slug: str) -> None:
    first, kept = posted(server.client, slug, content=fresh(7))
    posted(server.client, slug, content=fresh(7))
    server.post(f"/posts/{first}/retraction", {"reason": "a test"})
    assert server.reader.get(address(slug, kept)).status_code == 200
    told, _ = receipt_of(server, first)
    assert told["proven"] and address(slug, kept) not in {one["address"] for one in told["proven_gone"]}


def test_a_cache_that_keeps_a_picture_is_named_on_the_receipt(tmp_path: Path) -> None:
    deaf, good = BadCache("deaf"), BadCache("good")
    with running(tmp_path / "data", "--cache", deaf.address, "--cache", good.address) as server:
        deaf.origin = good.origin = server.address
        slug = server.open_case("kept", "A case that is kept")
        post, kept = posted(server.client, slug, "Words.")
        at = address(slug, kept)
        assert {httpx2.get(cache.address[:-1] + at).status_code for cache in (deaf, good)} == {200}
        server.post(f"/posts/{post}/retraction", {"reason": "a test"})
        told, _ = receipt_of(server, post)
        [still] = [one for one in told["not_proven"] if one["address"] == at]
        assert still["name"] and still["place"] == deaf.address and still["trouble"] == "still serving the picture"
        assert good.address in {one["place"] for one in told["proven_gone"] if one["address"] == at}
        server.process.terminate()
    deaf.close()
    good.close()


# The desk, without script ---------------------------------------------------------------------------------------------


def test_a_form_without_script_publishes_it(server: Server, slug: str, signed_in: httpx2.Client) -> None:
    upload = {"file": ("gate.jpg", files.talkative_jpeg(), "text/html")}
    answer = signed_in.post(f"/desk/{slug}/publish", data={"text": "A form’s gate.", **WORDS}, files=upload)
    assert answer.status_code == 303, answer.text
    page = server.page(f"/{slug}/")
    assert "A form’s gate." in page


def test_what_was_refused_comes_back_with_its_picture(server: Server, slug: str, signed_in: httpx2.Client) -> None:
    upload = {"file": ("a.png", fresh(15), "image/png")}
    data = {"text": "A gate without credit.", "alt": "A gate", "once": "gate-form"}
    answer = signed_in.post(f"/desk/{slug}/publish", data=data, files=upload)
    assert answer.status_code == 422 and "needs a description" in answer.text and "Your picture is here" in answer.text
    [media] = re.findall(r'name="picture" value="([0-9a-f]{64})"', answer.text)
    again = signed_in.post(f"/desk/{slug}/publish", data={**data, "credit": "Ida Rook", "picture": media})
    assert again.status_code == 303 and media in server.page(f"/{slug}/")


# Erased ---------------------------------------------------------------------------------------------------------------


def test_erased_its_files_are_destroyed_and_it_is_proven(server: Server, slug: str) -> None:
    post, _ = posted(server.client, slug, content=fresh(17))
    names = shown_on(server.page(f"/{slug}/posts/{post}/fragment/"), slug)
    house = open_house(server.data)
    on_disk = [sealed_at(house, name.rpartition("/")[2][:64]) for name in names]
    assert all(path.exists() for path in on_disk)
    house.node.do(commands.erase(house.journal, post, "UK GDPR art. 17"), by="lawyer")
    house.close()
    give_up_at = time.monotonic() + 10
    while any(path.exists() for path in on_disk) or server.reader.get(min(names)).status_code != 404:
        assert time.monotonic() < give_up_at
        time.sleep(0.05)
    told = proven_in_the_end(server, post)
    assert names <= {one["address"] for one in told["proven_gone"]}


def test_a_crash_between_the_entry_and_the_files_is_made_good_at_the_next_start(tmp_path: Path) -> None:
    from tests.desk import Desk

    house = open_house(tmp_path / "data", synchronous="OFF")
    desk = Desk(house)
    from heard.coverage.elements import Image

    media = house.media.keep(b"a picture")
    post = desk.publish("Words.", Image("A gate", "Ida Rook", media, 1, 1))
    assert projection.pictured_in(house.tables, f"{media}-1.jpg")
    house.node.after_erasing.clear()  # the crash
    desk.do(commands.erase(house.journal, post, "UK GDPR art. 17"))
    path = sealed_at(house, media)
    assert path.exists()
    house.close()
    open_house(tmp_path / "data", synchronous="OFF").close()
    assert not path.exists()
