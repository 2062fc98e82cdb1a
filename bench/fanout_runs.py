"""The other runs of the fan-out bench: faster than a pass, stalled readers, a restart, a busy app, apps replaced.

Each prints a few lines and the load average beside them, and compares with something measured in the same run.
"""

from __future__ import annotations

import os
import signal
import socket
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from bench import fanout_peers as peers
from bench.fanout import SERVER_CORE, crowd_of, system_and_crowd
from bench.fanout_crowd import Crowd, kernel_bytes, memory_bytes, run_s
from tests.server import Server, running


def _pinned() -> None:
    os.sched_setaffinity(0, {SERVER_CORE})


def _load() -> str:
    return f"load average {os.getloadavg()[0]:.1f}"


def rate(rounds: int) -> None:
    """40 events a second to 5,000 readers for 3 s: faster than one pass an event."""
    _pinned()
    p99s: dict[str, list[float]] = {"limit": [], "heard": []}
    for _ in range(rounds):
        for name in p99s:
            with system_and_crowd(name) as (system, crowd):
                crowd.connect(5_000)
                crowd.events(1)
                spent = run_s(system.edges())
                run = crowd.offered(40, 3)
                spent = run_s(system.edges()) - spent
                p99s[name].append(run.p99)
                print(
                    f"{name:8} p50 {run.p50:.0f}, p99 {run.p99:.0f}, max {run.max:.0f} ms; {run.missing} missing of"
                    f" {run.events * 5_000:,}; {spent / run.deliveries * 1e6:.2f} µs a delivery; {_load()}"
                )
    heard, limit = (statistics.median(p99s[name]) for name in ("heard", "limit"))
    print(f"p99: {heard:.0f} ms, {heard / limit:.2f} × the merged limit")


def stalled(rounds: int, readers: int = 10_000, stuck: int = 1_000) -> None:
    """One in ten stops reading, for good: what the others notice, what it costs, and that all come back whole.

    Events of 8 kB, so that the kernel's buffers are full after some thirty of them.
    """
    _pinned()
    for _ in range(rounds):
        with system_and_crowd("heard", event_bytes=8_000) as (system, crowd):
            crowd.connect(readers)
            crowd.events(2)
            alone = crowd.events(24).p99
            held = _sockets(system)
            memory, kernel = memory_bytes(system.edges()), kernel_bytes()
            crowd.stall(stuck)
            filling = crowd.events(24).p99
            full = crowd.events(24).p99
            kernel, own = kernel_bytes() - kernel, memory_bytes(system.edges()) - memory
            time.sleep(21)
            cut = held - _sockets(system)
            crowd.follow()
            crowd.go_on()
            back = _all_whole(crowd, readers, 30)
            print(
                f"p99 of who reads: {alone:.0f} ms with all reading; with {stuck:,} of {readers:,} stalled"
                f" {filling:.0f} ms while the kernel takes it ({filling / alone:.2f} ×) and {full:.0f} ms when it does"
                f" not ({full / alone:.2f} ×); {kernel / stuck / 1024:.0f} KiB of kernel memory (both ends) and"
                f" {own / stuck / 1024:.1f} KiB of the edge's for each; {cut:,} let go; {back}; {_load()}"
            )


def _sockets(system: peers.System) -> int:
    """How many the edges have open."""
    count = 0
    for pid in system.edges():
        for name in os.listdir(f"/proc/{pid}/fd"):
            with suppress(OSError):
                count += os.readlink(f"/proc/{pid}/fd/{name}").startswith("socket:")
    return count


def _all_whole(crowd: Crowd, readers: int, patience_s: float) -> str:
    give_up_at = time.monotonic() + patience_s
    while (now := crowd.status())["whole"] < readers and time.monotonic() < give_up_at:
        time.sleep(0.2)
    return (
        f"{now['whole']:,.0f} of {readers:,} back and whole (p50 {now['back_p50'] / 1000:.1f} s, p99"
        f" {now['back_p99'] / 1000:.1f} s, max {now['back_max'] / 1000:.1f} s; at most {now['peak']:,.0f} came in one"
        f" second, {now['waited']:.0f} were told to wait, {now['resets']:.0f} reset, {now['missing']:.0f} missing,"
        f" {now['doubled']:.0f} doubled, {now['disordered']:.0f} out of order)"
    )


def storm(rounds: int, readers: int = 10_000) -> None:
    """The whole server ended with SIGTERM and started again under all readers, with posts before and after."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    _pinned()
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            options = ("--port", str(port))
            with peers.heard(folder, *options) as system, crowd_of(system, folder) as crowd:
                crowd.connect(readers)
                crowd.follow()
                crowd.events(2)
                server: Server = system.server  # type: ignore[assignment]
                began = time.monotonic()
                server.process.send_signal(signal.SIGTERM)
                server.process.wait(30)
                ended = time.monotonic() - began
                with running(folder / "data", *options):
                    started = time.monotonic() - began
                    posted = [_insist(crowd) for _ in range(3)]
                    back = _all_whole(crowd, readers, 40)
                    print(
                        f"SIGTERM to exit {ended:.2f} s, serving again after {started:.2f} s; {len(posted)} posts"
                        f" meanwhile; {back}; {_load()}"
                    )
                    lost = crowd.events(2)
                    print(f"and then: p99 {lost.p99:.0f} ms, {sum(event.missing for event in lost.events)} missing")


def _insist(crowd: Crowd) -> int:
    """Publish as a program does: until it is answered 201."""
    for _ in range(100):
        if (status := crowd.publish()) == 201:
            return status
        time.sleep(0.1)
    raise RuntimeError("nothing could be published")


BUSY = """
import os, sys, threading, time
if any("heard.web.process" in word for word in sys.orig_argv):
    def compute():
        while not os.path.exists(os.environ["HEARD_BENCH_BUSY"]):
            time.sleep(0.1)
        while True:
            sum(range(1000))
    threading.Thread(target=compute, daemon=True).start()
"""


def busy(rounds: int, readers: int = 1_000) -> None:
    """A Python thread that computes without end in the app; the servers may use both cores."""
    lasts: dict[str, list[float]] = {"alone": [], "busy": []}
    sends: dict[str, list[float]] = {"alone": [], "busy": []}
    with tempfile.TemporaryDirectory() as place:
        (Path(place) / "sitecustomize.py").write_text(BUSY)
        before = os.environ.get("PYTHONPATH", "")
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [place, before]))
        sign = Path(place) / "busy"
        os.environ["HEARD_BENCH_BUSY"] = str(sign)
        for _ in range(rounds):
            for how in lasts:
                sign.unlink(missing_ok=True)
                with system_and_crowd("heard", pinned=False) as (_system, crowd):
                    crowd.connect(readers)
                    crowd.rest()  # Or it would be a third that computes, on two cores.
                    if how == "busy":
                        sign.touch()
                        time.sleep(0.3)
                    crowd.events(2)
                    for event in crowd.events(12).events:
                        lasts[how].append(event.last)
                        sends[how].append(event.last - event.first)
        os.environ["PYTHONPATH"] = before
    for how in lasts:
        print(
            f"{how:6} last reader {statistics.median(lasts[how]):.1f} ms after publishing began,"
            f" {statistics.median(sends[how]):.1f} ms after the first; {_load()}"
        )
    print(f"first to last: {statistics.median(sends['busy']) / statistics.median(sends['alone']):.2f} × alone")


def replaced(rounds: int, readers: int = 5_000, times: int = 20) -> None:
    """The app killed, and the app exchanged for a new one, so many times each, with posts all the while."""
    for how, number in (("killed", signal.SIGKILL), ("exchanged", signal.SIGHUP)):
        with system_and_crowd("heard") as (system, crowd):
            server: Server = system.server  # type: ignore[assignment]
            crowd.connect(readers)
            crowd.events(1)
            waits = []
            for turn in range(times):
                apps = _started(server, "app")
                os.kill(apps[-1] if how == "killed" else server.process.pid, number)
                began = time.monotonic()
                while len(_started(server, "app")) == len(apps) or (turn % 2 == 0 and time.monotonic() - began < 0.3):
                    posted_at = time.monotonic()
                    _insist(crowd)
                    waits.append(time.monotonic() - posted_at)
                _insist(crowd)
            give_up_at = time.monotonic() + 20
            while (now := crowd.status())["whole"] < readers and time.monotonic() < give_up_at:
                time.sleep(0.1)
            print(
                f"app {how} {times} times under {readers:,} readers: {now['lost']:.0f} disconnected,"
                f" {now['missing']:.0f} missing, {now['doubled']:.0f} doubled, {now['whole']:,.0f} whole;"
                f" {len(waits)} posts meanwhile, the slowest answered after {max(waits):.2f} s; {_load()}"
            )


def _started(server: Server, child: str) -> list[int]:
    marks = [line.split("pid=")[1] for line in server.said if line.startswith(f"child_started child={child} ")]
    return [int(mark) for mark in marks]


def soak(rounds: int) -> None:
    """Ten million deliveries over kills, restarts, cut connections and slow readers."""
    from bench.fanout_soak import run

    run(rounds)


RUNS: dict[str, Callable[[int], None]] = {
    "rate": rate,
    "stalled": stalled,
    "storm": storm,
    "busy": busy,
    "replaced": replaced,
    "soak": soak,
}
