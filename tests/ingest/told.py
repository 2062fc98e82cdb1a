"""How the tests of what comes in say it: when it was received, and what became evidence."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from heard.engine import now
from heard.ingest.fixes import AnySaid

R = datetime(2031, 3, 3, 8, 0, 0, 400_000, tzinfo=UTC)
#: 2031-03-03T08:00:00Z, as phones count.
T = 1_930_291_200
AT = datetime(2031, 3, 3, 8, tzinfo=UTC)


def evidence(said: AnySaid) -> dict[str, Any]:
    """As it is written, less its receipt, with its instants as instants."""
    written = said.written()
    assert now.instant(written.pop("r")) == said.received_at
    return instants(written)


def instants(written: dict[str, Any]) -> dict[str, Any]:
    return {name: now.instant(value) if name in ("t", "good_until") else value for name, value in written.items()}
