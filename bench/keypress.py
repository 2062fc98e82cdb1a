"""From the key that sends a post to its being painted in another browser: two Chromiums and a real server.

The clock begins with the `keydown` of Ctrl+Enter on the desk and ends in the first frame that the reader's page draws
with the post in it. Both browsers read the machine's clock (`performance.timeOrigin + performance.now()`).
Prints percentiles in milliseconds, at the pace of somebody who writes and without a pause between two posts; and what a
post costs the server's processors, the desk's questions after it included.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from bench.fixes import cpu_s
from tests.browser import CHROMIUM
from tests.server import Server, running

POSTS, WARM = 120, 5
#: Posts that are there already, so that the desk is full; and how long whoever writes takes between two.
BEFORE, PACES_S = 150, (0.7, 0.0)
GOAL_MS = 300
PATIENCE_S = 30

PRESSED = """() => addEventListener('keydown', event => {
    if (event.key === 'Enter' && event.ctrlKey) window.pressed = performance.timeOrigin + event.timeStamp
}, true)"""
#: The frame after the one in which the post came into the page has it drawn.
PAINTED = """() => {
    window.painted = {}
    new MutationObserver(() => {
        const words = document.querySelector('#posts').innerText
        for (const [, number] of words.matchAll(/mark(\\d+)mark/g))
            if (!(number in painted)) {
                painted[number] = 0
                requestAnimationFrame(() => requestAnimationFrame(at => {
                    painted[number] = performance.timeOrigin + at
                }))
            }
    }).observe(document.querySelector('main'), { childList: true, subtree: true })
}"""


def signed_in(browser: Any, server: Server, slug: str) -> Page:
    page: Page = browser.new_context(base_url=server.address).new_page()
    page.goto(server.link)
    page.click("main button")
    page.goto(f"/desk/{slug}/")
    page.wait_for_load_state("networkidle")
    page.evaluate(PRESSED)
    return page


def took(desk: Page, reader: Page, number: int, between_s: float) -> float:
    time.sleep(between_s)
    desk.locator("#text").fill(f"mark{number}mark The witness goes on with the evidence of that night.")
    desk.keyboard.press("Control+Enter")
    ends = time.monotonic() + PATIENCE_S
    while not reader.evaluate("number => window.painted[number]", number):
        assert time.monotonic() < ends, "the reader has waited in vain"
        time.sleep(0.02)
    delay: float = reader.evaluate("number => painted[number]", number) - desk.evaluate("window.pressed")
    return delay


def main() -> None:
    if not CHROMIUM.exists():
        print(f"there is no {CHROMIUM} (HEARD_CHROMIUM names another)")
        return
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder) / "data") as server,
        sync_playwright() as playwright,
    ):
        one, other = (
            playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
            for _ in range(2)
        )
        slug = server.open_case("bench", "A case to measure")
        for number in range(BEFORE):
            server.publish(slug, f"Post {number}. The witness goes on with the evidence of that night.")
        desk, reader = signed_in(one, server, slug), other.new_context(base_url=server.address).new_page()
        reader.goto(f"/{slug}/")
        reader.wait_for_load_state("load")
        reader.evaluate(PAINTED)
        for turn, between_s in enumerate(PACES_S):
            numbers = range(turn * (WARM + POSTS), (turn + 1) * (WARM + POSTS))
            before = cpu_s(server)
            delays = [took(desk, reader, number, between_s) for number in numbers][WARM:]
            spent_ms = (cpu_s(server) - before) / (WARM + POSTS) * 1000
            cut = statistics.quantiles(delays, n=100)
            print(
                f"key press to another browser's screen, {between_s} s between two   p50 {cut[49]:.0f} ms, "
                f"p99 {cut[98]:.0f} ms, longest {max(delays):.0f} ms of {POSTS} (goal: p99 <= {GOAL_MS} ms); "
                f"{spent_ms:.0f} ms of the server's processors a post"
            )
        for browser in (one, other):
            browser.close()


if __name__ == "__main__":
    main()
