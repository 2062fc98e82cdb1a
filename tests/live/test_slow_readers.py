"""No reader slows another, and one who is stuck costs a cursor."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from heard.engine.frames import Change
from tests.live.clients import Reader
from tests.live.edge_alone import EPOCH, SLUG, EdgeAlone
from tests.waiting import wait_until

LONG = "x" * 50_000
FILLS_A_LINE = 9
"""Frames of LONG that no stuck connection takes: its buffers hold about 200 KB, both ends together."""


@pytest.fixture(params=[True, False], ids=["in one call", "one after another"])
def start_edge(start_edge: Callable[..., EdgeAlone], request: pytest.FixtureRequest) -> Callable[..., EdgeAlone]:
    """Both ways to send: a kernel that forbids the one must serve as well."""
    return partial(start_edge, at_once=request.param)


def memory_kb(edge: EdgeAlone) -> int:
    status = Path(f"/proc/{edge.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


def test_a_stuck_reader_is_let_go_and_the_others_never_notice(start_edge: Callable[..., EdgeAlone]) -> None:
    edge = start_edge(stuck_s=1)
    edge.new_app()
    stuck = [Reader(edge.port, SLUG, receive_buffer=4096) for _ in range(20)]
    with Reader(edge.port, SLUG) as reader:
        for n in range(FILLS_A_LINE):
            edge.post(f"p{n}", LONG)
            assert reader.event().data["changes"][0]["id"] == f"p{n}"
        for one in stuck:
            wait_until(lambda one=one: _hung_up(one))
            one.sock.close()
        edge.post("after")
        assert reader.event().data["changes"][0]["id"] == "after"


def _hung_up(reader: Reader) -> bool:
    """Whether the other end has cut the connection: seen without reading, which would unstick the reader."""
    try:
        reader.sock.getpeername()
    except OSError:
        return True
    return False


def test_a_reader_too_far_behind_is_let_go_though_it_still_reads(start_edge: Callable[..., EdgeAlone]) -> None:
    edge = start_edge(behind_bytes=200_000)
    edge.new_app()
    with Reader(edge.port, SLUG, receive_buffer=4096) as slow, Reader(edge.port, SLUG) as reader:
        for n in range(FILLS_A_LINE):
            edge.post(f"p{n}", LONG)
            reader.until_thing(f"p{n}")
        assert slow.is_closed()
    with Reader(edge.port, SLUG, slow.last_id) as back:
        assert back.until_thing(f"p{FILLS_A_LINE - 1}")


def test_stuck_readers_cost_the_edge_no_copies(start_edge: Callable[..., EdgeAlone]) -> None:
    edge = start_edge()
    edge.new_app()
    stuck = [Reader(edge.port, SLUG, receive_buffer=4096) for _ in range(100)]
    with Reader(edge.port, SLUG) as reader:
        edge.post("first", LONG)
        reader.event()
        before = memory_kb(edge)
        for n in range(FILLS_A_LINE):
            edge.publish(Change("post", f"p{n}", html=LONG, href="/x", place=f"p{n}"), rings=n == FILLS_A_LINE - 1)
        reader.until_thing(f"p{FILLS_A_LINE - 1}")
        edge.post("last")
        reader.until_thing("last")
    grown = memory_kb(edge) - before
    for one in stuck:
        one.sock.close()
    assert grown < 15_000, f"{grown} KB for 100 readers who are 450 KB behind: copies would be 45,000"


def test_a_slow_reader_catches_up_and_is_sent_each_thing_as_it_is_then(edge: EdgeAlone) -> None:
    with Reader(edge.port, SLUG, receive_buffer=4096) as slow, Reader(edge.port, SLUG) as reader:
        for n in range(8):
            edge.post(f"p{n}", LONG)
            reader.until_thing(f"p{n}")  # Each a piece of bytes of its own.
        for n in range(6, 8):  # Not yet on its way to this reader.
            edge.post(f"p{n}", f"corrected {n}", kind="corrected")
        edge.post("last")
        events = slow.until_thing("last")
    positions = [int(event.id.removeprefix(f"{EPOCH}.")) for event in events]
    assert positions == sorted(set(positions))
    ids = [change["id"] for event in events for change in event.data["changes"]]
    assert ids == [*(f"p{n}" for n in range(8)), "last"], "each once: what was corrected meanwhile not in its old words"
    assert events[-1].id == f"{EPOCH}.{edge.frames.position()}"


@pytest.mark.parametrize("kind", ["retracted", "corrected", "post"])
def test_words_withdrawn_while_a_reader_was_behind_are_not_sent_to_them(edge: EdgeAlone, kind: str) -> None:
    start = edge.frames.position()
    with Reader(edge.port, SLUG, receive_buffer=4096) as slow, Reader(edge.port, SLUG) as reader:
        for n in range(FILLS_A_LINE):
            edge.publish(Change("post", f"p{n}", html=LONG, href="/x", place=f"p{n}"), rings=False)
        edge.post("secret", "the withdrawn words")
        reader.until_thing("secret")  # One piece of bytes for all; the slow one is in the middle of it.
        edge.post("secret", "This post was retracted.", kind=kind)
        reader.until_thing("secret")
        received = b""
        while slow.more():
            received += slow.buffer
            slow.buffer = b""
        assert b"xxxx" in received and b"withdrawn words" not in received
    with Reader(edge.port, SLUG, f"{EPOCH}.{start}") as back:
        events = back.until_thing("secret")
        assert "withdrawn words" not in str(events) and "retracted" in str(events)
