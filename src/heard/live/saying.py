"""One line on standard error for each thing that happened to a process here: a name in the past tense, ids,
numbers.
"""

from __future__ import annotations

import sys


def say(event: str, **facts: object) -> None:
    """`app_left unacknowledged=2`: never text, names or addresses."""
    print(event, *(f"{name}={value}" for name, value in facts.items()), file=sys.stderr, flush=True)
