"""Requests that come slowly, in part, or are none: they cost the edge nothing and the others nothing."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from heard.live import listening
from tests.live.clients import Client, Reader, ask
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
        assert client.answer().status == 200  # it is there, and the edge awake
        client.send(b"GET /live/")
    time.sleep(0.5)  # while a half has not been read its connection is idle, and would give way
    with Client(edge.port) as client:
        assert client.answer().status == 503
        assert client.is_closed()
    for client in clients[1:]:
        client.send(f"{SLUG}/after/0 HTTP/1.1\r\n\r\n".encode())
        assert client.answer().status == 200
        client.sock.close()
    clients[0].sock.close()


def test_the_connection_that_was_idle_longest_gives_way(start_edge: Callable[..., EdgeAlone]) -> None:
    edge = start_edge(connections=64)
    edge.new_app()
    clients = [Client(edge.port) for _ in range(64)]
    for client in clients:
        client.ask(f"/live/{SLUG}/after/0")
        assert client.answer().status == 200
    assert ask(edge.port, f"/live/{SLUG}/after/0").status == 200
    assert clients[0].is_closed()
    clients[-1].ask(f"/live/{SLUG}/after/0")
    assert clients[-1].answer().status == 200
    for client in clients:
        client.sock.close()


def test_a_house_full_of_readers_still_takes_requests(start_edge: Callable[..., EdgeAlone]) -> None:
    edge = start_edge(connections=64, kept_for_requests=0.5)
    app = edge.new_app()
    readers = [Reader(edge.port, SLUG) for _ in range(32)]
    full = ask(edge.port, f"/live/{SLUG}")
    assert full.status == 503 and 2 <= int(full.headers["retry-after"]) <= 8
    with Client(edge.port) as reporter:
        reporter.ask("/api/v1/posts/1/retraction", method="POST", body=b"{}")
        sock, received = app.take()
        assert received.startswith(b"POST /api/v1/posts/1/retraction")
        sock.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
        assert reporter.answer().status == 201
        sock.close()
    readers.pop().sock.close()
    edge.post("p1")
    for reader in readers:
        assert reader.event().data["changes"][0]["id"] == "p1"
        reader.sock.close()
    with Reader(edge.port, SLUG):  # The place of the one who left is free again.
        pass


def test_connections_inherit_what_the_listener_was_told() -> None:
    for listener in (*listening.opened("127.0.0.1", 0, 1), *listening.opened("127.0.0.1", 0, 2)):
        with listener:
            sock = socket.create_connection(listener.getsockname())
            if select.select([listener], [], [], 0.5)[0]:  # Else it is the other one's.
                accepted, _ = listener.accept()
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
                if hasattr(socket, "TCP_USER_TIMEOUT"):
                    assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 30_000
                accepted.close()
            sock.close()


def test_a_reader_who_talks_is_let_go(edge: EdgeAlone) -> None:
    with Reader(edge.port, SLUG) as reader:
        reader.send(b"more")
        assert reader.is_closed()
