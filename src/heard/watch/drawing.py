"""Times as pictures: plain shapes, drawn from the same stretches as the table that stands beside each.

What is kept stands high, what is not lies low, what is not known hangs in between; where nothing is owed there is a
line, and a thick one where it was suspended. Shape tells it, colour only says it again. Words stand beside the picture,
so that it may be as narrow as a phone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape

from heard.watch.readings import Says, Stretch

HEIGHT = 28
#: Top and height of each.
_SHAPES: dict[Says, tuple[int, int]] = {
    "kept": (3, 22),
    "unknown": (10, 8),
    "broken": (19, 6),
    "suspended": (22, 3),
    "off": (24, 1),
}
WORDS: dict[Says, str] = {
    "kept": "kept",
    "broken": "not kept",
    "unknown": "not known",
    "suspended": "suspended",
    "off": "not owed",
}


def bar(found: Sequence[Stretch], label: str, mark_at: datetime | None = None) -> str:
    """One time as a picture that is as wide as its place. `mark_at` is marked by an upright line."""
    if not found:
        return ""
    first, wide = found[0].since, max(1.0, (found[-1].until - found[0].since).total_seconds())
    parts = []
    for one in found:
        top, high = _SHAPES[one.says]
        x, w = (one.since - first).total_seconds(), one.lasts.total_seconds()
        parts.append(
            f'<rect class="{one.says}" x="{x:.1f}" y="{top}" width="{max(w, wide / 900):.1f}" height="{high}"/>'
        )
    if mark_at is not None:
        x = (mark_at - first).total_seconds()
        parts.append(f'<line class="at" x1="{x:.1f}" y1="0" x2="{x:.1f}" y2="{HEIGHT}"/>')
    return (
        f'<svg class="times" viewBox="0 0 {wide:.1f} {HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(label)}">{"".join(parts)}</svg>'
    )


def sample(says: Says) -> str:
    """The shape, for the words that say what it means."""
    top, high = _SHAPES[says]
    return (
        f'<svg class="times sample" viewBox="0 0 24 {HEIGHT}" aria-hidden="true">'
        f'<rect class="{says}" x="1" y="{top}" width="22" height="{high}"/></svg>'
    )
