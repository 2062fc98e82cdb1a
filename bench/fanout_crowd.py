"""The other end of peers/crowd.c: thousands of readers and a publisher, told what to do and asked what came."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Event:
    """Milliseconds from the publisher's first byte to the readers and to the publisher's answer."""

    number: int
    first: float
    p50: float
    p99: float
    last: float
    answered: float
    missing: int


@dataclass
class Run:
    """Events one after another; percentiles are over all readers and events."""

    events: list[Event]
    p50: float
    p99: float
    max: float


@dataclass
class Offered:
    """Events at a rate; times in milliseconds from the moment at which each was due."""

    events: int
    p50: float
    p99: float
    max: float
    took_s: float
    missing: int
    deliveries: int


class Crowd:
    """Readers of one stream. `core`: where this process runs; None leaves that to the system."""

    def __init__(self, program: Path, folder: Path, port: int, stream: bytes, publish: bytes, core: int | None) -> None:
        (folder / "stream").write_bytes(stream)
        (folder / "publish").write_bytes(publish)
        argv = [str(program), str(port), str(folder / "stream"), str(folder / "publish")]
        if core is not None:
            argv = ["taskset", "-c", str(core), *argv]
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)

    def say(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode() + b"\n")

    def hear(self) -> list[str]:
        """The next answer, in words; what the server answered badly is raised."""
        assert self.process.stdout is not None
        words = self.process.stdout.readline().decode().split()
        if not words or words[0] in ("failed", "bad", "unknown"):
            raise RuntimeError(f"the crowd says: {' '.join(words)}")
        return words

    def connect(self, readers: int) -> float:
        """Open so many more; how many a second that was."""
        self.say(f"connect {readers}")
        _, opened, seconds = self.hear()
        if int(opened) < readers:
            raise RuntimeError(f"only {opened} of {readers} readers could be opened")
        return readers / float(seconds)

    def events(self, count: int) -> Run:
        self.say(f"events {count}")
        events = []
        while (words := self.hear())[0] == "event":
            number, *times, missing = words[1:]
            events.append(Event(int(number), *map(float, times), int(missing)))
        return Run(events, *map(float, words[1:]))

    def offered(self, rate: float, seconds: float) -> Offered:
        self.say(f"offered {rate} {seconds}")
        events, p50, p99, most, took, missing, deliveries = self.hear()[1:]
        return Offered(int(events), float(p50), float(p99), float(most), float(took), int(missing), int(deliveries))

    def publish(self) -> int:
        """Publish once and wait for the answer alone: its status; -1 if the line was lost, 0 if nobody is there."""
        self.say("publish")
        return int(self.hear()[2])

    def stall(self, readers: int) -> None:
        """The first so many read no more; `go_on` lets them read again."""
        self.say(f"stall {readers}")
        self.hear()

    def go_on(self) -> None:
        self.say("go_on")
        self.hear()

    def follow(self) -> None:
        """From now on who loses the stream comes back as a browser does: after `retry:`, with the last id."""
        self.say("follow")
        self.hear()

    def rest(self) -> None:
        """From now on sleep between events that come, and leave the core to others meanwhile."""
        self.say("rest")
        self.hear()

    def drop(self, readers: int) -> None:
        """So many lose their connection."""
        self.say(f"drop {readers}")
        self.hear()

    def unconfirmed(self) -> list[int]:
        """Marks that readers were sent, though their publisher was never told that they are kept."""
        self.say("unconfirmed")
        return [int(mark) for mark in self.hear()[1:]]

    def status(self) -> dict[str, float]:
        """Counts since the beginning, and how long who lost the stream took to come back, in milliseconds."""
        self.say("status")
        words = self.hear()[1:]
        return {name: float(value) for name, value in zip(words[::2], words[1::2], strict=True)}

    def close(self) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        self.process.wait()


def run_s(pids: list[int]) -> float:
    """Seconds of processor time that the scheduler gave to all threads of these processes."""
    spent = 0
    for pid in pids:
        for task in os.listdir(f"/proc/{pid}/task"):
            spent += int(Path(f"/proc/{pid}/task/{task}/schedstat").read_text().split()[0])
    return spent / 1e9


def memory_bytes(pids: list[int]) -> int:
    return sum(1024 * int(Path(f"/proc/{pid}/status").read_text().split("VmRSS:")[1].split()[0]) for pid in pids)


def kernel_bytes() -> int:
    """What the kernel holds for TCP sockets on this machine, both ends of loopback together."""
    words = Path("/proc/net/sockstat").read_text().split("TCP:")[1].split()
    return int(words[words.index("mem") + 1]) * os.sysconf("SC_PAGE_SIZE")
