"""Connections in the app: everything a client may do on one, and that it sleeps in the edge in between."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.live.clients import PATIENCE_S, Client, ask
from tests.live.running import Running
from tests.waiting import wait_until

MIB = 2**20


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = Running(tmp_path_factory.mktemp("serving"))
    yield running
    running.close()


def clients_in_the_app(heard: Running) -> int:
    """Besides the one that asks."""
    return int(ask(heard.port, "/sockets").json()["held"]) - 1


def test_many_requests_on_one_connection(heard: Running) -> None:
    with Client(heard.port) as client:
        for n in range(5):
            client.ask("/")
            assert client.answer().body == b"home"
            client.ask("/echo", method="POST", body=b"x" * n)
            assert client.answer().body == str(n).encode()


def test_an_idle_connection_is_not_in_the_app(heard: Running) -> None:
    clients = [Client(heard.port) for _ in range(20)]
    for client in clients:
        client.ask("/")
        assert client.answer().body == b"home"
    wait_until(lambda: clients_in_the_app(heard) == 0)
    for client in clients:
        client.ask("/echo", method="POST", body=b"still here")
        assert client.answer().body == b"10"
        client.sock.close()


def test_pipelined_requests_are_answered_in_order(heard: Running) -> None:
    with Client(heard.port) as client:
        one = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
        client.send(b"".join(one % n + b"x" * n for n in range(30)) + b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert [client.answer().body for _ in range(30)] == [str(n).encode() for n in range(30)]
        assert client.answer().body == b"home"
        client.ask("/")
        assert client.answer().body == b"home"
        wait_until(lambda: clients_in_the_app(heard) == 0)


def test_half_of_the_next_request_may_come_with_the_one_before(heard: Running) -> None:
    with Client(heard.port) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /slow?s=0.01 HT")
        assert client.answer().body == b"home"
        client.send(b"TP/1.1\r\nHost: x\r\n\r\n")
        assert client.answer().body == b"slow"
        wait_until(lambda: clients_in_the_app(heard) == 0)


def test_a_body_of_a_mebibyte_arrives_whole(heard: Running) -> None:
    with Client(heard.port) as client:
        for _ in range(2):
            client.ask("/echo", method="POST", body=b"x" * MIB)
            assert client.answer().body == str(MIB).encode()


def test_a_body_in_chunks_arrives_whole(heard: Running) -> None:
    with Client(heard.port) as client:
        client.send(b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(10):
            client.send(b"3e8\r\n" + b"x" * 1000 + b"\r\n")
            time.sleep(0.005)
        client.send(b"0\r\n\r\n")
        assert client.answer().body == b"10000"
        client.ask("/")
        assert client.answer().body == b"home"


def test_an_answer_before_the_body_has_come_does_not_confuse_the_next_request(heard: Running) -> None:
    with Client(heard.port) as client:
        client.ask("/early", method="POST", body=b"GET / HTTP/1.1\r\n\r\n" * 20_000)
        assert client.answer().status == 413
        client.ask("/")
        assert client.answer().body == b"home"
        wait_until(lambda: clients_in_the_app(heard) == 0)


def test_expect_100_continue_is_answered(heard: Running) -> None:
    with Client(heard.port) as client:
        client.send(b"POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
        assert client.answer().status == 100
        client.send(b"words")
        assert client.answer().body == b"5"


def test_head_and_close_and_http_1_0(heard: Running) -> None:
    with Client(heard.port) as client:
        client.ask("/", method="HEAD")
        assert client.answer("HEAD").headers["content-length"] == "4"
        client.ask("/", "Connection: close")
        assert client.answer().body == b"home"
        assert client.is_closed()
    with Client(heard.port) as client:
        client.send(b"GET / HTTP/1.0\r\n\r\n")
        assert client.answer().body == b"home"
        assert client.is_closed()


def test_a_slow_client_gets_all_of_a_long_answer_and_may_ask_again(heard: Running) -> None:
    with Client(heard.port, receive_buffer=16384) as client:
        client.ask("/long")
        time.sleep(0.3)  # The answer is complete in the app long before it has left.
        assert len(client.answer().body) == 12_000_000
        client.ask("/big?chunks=60")
        time.sleep(0.1)
        assert len(client.answer().body) == 60 * 65536
        client.ask("/")
        assert client.answer().body == b"home"
    wait_until(lambda: clients_in_the_app(heard) == 0)


def test_a_client_who_goes_in_the_middle_is_noticed(heard: Running) -> None:
    with Client(heard.port) as client:
        client.send(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nten bytes.")
    wait_until((heard.data / "disconnected").exists)
    with Client(heard.port) as client:
        client.ask("/big?chunks=200")
        client.until(b"x" * 1000)
    with Client(heard.port) as client:
        client.ask("/slow?s=0.2")
    wait_until(lambda: clients_in_the_app(heard) == 0)


def test_what_is_http_to_the_edge_but_not_to_the_app_is_refused(heard: Running) -> None:
    for head in (b"GET \x00 HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nno colon\r\n\r\n", b"BREW / HTTP/1.1\r\n\r\n"):
        with Client(heard.port) as client:
            client.send(head)
            assert client.answer().status == 400
            assert client.is_closed()


def test_an_upgrade_is_not_taken_up_and_does_no_harm(heard: Running) -> None:
    with Client(heard.port) as client:
        client.ask("/", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: x")
        assert client.answer().body == b"home"
    wait_until(lambda: clients_in_the_app(heard) == 0)


def test_a_body_that_never_comes_and_an_answer_never_taken_are_given_up(start: Callable[..., Running]) -> None:
    heard = start("--body-silence-s", "0.5", "--stalled-s", "1.5")
    with Client(heard.port) as client, Client(heard.port) as half, Client(heard.port, 4096) as stalled:
        client.ask("/echo", "Content-Length: 10", method="POST")
        half.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /hal")
        assert half.answer().body == b"home"
        stalled.ask("/big?chunks=300")
        assert client.is_closed()
        assert half.is_closed()
        wait_until(lambda: clients_in_the_app(heard) == 0)


def test_a_body_that_trickles_is_given_up_too(start: Callable[..., Running]) -> None:
    heard = start("--body-silence-s", "1")
    with Client(heard.port) as client:
        client.ask("/echo", "Content-Length: 100000", method="POST")
        client.sock.settimeout(0.1)
        give_up_at = time.monotonic() + PATIENCE_S
        with suppress(BrokenPipeError, ConnectionResetError):
            while time.monotonic() < give_up_at:
                client.send(b"x")
                with suppress(TimeoutError):
                    if not client.more():
                        break
        assert time.monotonic() < give_up_at, "a byte now and then kept its place"


def test_curl_keeps_its_connection(heard: Running, tmp_path: Path) -> None:
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("curl is not on this machine")
    body = tmp_path / "body"
    body.write_bytes(b"x" * MIB)
    address = f"http://127.0.0.1:{heard.port}"
    ran = subprocess.run(
        [curl, "-sv", f"{address}/", f"{address}/", "--next", "-sv", "--data-binary", f"@{body}", f"{address}/echo"],
        capture_output=True,
        timeout=60,
    )
    assert ran.stdout == b"homehome1048576"
    assert ran.stderr.lower().count(b"re-using") >= 1


def test_many_clients_at_once_are_each_answered_their_own(heard: Running) -> None:
    clients = [Client(heard.port) for _ in range(100)]
    for _ in range(3):
        for n, client in enumerate(clients):
            client.ask("/echo", method="POST", body=b"x" * n)
        for n, client in enumerate(clients):
            assert client.answer().body == str(n).encode()
    for client in clients:
        with suppress(OSError):
            client.sock.close()
