"""Pictures that were sent to a case: known by what the vault says of them, until a post names one or its time is over.

The vault says when it came and whether a command has named it since. One that was named stays, whatever became of the
command, since a post that is held, sealed or withdrawn has its words, and so its pictures, in the journal alone.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from heard.coverage import projection
from heard.coverage.elements import Image
from heard.engine import now
from heard.engine.projection import Tables
from heard.engine.stores import Vault

#: From its arrival; a phone may have been without a line for days between sending the picture and its post.
UNUSED_KEPT = timedelta(days=7)
_DRAWER = "picture"


class Taken(msgspec.Struct, frozen=True):
    """An upload: the picture without its words, and whether its file said a name that may not be said.

    Of one that came before this was written down, `came_at` is not known, and it stays.
    """

    image: Image
    doubtful: bool
    came_at: datetime | None = None
    named: bool = False


def came(vault: Vault, case: str, image: Image, doubtful: bool) -> Taken:
    """Write down that it came, or came again: what was doubtful stays so, and what was named too."""
    before = _found(vault, _row(case, image.media))
    doubtful = doubtful or (before is not None and before.doubtful)
    taken = Taken(image, doubtful, now.utc(), before is not None and (before.named or before.came_at is None))
    vault.put(_DRAWER, _row(case, image.media), msgspec.json.encode(taken))
    return taken


def name_it(vault: Vault, case: str, media: str) -> Taken | None:
    """What came to this case under this name; from here on it is one that a command has named."""
    found = _found(vault, _row(case, media))
    if found and not found.named:
        vault.put(_DRAWER, _row(case, media), msgspec.json.encode(msgspec.structs.replace(found, named=True)))
    return found


def clear_unused(vault: Vault, tables: Tables, erase: Callable[[str], None], at: datetime) -> int:
    """Destroy what came a week ago and was named by nobody, but for files that another upload or a post has.

    How many were cleared.
    """
    rows = {row: found for row in vault.names(_DRAWER) if (found := _found(vault, row))}
    old = [row for row, found in rows.items() if _is_over(found, at)]
    for row in old:
        image = rows.pop(row).image
        vault.drop(_DRAWER, row)
        kept = {file for other in rows.values() for file in other.image.names.values()}
        for name, file in image.names.items():
            if file not in kept and not projection.pictured_in(tables, name):
                erase(file)
    return len(old)


def _is_over(found: Taken, at: datetime) -> bool:
    return not found.named and found.came_at is not None and at >= found.came_at + UNUSED_KEPT


def _row(case: str, media: str) -> str:
    return f"{case} {media}"


def _found(vault: Vault, row: str) -> Taken | None:
    raw = vault.get(_DRAWER, row)
    return msgspec.json.decode(raw, type=Taken) if raw else None
