"""A number that app and edges share: it changes whenever anything that a page shows has changed.

An edge that holds a page knows by it whether the page still holds true, before the writer of the change has been
answered.
"""

from __future__ import annotations

from heard.live.shared import Number


class Edition(Number):
    """The app's end writes it, an edge's end reads it."""

    def turn(self) -> None:
        """Something has changed: what was made before no longer holds."""
        self.become(self.now() + 1)
