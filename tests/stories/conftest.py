"""A real browser, with as many readers in it as a story needs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.server import Server
from tests.stories.reader import Reader

CHROMIUM = Path(os.environ.get("HEARD_CHROMIUM", "/usr/bin/chromium"))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Chromium, or a skip that says what is missing."""
    if not CHROMIUM.exists():
        if os.environ.get("HEARD_REQUIRE_BROWSER") == "1":
            pytest.fail(f"HEARD_REQUIRE_BROWSER=1, and there is no {CHROMIUM}")
        pytest.skip(f"there is no {CHROMIUM} (HEARD_CHROMIUM names another)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def reader(chromium: Browser, server: Server) -> Iterator[Callable[..., Reader]]:
    """Opens pages, each for a reader of their own; at the end none may have met an error or a forbidden load."""
    opened: list[Reader] = []

    def opens(path: str, *, beside: Reader | None = None, **settings: object) -> Reader:
        context = beside.page.context if beside else chromium.new_context(base_url=server.address, **settings)  # type: ignore[arg-type]
        opened.append(Reader(context.new_page()))
        opened[-1].goes_to(path)
        return opened[-1]

    yield opens
    complaints = [complaint for one in opened for complaint in one.complaints]
    for one in opened:
        one.page.context.close()
    assert complaints == []
