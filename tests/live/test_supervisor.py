"""The three processes: each can die, and what the others hold stays."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from heard.engine.errors import Refused
from heard.live.supervisor import serve
from tests.live.clients import PATIENCE_S, Client, Reader, ask
from tests.live.crowd import Crowd
from tests.live.running import SLUG, Running, exists
from tests.waiting import wait_until


def test_a_thousand_readers_stay_connected_while_the_app_dies_ten_times(start: Callable[..., Running]) -> None:
    heard = start()
    heard.post("before")
    crowd = Crowd(heard.port, SLUG, 1000)
    posted = []
    for death in range(10):
        posted.append(heard.post(f"p{death}-1"))
        posted.append(heard.post(f"p{death}-2"))
        heard.kill("app")
        posted.append(heard.post(f"p{death}-down"))  # It waits in the edge until the next app is there.
        crowd.read(0.05)
    crowd.read_up_to(posted[-1])
    assert crowd.disconnected() == 0
    assert {tuple(page.positions) for page in crowd.pages} == {tuple(posted)}, "each once, in order, and nothing missed"
    crowd.close()


def test_an_app_that_fails_tells_nobody_that_their_request_did(start: Callable[..., Running]) -> None:
    heard = start()
    before = heard.pid_of("app")
    waiting = [Client(heard.port) for _ in range(20)]
    for client in waiting:
        client.ask("/slow?s=60")
    wait_until(lambda: ask(heard.port, "/sockets").json()["held"] > len(waiting))
    assert ask(heard.port, "/fail", method="POST").status != 500
    assert all(client.is_closed() for client in waiting)
    assert {client.buffer for client in waiting} == {b""}, "nobody knows what became of it, and nothing was answered"
    assert ask(heard.port, "/pid").body != str(before).encode()
    for client in waiting:
        client.sock.close()


def test_an_app_is_exchanged_for_a_new_one_and_no_reader_notices(start: Callable[..., Running]) -> None:
    heard = start()
    heard.post("before")
    crowd = Crowd(heard.port, SLUG, 300)
    posted, pids = [], {heard.pid_of("app")}
    for exchange in range(4):
        before = heard.pid_of("app")
        with Client(heard.port) as slow:
            slow.ask("/slow?s=0.5")
            posted.append(heard.post(f"p{exchange}-before"))
            heard.process.send_signal(signal.SIGHUP)
            while exists(before):
                posted.append(heard.post(f"p{exchange}-{len(posted)}"))
                crowd.read(0.01)  # A reader more than 500 posts behind would rightly be sent to the page.
            assert slow.answer().body == b"slow", "what the old one had begun, it answers"
        pids.add(heard.pid_of("app"))
    crowd.read_up_to(posted[-1])
    assert len(pids) == 5
    assert crowd.disconnected() == 0
    assert {tuple(page.positions) for page in crowd.pages} == {tuple(posted)}, "each once, in order, and nothing missed"
    crowd.close()


def test_an_app_is_told_when_it_is_alone_and_not_while_the_one_before_serves(start: Callable[..., Running]) -> None:
    heard = start()
    before = heard.pid_of("app")
    wait_until(lambda: f"alone {before}\n" in heard.said())
    with Client(heard.port) as slow:
        slow.ask("/slow?s=1")
        heard.process.send_signal(signal.SIGHUP)
        wait_until(lambda: heard.pid_of("app") != before)
        wait_until(lambda: f"alone {heard.pid_of('app')}\n" in heard.said())
        assert not exists(before)
        assert slow.answer().body == b"slow"


def test_a_new_app_that_cannot_begin_is_not_exchanged_for_the_one_that_serves(start: Callable[..., Running]) -> None:
    heard = start()
    heard.post("before")
    before = heard.pid_of("app")
    (heard.data / "broken").touch()
    with Reader(heard.port, SLUG) as reader:
        heard.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "exchange_failed" in heard.said())
        heard.post("after")
        assert reader.event().data["changes"][0]["id"] == "after"
    assert ask(heard.port, "/pid").body == str(before).encode()


def test_readers_are_shared_out_evenly_among_edges(start: Callable[..., Running]) -> None:
    heard = start(edges=2)
    heard.post("p1")
    crowd = Crowd(heard.port, SLUG, 400)
    held = [len(os.listdir(f"/proc/{heard.pid_of(edge)}/fd")) for edge in ("edge-1", "edge-2")]
    assert min(held) > 120, "of 400, with a chance of half for each"
    crowd.close()


def test_a_second_server_does_not_share_the_port_of_one_with_many_edges(start: Callable[..., Running]) -> None:
    heard = start(edges=2)
    with pytest.raises(Refused, match="is taken by another program"):
        serve(heard.data / "other", "127.0.0.1", heard.port, 2, ["false"])


def test_an_app_that_computes_without_end_is_replaced(start: Callable[..., Running]) -> None:
    heard = start()
    heard.post("before")
    before = heard.pid_of("app")
    with Reader(heard.port, SLUG) as reader, Client(heard.port) as stuck:
        stuck.ask("/hang")
        wait_until(lambda: heard.pid_of("app") != before)
        assert stuck.is_closed()
        heard.post("after")
        assert reader.event().data["changes"][0]["id"] == "after"
    assert "child_silent child=app" in heard.said()


def test_a_dead_edge_is_replaced_and_its_readers_come_back_to_all_they_missed(start: Callable[..., Running]) -> None:
    heard = start()
    heard.post("p1")
    with Reader(heard.port, SLUG) as reader:
        heard.kill("edge-1")
        assert reader.is_closed()
    heard.post("p2")
    with Reader(heard.port, SLUG, reader.last_id) as back:
        assert back.event().data["changes"][0]["id"] == "p2"
        heard.post("p3")
        assert back.event().data["changes"][0]["id"] == "p3"


def test_two_edges_share_the_port_and_both_hear_the_bell(start: Callable[..., Running]) -> None:
    heard = start(edges=2)
    heard.post("p1")
    readers = [Reader(heard.port, SLUG) for _ in range(40)]
    heard.kill("edge-2")
    heard.kill("app")
    heard.post("p2")
    back = [Reader(heard.port, SLUG, reader.last_id) for reader in readers]
    for reader in back:
        assert reader.event().data["changes"][0]["id"] == "p2"
    heard.post("p3")
    for reader in back:
        assert reader.event().data["changes"][0]["id"] == "p3"
    for reader in (*readers, *back):
        reader.sock.close()


def test_nobody_outlives_a_supervisor_that_was_killed(start: Callable[..., Running]) -> None:
    heard = start()
    heard.post("p1")
    children = [heard.pid_of("app"), heard.pid_of("edge-1")]
    heard.process.kill()
    heard.process.wait()
    wait_until(lambda: not any(exists(pid) for pid in children))


def test_an_app_that_is_busy_does_not_outlive_its_supervisor_either(start: Callable[..., Running]) -> None:
    heard = start()
    app = heard.pid_of("app")
    with Client(heard.port) as stuck:
        stuck.ask("/hang")
        time.sleep(0.2)
        heard.process.kill()
        heard.process.wait()
        wait_until(lambda: not exists(app))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ending_in_order_answers_what_has_begun(start: Callable[..., Running], number: signal.Signals) -> None:
    heard = start()
    heard.post("p1")
    with Reader(heard.port, SLUG) as reader, Client(heard.port) as client:
        client.ask("/slow?s=0.5")
        time.sleep(0.2)
        heard.process.send_signal(number)
        reader.until(b"retry: ")
        assert reader.is_closed()
        assert client.answer().body == b"slow"
    assert heard.process.wait(PATIENCE_S) == 0
    assert "child_killed" not in heard.said()


def test_a_child_that_does_not_end_is_killed(start: Callable[..., Running]) -> None:
    heard = start()
    with Client(heard.port) as stuck:
        stuck.ask("/hang")
        time.sleep(0.2)
        assert heard.end() == 0
    assert "child_killed child=app" in heard.said()


def test_one_data_directory_is_served_once(start: Callable[..., Running]) -> None:
    heard = start()
    with pytest.raises(Refused, match=f"process {heard.process.pid}"):
        serve(heard.data, "127.0.0.1", 0, 1, ["false"])
    heard.process.kill()
    heard.process.wait()
    again = Running(heard.data)  # Not before the last child of the one before has ended, and then at once.
    assert ask(again.port, "/").body == b"home"
    again.close()


def test_a_data_directory_is_not_served_again_while_a_child_of_the_last_supervisor_lives(
    start: Callable[..., Running],
) -> None:
    heard = start()
    app = heard.pid_of("app")
    os.kill(app, signal.SIGSTOP)
    wait_until(lambda: Path(f"/proc/{app}/stat").read_text().rpartition(")")[2].split()[0] == "T")
    heard.process.kill()
    heard.process.wait()
    with pytest.raises(Refused, match="is serving"):
        serve(heard.data, "127.0.0.1", 0, 1, ["false"])
    os.kill(app, signal.SIGCONT)
    wait_until(lambda: not exists(app))


def test_a_port_that_is_taken_is_refused_in_plain_words(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Refused, match=f"Port {port} on 127.0.0.1 is taken by another program"):
            serve(tmp_path, "127.0.0.1", port, 1, ["false"])
    with pytest.raises(Refused, match="There is no address"):
        serve(tmp_path, "no such host.invalid", 0, 1, ["false"])


def test_an_app_that_cannot_begin_is_tried_again_ever_more_slowly(tmp_path: Path) -> None:
    said: list[str] = []
    script = (
        "import sys; from pathlib import Path; from heard.live.supervisor import serve\n"
        "serve(Path(sys.argv[1]), '127.0.0.1', 0, 1, ['false'], announce=lambda a: print(a, flush=True))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None and process.stdout is not None
    while sum("child_started child=app" in line for line in said) < 5:
        said.append(process.stderr.readline())
    process.terminate()
    assert process.wait(PATIENCE_S) == 0
    process.stderr.close()
    process.stdout.close()


def test_a_companion_is_told_the_address_and_ends_with_us(tmp_path: Path) -> None:
    told = tmp_path / "told"
    companion = f"import sys; open({str(told)!r}, 'w').write(sys.argv[1]); sys.stdin.read()"
    script = (
        "import sys; from pathlib import Path; from heard.live.supervisor import serve\n"
        f"companions = [[sys.executable, '-c', {companion!r}, '{{address}}']]\n"
        "serve(Path(sys.argv[1]), '127.0.0.1', 0, 1, ['sleep', '60'], companions=companions,"
        " announce=lambda a: print(a, flush=True))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "data")],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    address = process.stdout.readline().strip()
    wait_until(lambda: told.exists() and told.read_text() == address)
    process.send_signal(signal.SIGKILL)
    process.wait(PATIENCE_S)
    wait_until(lambda: not _runs(str(told)))
    process.stdout.close()


def _runs(mark: str) -> bool:
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if mark in Path(f"/proc/{pid}/cmdline").read_text() and int(pid) != os.getpid() and exists(int(pid)):
                return True
        except OSError:
            continue
    return False
