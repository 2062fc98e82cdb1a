"""A picture that was wrong is put right like a word: and what is taken out is gone from every surface, and proven."""

from __future__ import annotations

import re
from typing import Any

import httpx2
import pytest

from tests.pictures import files
from tests.pictures.sending import WORDS, address, fresh, posted, reporter, sent, shown_on
from tests.proxies.receipts import proven_in_the_end, receipt_of
from tests.server import Server


@pytest.fixture(scope="module")
def slug(server: Server) -> str:
    return server.open_case("put-right", "A case of pictures put right")


def corrects(server: Server, post: str, pictures: list[dict[str, Any]] | None, **more: Any) -> httpx2.Response:
    stands = {} if pictures is None else {"pictures": pictures}
    return server.post(f"/posts/{post}/corrections", {"text": "The gate.", "reason": "a test", **stands, **more})


def everywhere(server: Server, slug: str, post: str) -> str:
    paths = ("", f"posts/{post}/", f"posts/{post}/fragment/", "feed.json", "feed.atom", "embed/", "fragment/")
    return "".join(server.page(f"/{slug}/{path}") for path in paths) + server.page(f"/live/{slug}/after/0")


def test_another_picture_takes_its_place_and_the_old_one_is_proven_gone(server: Server, slug: str) -> None:
    post, old = posted(server.client, slug, content=fresh(80))
    names = shown_on(server.page(f"/{slug}/posts/{post}/fragment/"), slug)
    new = sent(server.client, slug, fresh(81)).json()
    assert corrects(server, post, [{"media": new["media"], **WORDS}], wrong="picture").status_code == 201
    page = everywhere(server, slug, post)
    assert "A picture was wrong." in page and new["media"] in page and old["media"] not in page
    never = server.reader.get(f"/{slug}/media/{'0' * 64}-480.jpg")
    assert {server.reader.get(name).content for name in names} == {never.content}
    assert server.reader.get(address(slug, new)).status_code == 200
    told, took_s = receipt_of(server, post)
    assert told["cause"] == "corrected" and took_s < 5
    told = proven_in_the_end(server, post)
    gone = {one["address"] for one in told["proven_gone"]}
    assert names <= gone and f"/{slug}/" in gone and f"/{slug}/feed.atom" in gone
    assert not any(new["media"] in one for one in gone)


def test_taken_out_it_leaves_the_words_and_the_notice_and_is_gone(server: Server, slug: str) -> None:
    post, old = posted(server.client, slug, content=fresh(82))
    assert corrects(server, post, [], notice="We showed another gate.").status_code == 201
    page = everywhere(server, slug, post)
    assert "We showed another gate." in page and old["media"] not in page
    assert server.reader.get(address(slug, old)).status_code == 404
    assert proven_in_the_end(server, post)["cause"] == "corrected"


def test_its_words_are_put_right_where_it_stands_and_nothing_is_withdrawn(server: Server, slug: str) -> None:
    post, old = posted(server.client, slug, content=fresh(83))
    right = {"media": old["media"], **WORDS, "alt": "The south gate, shut"}
    assert corrects(server, post, [right]).status_code == 201
    fragment = server.page(f"/{slug}/posts/{post}/fragment/")
    assert "The south gate, shut" in fragment and WORDS["alt"] not in fragment
    assert server.reader.get(address(slug, old)).status_code == 200
    assert server.client.get(f"/api/v1/posts/{post}/receipt").status_code == 404
    assert corrects(server, post, None).status_code == 201
    assert old["media"] in server.page(f"/{slug}/posts/{post}/"), "whoever says nothing of pictures leaves them"


def test_what_another_post_shows_stays_there_and_is_not_called_gone(server: Server, slug: str) -> None:
    content = fresh(84)
    one, kept = posted(server.client, slug, content=content)
    posted(server.client, slug, text="The same gate.", content=content)
    names = shown_on(server.page(f"/{slug}/posts/{one}/fragment/"), slug)
    assert corrects(server, one, []).status_code == 201
    assert server.reader.get(address(slug, kept)).status_code == 200
    gone = {address["address"] for address in proven_in_the_end(server, one)["proven_gone"]}
    assert not names & gone


def test_one_that_was_sent_elsewhere_or_has_no_words_is_put_in_nowhere(server: Server, slug: str) -> None:
    other = server.open_case("put-right-elsewhere", "Elsewhere")
    post, old = posted(server.client, slug, content=fresh(85))
    theirs = sent(server.client, other, fresh(86)).json()["media"]
    mine = sent(server.client, slug, fresh(87)).json()["media"]
    for wrong in (
        {"media": theirs, **WORDS},
        {"media": "0" * 64, **WORDS},
        {"media": mine, **WORDS, "alt": " "},
        {"media": old["media"], **WORDS, "credit": ""},
    ):
        assert corrects(server, post, [wrong]).status_code == 422, wrong
    assert old["media"] in server.page(f"/{slug}/posts/{post}/")


def test_a_form_without_script_does_all_three(server: Server, slug: str, signed_in: httpx2.Client) -> None:
    post, old = posted(server.client, slug, text="A form’s gate.", content=fresh(88))
    short = old["media"][:16]
    page = signed_in.get(f"/desk/{slug}/").text
    assert f'name="alt_{short}"' in page and f'name="off_{short}"' in page
    typed = {"post": post, "text": "A form’s gate.", f"alt_{short}": "The north gate, open", "once": "words"}
    assert signed_in.post(f"/desk/{slug}/correct", data=typed).status_code == 303
    assert "The north gate, open" in server.page(f"/{slug}/posts/{post}/")
    away = {"post": post, "text": "A form’s gate.", f"off_{short}": "on", "once": "away"}
    upload = {"file": ("a.png", fresh(89), "image/png")}
    lacking = signed_in.post(f"/desk/{slug}/correct", data={**away, "alt": "A gate"}, files=upload)
    assert lacking.status_code == 422 and "needs a description" in lacking.text
    [media] = set(re.findall(r'name="picture" value="([0-9a-f]{64})"', lacking.text))
    assert signed_in.post(f"/desk/{slug}/correct", data={**away, **WORDS, "picture": media}).status_code == 303
    page = server.page(f"/{slug}/posts/{post}/")
    assert media in page and old["media"] not in page
    listed = signed_in.get(f"/desk/{slug}/receipts/").text
    assert "A picture was taken out of a post" in listed
    number = server.client.get(f"/api/v1/posts/{post}/receipt").json()["withdrawal"]
    assert "of a picture that was taken out of a post" in signed_in.get(f"/desk/{slug}/receipts/{number}/").text


def test_a_form_takes_a_picture_as_large_as_a_camera_makes_it(
    server: Server, slug: str, signed_in: httpx2.Client
) -> None:
    post, _ = posted(server.client, slug, text="A large gate.", content=fresh(92))
    large = files.encoded(files.corners(1000, 800), "PNG", compress_level=0)
    assert len(large) > 2.2 * 1024**2
    typed = {"post": post, "text": "A large gate.", "once": "large", **WORDS, "alt": "The gate, large"}
    answer = signed_in.post(f"/desk/{slug}/correct", data=typed, files={"file": ("a.png", large, "image/png")})
    assert answer.status_code == 303, answer.text[:300]
    assert "The gate, large" in server.page(f"/{slug}/posts/{post}/")


def test_a_file_that_says_a_protected_name_is_put_into_no_post(server: Server) -> None:
    guarded = server.open_case("put-right-guarded", "A guarded case")
    post, _ = posted(server.client, guarded, content=fresh(90))
    answer = server.post(f"/cases/{guarded}/restrictions", {"basis": "s.11", "names": ["Oriel Vantongeren"]})
    assert answer.status_code == 201, answer.text
    with reporter(server) as writer:
        named = sent(writer, guarded, files.talkative_jpeg(), name="Oriel-Vantongeren.jpg").json()["media"]
        told = {"text": "The gate.", "pictures": [{"media": named, **WORDS}]}
        assert writer.post(f"/api/v1/posts/{post}/corrections", json=told).status_code == 422
        plain = sent(writer, guarded, fresh(91), name="gate.jpg").json()["media"]
        told = {"text": "The gate.", "pictures": [{"media": plain, **WORDS, "caption": "Oriel Vantongeren’s gate"}]}
        assert writer.post(f"/api/v1/posts/{post}/corrections", json=told).status_code == 422
    page = server.page(f"/{guarded}/posts/{post}/")
    assert named not in page and plain not in page
