"""What a reader of an open page is sent, and what one who comes back is."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from heard.engine.frames import Change
from heard.store.frames import FramesFile, Topic
from tests.live.clients import Client, Reader, ask
from tests.live.edge_alone import CASE, EPOCH, SLUG, EdgeAlone
from tests.live.painting import paint
from tests.waiting import wait_until


def test_a_reader_is_sent_a_post_as_it_happens(edge: EdgeAlone) -> None:
    with Reader(edge.port, SLUG) as reader:
        assert b"content-type: text/event-stream" in reader.head.lower()
        assert b"cache-control: no-store" in reader.head.lower()
        assert b"x-accel-buffering: no" in reader.head.lower()
        position = edge.post("p1", "<p>one\ntwo</p>")
        event = reader.event()
    assert event == ("change", f"{EPOCH}.{position}", {"changes": [
        {"kind": "post", "id": "p1", "html": "<p>one\ntwo</p>", "place": "p1"}
    ]})  # fmt: skip
    assert 2000 <= reader.retry_ms <= 8000


def test_everyone_is_sent_the_same_and_only_of_their_case(edge: EdgeAlone) -> None:
    paint(edge.frames, 2, {}, [Topic("another", "case2", True)])
    readers = [Reader(edge.port, SLUG) for _ in range(20)]
    stranger = Reader(edge.port, "another")
    for n in range(10):
        edge.post(f"p{n}")
    edge.publish(Change("state", "state", html="live"), case_id="case2")
    for reader in readers:
        assert [reader.event().data["changes"][0]["id"] for _ in range(10)] == [f"p{n}" for n in range(10)]
        reader.sock.close()
    assert stranger.event().data["changes"][0]["id"] == "state"
    stranger.sock.close()


def test_many_frames_at_one_bell_arrive_in_order_and_apart(edge: EdgeAlone) -> None:
    with Reader(edge.port, SLUG) as reader:
        first = edge.frames.position() + 1
        for n in range(50):
            edge.publish(Change("post", f"p{n}", html="x", place=str(n)), rings=n == 49)
        events = [reader.event() for _ in range(50)]
    assert [event.id for event in events] == [f"{EPOCH}.{first + n}" for n in range(50)]


def test_whoever_comes_back_is_sent_what_they_missed_and_then_goes_on(edge: EdgeAlone) -> None:
    with Reader(edge.port, SLUG) as reader:
        edge.post("p1")
        reader.event()
    edge.post("p2")
    edge.post("p3")
    with Reader(edge.port, SLUG, reader.last_id) as back:
        edge.post("p4")
        assert [back.event().data["changes"][0]["id"] for _ in range(3)] == ["p2", "p3", "p4"]


def test_where_a_reader_stands_may_be_said_in_the_address_and_the_header_wins(edge: EdgeAlone) -> None:
    one, two = edge.post("p1"), edge.post("p2")
    with Client(edge.port) as client:
        client.ask(f"/live/{SLUG}?after={EPOCH}.{one}")
        assert b'"id":"p2"' in client.until(b"}]}\n\n")
    with Client(edge.port) as client:
        client.ask(f"/live/{SLUG}?after={EPOCH}.{one}", f"Last-Event-ID: {EPOCH}.{two}")
        client.until(b": heard\n\n")
        edge.post("p3")
        assert b'"id":"p2"' not in client.until(b'"id":"p3"')


def test_a_correction_reaches_open_pages_and_replaces_the_words_for_who_comes_back(edge: EdgeAlone) -> None:
    start = edge.frames.position()
    with Reader(edge.port, SLUG) as reader:
        edge.post("p1", "<p>the eastern gate</p>")
        assert reader.event().data["changes"][0]["kind"] == "post"
        edge.post("p1", "<p>the western gate</p>", kind="corrected")
        assert reader.event().data["changes"][0]["kind"] == "corrected"
    with Reader(edge.port, SLUG, f"{EPOCH}.{start}") as back:
        edge.post("p2")
        events = back.until_thing("p2")
    assert [event.data["changes"][0]["kind"] for event in events] == ["corrected", "post"]
    assert "eastern" not in str(events)


def test_when_a_case_is_rendered_anew_everyone_is_sent_to_the_page_and_goes_on_from_there(edge: EdgeAlone) -> None:
    start = edge.post("p1", "<p>words from before the order</p>")
    with Reader(edge.port, SLUG) as reader, Client(edge.port) as poller:
        poller.ask(f"/live/{SLUG}/after/{EPOCH}.{start}")
        position = edge.publish(Change("state", "state", html="x"), anew=True)
        event = reader.event()
        assert (event.kind, event.id) == ("reset", f"{EPOCH}.{position}")
        assert poller.answer().json() == {"reset": True, "next": f"{EPOCH}.{position}"}
        edge.post("p2")
        assert [one["id"] for one in reader.event().data["changes"]] == ["p2"]
    for claim in (start - 1, start):
        with Reader(edge.port, SLUG, f"{EPOCH}.{claim}") as back:
            assert back.event().kind == "reset"
    with Reader(edge.port, SLUG, f"{EPOCH}.{position}") as back:
        assert [one["id"] for one in back.event().data["changes"]] == ["p2"], "whoever loaded the page has it"
    assert b"before the order" not in ask(edge.port, f"/live/{SLUG}/after/0").body


def test_withdrawn_words_are_never_replayed(edge: EdgeAlone) -> None:
    start = edge.frames.position()
    edge.post("p1", "<p>the withdrawn words</p>")
    for path in (f"/live/{SLUG}/after/{EPOCH}.{start}", f"/live/{SLUG}/after/0"):  # Now they are in the edge's memory.
        assert b"withdrawn" in ask(edge.port, path).body
    with Reader(edge.port, SLUG, f"{EPOCH}.{start}") as before:
        assert "withdrawn" in str(before.event())
    edge.post("p1", "<p>This post was retracted.</p>", kind="retracted")
    with Reader(edge.port, SLUG, f"{EPOCH}.{start}") as back:
        edge.post("p2")
        assert "withdrawn" not in str(back.until_thing("p2"))
    for path in (f"/live/{SLUG}/after/{EPOCH}.{start}", f"/live/{SLUG}/after/0"):
        assert b"withdrawn" not in ask(edge.port, path).body


def test_withdrawn_words_are_not_replayed_even_before_the_bell_is_heard(edge: EdgeAlone) -> None:
    start = edge.frames.position()
    edge.post("p1", "<p>the withdrawn words</p>")
    path = f"/live/{SLUG}/after/{EPOCH}.{start}"
    assert b"withdrawn" in ask(edge.port, path).body
    edge.publish(Change("retracted", "p1", html="gone", place="p1"), rings=False)
    assert b"withdrawn" not in ask(edge.port, path).body
    edge.frames.forget(CASE, "post:p1")
    edge.publish(Change("post", "p2", html="two", place="p2"), rings=False)
    assert b"gone" not in ask(edge.port, path).body


FORGED = [
    "x", ".", f"{EPOCH}.", f".{1}", f"{EPOCH}.-1", f"{EPOCH}.1e3", f"{EPOCH}.01", f"{EPOCH}.1.1", f"{EPOCH} .1",
    f"{EPOCH}.9223372036854775807", f"{EPOCH}.9223372036854775808", f"{EPOCH}.{'9' * 400}", f"{EPOCH}.99999",
    "anotherepoch.1", "e" * 4000 + ".1", "\x00", f"{EPOCH}.1\x00", "' OR 1=1 --", "<script>", "٣.١", "%00", "\x7f\xff",
    f"{EPOCH.upper()}.1",
]  # fmt: skip


@pytest.mark.parametrize("claim", FORGED, ids=lambda claim: repr(claim)[:30])
def test_a_claim_that_cannot_be_ours_is_answered_with_a_reset(edge: EdgeAlone, claim: str) -> None:
    edge.post("p1")
    with Client(edge.port) as client:
        client.send(f"GET /live/{SLUG} HTTP/1.1\r\nLast-Event-ID: {claim}\r\n\r\n".encode("utf-8", "replace"))
        assert b'event: reset\ndata: {"reset":true}\n\n' in client.until(b"true}\n\n")
        edge.post("p2")  # The stream goes on: a page that is slow to load itself again misses nothing meanwhile.
        assert b'"id":"p2"' in client.until(b"}]}\n\n")
    quoted = "".join(f"%{byte:02X}" for byte in claim.encode())
    assert ask(edge.port, f"/live/{SLUG}/after/{quoted}").json()["reset"] is True


def test_an_empty_claim_is_as_good_as_none(edge: EdgeAlone) -> None:
    with Reader(edge.port, SLUG, "") as reader:
        edge.post("p1")
        assert reader.event().data["changes"][0]["id"] == "p1"


def test_whoever_is_more_than_500_frames_behind_loads_the_page_again(edge: EdgeAlone) -> None:
    start = edge.frames.position()
    for n in range(501):
        edge.publish(Change("post", f"p{n}", html="x", place=str(n)), rings=False)
    edge.app.ring()  # type: ignore[union-attr]
    with Reader(edge.port, SLUG, f"{EPOCH}.{start + 1}") as reader:
        assert reader.event().data["changes"][0]["id"] == "p1"
    with Reader(edge.port, SLUG, f"{EPOCH}.{start}") as reader:
        assert reader.event().kind == "reset"
    assert ask(edge.port, f"/live/{SLUG}/after/{EPOCH}.{start}").json() == {
        "reset": True, "next": f"{EPOCH}.{start + 501}",
    }  # fmt: skip


def test_a_new_epoch_resets_everyone(edge: EdgeAlone) -> None:
    edge.post("p1")
    with Reader(edge.port, SLUG) as reader, Client(edge.port) as poller:
        poller.ask(f"/live/{SLUG}/after/{reader.last_id}")
        wait_until(lambda: ask_nothing(edge))
        restored = FramesFile(edge.folder / "restored.sqlite", "epoch2")
        paint(restored, 1, {}, [Topic(SLUG, CASE, True)])
        edge.app.hello(restored)  # type: ignore[union-attr]
        assert reader.event() == ("reset", "epoch2.1", {"reset": True})
        assert poller.answer().json()["reset"] is True
        paint(restored, 2, {CASE: [Change("post", "q", html="x", place="q")]})
        edge.app.ring()  # type: ignore[union-attr]
        assert reader.event().id == "epoch2.2"
        restored.close()
    with Reader(edge.port, SLUG, f"{EPOCH}.1") as reader:
        assert reader.event().kind == "reset"


def ask_nothing(edge: EdgeAlone) -> bool:
    """A request after others on the same loop: when it is answered, they have been read."""
    return ask(edge.port, f"/live/{SLUG}", method="HEAD").status == 200


def test_another_frames_file_of_the_same_epoch_is_gone_over_to_without_a_word(edge: EdgeAlone) -> None:
    with Reader(edge.port, SLUG) as reader:
        edge.post("p1")
        rendered_anew = FramesFile(edge.folder / "anew.sqlite", EPOCH)
        paint(rendered_anew, 2, {CASE: [Change("post", "p1", html="x", place="p1")]}, [Topic(SLUG, CASE, True)])
        paint(rendered_anew, 3, {CASE: [Change("post", "p2", html="x", place="p2")]})
        edge.app.hello(rendered_anew)  # type: ignore[union-attr]
        assert [reader.event().data["changes"][0]["id"] for _ in range(2)] == ["p1", "p2"]
        rendered_anew.close()


def test_a_stream_that_was_opened_a_moment_ago_is_found(edge: EdgeAlone) -> None:
    paint(edge.frames, 2, {}, [Topic("brand-new", "case9", True)])
    with Reader(edge.port, "brand-new") as reader:
        edge.publish(Change("state", "state", html="x"), case_id="case9")
        assert reader.event().data["changes"][0]["id"] == "state"


def test_an_unknown_or_private_stream_is_the_apps_to_answer(edge: EdgeAlone) -> None:
    paint(edge.frames, 2, {}, [Topic("not-yet", "case2", False)])
    for path in (
        "/live/unknown",
        "/live/not-yet",
        "/live/not-yet/after/0",
        f"/live/{SLUG}/",
        f"/live/{SLUG}/after/1/2",
    ):
        with Client(edge.port) as client:
            client.ask(path)
            sock, request = edge.app.take()  # type: ignore[union-attr]
            assert request.startswith(b"GET " + path.encode())
            sock.close()


def test_when_a_case_stops_being_public_its_readers_are_let_go(edge: EdgeAlone) -> None:
    with Reader(edge.port, SLUG) as reader, Client(edge.port) as poller:
        poller.ask(f"/live/{SLUG}/after/{reader.last_id}")
        wait_until(lambda: ask_nothing(edge))
        paint(edge.frames, 2, {}, [Topic(SLUG, CASE, False)])
        edge.app.ring(2)  # type: ignore[union-attr]
        assert reader.is_closed() and poller.is_closed()


def test_a_case_that_changed_its_name_keeps_its_readers(edge: EdgeAlone) -> None:
    with Reader(edge.port, SLUG) as reader:
        paint(edge.frames, 2, {}, [Topic(SLUG, CASE, False), Topic("its-new-name", CASE, True)])
        edge.post("p1")
        assert reader.event().data["changes"][0]["id"] == "p1"


@pytest.mark.parametrize("path", [f"/live/{SLUG}", f"/live/{SLUG}/after/0"])
def test_a_stream_can_only_be_read(edge: EdgeAlone, path: str) -> None:
    for method in ("POST", "PUT", "DELETE"):
        answer = ask(edge.port, path, method=method, body=b"")
        assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")
    assert ask(edge.port, path, body=b"words").status == 400
    assert ask(edge.port, path, "Transfer-Encoding: chunked").status == 400


def test_a_page_of_another_site_may_ask_and_then_follow(edge: EdgeAlone) -> None:
    with Client(edge.port) as client:
        asked = ("Origin: https://embed.example", "Access-Control-Request-Method: GET")
        client.ask(f"/live/{SLUG}", *asked, "Access-Control-Request-Headers: last-event-id", method="OPTIONS")
        answer = client.answer()
        assert answer.status == 204
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "Last-Event-ID" in answer.headers["access-control-allow-headers"]
        client.ask(f"/live/{SLUG}/after/0")
        assert client.answer().headers["access-control-allow-origin"] == "*"


def test_head_says_what_get_would_and_no_more(edge: EdgeAlone) -> None:
    answer = ask(edge.port, f"/live/{SLUG}", method="HEAD")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    with Client(edge.port) as client:
        client.ask(f"/live/{SLUG}/after/{EPOCH}.1", method="HEAD")
        assert client.answer("HEAD").headers["content-length"]
        client.ask(f"/live/{SLUG}/after/0")
        assert client.answer().json() == {"changes": [], "next": f"{EPOCH}.0"}


def test_heartbeats_come_to_every_reader(start_edge: Callable[..., EdgeAlone]) -> None:
    edge = start_edge(heartbeat_s=2)
    edge.new_app()
    readers = [Reader(edge.port, SLUG) for _ in range(9)]
    for reader in readers:
        reader.until(b":\n\n")
        reader.sock.close()


def test_a_fragment_too_long_to_send_is_sent_as_its_address(edge: EdgeAlone) -> None:
    with Reader(edge.port, SLUG) as reader:
        edge.post("p1", "é" * 40_000)
        assert reader.event().data["changes"] == [
            {"kind": "post", "id": "p1", "href": f"/{SLUG}/fragment/p1", "place": "p1"}
        ]


def test_a_flood_while_nobody_rang_becomes_a_reset(edge: EdgeAlone) -> None:
    with Reader(edge.port, SLUG) as reader:
        for n in range(600):
            edge.publish(Change("post", f"p{n}", html="x", place=str(n)), rings=False)
        edge.app.ring()  # type: ignore[union-attr]
        assert reader.event().kind == "reset"
        position = edge.post("after")
        assert reader.event().id == f"{EPOCH}.{position}"


def test_leaving_and_coming_back_over_real_connections(edge: EdgeAlone) -> None:
    """Some hundred readers who leave at any moment, in the middle of anything, and come back."""
    chance = random.Random(7)
    newest: dict[str, int] = {}
    pages: list[tuple[str, dict[str, int]]] = []

    def act(times: int) -> None:
        for _ in range(times):
            name = f"p{chance.randrange(40)}"
            version = newest[name] = newest.get(name, 0) + 1
            edge.post(name, str(version), kind=chance.choice(["post", "corrected", "retracted"]))

    act(20)
    for _ in range(300):
        if pages and chance.random() < 0.8:
            last_id, page = pages.pop(chance.randrange(len(pages)))
        else:
            last_id, page = f"{EPOCH}.{edge.frames.position()}", dict(newest)
        act(chance.randrange(3))
        with Reader(edge.port, SLUG, last_id) as reader:
            act(chance.randrange(3))
            while page != newest and chance.random() < 0.95:
                event = reader.event()
                assert event.kind == "change"
                for change in event.data["changes"]:
                    assert page.get(change["id"], 0) < int(change["html"]), "sent twice, or an older one later"
                    page[change["id"]] = int(change["html"])
            pages.append((str(reader.last_id), page))
    for last_id, page in pages:
        with Reader(edge.port, SLUG, last_id) as reader:
            while page != newest:
                for change in reader.event().data["changes"]:
                    page[change["id"]] = int(change["html"])
