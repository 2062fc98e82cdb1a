"""Heads of requests, as far as the edge reads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heard.live import joining
from heard.live.request import Malformed, parse

MAX = 16 * 1024


def test_a_head_is_read() -> None:
    raw = b"GET /live/a?after=e.1%20&x= HTTP/1.1\r\nHost: h\r\nLAST-EVENT-ID:\t e.5 \r\nAccept: a\r\n\r\nrest"
    head = parse(raw, MAX)
    assert head is not None
    assert (head.method, head.path, raw[head.length :]) == ("GET", "/live/a", b"rest")
    assert (head.header("last-event-id"), head.header("cookie")) == ("e.5", None)
    assert (head.parameter("after"), head.parameter("x"), head.parameter("y")) == ("e.1 ", "", None)
    assert head.keeps_alive and not head.has_body


@pytest.mark.parametrize(
    ("fields", "version", "keeps"),
    [
        ("", "1.1", True),
        ("", "1.0", False),
        ("Connection: keep-alive", "1.0", False),
        ("Connection: x, Close", "1.1", False),
    ],
)
def test_what_becomes_of_the_connection(fields: str, version: str, keeps: bool) -> None:
    head = parse(f"GET / HTTP/{version}\r\n{fields}\r\n\r\n".encode(), MAX)
    assert head is not None and head.keeps_alive is keeps


@pytest.mark.parametrize(
    ("target", "path"), [("http://h.test/live/a?x", "/live/a"), ("HTTPS://h.test", "/"), ("/http://x", "/http://x")]
)
def test_the_absolute_form_is_read_too(target: str, path: str) -> None:
    head = parse(f"GET {target} HTTP/1.1\r\n\r\n".encode(), MAX)
    assert head is not None and head.path == path


@given(st.binary(max_size=300))
def test_no_bytes_are_an_error_of_ours(raw: bytes) -> None:
    for buffer in (raw, raw + b"\r\n\r\n", b"GET /live/x" + raw + b" HTTP/1.1\r\n" + raw + b"\r\n\r\n"):
        try:
            head = parse(buffer, MAX)
        except Malformed as malformed:
            assert malformed.status in (400, 431)
        else:
            if head is not None:
                joining.stream_at(head.path)
                assert head.parameter("after") != 1 and head.header("x") != 1 and head.keeps_alive in (True, False)


@given(st.integers(0, 60))
def test_a_head_is_not_read_before_it_is_whole(cut: int) -> None:
    whole = b"\r\nGET / HTTP/1.1\r\nHost: heard.test\r\nAccept: */*\r\nX: y\r\n\r\n"
    head = parse(whole[:cut], MAX)
    assert (head is not None) == (cut >= len(whole))


def test_which_paths_are_live() -> None:
    for path in ("/live/a", "/live/a/after/0", "/live/a/after/", "/live/%00", "/live/a/after/e.1%0a"):
        assert joining.stream_at(path)
    for path in ("/live", "/live/", "/live/a/", "/live/a/after", "/live/a/after/e/1", "/a/live/b", "/livea"):
        assert not joining.stream_at(path)
