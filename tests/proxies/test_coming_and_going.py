"""Behind each proxy: the server ends and comes back, nobody loses a word, and who asks stays known for who it is."""

from __future__ import annotations

import signal
from contextlib import suppress
from pathlib import Path

import httpx2
import pytest

from tests.proxies import fronts
from tests.proxies.conftest import Behind
from tests.proxies.fronts import Front
from tests.proxies.test_live_behind_proxies import reading
from tests.server import running


@pytest.mark.parametrize("name", fronts.NAMES)
def test_readers_are_told_when_to_come_back_end_cleanly_and_are_sent_what_was_said_meanwhile(
    name: str, tmp_path: Path
) -> None:
    data, port = tmp_path / "data", str(fronts.free_port())
    fixed = ("--port", port, "--trusted-proxy", "127.0.0.1/32")
    with running(data, *fixed) as server, fronts.running(name, server.address, tmp_path / name) as front:
        server.open_case()
        server.post("/cases/the-case/state", {"state": "live"})
        with reading(front, "the-case") as events:
            server.publish("the-case", "Before the server ends.")
            events.until("Before the server ends.")
            server.process.send_signal(signal.SIGTERM)
            assert "retry" in events.block(), "they are told when, each another moment"
            with pytest.raises(StopIteration):  # The whole answer, with its end: not a line that was torn.
                events.block()
        server.process.wait(20)
        # Meanwhile the proxy says that nobody is there, or (where it pipes) hangs up: not that there is no such stream.
        with suppress(httpx2.RemoteProtocolError):
            assert front.reader.get("/live/the-case").status_code in (502, 503, 504)
        with running(data, *fixed) as again:
            again.publish("the-case", "After it came back.")
            with reading(front, "the-case", events.last_id) as events:
                changes = events.changes()
                assert ["After it came back." in change["html"] for change in changes] == [True]


def test_what_the_reader_says_of_their_own_address_and_scheme_is_not_believed(front: Front) -> None:
    claims = {"X-Forwarded-For": "127.0.0.1", "Forwarded": "for=127.0.0.1;proto=https", "X-Forwarded-Proto": "https"}
    for headers in ({}, claims):
        assert front.reader.get("/metrics", headers=headers).status_code in (401, 403, 404)
    assert front.reader.get("/nobody/", headers=claims).status_code == 404


def test_a_session_begun_through_tls_is_bound_to_it(front: Front, behind: Behind) -> None:
    link = behind.server.link.removeprefix(behind.server.address)
    page = front.reader.get(link)
    assert page.status_code == 200 and "set-cookie" not in page.headers, "looking at a link does not use it up"
    secure = front.address.startswith("https")
    wrong = front.reader.post(link, headers={"Origin": "https://elsewhere.example"})
    assert wrong.status_code == 403
    if secure:
        told = httpx2.Client(verify=False, base_url=front.address).get("/desk/", headers={"Cookie": "heard=forged"})
        assert told.status_code == 303, "the name without its binding is nobody's session"
