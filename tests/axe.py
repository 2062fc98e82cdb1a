"""What axe finds wrong with a page as it is shown, by the rules of WCAG 2.2 AA and of good practice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from axe_playwright_python.sync_playwright import Axe

WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
#: The rules among them that look at colours: all that another colour scheme can break.
OF_COLOURS = ("color-contrast", "link-in-text-block")


def violations(page: Any, only: Sequence[str] = ()) -> list[str]:
    """Rule and markup of every place, of these rules or of all. What is right is not told: that takes as long again."""
    if page.evaluate("!window.axe"):
        page.evaluate(Axe().axe_script)
    rules = {"type": "rule", "values": list(only)} if only else {"type": "tag", "values": list(WCAG)}
    asked = {"runOnly": rules, "resultTypes": ["violations"]}
    told = page.evaluate("asked => axe.run(document, asked)", asked)["violations"]
    return [f"{one['id']} {node['html'][:150]}" for one in told for node in one["nodes"]]
