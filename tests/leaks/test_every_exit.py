"""Planted words, withdrawn in every way, are looked for on every exit, in the logs, and in the bytes of the files."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from heard.cases import projection as cases
from heard.coverage import commands
from heard.deliver.surfaces import addresses
from heard.engine import now
from heard.opening import open_house
from tests.server import Server, running

RETRACTED, HELD, ERASED, OLD, UNCLEAR, REASON, PROTECTED = (
    "qretractedwordsq", "qheldwordsq", "qerasedwordsq", "qoldwordsq", "qunclearwordsq", "qreasonwordsq",
    "Qprotected Nameq",
)  # fmt: skip
GONE = (RETRACTED, HELD, ERASED, OLD, UNCLEAR, REASON, "qprotected", "nameq")
#: What one of the desk was shown of the past, which is no exit.
PAST = "as published"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A story with every kind of withdrawal on a real server, and then everything it says by every way out."""
    with running(tmp_path_factory.mktemp("leaks") / "data") as server:
        posts = _story(server)
        past = _looked_back(server, posts)
        exits = {address: _all(server, address) for address in _addresses(server, posts)}
        data = server.data
    exits["log"] = "\n".join(server.said)
    exits["data"] = str(data)
    exits[PAST] = past
    return exits


def _looked_back(server: Server, posts: dict[str, str]) -> str:
    """What the cleared are shown of the instant at which the old words stood; asked for before the exits are read."""
    asked = {"at": posts.pop("at")}
    pages = [
        server.client.get(f"/desk/leaky/as-published/{page}", params={**asked, "post": post, "order": order})
        for page in ("", "page/")
        for post in ("", posts[OLD])
        for order in ("newest", "oldest")
    ]
    assert {page.status_code for page in pages} == {200}
    return "\n".join(page.text for page in pages)


def _story(server: Server) -> dict[str, str]:
    slug = server.open_case("leaky", "A case of secrets")
    server.post(f"/cases/{slug}/restrictions", {"basis": "s.11", "names": [PROTECTED]})
    posts = {
        name: server.publish(slug, f"{name} is said here.", title=f"{name} title")
        for name in (RETRACTED, ERASED, OLD, UNCLEAR)
    }
    posts[HELD] = server.publish(slug, f"{HELD} by {PROTECTED}.")
    server.post(f"/posts/{posts[RETRACTED]}/pin", {})
    server.post(f"/posts/{posts[RETRACTED]}/key_event", {})
    time.sleep(0.01)
    posts["at"] = now.text(now.utc())
    time.sleep(0.01)
    server.post(f"/posts/{posts[RETRACTED]}/retraction", {"reason": REASON, "code": "care"})
    clear = {"text": "Clear words.", "title": "Clear title", "notice": "Said more clearly.", "reason": REASON}
    assert server.post(f"/posts/{posts[UNCLEAR]}/clarifications", clear).status_code == 201
    server.post(f"/posts/{posts[OLD]}/corrections", {"text": "New words.", "title": "New title", "reason": REASON})
    for number in range(90):  # so that there are older pages too
        server.publish(slug, f"Another post, number {number}.")
    server.post(f"/posts/{posts[ERASED]}/retraction", {"reason": REASON})
    house = open_house(server.data)
    house.node.do(commands.erase(house.journal, posts[ERASED], "UK GDPR art. 17"), by="lawyer")
    house.close()
    server.publish(slug, "The last post.")
    return posts


def _addresses(server: Server, posts: dict[str, str]) -> list[str]:
    """Every surface of the register, and what is none but could carry words by mistake."""
    slug = "leaky"
    house = open_house(server.data)
    case = cases.by_slug(house.tables, slug)
    surfaces = addresses(house.tables, house.journal, case, posts.values(), house.store.position())
    house.close()
    api = [f"/api/v1/cases/{slug}/posts?limit=500", f"/api/v1/cases/{slug}", "/api/v1/openapi.json"]
    api += [f"/api/v1/posts/{post}" for post in posts.values()]
    pages = [f"/{slug}/problem/", *(f"/{slug}/?before={post}" for post in posts.values())]
    return [*(one.address for one in surfaces), *pages, *api, f"/live/{slug}", "/log/checkpoint", "/metrics"]


def _all(server: Server, address: str) -> str:
    if "/after/" in address:  # a poll that has everything would wait 25 s for something to tell
        server.publish("leaky", "A post after the last.")
    client = server.client if address.startswith("/api/") else server.reader
    if address.startswith("/live/") and "/after/" not in address:
        found = []
        headers = {} if "?" in address else {"Last-Event-ID": f"{_epoch(server)}.1"}
        with client.stream("GET", address, headers=headers) as stream:
            for line in stream.iter_lines():
                found.append(line)
                if "The last post." in line or "reset" in line:
                    return "\n".join(found)
    answer = client.get(address)
    return answer.text + repr(answer.headers)


def _epoch(server: Server) -> str:
    return str(server.reader.get("/live/leaky/after/0").json()["next"].split(".")[0])


def test_withdrawn_words_are_on_no_exit(told: dict[str, str]) -> None:
    for exit, text in told.items():
        for words in GONE if exit != PAST else (HELD, ERASED, REASON):
            assert words not in text.casefold(), (exit, words)


def test_old_words_were_shown_to_the_cleared_before_the_exits_were_read(told: dict[str, str]) -> None:
    """The control: a look at the past held them, and neither the log nor a page that readers may have does since."""
    for words in (RETRACTED, OLD, UNCLEAR):
        assert words in told[PAST], words
    assert "This post was erased." in told[PAST]


def test_the_search_would_find_what_is_there(told: dict[str, str]) -> None:
    """The control: the exits were read, and words that were not withdrawn are found on them."""
    for exit in (
        "/leaky/",
        "/leaky/feed.atom",
        "/live/leaky",
        "/live/leaky/after/0",
        "/api/v1/cases/leaky/posts?limit=500",
    ):
        assert "The last post." in told[exit], exit
    assert "New words." in told["/leaky/?order=oldest"]


def test_erased_words_are_in_no_byte_of_any_file(told: dict[str, str]) -> None:
    files = [path for path in Path(told["data"]).rglob("*") if path.is_file()]
    assert files
    for path in files:
        assert ERASED.encode() not in path.read_bytes(), path.name


def test_names_under_an_order_are_in_no_file_in_clear(told: dict[str, str]) -> None:
    for path in Path(told["data"]).rglob("*"):
        if path.is_file():
            assert PROTECTED.encode().lower() not in path.read_bytes().lower(), path.name
            assert HELD.encode() not in path.read_bytes(), path.name
