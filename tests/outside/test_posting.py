"""What is posted to an address that a browser named goes to the public web by TLS, or to the operator's own."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from heard.engine.errors import Unavailable
from heard.outside.posting import Answered, post
from heard.outside.reaching import NOT_PUBLIC
from tests.outside.test_reaching import HERE, INSIDE, NAMED, tried
from tests.watch.post_office import serving
from tests.watch.push_service import PushService

NOON = datetime(2031, 3, 3, 12, tzinfo=UTC)


def test_nobody_is_knocked_at_who_is_not_public() -> None:
    named = [host for host in NAMED if host != "nowhere.test"]
    found = tried(*(f"https://{host}/" for host in (*HERE, *INSIDE, *named)), how="post")
    assert found["knocks"] == {} and set(found["told"].values()) <= {NOT_PUBLIC, "gaierror"}


def test_what_is_public_is_reached_by_tls_alone() -> None:
    plain, secure, elsewhere = "http://good.test/", "https://good.test/", "https://good.test:8443/"
    found = tried(plain, secure, elsewhere, how="post")
    assert found["told"][plain] == found["told"][elsewhere] == NOT_PUBLIC
    assert found["told"][secure] not in (NOT_PUBLIC, "200") and found["knocks"] == {"8.8.8.8": 1}


def test_the_operators_own_is_reached_and_nothing_that_only_looks_like_it() -> None:
    like = ("http://10.0.0.1.good.test/", "http://10.0.0.1:8080/", "https://10.0.0.1/", "http://10.0.0.1@good.test/")
    found = tried("http://10.0.0.1/to/me", "http://private.test/to/me", *like, how="post")
    assert found["told"]["http://10.0.0.1/to/me"] == found["told"]["http://private.test/to/me"] == "200"
    assert found["knocks"] == {"10.0.0.1": 2} and {found["told"][one] for one in like} == {NOT_PUBLIC}


@pytest.mark.parametrize(
    ("said", "wait_s"),
    [
        ("", 0),
        ("30", 30),
        ("999999", 3600),
        ("-5", 0),
        ("soon", 0),
        ("Mon, 03 Mar 2031 12:01:00 GMT", 60),
        ("Mon, 03 Mar 2031 11:00:00 GMT", 0),
        ("Mon, 03 Mar 2031 12:00:30 -0000", 30),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 3600),
        ("Mon, 03 Mar 99999999999999999999 12:00:00 GMT", 0),
        ("Mon, 03 Mar 2031 12:00:00 +99999999999999999999", 0),
    ],
)
def test_for_how_long_nobody_is_to_ask_is_read_and_bounded(said: str, wait_s: float) -> None:
    service = PushService()
    service.status, service.retry_after = 429, said
    with serving(service):
        answer = asyncio.run(post(f"{service.origin}/a", b"words", {"TTL": "1"}, NOON, own=(service.origin,)))
    assert answer == Answered(429, wait_s)


def test_who_does_not_answer_is_said_in_a_word_without_an_address() -> None:
    service = PushService()
    service.server_close()
    with pytest.raises(Unavailable) as wrong:
        asyncio.run(post(f"{service.origin}/a", b"words", {}, NOON, own=(service.origin,)))
    assert "127" not in str(wrong.value.details) + wrong.value.message
