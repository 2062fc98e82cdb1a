"""How long the edge waits and how much it holds: every number with its reason, all of them in one place."""

from __future__ import annotations

import json
import resource
from dataclasses import asdict, dataclass

from heard.engine.frames import HEARTBEAT_S

DESCRIPTORS_KEPT_BACK = 256
"""For listeners, channels, the frames file, and requests that are with the app and the edge at once."""

DESCRIPTORS_MAX = 100_000
"""One edge, on one core, sends a frame to so many in about a second; for more, run more edges."""


@dataclass(frozen=True)
class Limits:
    """Seconds end in `_s`. Tests shorten them; operators have no reason to."""

    head_s: float = 10
    """From the first byte of a request's head to its last: a phone on a bad line needs two or three."""

    idle_s: float = 75
    """A connection kept alive between two requests: longer than the 60 s of the usual proxy in front."""

    app_s: float = 5
    """A request waits this long for an app before it is told to come again: a restart takes about one."""

    poll_s: float = 25
    """A long poll without news: below the 30 s at which proxies give up on an answer."""

    stuck_s: float = 20
    """Without a byte taken, whoever is being sent something is let go."""

    linger_s: float = 2
    """After a last answer, what the client still sends is read and dropped, or it would lose the answer."""

    heartbeat_s: float = HEARTBEAT_S
    missed_bell_s: float = 0.1
    """How often the edge looks into the frames file by itself while no app rings."""

    end_s: float = 3
    """How long an edge that was told to end waits for the requests it still holds."""

    retry_from_s: float = 2
    retry_to_s: float = 8
    """A reader who lost the stream comes back after a time of its own between these: 10,000 must not come
    at once.
    """

    head_bytes: int = 16 * 1024
    send_buffer_bytes: int = 64 * 1024
    """The kernel's default hoards 3.8 MB for each reader that is stuck; this is 0.13 MB, and shows it
    early.
    """

    behind_bytes: int = 1024 * 1024
    at_app: int = 1_000
    """Connections that may be with one app at once; further requests wait in the edge."""

    accepts_a_turn: int = 64
    slice: int = 512
    """Readers who are sent a frame before the loop looks who else has come: 4 ms of sends."""

    at_once: bool = True
    """Send a slice in one call where the kernel lets us; False: to one reader after another, as everywhere else."""

    connections: int = 0
    """0: as many as the process may have descriptors, less those kept back."""

    kept_for_requests: float = 0.1
    """This part of the connections no reader gets: who reports or withdraws comes in when the house is full."""

    def connections_max(self) -> int:
        """How many connections an edge may hold at once."""
        return self.connections or max(64, descriptors() - DESCRIPTORS_KEPT_BACK)

    def readers_max(self) -> int:
        """How many of them may be readers."""
        return int(self.connections_max() * (1 - self.kept_for_requests))

    def written(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, written: str) -> Limits:
        return cls(**json.loads(written))


def descriptors() -> int:
    """As many descriptors as this process may have, asked for and granted: the usual 1,024 are 768 readers."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = DESCRIPTORS_MAX if hard == resource.RLIM_INFINITY else min(hard, DESCRIPTORS_MAX)
    if soft == resource.RLIM_INFINITY or soft >= most:
        return most
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    except (ValueError, OSError):
        return soft  # Some systems say that there is no limit, and have one.
    return most
