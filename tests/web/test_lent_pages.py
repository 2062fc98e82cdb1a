"""A page that is asked for again is given out by the edge, and never after what it says has changed."""

from __future__ import annotations

import os
import re
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from heard.live.edition import Edition
from heard.live.lent import Asked, Lent
from tests.server import Server
from tests.waiting import wait_until

HOST = "heard.example"
REQUEST = b"GET /a/?x=1 HTTP/1.1\r\nHost: heard.example\r\nAccept-Encoding: gzip, br\r\n\r\n"
FIELDS = b'content-type: text/html\r\ncontent-length: 4\r\netag: "t"\r\n'


@pytest.fixture
def edition() -> Edition:
    return Edition.fresh()


@pytest.fixture
def lent(edition: Edition) -> Lent:
    lent = Lent(edition)
    lent.hold(edition.now(), Asked(HOST, "/a/?x=1", True), '"t"', FIELDS, b"page")
    return lent


def test_the_same_request_is_given_the_same_answer(lent: Lent) -> None:
    first = lent.answer_to(REQUEST)
    assert first is not None and first.endswith(b"\r\n\r\npage") and b"\r\nDate: " in first
    assert lent.answer_to(REQUEST) is first
    lent.second_passed()
    again = lent.answer_to(REQUEST)
    assert again is not None and again is not first


def test_who_has_it_and_who_asks_for_the_head_are_sent_no_body(lent: Lent) -> None:
    had = lent.answer_to(REQUEST.replace(b"\r\n\r\n", b'\r\nIf-None-Match: "t"\r\n\r\n'))
    assert had is not None and had.startswith(b"HTTP/1.1 304") and b"length" not in had and had.endswith(b"\r\n\r\n")
    head = lent.answer_to(REQUEST.replace(b"GET", b"HEAD"))
    assert head is not None and b"content-length: 4" in head and head.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    "other",
    [
        REQUEST.replace(b"/a/", b"/b/"),
        REQUEST.replace(b"heard.example", b"other.example"),
        REQUEST.replace(b"gzip", b"zstd"),
        REQUEST.replace(b"GET", b"POST"),
        REQUEST.replace(b"1.1\r", b"1.0\r"),
        REQUEST.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"),
        REQUEST.replace(b"\r\n\r\n", b"\r\nX-Forwarded-Proto: https\r\n\r\n"),
        REQUEST.replace(b"\r\n\r\n", b"\r\nHeard-Position: 9\r\n\r\n"),
        REQUEST.replace(b"\r\n\r\n", b"\r\nContent-Length: 4\r\n\r\n"),
        REQUEST + REQUEST,
        REQUEST[:-2],
    ],
)
def test_any_other_request_is_for_the_app(lent: Lent, other: bytes) -> None:
    assert lent.answer_to(other) is None


def test_nothing_is_given_out_once_the_edition_has_turned(lent: Lent, edition: Edition) -> None:
    assert lent.answer_to(REQUEST) is not None
    edition.turn()
    assert lent.answer_to(REQUEST) is None
    lent.hold(edition.now() - 1, Asked(HOST, "/a/?x=1", True), '"t"', FIELDS, b"late")
    assert lent.answer_to(REQUEST) is None


def test_two_ends_share_one_number(edition: Edition) -> None:
    other = Edition(os.dup(edition.fd))
    edition.turn()
    assert other.now() == edition.now() == 1


# On a real server ---------------------------------------------------------------------------------------------------


@contextmanager
def app_asleep(server: Server) -> Iterator[None]:
    """The app answers nothing for a moment: whoever answers is the edge."""
    [app] = [int(pid.name) for pid in Path("/proc").iterdir() if pid.name.isdigit() and _is_app_of(pid, server)]
    os.kill(app, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(app, signal.SIGCONT)


def _is_app_of(pid: Path, server: Server) -> bool:
    try:
        words = (pid / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return b"heard.web.process" in words and str(server.data).encode() in words


@pytest.fixture(scope="module")
def page(server: Server) -> str:
    slug = server.open_case("lent", "A case whose page is lent")
    server.publish(slug, "The first post.")
    return f"/{slug}/"


def test_a_page_asked_for_again_needs_no_app(server: Server, page: str) -> None:
    before = [server.page(page) for _ in range(3)][-1]
    with app_asleep(server):
        assert server.page(page) == before


def test_an_edge_that_begins_later_is_lent_what_others_were(server: Server, page: str) -> None:
    before = [server.page(page) for _ in range(3)][-1]
    edges = lambda: re.findall(r"child_started child=edge-1 pid=(\d+)", "".join(server.said))  # noqa: E731
    os.kill(int(edges()[-1]), signal.SIGKILL)
    wait_until(lambda: len(edges()) == 2)
    for _ in range(3):
        assert httpx2.get(server.address + page, timeout=30).status_code == 200
    with httpx2.Client(base_url=server.address, timeout=3) as client, app_asleep(server):
        assert client.get(page).text == before


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_what_was_acknowledged_is_on_the_very_next_page(server: Server, page: str, encoding: str) -> None:
    for number in range(40):
        for _ in range(3):
            server.reader.get(page, headers={"Accept-Encoding": encoding})
        words = f"Word{number}{encoding} was said."
        post = server.publish("lent", words)
        assert words in server.reader.get(page, headers={"Accept-Encoding": encoding}).text
        for _ in range(3):
            server.reader.get(page, headers={"Accept-Encoding": encoding})
        assert server.post(f"/posts/{post}/retraction", {"code": "error"}).status_code == 201
        assert words not in server.reader.get(page, headers={"Accept-Encoding": encoding}).text


def test_requests_sent_one_behind_the_other_are_all_answered(server: Server, page: str) -> None:
    server.page(page)
    at = urlsplit(server.address)
    asked = f"GET {page} HTTP/1.1\r\nHost: {at.netloc}\r\n\r\n".encode()
    last = asked.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    with socket.create_connection((at.hostname or "", at.port or 0), timeout=20) as sock:
        sock.sendall(asked + asked + last)
        received = b""
        while piece := sock.recv(65536):
            received += piece
    assert received.count(b"HTTP/1.1 200 OK") == 3
