"""Requests that come slowly, in part, or are none: they cost the edge nothing and the others nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.live.clients import Client, Reader
from tests.live.edge_alone import SLUG, EdgeAlone


def busy_share(pid: int) -> float:
    """How often of 100 looks a process wants to run: what spins always does, however busy the machine is."""
    wants = 0
    for _ in range(100):
        wants += Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "R"
        time.sleep(0.01)
    return wants / 100


def test_a_head_that_never_ends_is_closed_at_its_deadline_and_told_why(start_edge: Callable[..., EdgeAlone]) -> None:
    edge = start_edge(head_s=0.3)
    with Client(edge.port) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: he")
        answer = client.answer()
        assert answer.status == 408 and b"did not arrive in time" in answer.body
        assert client.is_closed()


def test_a_byte_now_and_then_does_not_move_the_deadline(start_edge: Callable[..., EdgeAlone]) -> None:
    edge = start_edge(head_s=0.5)
    with Client(edge.port) as client:
        client.send(b"GET / HTTP/1.1\r\nX: ")
        client.sock.settimeout(0.05)
        for _ in range(400):
            client.send(b"x")
            try:
                client.more()
                break
            except TimeoutError:
                continue
        assert client.buffer.startswith(b"HTTP/1.1 408 ")


def test_a_head_in_pieces_is_read_as_one(edge: EdgeAlone) -> None:
    with Client(edge.port) as client:
        for piece in (b"\r\n", b"GE", b"T /live/" + SLUG.encode(), b"/after/0 HTTP/1.1\r", b"\nHost: x\r\n\r", b"\n"):
            client.send(piece)
            time.sleep(0.02)
        assert client.answer().status == 200


def test_hundreds_of_partial_requests_take_no_time_from_the_edge(start_edge: Callable[..., EdgeAlone]) -> None:
    edge = start_edge(head_s=60)
    edge.new_app()
    clients = [Client(edge.port) for _ in range(300)]
    for client in clients:
        client.send(b"POST /api HTTP/1.1\r\nContent-Le")
    with Reader(edge.port, SLUG) as reader:
        edge.post("p1")
        reader.event()
        share = busy_share(edge.process.pid)
        edge.post("p2")
        assert reader.event().data["changes"][0]["id"] == "p2"
    for client in clients:
        client.sock.close()
    assert share < 0.5, "something spins"


def test_clients_who_hang_up_while_they_wait_take_no_time_from_the_edge(start_edge: Callable[..., EdgeAlone]) -> None:
    edge = start_edge(app_s=60)
    for _ in range(100):
        with Client(edge.port) as client:
            client.ask("/")
    with Client(edge.port) as client:  # When this is answered, the others have been read.
        client.send(b"nonsense\r\n\r\n")
        assert client.answer().status == 400
    assert busy_share(edge.process.pid) < 0.5, "something spins"


@pytest.mark.parametrize(
    "nonsense",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\x00\r\n\r\n",
        b"hello\r\n\r\n",
        b"GET / HTTP/2.0\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET  / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1 \r\n\r\n",
    ],
)
def test_what_is_no_request_is_refused_in_words(edge: EdgeAlone, nonsense: bytes) -> None:
    with Client(edge.port) as client:
        client.send(nonsense)
        answer = client.answer()
        assert answer.status == 400 and b"not a request" in answer.body
        assert client.is_closed()


def test_a_head_that_is_too_long_is_refused_in_words(edge: EdgeAlone) -> None:
    for head in (
        b"GET / HTTP/1.1\r\nCookie: " + b"x" * 20_000,
        b"GET / HTTP/1.1\r\nCookie: " + b"x" * 20_000 + b"\r\n\r\n",
    ):
        with Client(edge.port) as client:
            client.send(head)
            assert client.answer().status == 431
            assert client.is_closed()


def test_an_idle_connection_is_closed_after_a_while(start_edge: Callable[..., EdgeAlone]) -> None:
    edge = start_edge(idle_s=0.3)
    edge.new_app()
    with Client(edge.port) as client:
        client.ask(f"/live/{SLUG}/after/0")
        client.answer()
        assert client.is_closed()


def test_one_connection_too_many_is_told_to_come_again(start_edge: Callable[..., EdgeAlone]) -> None:
    edge = start_edge(connections=64)
    edge.new_app()
    clients = [Client(edge.port) for _ in range(64)]
    for client in clients:
        client.ask(f"/live/{SLUG}/after/0")
        client.answer()
    with Client(edge.port) as client:
        assert client.answer().status == 503
        assert client.is_closed()
    clients.pop().sock.close()
    for client in clients:
        client.ask(f"/live/{SLUG}/after/0")
        assert client.answer().status == 200
        client.sock.close()


def test_a_reader_who_talks_is_let_go(edge: EdgeAlone) -> None:
    with Reader(edge.port, SLUG) as reader:
        reader.send(b"more")
        assert reader.is_closed()
