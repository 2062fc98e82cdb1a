"""One post to thousands of readers: Heard beside a C program, nginx with nchan, and sse-starlette, in one run.

    python -m bench fanout --readers 1000 5000 10000        the table: `make bench-fanout`
    python -m bench fanout --other-core                     receive work on the other core (root; N = 900)
    python -m bench fanout --run rate | stalled | storm | busy | replaced | soak

Servers run on core 0 and the readers on core 1, as one process that costs little (peers/crowd.c). Systems take
turns, in another order each round; the tables give medians of rounds, ranges, and ratios to the C program in the same
run. Times begin with the publisher's first byte. What the journal, the commit and the rendering take before the first
reader is sent anything is in Heard's column `first`; it is subtracted nowhere.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import fanout_peers as peers
from bench.fanout_crowd import Crowd, memory_bytes, run_s

EVENTS = 6
SERVER_CORE, CROWD_CORE = 0, 1


@dataclass
class Sample:
    """One system in one round. Times in ms, CPU in µs a delivery, memory in bytes a reader, `set_up` in readers/s and
    `joining` in µs of CPU for each.
    """

    cpu: float
    all_cpu: float
    first: float
    last: float
    p50: float
    p99: float
    memory: float
    set_up: float
    joining: float
    missing: int


@contextmanager
def crowd_of(system: peers.System, folder: Path, pinned: bool = True) -> Iterator[Crowd]:
    core = CROWD_CORE if pinned else None
    crowd = Crowd(peers.compiled("crowd"), folder, system.port, system.stream, system.publish, core)
    try:
        yield crowd
    finally:
        crowd.close()


@contextmanager
def system_and_crowd(name: str, pinned: bool = True, **more: int) -> Iterator[tuple[peers.System, Crowd]]:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        with peers.SYSTEMS[name](folder, **more) as system, crowd_of(system, folder, pinned) as crowd:
            yield system, crowd


def sample(name: str, readers: int) -> Sample:
    with system_and_crowd(name) as (system, crowd):
        crowd.connect(20)  # What is loaded with the first readers is not a reader's memory.
        crowd.events(1)
        before = memory_bytes(system.edges())
        joining = run_s(system.edges())
        rate = crowd.connect(readers)
        joining = run_s(system.edges()) - joining
        held = memory_bytes(system.edges()) - before
        crowd.events(1)
        edge, whole = run_s(system.edges()), run_s(system.all())
        run = crowd.events(EVENTS)
        edge, whole = run_s(system.edges()) - edge, run_s(system.all()) - whole
        status = crowd.status()
        delivered = EVENTS * (readers + 20) / 1e6
        return Sample(
            cpu=edge / delivered,
            all_cpu=whole / delivered,
            first=statistics.median(event.first for event in run.events),
            last=statistics.median(event.last for event in run.events),
            p50=run.p50,
            p99=run.p99,
            memory=held / readers,
            set_up=rate,
            joining=joining / readers * 1e6,
            missing=int(status["missing"] + status["doubled"] + status["disordered"] + status["lost"])
            + sum(event.missing for event in run.events),
        )


def table(readers: int, rounds: int, systems: list[str]) -> dict[str, list[Sample]]:
    """Measure the systems in turn and print what came."""
    samples: dict[str, list[Sample]] = {name: [] for name in systems}
    for _ in range(rounds):
        for name in random.sample(systems, len(systems)):
            samples[name].append(sample(name, readers))
            print(f"  {name} {readers:,}: {samples[name][-1]}", file=sys.stderr, flush=True)
    print(f"\n{readers:,} readers, {rounds} rounds of {EVENTS} events; load average {os.getloadavg()[0]:.1f}\n")
    print("| system | CPU µs a delivery | × limit | all processes | first ms | last ms | × limit | p50 | p99 |", end="")
    print(" bytes a reader | readers/s at set-up | CPU µs for each | missing |")
    print("|---|" + "---|" * 12)
    for name in systems:
        print(row(name, samples))
    return samples


def row(name: str, samples: dict[str, list[Sample]]) -> str:
    def middle(of: str, what: str) -> float:
        return statistics.median(getattr(one, what) for one in samples[of])

    def spread(what: str, digits: int) -> str:
        values = [getattr(one, what) for one in samples[name]]
        return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})"

    def times(what: str) -> str:
        return f"{middle(name, what) / middle('limit', what):.2f}" if "limit" in samples else "–"

    missing = sum(one.missing for one in samples[name])
    return (
        f"| {name} | {spread('cpu', 2)} | {times('cpu')} | {middle(name, 'all_cpu'):.2f} | {spread('first', 1)} |"
        f" {spread('last', 1)} | {times('last')} | {middle(name, 'p50'):.1f} | {middle(name, 'p99'):.1f} |"
        f" {middle(name, 'memory'):.0f} | {spread('set_up', 0)} | {middle(name, 'joining'):.1f} | {missing} |"
    )


def on_the_other_core(arguments: list[str]) -> None:
    """Run the same again in a network namespace whose loopback hands received packets to the crowd's core."""
    mask = 1 << CROWD_CORE
    script = (
        f"mount -t sysfs none /sys && ip link set lo up && echo {mask:x} > /sys/class/net/lo/queues/rx-0/rps_cpus"
        f' && exec "$@"'
    )
    again = [sys.executable, "-m", "bench", "fanout", *arguments]
    sys.exit(subprocess.run(["unshare", "-n", "-m", "sh", "-ec", script, "sh", *again]).returncode)


def main(arguments: list[str]) -> None:
    from bench import fanout_runs

    asked = argparse.ArgumentParser(prog="python -m bench fanout")
    asked.add_argument("--readers", type=int, nargs="+", default=[1_000, 5_000, 10_000])
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--systems", nargs="+", choices=list(peers.SYSTEMS), default=list(peers.SYSTEMS))
    asked.add_argument("--other-core", action="store_true", help="receive work on the other core; 900 readers")
    asked.add_argument("--run", choices=list(fanout_runs.RUNS), help="one of the other runs, instead of the table")
    told = asked.parse_args(arguments)
    if told.other_core:
        rest = [word for word in arguments if word != "--other-core"]
        on_the_other_core(rest if "--readers" in rest else [*rest, "--readers", "900"])
    systems = []
    for name in told.systems:
        if how := peers.missing(name):
            print(f"{name} is not measured; to have it: {how}")
        else:
            systems.append(name)
    if told.run:
        fanout_runs.RUNS[told.run](told.rounds)
        return
    os.sched_setaffinity(0, {SERVER_CORE})
    for readers in told.readers:
        table(readers, told.rounds, systems)
