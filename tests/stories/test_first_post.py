"""From opening the desk of a fresh install to the first published post: how many actions that takes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.server import running

ACTIONS_MAX = 3


@pytest.mark.parametrize("script", [True, False])
def test_first_post_of_a_fresh_install_takes_at_most_three_actions(chromium: Any, tmp_path: Path, script: bool) -> None:
    sent: list[str] = []
    with running(tmp_path / "data") as server:
        context = chromium.new_context(base_url=server.address, java_script_enabled=script)
        page = context.new_page()
        page.on("request", lambda one: sent.append(one.url) if one.method == "POST" else None)
        page.goto(server.link)
        page.locator("main button").press("Enter")
        page.wait_for_url("**/desk/")
        page.fill("#title", "The inquest into the death at Saltmere Lock")
        page.locator("#title").press("Enter")
        page.wait_for_url(
            re.compile("/desk/the-inquest-into-the-death-at-saltmere-lock/")
        )  # with a script it says so once
        page.fill("#text", "The court sits.")
        if script:
            page.press("#text", "Control+Enter")
        else:
            page.locator("#publish button").first.press("Enter")
        page.locator("main", has_text="Published.").wait_for()
        shown = server.page("/the-inquest-into-the-death-at-saltmere-lock/")
        context.close()
    deeds = [address for address in sent if not address.endswith("/here")]
    assert "The court sits." in shown
    assert len(deeds) == ACTIONS_MAX, deeds
