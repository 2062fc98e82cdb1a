"""The watch at size: from a due instant to an open board, thousands due at once, pings, memory, a restart.

A real server beside 100,000 armed obligations (`python -m bench watch 100000 1000000`: so many, and so many pieces of
evidence before the start). Healthchecks, in-process over SQLite on a machine like this: 133 pings a second.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

import httpx2

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
    with Board(server.address, Authorization=f"Bearer {server.token}") as board:
        while not any(said["watches"] for _, said in board.heard):
            board._read(began + BEGUN_WITHIN_S)
    return time.monotonic() - began


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

    def run(number: int) -> None:
        with httpx2.Client(base_url=server.address, timeout=30) as client:
            while time.monotonic() < end:
                assert client.get(ping).text == "OK"
                counts[number] += 1

    threads = [threading.Thread(target=run, args=(number,)) for number in range(PINGERS)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return sum(counts) / PINGING_S


def main(armed: int = ARMED, evidence: int = EVIDENCE) -> None:
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
        began = time.monotonic()
        with running(data) as server:
            until_it_watches(server)
            print(f"watching again           {time.monotonic() - began:.1f} s ({armed:,} armed, {evidence:,} pieces)")
            each = (memory_kb(pid_of(server, "app")) - of_nothing) / armed
            print(f"memory                   {each:.2f} KiB an armed instance")
            house = open_house(data)
            late = alarm_latency(server, house)
            at = {name: late[int(len(late) * part)] * 1000 for name, part in (("p50", 0.5), ("p99", 0.99))}
            print(f"due to the open board    p50 {at['p50']:.0f}, p99 {at['p99']:.0f} ms ({len(late)} alarms)")
            app = pid_of(server, "app")
            spent = processor_s(app)
            rate = ping_rate(server)
            each_ms = (processor_s(app) - spent) / rate / PINGING_S * 1000
            print(
                f"pings                    {rate:.0f} a second, {rate / HEALTHCHECKS_PINGS_S:.1f} x healthchecks; "
                f"{each_ms:.2f} ms of processor each, {HEALTHCHECKS_PING_MS / each_ms:.1f} x less"
            )
            spent = processor_s(app)
            last, spread, count = all_at_once(house)
            spent = processor_s(app) - spent
            print(
                f"{AT_ONCE:,} at once           the last {last:.2f} s late; due within {spread:.2f} s ({count:,}); "
                f"{spent:.1f} s of processor with arming and telling"
            )
            house.close()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
