"""The way of a request from the edge to an app and back: taken once or not at all, and never lost to a death."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable

from heard.live.handover import BODY_BYTES_MAX, Channel, pair
from tests.live.clients import PATIENCE_S, Client, Reader, ask
from tests.live.edge_alone import SLUG, EdgeAlone

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def test_messages_and_descriptors_arrive_in_order_over_a_full_socket() -> None:
    ours, theirs = (Channel(sock) for sock in pair())
    pipes = [os.pipe() for _ in range(200)]
    for n, (_, write) in enumerate(pipes):
        ours.send("numbered", b"x" * 3000, fd=write if n % 2 else None, close_after=bool(n % 2), n=n)
    assert ours.waiting, "the kernel took all of it: this tests nothing"
    received = []
    while len(received) < 200:
        received += theirs.receive()
        ours.flush()
    assert [message.facts["n"] for message in received] == list(range(200))
    for n, (message, (read, write)) in enumerate(zip(received, pipes, strict=True)):
        if n % 2:
            assert message.fd is not None
            os.write(message.fd, b"%d" % n)
            assert os.read(read, 10) == b"%d" % n
            assert not os.get_inheritable(message.fd)
            os.close(message.fd)
        else:
            assert message.fd is None
            os.close(write)
        os.close(read)
    ours.close()
    assert theirs.receive() == [] and theirs.ended
    theirs.close()


def test_what_was_said_before_the_end_is_received_and_nonsense_ends_it() -> None:
    ours, theirs = (Channel(sock) for sock in pair())
    ours.send("last", n=1)
    ours.close()
    assert [message.kind for message in theirs.receive()] == ["last"]
    assert theirs.receive() == [] and theirs.ended
    raw, sock = pair()
    theirs = Channel(sock)
    raw.sendall((2**31).to_bytes(4, "big") + (BODY_BYTES_MAX + 1).to_bytes(4, "big"))
    assert theirs.receive() == [] and theirs.ended
    raw.close()


def test_a_request_is_handed_over_with_all_its_bytes(edge: EdgeAlone) -> None:
    with Client(edge.port) as client:
        client.ask("/api", method="POST", body=b"the words")
        sock, request = edge.app.take()  # type: ignore[union-attr]
        assert request.startswith(b"POST /api HTTP/1.1\r\n") and request.endswith(b"\r\n\r\nthe words")
        sock.sendall(OK)
        assert client.answer().body == b"ok"
        edge.app.close(sock)  # type: ignore[union-attr]
        assert client.is_closed()


def test_a_connection_that_comes_back_is_listened_to_again(edge: EdgeAlone) -> None:
    app = edge.app
    assert app is not None
    with Client(edge.port) as client:
        for _ in range(3):
            client.ask("/")
            sock, _ = app.take()
            sock.sendall(OK)
            app.give_back(sock)
            assert client.answer().body == b"ok"
        client.ask(f"/live/{SLUG}/after/0")
        assert client.answer().status == 200
        client.ask("/")
        sock, _ = app.take()
        sock.sendall(OK)
        app.give_back(sock, unread=f"GET /live/{SLUG}/after/0 HTTP/1.1\r\n\r\n".encode())
        assert client.answer().body == b"ok"
        assert client.answer().json()["changes"] == []


def test_no_descriptor_is_left_behind(edge: EdgeAlone) -> None:
    app = edge.app
    assert app is not None

    def open_at_the_edge() -> int:
        return len(os.listdir(f"/proc/{edge.process.pid}/fd"))

    def comes_down_to(few: int) -> bool:
        give_up_at = time.monotonic() + PATIENCE_S
        while open_at_the_edge() > few and time.monotonic() < give_up_at:
            time.sleep(0.02)
        return open_at_the_edge() <= few

    with Client(edge.port) as client:
        client.ask(f"/live/{SLUG}/after/0")
        assert client.answer().status == 200  # All that it opens once is open.
        with_one = open_at_the_edge()
    assert comes_down_to(with_one - 1)
    with Client(edge.port) as client:
        for _ in range(20):
            client.ask("/")
            sock, _ = app.take()
            sock.sendall(OK)
            app.give_back(sock)
            assert client.answer().body == b"ok"
    for _ in range(20):
        with Client(edge.port) as client:
            client.ask("/")
            app.close(app.take()[0])
            assert client.is_closed()
    assert comes_down_to(with_one - 1)


def test_a_request_nobody_has_begun_is_the_next_apps(edge: EdgeAlone) -> None:
    first = edge.app
    assert first is not None
    clients = [Client(edge.port) for _ in range(5)]
    for n, client in enumerate(clients):
        client.ask(f"/{n}")
    taken, request = first.take()
    assert request.startswith(b"GET /0 ")
    first.expect("request")  # Read, but not begun: nobody has done anything about it.
    taken.close()
    first.channel.close()
    assert clients[0].is_closed(), "what was begun died with its app"
    second = edge.new_app()
    late = Client(edge.port)
    late.ask("/late")
    for n in (*range(1, 5), "late"):
        sock, request = second.take()
        assert request.startswith(f"GET /{n} ".encode())
        sock.sendall(OK)
        sock.close()
    for client in (*clients[1:], late):
        assert client.answer().body == b"ok"
        client.sock.close()


def test_a_request_that_was_begun_is_never_given_to_another(edge: EdgeAlone) -> None:
    first = edge.app
    assert first is not None
    with Client(edge.port) as client:
        client.ask("/", method="POST", body=b"once")
        sock, _ = first.take()
        first.channel.close()  # It dies with the request begun …
        sock.close()
        assert client.is_closed()  # … and the client knows that there is no answer.
    second = edge.new_app()
    with Client(edge.port) as client:
        client.ask("/marker")
        sock, request = second.take()
        assert request.startswith(b"GET /marker")
        sock.close()


def test_an_app_that_reads_nothing_blocks_nobody(edge: EdgeAlone) -> None:
    stuck = edge.app
    assert stuck is not None
    clients = [Client(edge.port) for _ in range(300)]
    for client in clients:
        client.ask("/", f"Cookie: {'x' * 8000}")
    with Reader(edge.port, SLUG) as reader:
        edge.post("p1")
        assert reader.event().data["changes"][0]["id"] == "p1"
    stuck.channel.close()
    second = edge.new_app()
    for _ in clients:
        sock, _ = second.take()
        sock.sendall(OK)
        second.give_back(sock)
    for client in clients:
        assert client.answer().body == b"ok"
        client.sock.close()


def test_an_app_is_given_only_as_many_as_it_may_hold(start_edge: Callable[..., EdgeAlone]) -> None:
    edge = start_edge(at_app=2)
    app = edge.new_app()
    clients = [Client(edge.port) for _ in range(4)]
    for client in clients:
        client.ask("/")
    held = [app.take()[0], app.take()[0]]
    assert app.channel.receive() == []
    app.close(held[0])
    held[0] = app.take()[0]
    held[1].sendall(OK)
    app.give_back(held[1])
    held[1] = app.take()[0]
    for sock in (*held, *(client.sock for client in clients)):
        sock.close()


def test_without_an_app_a_request_waits_and_is_then_told_kindly(start_edge: Callable[..., EdgeAlone]) -> None:
    edge = start_edge(app_s=0.3)
    plain = ask(edge.port, "/")
    assert (plain.status, plain.headers["retry-after"]) == (503, "5")
    assert plain.headers["content-type"].startswith("text/plain") and b"Nothing was lost" in plain.body
    page = ask(edge.port, "/", "Accept: text/html,*/*")
    assert page.headers["content-type"].startswith("text/html") and b'http-equiv="refresh"' in page.body
    posted = ask(edge.port, "/api", "Accept: text/html", method="POST", body=b"words" * 10_000)
    assert posted.status == 503 and b"was not taken" in posted.body and b"refresh" not in posted.body
    assert ask(edge.port, "/", method="HEAD").status == 503


def test_a_request_that_waited_for_the_first_app_is_taken_by_it(
    edge: EdgeAlone, start_edge: Callable[..., EdgeAlone]
) -> None:
    edge = start_edge()
    with Client(edge.port) as client, Client(edge.port) as poller:
        client.ask("/")
        poller.ask(f"/live/{SLUG}/after/0")
        app = edge.new_app()
        sock, _ = app.take()
        sock.sendall(OK)
        assert client.answer().body == b"ok"
        assert poller.answer().json()["changes"] == []
        sock.close()


def test_readers_stay_and_are_served_while_there_is_no_app(edge: EdgeAlone) -> None:
    assert edge.app is not None
    with Reader(edge.port, SLUG) as reader:
        start = reader.last_id
        edge.post("p1")
        reader.until_thing("p1")
        edge.app.channel.close()
        edge.app = None
        assert ask(edge.port, f"/live/{SLUG}", method="HEAD").status == 200  # Now it knows that the app has gone.
        edge.post("p2")  # Written by an app that died before it could ring.
        reader.until_thing("p2")
    with Reader(edge.port, SLUG, start) as back:
        assert [back.event().data["changes"][0]["id"] for _ in range(2)] == ["p1", "p2"]
    assert len(ask(edge.port, f"/live/{SLUG}/after/{start}").json()["changes"]) == 2


def test_an_edge_that_is_told_to_end_says_goodbye(start_edge: Callable[..., EdgeAlone]) -> None:
    edge = start_edge()
    app = edge.new_app()
    reader, poller, asking = Reader(edge.port, SLUG), Client(edge.port), Client(edge.port)
    poller.ask(f"/live/{SLUG}/after/{reader.last_id}")
    asking.ask("/")
    sock, _ = app.take()
    edge.control.send("end")
    assert poller.answer().json()["changes"] == []
    reader.until(b"retry: ")
    assert reader.is_closed()
    sock.sendall(OK)  # What is with the app is the app's to finish.
    assert asking.answer().body == b"ok"
    for one in (reader.sock, poller.sock, asking.sock, sock):
        one.close()
    assert edge.process.wait(20) == 0


def test_an_edge_whose_supervisor_has_gone_ends(start_edge: Callable[..., EdgeAlone]) -> None:
    edge = start_edge()
    edge.control.close()
    assert edge.process.wait(20) == 0


def test_the_listener_takes_ipv6_addresses_too() -> None:
    from heard.live import listening

    if not socket.has_ipv6:
        return
    [listener] = listening.opened("::1", 0, 1)
    assert listening.address_of(listener).startswith("http://[::1]:")
    listener.close()
