"""The page of an export opens from a folder: whole, without a network, and without faults that axe can find."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.axe import violations


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1280, "dark")])
def test_the_page_opens_from_a_folder(
    chromium: Any, files: dict[str, bytes], tmp_path: Path, width: int, scheme: str
) -> None:
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page, trouble = context.new_page(), []
    page.on("console", lambda said: trouble.append(said.text))
    page.on("request", lambda asked: trouble.append(asked.url) if not asked.url.startswith("file:") else None)
    page.on("requestfailed", lambda failed: trouble.append(failed.url))
    page.goto((tmp_path / "index.html").as_uri())
    assert page.locator("article").count() == files["index.html"].count(b"<article")
    assert page.evaluate("[...document.images].every(one => one.complete && one.naturalWidth > 0)")
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    assert trouble == []
    found = violations(page)
    context.close()
    assert found == []
