"""Sends in one call do what `send` does to one reader after another: the same bytes, the same readers left behind."""

from __future__ import annotations

import errno
import random
import selectors
import socket
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

import pytest

from heard.live import at_once as of_sends
from heard.live.at_once import ENTRIES, AtOnce, at_once
from heard.live.connection import Connection, State, Topic
from heard.live.connections import Connections
from heard.live.limits import Limits
from heard.live.readers import Readers

WORDS = b"id: e.7\ndata: {}\n\n" * 40


@pytest.fixture
def queue() -> Iterator[AtOnce]:
    queue = at_once()
    if queue is None:
        pytest.skip("this kernel has no io_uring for us: readers are sent to one after another")
    yield queue
    queue.close()


@dataclass
class Line:
    """A reader of whom we know how they are: `there`, `full` (takes nothing), `tight` (takes a part) or `gone`."""

    kind: str
    connection: Connection
    end: socket.socket


def a_house(kinds: Sequence[str], at_once: bool) -> tuple[Readers, list[Line]]:
    connections = Connections(selectors.DefaultSelector(), Limits(at_once=at_once))
    readers, topic, lines = Readers(connections, lambda *_, **__: None), Topic("case1"), []
    for kind in kinds:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        theirs.setblocking(False)
        connection = connections.admit(ours)
        connections.join(connection, topic, State.LIVE)
        if kind in ("full", "tight"):
            while _takes(ours, b"x" * 4096):
                pass
        if kind == "tight":
            theirs.recv(4096)
        if kind == "gone":
            theirs.close()
        lines.append(Line(kind, connection, theirs))
    return readers, lines


def _takes(sock: socket.socket, some: bytes) -> bool:
    try:
        return bool(sock.send(some))
    except BlockingIOError:
        return False


def what_became(lines: list[Line], readers: Readers, encoded: bytes) -> list[tuple[str, int, bool]]:
    """For each: their state, how far the cursor stands, and whether the line has the words whole; closes all."""
    became = []
    for line in lines:
        came = b""
        with suppress(BlockingIOError):
            while line.kind != "gone" and (some := line.end.recv(1 << 20)):
                came += some
        became.append((line.connection.state.name, line.connection.sent, came.endswith(encoded)))
        readers.connections.close(line.connection)
        line.end.close()
    readers.connections.selector.close()
    return became


@pytest.mark.parametrize("seed", range(8))
def test_the_same_becomes_of_every_reader_as_when_they_are_sent_to_one_by_one(seed: int, queue: AtOnce) -> None:
    chance = random.Random(seed)
    kinds = chance.choices(["there", "full", "tight", "gone"], [8, 1, 1, 1], k=chance.randint(2, 90))
    encoded = WORDS * chance.choice([1, 40])
    outcomes = []
    for way in (True, False):
        readers, lines = a_house(kinds, way)
        assert (readers.at_once is not None) is way
        readers._send_to([line.connection for line in lines], encoded)
        outcomes.append(what_became(lines, readers, encoded))
    assert outcomes[0] == outcomes[1]
    assert {kind for kind, (state, _, _) in zip(kinds, outcomes[0], strict=True) if state == "GONE"} <= {"gone"}


def test_control_answers_taken_for_others_readers_would_show(queue: AtOnce, monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = ["there", "gone", "full", "there", "there"]
    honest = queue.send
    outcomes = []
    for mutant in (False, True):
        readers, lines = a_house(kinds, True)
        assert readers.at_once is not None
        if mutant:
            monkeypatch.setattr(readers.at_once, "send", lambda fds, encoded: honest(fds, encoded)[::-1])
        readers._send_to([line.connection for line in lines], WORDS)
        outcomes.append(what_became(lines, readers, WORDS))
    assert outcomes[0] != outcomes[1]


def test_more_readers_than_the_queue_has_entries_and_batches_over_its_end_all_get_everything(queue: AtOnce) -> None:
    pairs = [socket.socketpair() for _ in range(180)]
    fds = [ours.fileno() for ours, _ in pairs]
    rounds = 2 * ENTRIES // len(fds) + 3
    for number in range(rounds):
        done, calls = 0, 0
        while done < len(fds):
            answers = queue.send(fds[done:], b"%04d" % number)
            assert answers and set(answers) == {4}
            done, calls = done + len(answers), calls + 1
        assert calls <= 2
    for ours, theirs in pairs:
        assert theirs.recv(10_000) == b"".join(b"%04d" % number for number in range(rounds))
        ours.close()
        theirs.close()


@pytest.mark.parametrize("takes", [0, 3])
def test_whom_the_kernel_did_not_take_are_sent_to_one_by_one_and_nobody_twice(
    takes: int, queue: AtOnce, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers, lines = a_house(["there"] * 10, True)
    assert readers.at_once is not None
    limited, left = queue.send, [takes]

    def stops(fds: Sequence[int], encoded: bytes) -> list[int]:
        few, left[0] = left[0], 0
        return limited(fds[:few], encoded) if few else []

    monkeypatch.setattr(readers.at_once, "send", stops)
    readers._send_to([line.connection for line in lines], WORDS)
    assert [line.end.recv(1 << 20) for line in lines] == [WORDS] * 10
    what_became(lines, readers, WORDS)


def test_a_kernel_that_forbids_it_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_sends, "_SETUP", 9_999)  # There is no such call: the kernel says so.
    assert at_once() is None


def test_a_queue_that_does_something_else_than_send_is_not_used(queue: AtOnce, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AtOnce, "send", lambda self, fds, encoded: [len(encoded)] * len(fds))
    assert at_once() is None, "it says that everything was taken, and nothing was"


def test_errors_are_those_of_send(queue: AtOnce) -> None:
    ours, theirs = socket.socketpair()
    theirs.close()
    closed = ours.fileno()
    assert queue.send([closed], b"words") == [-errno.EPIPE], "and no signal"
    ours.close()
    assert queue.send([closed], b"words") == [-errno.EBADF]
