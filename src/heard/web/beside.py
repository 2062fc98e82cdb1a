"""An app beside which another serves the same data, as while they are exchanged: what that one writes counts at once.

Whoever is told by the app that leaves that a post is withdrawn opens a page of the app that comes, in the same instant.
So the one that comes looks into the journal before each answer, and lends nothing, until it is told that it is alone.
"""

from __future__ import annotations

from contextlib import suppress

from heard.coverage.frames import Painter
from heard.engine.errors import Unavailable
from heard.engine.node import Node

#: How often it looks by itself: for open pages, whose edge reads what this app renders without asking it.
LOOK_EVERY_S = 0.01


class Beside:
    """Whether another app may be writing."""

    def __init__(self, node: Node, painter: Painter) -> None:
        self._node, self._painter = node, painter
        self.is_alone = False

    def look(self) -> None:
        """Fold and render what was written; nothing is asked once this is the only app."""
        if not self.is_alone:
            with suppress(Unavailable):  # a full disk: it is looked again, and readers are served meanwhile
                self._node.catch_up()
                self._painter.paint()
