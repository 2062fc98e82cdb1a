"""What a phone's camera reads, as one path of a drawing: nothing of a secret is asked of, or told to, another site."""

from __future__ import annotations

import msgspec
import segno

#: Light modules around it, without which no camera finds it (ISO/IEC 18004, section 5.3.8).
QUIET = 4


class Drawn(msgspec.Struct, frozen=True):
    """`side` in modules, quiet zone and all; `path` draws the dark ones, each row in as few strokes as it takes."""

    side: int
    path: str


def drawn(words: str) -> Drawn:
    """A code of the smallest size that holds the words and stands a seventh of it being unreadable."""
    rows = [bytes(row) for row in segno.make(words, error="m", micro=False, boost_error=False).matrix]
    strokes = [
        f"M{start + QUIET} {down + QUIET}h{end - start}v1h-{end - start}z"
        for down, row in enumerate(rows)
        for start, end in _runs(row)
    ]
    return Drawn(len(rows) + 2 * QUIET, "".join(strokes))


def _runs(row: bytes) -> list[tuple[int, int]]:
    """From where to where it is dark."""
    edges = [at for at in range(len(row) + 1) if (row[at - 1] if at else 0) != (row[at] if at < len(row) else 0)]
    return list(zip(edges[::2], edges[1::2], strict=True))
