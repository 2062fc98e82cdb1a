"""Whole nodes for tests: `heard serve` on one PostgreSQL journal, killed and started again where they were."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.live.running import exists
from tests.postgres import free_port
from tests.server import administrator
from tests.waiting import wait_until

#: `make soak` runs all of it, and for long.
SOAK = bool(os.environ.get("HEARD_SOAK"))
long = pytest.mark.skipif(not SOAK, reason="takes its time: `make soak` runs it (HEARD_SOAK=1)")
START_S = 60
SLUG = "two-nodes"


class HeardNode:
    """One node: its folder, its port, what it says, and what can be done to it."""

    def __init__(self, data: Path, journal: str, host: str = "127.0.0.1", within: Sequence[str] = ()) -> None:
        """`within` goes before the command, for a node in a network of its own, where `host` is its address."""
        self.data, self.journal, self.host, self.port = data, journal, host, free_port()
        self.within = list(within)
        self.log = data.with_name(f"{data.name}.log")
        self.log.touch()
        self._process: subprocess.Popen[bytes] | None = None
        self._began_at = 0

    @property
    def address(self) -> str:
        return f"http://{self.host}:{self.port}"

    def begin(self) -> None:
        """Start it, and do not wait."""
        argv = [*self.within, sys.executable, "-m", "heard.cli", "serve", "--data", str(self.data)]
        argv += ["--host", self.host, "--port", str(self.port), "--journal", self.journal]
        self._began_at = self.log.stat().st_size
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)

    def start(self) -> None:
        self.begin()
        wait_until(self.answers, START_S)

    def answers(self) -> bool:
        assert self._process is not None and self._process.poll() is None, self.said()
        try:
            return httpx2.get(f"{self.address}/", timeout=5).status_code == 200
        except httpx2.HTTPError:
            return False

    def said(self) -> str:
        """All it has said since it was started last."""
        return self.log.read_bytes()[self._began_at :].decode()

    def pids(self, child: str = r"[\w-]+") -> list[int]:
        """The processes in its places that run now."""
        return [pid for pid in self.started(child) if exists(pid)]

    def started(self, child: str = r"[\w-]+") -> list[int]:
        """All processes that were ever in its places."""
        return [int(pid) for pid in re.findall(rf"child_started child={child} pid=(\d+)\n", self.said())]

    def kill_app(self) -> None:
        for pid in self.pids("app"):
            os.kill(pid, signal.SIGKILL)

    def kill(self) -> None:
        """kill -9 of the whole node at once: supervisor, edges and app."""
        assert self._process is not None
        pids = [self._process.pid, *self.pids()]
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        self._process.wait()
        wait_until(lambda: not any(map(exists, pids)))

    def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill()


@contextmanager
def two_nodes(folder: Path, journal: str, other: HeardNode | None = None) -> Iterator[tuple[HeardNode, HeardNode, str]]:
    """Two that serve, a case of which both know, and an administrator's token."""
    one, other = HeardNode(folder / "one", journal), other or HeardNode(folder / "other", journal)
    token, _ = administrator(one.data, journal)
    with ExitStack() as stack:
        for node in (one, other):
            stack.callback(node.close)
            node.begin()
        wait_until(one.answers, START_S)
        open_case(one, token)
        wait_until(lambda: other.answers() and httpx2.get(f"{other.address}/{SLUG}/").status_code == 200, START_S)
        yield one, other, token


def open_case(node: HeardNode, token: str, slug: str = SLUG) -> None:
    tell(node, token, "cases", {"slug": slug, "title": "A case on two nodes"})


def pause(node: HeardNode, token: str, slug: str, seconds: int) -> None:
    """A case of its own whose pause runs over after so long, on whatever node that is first to see it."""
    open_case(node, token, slug)
    for state in ({"state": "live"}, {"state": "paused", "for": f"PT{seconds}S"}):
        tell(node, token, f"cases/{slug}/state", state)


def tell(node: HeardNode, token: str, path: str, body: dict[str, str]) -> None:
    answer = httpx2.post(f"{node.address}/api/v1/{path}", json=body, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 201, answer.text
