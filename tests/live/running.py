"""The whole live part as it runs: the real supervisor, edges, and the small app."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from heard.live.limits import Limits
from tests.live.clients import PATIENCE_S, ask
from tests.waiting import wait_until

SLUG = "the-case"
CASE = "case1"


class Running:
    def __init__(
        self, data: Path, app_arguments: tuple[str, ...] = (), edges: int = 1, limits: Limits | None = None
    ) -> None:
        data.mkdir(exist_ok=True)
        self.data = data
        self.log = data / "log"
        script = str(Path(__file__).with_name("serve_small.py"))
        argv = [sys.executable, script, str(data), (limits or Limits()).written(), str(edges), *app_arguments]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True
            )
        assert self.process.stdout is not None
        address = self.process.stdout.readline().strip()
        assert address, self.log.read_text()
        self.port = int(address.rpartition(":")[2])
        assert ask(self.port, "/").body == b"home"

    def said(self) -> str:
        return self.log.read_text()

    def pid_of(self, child: str) -> int:
        """The process in a child's place now: the last that the supervisor said it started."""
        started = re.compile(rf"child_started child={child} pid=(\d+)\n")
        wait_until(lambda: started.search(self.said()))
        return int(started.findall(self.said())[-1])

    def publish(self, *changes: dict[str, Any], case_id: str = CASE, slug: str = SLUG) -> int:
        body = json.dumps({"case": case_id, "slug": slug, "changes": changes}).encode()
        answer = ask(self.port, "/publish", method="POST", body=body)
        assert answer.status == 201, answer
        return int(answer.json()["position"])

    def post(self, id: str, html: str = "<p>words</p>", kind: str = "post") -> int:
        return self.publish({"kind": kind, "id": id, "html": html, "href": f"/{SLUG}/{id}", "place": id})

    def kill(self, child: str) -> int:
        """kill -9; returns the process id that is no more, once it is no more."""
        pid = self.pid_of(child)
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not exists(pid))
        return pid

    def end(self) -> int:
        """SIGTERM, as an operator ends it; the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()
        assert "Traceback" not in self.said(), self.said()


def exists(pid: int) -> bool:
    """Whether a process runs; one that has ended and was not waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):  # it may end between the opening and the reading
        return False
