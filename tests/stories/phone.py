"""A reporter's phone: a browser of its own, that keeps its profile when it is killed."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, BrowserType, Error, Page

from tests.browser import CHROMIUM
from tests.server import Server
from tests.stories.line import Line
from tests.stories.reader import Reader

PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "has_touch": True}


class Phone:
    """`reporter` is who holds it: the page that is open, once one is."""

    def __init__(self, kind: BrowserType, profile: Path, server: Server, **settings: Any) -> None:
        self._kind, self._profile, self._settings = kind, profile, settings
        self.line = Line(server.address)
        self.context: BrowserContext
        self.page: Page
        self.reporter: Reader
        self.starts()

    def starts(self, *, line: bool = True) -> None:
        self.context = self._kind.launch_persistent_context(
            str(self._profile),
            executable_path=str(CHROMIUM),
            args=["--no-sandbox", "--disable-gpu"],
            base_url=self.line.address,
            **PHONE,
            **self._settings,
        )
        self.has_line(line)
        self.page = self.context.pages[0]
        self.reporter = Reader(self.page)

    def has_line(self, line: bool) -> None:
        self.line.is_cut(not line)
        self.context.set_offline(not line)

    def signs_in(self, link: str) -> None:
        self.page.goto(link)
        self.page.click("main button")
        self.page.wait_for_url("**/desk/")

    def loses_its_session(self) -> None:
        self.context.clear_cookies()

    def opens(self, slug: str) -> None:
        self.page.goto(f"/desk/{slug}/", wait_until="load")

    def is_ready_to_lose_its_line(self) -> None:
        """The worker has the desk's shell, as it has seconds after the desk was first opened."""
        self.page.evaluate("navigator.serviceWorker.ready.then(() => true)")

    def writes(self, words: str) -> None:
        """With the thumb on the button; the box is empty when it is kept."""
        self.page.fill("#text", words)
        self.page.click("#publish button")
        self.reporter.waits(lambda: self.page.input_value("#text") == "", "for the box to be empty")

    def shows_waiting(self, *beginnings: str) -> None:
        """Waits until the list below the box has posts that begin so, in this order, and no others."""

        def waiting() -> bool:
            texts = self.page.locator("#outbox .words").all_inner_texts()
            return len(texts) == len(beginnings) and all(map(str.startswith, texts, beginnings))

        self.reporter.waits(waiting, f"for {beginnings or 'nothing'} to wait")

    def is_killed(self) -> None:
        """As a phone kills what it has no room for: no page hears of it."""
        [browser] = [number for number, words in _processes() if self._is_ours(words) and b"--type=" not in words]
        os.kill(browser, signal.SIGKILL)
        while any(self._is_ours(words) for _, words in _processes()):
            time.sleep(0.05)
        self.is_put_away()

    def _is_ours(self, words: bytes) -> bool:
        return f"--user-data-dir={self._profile}".encode() in words.split(b"\0")

    def is_put_away(self) -> None:
        with suppress(Error):  # it may be gone already
            self.context.close()


def _processes() -> list[tuple[int, bytes]]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                found.append((int(entry.name), (entry / "cmdline").read_bytes()))
            except OSError:
                continue
    return found
