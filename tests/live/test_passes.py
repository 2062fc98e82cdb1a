"""Passes over readers: in slices, others first each time, and nobody sent twice what came while they waited."""

from __future__ import annotations

import re
import selectors
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from heard.engine.frames import Change
from heard.live.connection import Connection, State, Topic
from heard.live.connections import Connections
from heard.live.limits import Limits
from heard.live.readers import Readers
from heard.store.frames import FramesFile
from heard.store.frames import Topic as PublicTopic
from tests.live.painting import paint

CASE, EPOCH, COUNT, SLICE = "case1", "epoch1", 7, 2


class House:
    """Seven readers on socket pairs, and the real file that they are served from."""

    def __init__(self, folder: Path, at_once: bool) -> None:
        self.frames = FramesFile(folder / "frames.sqlite", EPOCH)
        paint(self.frames, 1, {}, [PublicTopic("the-case", CASE, True)])
        self.connections = Connections(selectors.DefaultSelector(), Limits(slice=SLICE, at_once=at_once))
        self.readers = Readers(self.connections, lambda *_, **__: None)
        self.readers.read_from(self.frames.path, EPOCH)
        self.topic = self.readers.topics.setdefault(CASE, Topic(CASE))
        self.ends: list[socket.socket] = []
        self.held: list[Connection] = []
        for _ in range(COUNT):
            self.join()

    def join(self) -> None:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        theirs.setblocking(False)
        self.held.append(self.connections.admit(ours))
        self.connections.join(self.held[-1], self.topic, State.LIVE)
        self.ends.append(theirs)

    def write(self, id: str, html: str = "<p>words</p>", kind: str = "post") -> None:
        paint(self.frames, self.frames.position() + 1, {CASE: [Change(kind, id, html=html, place=id)]})
        self.readers.look()

    def send_all(self) -> None:
        while self.readers.has_more_to_send:
            self.readers.send_slice()

    def came(self, reader: int) -> bytes:
        try:
            return self.ends[reader].recv(1 << 20)
        except BlockingIOError:
            return b""

    def ids(self, reader: int) -> list[str]:
        return re.findall(r'"id":"(\w+)"', self.came(reader).decode())

    def close(self) -> None:
        for end in self.ends:
            end.close()
        for connection in self.held:
            self.connections.close(connection)
        self.connections.selector.close()
        self.frames.close()


@pytest.fixture(params=[True, False], ids=["in one call", "one after another"])
def house(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[House]:
    house = House(tmp_path, at_once=request.param)
    yield house
    house.close()


def test_between_two_slices_others_have_their_turn(house: House) -> None:
    house.write("p1")
    house.readers.send_slice()
    assert sum(bool(house.came(reader)) for reader in range(COUNT)) == SLICE
    assert house.readers.has_more_to_send
    house.send_all()
    assert sum(bool(house.came(reader)) for reader in range(COUNT)) == COUNT - SLICE


def test_who_is_first_changes_with_each_post(house: House) -> None:
    first = set()
    for number in range(COUNT):
        house.write(f"p{number}")
        house.readers.send_slice()
        first |= {reader for reader in range(COUNT) if house.came(reader)}
        house.send_all()
        for reader in range(COUNT):
            house.came(reader)
    assert first == set(range(COUNT))


def _posts_while_a_pass_is_on(house: House) -> list[list[str]]:
    for number in range(20):
        house.write(f"p{number:02}")
        house.readers.send_slice()
        if number == 10:
            house.join()
    house.send_all()
    return [house.ids(reader) for reader in range(len(house.ends))]


def test_posts_that_come_while_a_pass_is_on_reach_everyone_once_and_in_order(house: House) -> None:
    posts = [f"p{number:02}" for number in range(20)]
    *before, joined = _posts_while_a_pass_is_on(house)
    assert before == [posts] * COUNT
    assert joined == posts[11:], "who joins stands where all stand, or will when their turn has come"


def test_control_without_leaving_out_who_waits_they_would_be_sent_twice(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(house.readers, "_whose_turn_it_is", lambda topic: list(topic.readers[State.LIVE]))
    assert _posts_while_a_pass_is_on(house)[0] != [f"p{number:02}" for number in range(20)]


def test_who_waits_is_sent_all_they_lack_in_one_piece(house: House) -> None:
    house.write("p1")
    house.readers.send_slice()
    house.write("p2")
    sends = [house.readers.passes[0].readers, house.readers.passes[1].readers]
    house.send_all()
    assert len(sends[1]) == SLICE, "only those who had p1 are in the second pass"
    assert all(house.ids(reader) == ["p1", "p2"] for reader in range(COUNT))


def test_words_withdrawn_while_readers_wait_for_their_turn_are_not_sent_to_them(house: House) -> None:
    house.write("p1", "<p>withdrawn words</p>")
    house.readers.send_slice()
    had = [b"withdrawn words" in house.came(reader) for reader in range(COUNT)]
    house.write("p1", "<p>A notice.</p>", "retracted")
    house.send_all()
    after = [house.came(reader) for reader in range(COUNT)]
    assert sum(had) == SLICE
    assert all(b"A notice." in came and b"withdrawn words" not in came for came in after)


def test_a_heartbeat_does_not_move_who_waits_for_their_turn(house: House) -> None:
    house.write("p1")
    house.readers.send_slice()
    for _ in range(20):
        house.readers.beat()
    house.send_all()
    assert all(house.ids(reader) == ["p1"] for reader in range(COUNT))


def test_who_leaves_while_waiting_is_left_out(house: House) -> None:
    house.write("p1")
    for connection in house.held[::2]:
        house.connections.close(connection)
    house.send_all()
    assert [bool(house.came(reader)) for reader in range(COUNT)] == [False, True] * 3 + [False]


def test_the_end_sends_what_has_begun(house: House) -> None:
    house.write("p1")
    house.readers.end()
    for reader in range(COUNT):
        came = house.came(reader)
        assert came.index(b'"p1"') < came.index(b"retry: ")
        assert house.came(reader) == b""
