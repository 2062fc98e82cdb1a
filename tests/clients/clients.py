"""Three implementations of server-sent events that are not ours, each reading one stream: what they say they got."""

from __future__ import annotations

import json
import queue
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import httpx2
import pytest
from playwright.sync_api import Browser

from tests.live.clients import PATIENCE_S

NPM = Path(__file__).parents[2] / ".cache" / "clients" / "node_modules" / "eventsource"
READ_STREAM = Path(__file__).with_name("read_stream.mjs")


class Got(NamedTuple):
    type: str
    id: str
    data: str


class Client(Protocol):
    def got(self, count: int) -> list[Got]:
        """The next so many events; fewer when no more came in good time."""
        ...

    def close(self) -> None: ...


class Chromium:
    """The browser's own EventSource, on a page of another site, as an embed has it."""

    def __init__(self, browser: Browser, address: str) -> None:
        self.page = browser.new_page()
        self.page.evaluate(
            """address => new Promise(open => {
                window.got = []
                window.source = new EventSource(address)
                for (const type of ['change', 'reset', 'message'])
                    source.addEventListener(type, e => got.push([e.type, e.lastEventId, e.data]))
                source.addEventListener('open', open)
            })""",
            address,
        )

    def got(self, count: int) -> list[Got]:
        give_up_at = time.monotonic() + PATIENCE_S
        while self.page.evaluate("got.length") < count and time.monotonic() < give_up_at:
            self.page.wait_for_timeout(10)
        return [Got(*one) for one in self.page.evaluate("count => got.splice(0, count)", count)]

    def close(self) -> None:
        self.page.close()


class _Lines:
    """A client whose events come one by one from a thread."""

    def __init__(self) -> None:
        self.events: queue.Queue[Any] = queue.Queue()

    def got(self, count: int) -> list[Got]:
        events: list[Got] = []
        while len(events) < count:
            try:
                events.append(Got(*self.events.get(timeout=PATIENCE_S)))
            except queue.Empty:
                break
        return events


class Npm(_Lines):
    """`eventsource` of npm, in a Node process."""

    def __init__(self, address: str) -> None:
        super().__init__()
        argv = ["node", str(READ_STREAM), str(NPM), address]
        self.process = subprocess.Popen(argv, stdout=subprocess.PIPE)
        assert self.process.stdout is not None
        assert json.loads(self.process.stdout.readline()) == "open"
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.events.put(json.loads(line))

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


class HttpxSse(_Lines):
    """`httpx-sse` of PyPI. It asks for httpx; httpx2 is the same library carried on, under another name."""

    def __init__(self, address: str) -> None:
        super().__init__()
        sys.modules.setdefault("httpx", httpx2)
        from httpx_sse import EventSource

        self.http = httpx2.Client(timeout=PATIENCE_S)
        request = self.http.build_request("GET", address, headers={"Accept": "text/event-stream"})
        self.response = self.http.send(request, stream=True)
        self.source = EventSource(self.response)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        try:
            for event in self.source.iter_sse():
                if event.data:  # An id alone dispatches nothing (WHATWG HTML, section 9.2.6), but is told of here.
                    self.events.put((event.event, event.id, event.data))
        except (httpx2.HTTPError, httpx2.StreamError):
            pass  # closed by us, or by the server at the end

    def close(self) -> None:
        self.response.close()
        self.http.close()


def npm_or_skip() -> None:
    if not (shutil.which("node") and NPM.exists()):
        pytest.skip("node, or eventsource of npm in .cache/clients (.ci/run puts it there), is not on this machine")
