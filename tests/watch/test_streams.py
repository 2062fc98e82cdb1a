"""Open boards hear at once that something rang; who may not listen any more hears nothing within a second."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.server import Server, running
from tests.watch.hand import Hand
from tests.watch.listening import Board
from tests.watch.test_running import kill_app


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Server]:
    with running(tmp_path / "data") as server:
        yield server


def token(server: Server) -> dict[str, str]:
    return {"Authorization": f"Bearer {server.token}"}


def session(server: Server) -> dict[str, str]:
    cookie = httpx2.post(server.link).headers["set-cookie"].partition(";")[0]
    return {"Cookie": cookie}


@contextmanager
def how_late(server: Server) -> Iterator[list[float]]:
    """How long the answers take meanwhile that edge and app give in a few milliseconds when the machine is theirs."""
    took, over = [0.0], threading.Event()

    def asks() -> None:
        with httpx2.Client(base_url=server.address, timeout=30) as client:
            while not over.wait(0.02):
                began = time.monotonic()
                client.get("/healthz")
                took.append(time.monotonic() - began)

    thread = threading.Thread(target=asks)
    thread.start()
    try:
        yield took
    finally:
        over.set()
        thread.join()


def app_of(server: Server) -> int:
    return int(re.findall(r"child_started child=app pid=(\d+)", "".join(server.said))[-1])


def test_a_board_hears_at_once_what_rang_and_nothing_of_what_it_was(alone: Server) -> None:
    sam = Hand(alone)
    station = sam.station("Post 7")
    assert alone.reader.get(sam.source(station, "The camera")).text == "OK"
    with Board(alone.address, **token(alone)) as board:
        assert b"text/event-stream" in board.head and b"no-store" in board.head
        assert b"Access-Control" not in board.head, "no page of another site listens"
        stands = board.hears("changed", 0)
        sam.arms(station, "ping", "0.5 s", title="The camera is silent")
        told = board.hears("rang", stands["rang"])
        assert set(told) == {"changed", "rang", "watches"} and told["watches"] is True
        assert "The camera is silent" in alone.client.get("/watch/").text, "and the page has it by then"


def test_a_stream_ends_within_a_second_of_its_session(alone: Server) -> None:
    cookie = session(alone)
    with Board(alone.address, **cookie) as board, Board(alone.address, **token(alone)) as other:
        board.hears("changed", -1)
        assert httpx2.post(alone.address + "/desk/sign-out/", headers=cookie).status_code == 303
        with how_late(alone) as waited:
            took_s = board.ends_after(10)
        print(f"closed {took_s:.2f} s after signing out; meanwhile an answer came after {max(waited):.2f} s at most")
        assert took_s < 1 + max(waited)
        with pytest.raises(TimeoutError):  # the control: who is still signed in goes on
            other.ends_after(1)


def test_an_app_that_hangs_vouches_for_nobody_and_its_streams_end(alone: Server) -> None:
    alone.open_case()
    with (
        Board(alone.address, **token(alone)) as board,
        httpx2.stream("GET", alone.address + "/live/the-case") as public,
    ):
        board.hears("changed", -1)
        os.kill(app_of(alone), signal.SIGSTOP)
        assert board.ends_after(30) > 2, "not at once: an app may be busy for a moment"
        assert public.status_code == 200


def test_a_board_whose_app_died_comes_back_and_misses_nothing(alone: Server) -> None:
    sam = Hand(alone)
    station = sam.station("Post 7")
    with Board(alone.address, **token(alone)) as board:
        stands = board.hears("changed", 0)
        kill_app(alone)
        assert board.ends_after() < 2
    with Board(alone.address, **token(alone)) as again:
        assert again.status == 200
        again.hears("changed", stands["changed"] - 1)
        sam.does(f"{station}/check")
        again.hears("changed", stands["changed"])


def test_nobody_listens_without_signing_in_and_no_account_takes_all_the_places(alone: Server) -> None:
    with Board(alone.address) as nobody:
        assert nobody.status == 303
    with ExitStack() as open_boards:
        for _ in range(20):
            board = open_boards.enter_context(Board(alone.address, **token(alone)))
            assert board.status == 200
        with Board(alone.address, **token(alone)) as one_more:
            assert one_more.status == 503
    for _ in range(30):  # and they have their places back when they have gone
        time.sleep(0.2)
        with Board(alone.address, **token(alone)) as board:
            if board.status == 200:
                return
    raise AssertionError("their places were not given back")
