"""What becomes of pictures of plans that nobody is shown any more: their keys are destroyed seven days later, and so
are they. The same for a picture that came and that no plan ever named.

A hold of a station that stood on a plan, of a time in which the plan was shown, keeps its picture while it stands.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from heard.engine import now
from heard.engine.projection import Tables
from heard.engine.stores import Vault
from heard.watch import positions

#: Where the vault keeps their keys: a picture that no post shows any more is destroyed, and may be a plan as well.
DRAWER = "plan picture key"
#: Where it keeps when each came last, or was first seen here.
_CAME = "plan picture"
#: As long as an upload that no post names is kept.
KEPT = timedelta(days=7)


class Media(Protocol):
    """Pictures of one sort (`store.media`)."""

    def names(self) -> Iterable[str]: ...

    def erase(self, name: str) -> None: ...


def came(vault: Vault, media: str) -> None:
    """It is about to be kept, and named in a moment: until then nobody destroys it."""
    vault.put(_CAME, media, now.text(now.utc()).encode())


def clear(vault: Vault, media: Media, tables: Tables, at: datetime) -> int:
    """Destroy what has been shown to nobody for seven days and is not held; how many."""
    over = [name for name in list(media.names()) if _is_over(vault, tables, name, at)]
    for name in over:
        media.erase(name)
        vault.drop(_CAME, name)
    return len(over)


def _is_over(vault: Vault, tables: Tables, media: str, at: datetime) -> bool:
    rows = list(tables.execute("SELECT drawn_at, gone_at, stations FROM plan_picture WHERE media = ?", (media,)))
    if any(gone_at is None for _, gone_at, _ in rows):
        return False
    came_at = vault.get(_CAME, media)
    if came_at is None and not rows:  # of before this was written down: its time begins now
        came(vault, media)
        return False
    since = [now.instant(gone_at) for _, gone_at, _ in rows] + ([now.instant(came_at.decode())] if came_at else [])
    return at >= max(since) + KEPT and not any(_is_held(tables, row, at) for row in rows)


def _is_held(tables: Tables, row: tuple[str, str, bytes], at: datetime) -> bool:
    drawn_at, gone_at, stations = row
    shown = now.instant(drawn_at), now.instant(gone_at)
    stood = msgspec.json.decode(stations, type=list[str])
    return any(hold.stops_of(one, *shown, at) for hold in positions.holds(tables) for one in stood)
