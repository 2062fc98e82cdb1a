"""A real browser for tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM = Path(os.environ.get("HEARD_CHROMIUM", "/usr/bin/chromium"))


# Of a module and not of the session: while it runs, Playwright has the thread's event loop, and tests of other modules
# have loops of their own.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Chromium, or a skip that says what is missing."""
    if not CHROMIUM.exists():
        if os.environ.get("HEARD_REQUIRE_BROWSER") == "1":
            pytest.fail(f"HEARD_REQUIRE_BROWSER=1, and there is no {CHROMIUM}")
        pytest.skip(f"there is no {CHROMIUM} (HEARD_CHROMIUM names another)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()
