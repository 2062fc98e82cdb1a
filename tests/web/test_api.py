"""The API as programs meet it, on a real server."""

from __future__ import annotations

import pytest

from tests.server import Server


@pytest.fixture(scope="module")
def slug(server: Server) -> str:
    return server.open_case("api-case", "A case for programs")


def test_published_post_is_on_the_page_and_in_every_list(server: Server, slug: str) -> None:
    answer = server.post(f"/cases/{slug}/posts", {"text": "The witness **begins**."})
    assert answer.status_code == 201
    told = answer.json()
    assert told["url"] == f"/{slug}/posts/{told['id']}/"
    assert answer.headers["heard-position"] >= str(told["position"])
    for address in (f"/{slug}/", told["url"], f"/{slug}/feed.atom", f"/{slug}/feed.json"):
        assert "begins" in server.page(address), address
    listed = server.client.get(f"/api/v1/cases/{slug}/posts").json()
    assert told["id"] in [item["id"] for item in listed["items"]]


def test_same_key_and_request_gives_the_first_outcome(server: Server, slug: str) -> None:
    body = {"text": "Once only."}
    first, again = (server.post(f"/cases/{slug}/posts", body, **{"Idempotency-Key": "k-1"}) for _ in range(2))
    assert first.json() == again.json()
    assert again.headers["idempotent-replayed"] == "true"
    assert server.page(f"/{slug}/").count("<p>Once only.</p>") == 1


def test_same_key_for_another_request_is_refused(server: Server, slug: str) -> None:
    server.post(f"/cases/{slug}/posts", {"text": "One"}, **{"Idempotency-Key": "k-2"})
    answer = server.post(f"/cases/{slug}/posts", {"text": "Two"}, **{"Idempotency-Key": "k-2"})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


def test_second_editor_gets_a_conflict_with_both_versions(server: Server, slug: str) -> None:
    post = server.publish(slug, "There were two lamps.")
    seen = server.client.get(f"/api/v1/posts/{post}").json()["position"]
    mine = {"text": "There were three lamps.", "reason": "misheard", "based_on": seen}
    assert server.post(f"/posts/{post}/corrections", mine).status_code == 201
    answer = server.post(f"/posts/{post}/corrections", {**mine, "text": "There were four lamps."})
    assert answer.status_code == 409
    assert (answer.json()["theirs"], answer.json()["yours"]) == ("There were three lamps.", "There were four lamps.")


def test_retracted_post_leaves_a_notice_in_its_place(server: Server, slug: str) -> None:
    post = server.publish(slug, "Unfit words about nobody.")
    answer = server.post(f"/posts/{post}/retraction", {"code": "legal", "reason": "the secret reason"})
    assert answer.status_code == 201
    page = server.page(f"/{slug}/")
    assert "withdrawn for legal reasons" in page
    for words in ("Unfit words", "secret reason"):
        assert words not in page + server.page(f"/{slug}/posts/{post}/") + server.page(f"/live/{slug}/after/0")


def test_protected_name_is_held_kindly_and_says_no_more(server: Server, slug: str) -> None:
    order = {"basis": "s.11 Contempt of Court Act 1981", "names": ["Perran Holloway"]}
    assert server.post(f"/cases/{slug}/restrictions", order).status_code == 201
    answer = server.post(f"/cases/{slug}/posts", {"text": "Then PERRAN&nbsp;Hol**low**ay stood up."})
    assert answer.status_code == 202
    assert answer.json()["status"] == "held"
    assert "Perran" not in answer.text
    assert "Holloway" not in answer.text
    assert "Holloway" not in server.page(f"/{slug}/")


def test_post_published_before_the_order_is_withheld_by_it(server: Server, slug: str) -> None:
    post = server.publish(slug, "Old words on Merrin Ashcombe.")
    assert "Ashcombe" in server.page(f"/{slug}/")
    server.post(f"/cases/{slug}/restrictions", {"basis": "s.39", "names": ["Merrin Ashcombe"]})
    for address in (f"/{slug}/", f"/{slug}/posts/{post}/", f"/live/{slug}/after/0", f"/{slug}/feed.json"):
        assert "Ashcombe" not in server.page(address), address


def test_states_move_only_as_the_table_says(server: Server) -> None:
    slug = server.open_case("state-case", "A case of states")
    assert server.post(f"/cases/{slug}/state", {"state": "reopened"}).status_code == 422
    assert server.post(f"/cases/{slug}/state", {"state": "live"}).status_code == 201
    paused = server.post(f"/cases/{slug}/state", {"state": "paused", "for": "PT1H", "words": "Rising for an hour."})
    assert paused.json()["until"] is not None
    assert "Rising for an hour." in server.page(f"/{slug}/")
    assert server.post(f"/cases/{slug}/state", {"state": "live"}).json()["state"] == "live"
    assert server.post(f"/cases/{slug}/state", {"state": "closed"}).status_code == 201
    assert server.post(f"/cases/{slug}/posts", {"text": "Too late."}).status_code == 422


def test_unknown_things_are_not_here(server: Server, slug: str) -> None:
    for path in ("/cases/none", "/posts/none", "/cases/none/posts", "/cases/none/state"):
        assert server.client.get(f"/api/v1{path}").status_code == 404, path
    for path in ("/none/", f"/{slug}/posts/none/", "/live/none", f"/{slug}/?before=none", f"/{slug}/?order=sideways"):
        assert server.reader.get(path).status_code == 404, path


def test_nobody_writes_without_a_token(server: Server, slug: str) -> None:
    answer = server.reader.post(f"/api/v1/cases/{slug}/posts", json={"text": "Hello"})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


def test_lists_come_in_pages_with_the_next_address(server: Server) -> None:
    slug = server.open_case("list-case", "A case of lists")
    posts = [server.publish(slug, f"Post {number}") for number in range(5)]
    address, found = f"/api/v1/cases/{slug}/posts?limit=2", []
    while address:
        page = server.client.get(address).json()
        found += [item["id"] for item in page["items"]]
        address = page["next"]
    assert found == posts
    assert server.client.get(f"/api/v1/cases/{slug}/posts?limit=501").status_code == 422


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"text": 1}', b'{"text": "x", "more": 1}', b"\xff", b'{"text": ""}']
)
def test_bad_input_is_refused_in_words(server: Server, slug: str, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    answer = server.client.post(f"/api/v1/cases/{slug}/posts", content=body, headers=headers)
    assert answer.status_code in (400, 422)
    assert "Nothing was" in answer.json()["detail"]


def test_what_is_nested_without_end_is_refused_in_words(server: Server) -> None:
    """Where a field takes anything, such as what is owed."""
    body = b'{"title": "x", "supervisor": "y", "obligation": {"op": ' + b"[" * 5000
    headers = {"content-type": "application/json"}
    answer = server.client.post("/api/v1/watch/stations/none/obligations", content=body, headers=headers)
    assert answer.status_code == 400 and "Nothing was" in answer.json()["detail"]


def test_huge_body_is_refused_at_once(server: Server, slug: str) -> None:
    answer = server.post(f"/cases/{slug}/posts", {"text": "x" * 3_000_000})
    assert answer.status_code == 413


def test_change_from_another_site_is_refused(server: Server, slug: str) -> None:
    for headers in ({"Origin": "https://elsewhere.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert server.post(f"/cases/{slug}/posts", {"text": "x"}, **headers).status_code == 403
