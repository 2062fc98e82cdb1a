"""Frames on the wire, and the claims of readers."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heard.engine.frames import FRAME_BYTES_MAX, Change, Frame, parse_position, poll_answer, sse, sse_reset, thing


def changes_of(event: bytes) -> list[dict[str, str]]:
    [line] = [line for line in event.split(b"\n") if line.startswith(b"data: ")]
    changes: list[dict[str, str]] = msgspec.json.decode(line.removeprefix(b"data: "))["changes"]
    return changes


@given(st.text(), st.text(max_size=20))
def test_a_frame_is_one_event_whatever_the_words(html: str, place: str) -> None:
    html, place = (text.encode("utf-8", "replace").decode() for text in (html, place))
    event = sse("epoch1", 7, [Change("post", "p1", html=html, place=place)])
    assert event.startswith(b"id: epoch1.7\nevent: change\ndata: ") and event.endswith(b"\n\n")
    assert event.count(b"\n") == 4 and b"\r" not in event and b"\x00" not in event
    assert changes_of(event) == [{"kind": "post", "id": "p1", "html": html, "place": place}]


@given(st.lists(st.tuples(st.sampled_from('é"\nx'), st.integers(0, 40_000)), max_size=6))
def test_a_frame_is_never_over_64_kib_and_loses_nothing(lengths: list[tuple[str, int]]) -> None:
    changes = [
        Change("post", f"p{n}", html=c * length, href=f"/p{n}", place="x") for n, (c, length) in enumerate(lengths)
    ]
    event = sse("e" * 64, 2**63 - 1, changes)
    assert len(event) <= FRAME_BYTES_MAX
    sent = changes_of(event)
    assert [change["id"] for change in sent] == [change.id for change in changes]
    for change, whole in zip(sent, changes, strict=True):
        assert change.get("html", whole.html) == whole.html and ("html" in change) != ("href" in change)
        assert change["place"] == "x"


def test_of_a_frame_that_is_too_long_only_the_longest_are_addresses() -> None:
    changes = [
        Change("post", "p1", html="x" * 60_000, href="/p1", place="1"),
        Change("key", "key", html="y" * 9_000, href="/k"),
    ]
    assert [sorted(change) for change in changes_of(sse("e", 1, changes))] == [
        ["href", "id", "kind", "place"], ["html", "id", "kind"],
    ]  # fmt: skip
    answer = msgspec.json.decode(poll_answer("e", 1, [Frame(1, tuple(changes))]))
    assert [sorted(change) for change in answer["changes"]] == [["href", "id", "kind", "place"], ["html", "id", "kind"]]


def test_an_emptied_area_is_sent_as_empty() -> None:
    assert changes_of(sse("e", 1, [Change("pinned", "pinned", html="")])) == [
        {"kind": "pinned", "id": "pinned", "html": ""}
    ]


def test_a_reset_is_an_event_with_data_or_a_browser_would_not_dispatch_it() -> None:
    assert sse_reset("e", 3) == b'id: e.3\nevent: reset\ndata: {"reset":true}\n\n'


def test_things_are_posts_and_the_areas_of_the_page() -> None:
    assert thing(Change("post", "abc", html="")) == thing(Change("retracted", "abc", html="")) == "post:abc"
    assert thing(Change("key", "abc", html="")) == "post:abc", "a mark on a post is a change of the post"
    assert thing(Change("key", "key", html="")) == "key"


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz234567", min_size=1, max_size=64), st.integers(0, 2**63 - 1))
def test_what_we_wrote_is_read_back(epoch: str, position: int) -> None:
    assert parse_position(f"{epoch}.{position}") == (epoch, position)


@given(st.text(max_size=200))
def test_no_claim_is_an_error(claim: str) -> None:
    parsed = parse_position(claim)
    if parsed is not None:
        assert f"{parsed[0]}.{parsed[1]}" == claim and 0 <= parsed[1] < 2**63


@pytest.mark.parametrize("claim", ["", ".", "e.", ".1", "e.-1", "e.+1", "e.01", "e.1 ", " e.1", "e.1\n", "e.٣", "e.1.1",
                                   "e\x00.1", f"e.{2**63}", "e." + "9" * 10_000, "e" * 65 + ".1"])  # fmt: skip
def test_what_no_server_of_ours_wrote_is_nothing(claim: str) -> None:
    assert parse_position(claim) is None
