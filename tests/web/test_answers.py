"""What every answer has in common: packed for whoever can unpack it, asked again for nothing, found by its address."""

from __future__ import annotations

import httpx2
import pytest

from tests.server import Server


@pytest.fixture(scope="module")
def page(server: Server) -> str:
    slug = server.open_case("packed", "A case whose page is long")
    for number in range(5):
        server.publish(slug, f"Post {number} says what was heard. " * 20)
    return f"/{slug}/"


def got(server: Server, path: str, **headers: str) -> httpx2.Response:
    return server.reader.get(path, headers={"Accept-Encoding": "identity", **headers})


def test_a_page_is_the_same_packed_and_plain(server: Server, page: str) -> None:
    plain, packed = got(server, page), got(server, page, **{"Accept-Encoding": "gzip, br"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.text == plain.text
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"]) / 3
    assert plain.headers["vary"] == packed.headers["vary"] == "Accept-Encoding"


def test_packed_and_plain_bytes_have_tags_of_their_own(server: Server, page: str) -> None:
    plain, packed = got(server, page), got(server, page, **{"Accept-Encoding": "gzip"})
    assert plain.headers["etag"] != packed.headers["etag"]


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_who_has_it_already_is_sent_nothing(server: Server, page: str, encoding: str) -> None:
    tag = got(server, page, **{"Accept-Encoding": encoding}).headers["etag"]
    again = got(server, page, **{"Accept-Encoding": encoding, "If-None-Match": f'"other", {tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    server.publish("packed", "Something new.")
    assert got(server, page, **{"Accept-Encoding": encoding, "If-None-Match": tag}).status_code == 200


def test_a_head_says_what_a_get_would(server: Server, page: str) -> None:
    asked, head = got(server, page), server.reader.head(page, headers={"Accept-Encoding": "identity"})
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == asked.headers["etag"]


def test_a_method_that_an_address_does_not_take_is_named(server: Server, page: str) -> None:
    answer = server.reader.delete(page)
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}


def test_an_address_without_its_last_slash_leads_on(server: Server) -> None:
    answer = server.reader.get("/desk/sign-in")
    assert (answer.status_code, httpx2.URL(answer.headers["location"]).path) == (307, "/desk/sign-in/")


def test_a_part_of_an_address_that_is_no_case_is_not_here(server: Server) -> None:
    for path in ("/nobody-opened-this/", "/api/v1/nothing", "/a/b/c/d/e"):
        assert server.reader.get(path).status_code in (401, 404)


def test_every_answer_binds_the_browser(server: Server, page: str) -> None:
    for path in (page, "/nothing/", "/api/v1/openapi.json", "/healthz"):
        assert "default-src 'none'" in server.reader.get(path).headers["content-security-policy"]


def test_a_body_of_no_told_length_is_bounded(server: Server) -> None:
    def too_much() -> object:
        for _ in range(40):
            yield b" " * 100_000

    answer = server.client.post("/api/v1/cases/packed/posts", content=too_much())  # type: ignore[arg-type]
    assert answer.status_code == 413


def test_a_poll_right_behind_an_answer_on_one_connection_is_the_edges(server: Server) -> None:
    """A proxy keeps its connections: who reads the next request before it is given back does not know of streams."""
    slug = server.open_case("one-line", "A case asked for on one line")
    server.publish(slug, "A post.")
    with httpx2.Client(base_url=server.address, timeout=30) as line:
        for number in range(150):
            assert line.get(f"/{slug}/feed.json?number={number}").status_code == 200
            assert line.get(f"/live/{slug}/after/0").status_code == 200, number
