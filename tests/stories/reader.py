"""One reader with a page open."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import ConsoleMessage, Page

#: What a page shows of a case, thing by thing, without the marks that only say "this just came".
THINGS = """page => ['#state', '#summary', '#pinned', '#key', '#posts > *', '#report > *'].flatMap(
    of => [...page.querySelectorAll(of)].map(thing => {
        const copy = thing.cloneNode(true)
        copy.classList.remove('new')
        return copy.outerHTML.replace(/\\s+/g, ' ')
    }))"""
SHOWN = f"() => ({THINGS})(document)"
FRESH = f"""async () => {{
    const answer = await fetch(location.href, {{ cache: 'no-store' }})
    return ({THINGS})(new DOMParser().parseFromString(await answer.text(), 'text/html'))
}}"""
STANDING = """() => JSON.stringify({
    address: location.href, scrolled: scrollY, high: document.documentElement.scrollHeight,
    said: ['#how', '#status', '#more', '.post'].map(one => document.querySelector(one)?.innerText),
    loads: performance.getEntriesByType('resource').map(one => one.name + ' ' + one.responseStatus),
})"""
#: More than anything here takes on a slow machine, the way down to plain polling included.
PATIENCE_S = 45


class Reader:
    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        page.on("console", self._heard)

    def _heard(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or "Content-Security-Policy" in message.text:
            self.complaints.append(message.text)

    def goes_to(self, path: str) -> None:
        self.page.goto(path, wait_until="load")

    def shown(self) -> list[str]:
        """Each thing on the page as it is now."""
        things: list[str] = self.page.evaluate(SHOWN)
        return things

    def fresh(self) -> list[str]:
        """Each thing as the page would have it if it were loaded now."""
        things: list[str] = self.page.evaluate(FRESH)
        return things

    def sees(self, words: str) -> bool:
        return words in self.page.inner_text("main")

    def waits(self, until: Callable[[], Any], what: str) -> None:
        """Ask again and again; fail when patience is over, and say how the page stands."""
        end = time.monotonic() + PATIENCE_S
        while not until():
            assert time.monotonic() < end, f"waited {PATIENCE_S} s in vain {what}: {self.page.evaluate(STANDING)}"
            time.sleep(0.1)

    def waits_to_see(self, words: str) -> None:
        self.waits(lambda: self.sees(words), f"to see “{words}”")

    def says_how(self) -> str:
        return self.page.inner_text("#how", timeout=5000)

    def button(self) -> str:
        """What the button for new posts says; nothing while it is hidden."""
        return self.page.inner_text("#more") if self.page.is_visible("#more") else ""

    def top_of(self, post: str) -> float:
        """Where a post stands in the window."""
        top: float = self.page.evaluate("id => document.getElementById(id).getBoundingClientRect().top", f"post-{post}")
        return top

    def scrolls_to(self, post: str) -> None:
        self.page.evaluate("id => document.getElementById(id).scrollIntoView({ block: 'center' })", f"post-{post}")
