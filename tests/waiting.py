"""Waiting for a condition, and never for a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

#: Only a test that has failed waits so long.
PATIENCE_S = 60.0


def wait_until(what: Callable[[], Any], patience_s: float = PATIENCE_S) -> Any:
    """What it answers, once that is something."""
    give_up_at = time.monotonic() + patience_s
    while not (found := what()):
        assert time.monotonic() < give_up_at, "it did not happen"
        time.sleep(0.02)
    return found
