"""The watch at size: from a due instant to an open board, thousands due at once, pings, memory, a restart.

A real server beside 100,000 armed obligations. `python -m bench.watch 100000 1000000` says how many, and how many
pieces of evidence before the start; `starts` after it, that only the starts and the memory are wanted. What falls due
at once has a figure of its own, in one process: `bench.watch_due`. Healthchecks, in one process over SQLite on such a
machine: 133 pings a second.
"""

from __future__ import annotations

import socket
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from bench.live import memory_kb, pid_of, processor_s
from bench.watch_armed import Armed
from heard.engine import now
from heard.engine.journal import Journal
from heard.opening import House, open_house
from heard.watch.entries import AlarmRaised
from tests.server import Server, running
from tests.watch.hand import Hand
from tests.watch.listening import Board

ARMED, EVIDENCE, PROBES, AT_ONCE = 100_000, 200_000, 200, 10_000
HEALTHCHECKS_PINGS_S, HEALTHCHECKS_PING_MS = 133, 3.6
PINGERS, PINGING_S = 16, 5.0
PERIOD_S, EVERY_S = 10.0, 0.03
BEGUN_WITHIN_S = 300.0


def raised(journal: Journal, after: int) -> dict[int, tuple[float, float]]:
    """By position: when each alarm was due and when it was recorded, in seconds since 1970."""
    return {
        one.position: (one.body.lapsed_at.timestamp(), one.at.timestamp())
        for one in journal.all(after)
        if isinstance(one.body, AlarmRaised)
    }


def until_it_watches(server: Server) -> float:
    """Seconds from now until a board hears that all of it is watched."""
    began = time.monotonic()
    end = began + BEGUN_WITHIN_S
    while time.monotonic() < end:
        # While the app begins, the edge says 503; a stream that nobody vouches for ends.
        with suppress(OSError), Board(server.address, Authorization=f"Bearer {server.token}") as board:
            while board.status == 200:
                if any(said["watches"] for _, said in board.heard):
                    return time.monotonic() - began
                board._read(end)
        time.sleep(0.05)
    raise TimeoutError("it does not watch")


def alarm_latency(server: Server, house: House) -> list[float]:
    """From due to the stream of an open board, one alarm after another, in seconds, sorted."""
    after = house.store.position()
    with Board(server.address, Authorization=f"Bearer {server.token}") as board:
        offset = now.utc().timestamp() - time.monotonic()
        probes = Armed(house, PROBES)
        probes.arm_one_by_one(PERIOD_S, EVERY_S)
        end = time.monotonic() + PERIOD_S + 2.0
        with suppress(TimeoutError):
            while True:
                board._read(end)
        probes.stand_down()
    heard_at: dict[int, float] = {}
    for at, said in board.heard:
        heard_at.setdefault(said["rang"], at + offset)
    house.node.catch_up()
    due = raised(house.journal, after)
    # An event tells of the newest alarm: whoever hears it knows of all before.
    found = []
    for position, (due_at, _) in due.items():
        told = [at for rang, at in heard_at.items() if rang >= position]
        if told:
            found.append(min(told) - due_at)
    return sorted(found)


def all_at_once(house: House) -> tuple[float, float, int]:
    """How late the last of so many was recorded, for how long they fell due, and how many were recorded."""
    after = house.store.position()
    many = Armed(house, AT_ONCE)
    many.arm(20)
    time.sleep(24)  # nobody else works meanwhile
    end = time.monotonic() + 40
    while time.monotonic() < end and len(found := raised(house.journal, after)) < AT_ONCE:
        time.sleep(5)
    due, recorded = zip(*found.values(), strict=True)
    return max(recorded) - max(due), max(due) - min(due), len(found)


def ping_rate(server: Server) -> float:
    """Pings a second, each a request of its own and durable before its answer, over kept connections."""
    sam = Hand(server)
    ping = sam.source(sam.station("Post 8"), "The camera")
    counts, end = [0] * PINGERS, time.monotonic() + PINGING_S

    address = urlsplit(server.address)
    asked = f"GET {urlsplit(ping).path} HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n".encode()

    def run(number: int) -> None:
        # A client that costs next to nothing: the cores are the server's.
        with socket.create_connection((address.hostname, address.port or 80)) as line:
            while time.monotonic() < end:
                line.sendall(asked)
                answer = b""
                while not answer.endswith(b"\r\n\r\nOK"):
                    answer += line.recv(4096)
                counts[number] += 1

    threads = [threading.Thread(target=run, args=(number,)) for number in range(PINGERS)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return sum(counts) / PINGING_S


def told(what: str, figure: float, limit: float, unit: str, besides: str = "") -> None:
    """One line: a figure beside its limit."""
    holds = "holds" if figure <= limit else f"NOT REACHED, {figure / limit:.1f} x the limit"
    print(f"{what:25}{figure:.2f} {unit} (limit {limit:g}: {holds}){'; ' if besides else ''}{besides}", flush=True)


def starts(data: Path, armed: int, evidence: int) -> None:
    """How long until all is watched: from the journal alone, and then from what was kept."""
    for way in ("from the journal alone", "from what was kept"):
        began = time.monotonic()
        with running(data) as server:
            until_it_watches(server)
            took_s, app = time.monotonic() - began, pid_of(server, "app")
            spent = f"{processor_s(app):.1f} s of processor, {armed:,} armed, {evidence:,} pieces"
            if way == "from what was kept":
                told(f"start {way}", took_s, 5, "s", spent)
            else:
                print(f"start {way}  {took_s:.1f} s; {spent}", flush=True)


def main(armed: int = ARMED, evidence: int = EVIDENCE, only: str = "") -> None:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        with running(data) as empty:
            until_it_watches(empty)
            of_nothing = memory_kb(pid_of(empty, "app"))
        house = open_house(data, synchronous="OFF")
        written = Armed(house, armed)
        written.arm(100_000)
        written.tell(evidence)
        house.node.catch_up()
        house.close()
        starts(data, armed, evidence)
        with running(data) as server:
            until_it_watches(server)
            app = pid_of(server, "app")
            each = (memory_kb(app) - of_nothing) / armed
            told("memory, an instance", each, 1, "KiB")
            if only == "starts":
                return
            house = open_house(data)
            late = alarm_latency(server, house)
            at = {name: late[int(len(late) * part)] * 1000 for name, part in (("p50", 0.5), ("p99", 0.99))}
            told("due to the open board", at["p99"], 50, "ms, p99", f"p50 {at['p50']:.0f}, {len(late)} alarms")
            spent = processor_s(app)
            rate = ping_rate(server)
            each_ms = (processor_s(app) - spent) / rate / PINGING_S * 1000
            told("pings, of processor", each_ms, HEALTHCHECKS_PING_MS / 10, "ms each in the app")
            print(f"pings                    {rate:.0f} a second, {rate / HEALTHCHECKS_PINGS_S:.1f} x healthchecks")
            spent = processor_s(app)
            last, spread, count = all_at_once(house)
            spent = processor_s(app) - spent
            told(f"{AT_ONCE:,} at once, the last", last, 1, "s late", f"due within {spread:.2f} s ({count:,})")
            print(f"                         {spent:.1f} s of processor, with arming and telling")
            house.close()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]), *sys.argv[3:4])
