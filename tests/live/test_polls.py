"""The long-poll twin of a stream: the same changes as JSON, through any HTTP cache."""

from __future__ import annotations

from collections.abc import Callable

from heard.engine.frames import Change
from tests.live.clients import Client, ask
from tests.live.edge_alone import CASE, EPOCH, SLUG, EdgeAlone


def address(position: int) -> str:
    return f"/live/{SLUG}/after/{EPOCH}.{position}"


def test_after_0_is_answered_at_once_with_all_there_is(edge: EdgeAlone) -> None:
    assert ask(edge.port, f"/live/{SLUG}/after/0").json() == {"changes": [], "next": f"{EPOCH}.0"}
    position = edge.post("p1")
    answer = ask(edge.port, f"/live/{SLUG}/after/0")
    assert answer.json() == {
        "changes": [{"kind": "post", "id": "p1", "html": "<p>words</p>", "place": "p1"}],
        "next": f"{EPOCH}.{position}",
    }
    assert answer.headers["cache-control"] == "public, max-age=1, stale-while-revalidate=0"
    assert answer.headers["surrogate-key"] == CASE
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "set-cookie" not in answer.headers and "vary" not in answer.headers


def test_a_poll_waits_for_news(edge: EdgeAlone) -> None:
    with Client(edge.port) as client:
        client.ask(address(1))
        client.sock.settimeout(0.3)
        try:
            client.more()
        except TimeoutError:
            pass
        else:
            raise AssertionError("a poll without news was answered at once")
        client.sock.settimeout(20)
        position = edge.post("p1")
        assert client.answer().json()["next"] == f"{EPOCH}.{position}"


def test_a_poll_without_news_is_answered_after_a_while_with_where_all_meet(
    start_edge: Callable[..., EdgeAlone],
) -> None:
    edge = start_edge(poll_s=0.3)
    edge.new_app()
    position = edge.post("p1")
    edge.publish(Change("state", "state", html="x"), case_id="another")  # The log goes on; this case does not.
    answer = ask(edge.port, address(position + 1))
    assert answer.json() == {"changes": [], "next": f"{EPOCH}.{position}"}


def test_pollers_of_one_address_are_answered_with_the_same_bytes(edge: EdgeAlone) -> None:
    position = edge.post("p1")
    clients = [Client(edge.port) for _ in range(20)]
    for client in clients:
        client.ask(address(position), "Cookie: desk=1")
    edge.post("p2")
    answers = {client.answer().body for client in clients}
    assert len(answers) == 1
    for client in clients:
        client.sock.close()


def test_a_poller_who_follows_next_misses_nothing(edge: EdgeAlone) -> None:
    seen: list[str] = []
    path = f"/live/{SLUG}/after/0"
    with Client(edge.port) as client:
        for n in range(60):
            edge.post(f"p{n:02}", html="x" * 100)
            if n % 3:
                continue
            client.ask(path)
            answer = client.answer().json()
            seen += [change["id"] for change in answer["changes"]]
            path = f"/live/{SLUG}/after/{answer['next']}"
        seen += [change["id"] for change in ask(edge.port, path).json()["changes"]]
    assert seen == [f"p{n:02}" for n in range(60)]


def test_the_next_request_may_already_be_on_its_way_while_a_poll_waits(edge: EdgeAlone) -> None:
    with Client(edge.port) as client:
        client.ask(address(1))
        client.ask(f"/live/{SLUG}/after/0")
        position = edge.post("p1")
        assert client.answer().json()["next"] == f"{EPOCH}.{position}"
        assert client.answer().json()["next"] == f"{EPOCH}.{position}"


def test_a_connection_that_is_to_be_closed_is(edge: EdgeAlone) -> None:
    with Client(edge.port) as client:
        client.ask(f"/live/{SLUG}/after/0", "Connection: close")
        assert client.answer().headers["connection"] == "close"
        assert client.is_closed()


def test_a_poller_who_has_gone_is_forgotten(edge: EdgeAlone) -> None:
    for _ in range(20):
        with Client(edge.port) as client:
            client.ask(address(1))
    edge.post("p1")
    assert ask(edge.port, f"/live/{SLUG}/after/0").status == 200
