"""One report alone: a mistake over what is known of it is in the way of no other."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from heard.engine.errors import Corrupt, Unavailable

T = TypeVar("T")


def made_alone(make: Callable[[], T | None]) -> tuple[T | None, str]:
    """What is made of one report; or None, and the sort of mistake that stops it.

    That what is on disk cannot be read, or cannot be true, is no matter of one report.
    """
    try:
        return make(), ""
    except (Corrupt, Unavailable):
        raise
    except Exception as wrong:  # whatever it is: what a source wrote of one report ends no app
        return None, type(wrong).__name__
