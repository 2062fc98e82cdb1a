"""When a draft goes: an hour after it was thrown away, or a month after it was kept last.

What is thrown away comes back within the hour. What nobody keeps again is destroyed, and for another month it is told
whose that was, and when. While a legal hold is on the case none goes.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from heard.cases import projection as cases
from heard.cases.legal_hold import must_not_be_held
from heard.coverage import drafts, projection
from heard.coverage.drafts import DRAFTS_MAX, DRAWER, WorkingCopy
from heard.engine import now
from heard.engine.errors import Corrupt, Refused
from heard.engine.journal import Journal
from heard.engine.projection import Tables
from heard.engine.stores import Vault

#: From when it was kept last, or somebody said that it stays.
KEPT_FOR = timedelta(days=30)
COMES_BACK_FOR = timedelta(hours=1)
#: So long before, the desk says so with emphasis.
SOON = timedelta(days=3)
TOO_MANY_THROWN = (
    f"{DRAFTS_MAX} drafts of whoever began this one are thrown away and may come back still, which is as many as there "
    "may be. Nothing was changed; destroy one of those first, or wait until one has gone."
)


def goes_at(copy: WorkingCopy) -> datetime:
    """When it is destroyed; of one that was, when that is told no more."""
    if copy.thrown_at:
        return copy.thrown_at + COMES_BACK_FOR
    return max(filter(None, (copy.kept_at, copy.stays_at, copy.gone_at))) + KEPT_FOR


def is_over(tables: Tables, case: str, copy: WorkingCopy) -> bool:
    return now.utc() >= goes_at(copy) and not cases.legal_hold_since(tables, case)


def throw_away(journal: Journal, tables: Tables, case: str, copy: WorkingCopy, by: str) -> bool:
    """Put it away for an hour; putting it away twice is putting it away once. False where somebody changed it in this
    moment.

    Raises Refused for one more of its author than may come back: each look at the desk unseals them all.
    """
    if copy.thrown_at:
        return True
    lying = drafts.lying(journal, tables, case, copy.author, every=False)
    if sum(one.thrown_at is not None for one in lying) >= DRAFTS_MAX:
        raise Refused(TOO_MANY_THROWN)
    return drafts.put_over(journal, case, copy, msgspec.structs.replace(copy, thrown_at=now.utc(), thrown_by=by))


def destroy(journal: Journal, tables: Tables, case: str, copy: WorkingCopy) -> bool:
    """Destroy one that was put away; False where it was brought back in this moment.

    Raises Refused while a legal hold is on the case.
    """
    must_not_be_held(tables, case)
    name = drafts.name_of(case, copy)
    raw = journal.vault.get(DRAWER, name)
    return not raw or (drafts.read(journal, copy.id, raw) == copy and _clear(journal.vault, name, raw, b""))


def stay(journal: Journal, case: str, copy: WorkingCopy) -> bool:
    """Bring back what was thrown away, and begin the month anew; False where somebody changed it meanwhile."""
    staying = msgspec.structs.replace(copy, thrown_at=None, thrown_by="", stays_at=now.utc())
    return drafts.put_over(journal, case, copy, staying)


def clear_over(journal: Journal, tables: Tables, case: str = "") -> int:
    """Destroy those, of one case or of all, that are over: so many. Of what nobody kept again it stays known that it
    was there.
    """
    cleared = 0
    for name in journal.vault.names(DRAWER, f"{case} " if case else ""):
        of, _, id = name.split(" ")
        raw = journal.vault.get(DRAWER, name)
        if not raw or projection.is_known(tables, id):
            continue
        try:
            copy = drafts.read(journal, id, raw)
        except Corrupt:  # nobody can say when it goes: it lies there, and holds up no other
            continue
        if is_over(tables, of, copy):
            cleared += _clear(journal.vault, name, raw, _told(journal, copy))
    return cleared


def _told(journal: Journal, copy: WorkingCopy) -> bytes:
    """What is left of it: nothing, or that it was there."""
    if copy.thrown_at or copy.gone_at:
        return b""
    return drafts.row_of(journal, msgspec.structs.replace(copy, typed={}, gone_at=goes_at(copy)))


def _clear(vault: Vault, name: str, raw: bytes, told: bytes) -> bool:
    """Unless somebody kept it in this moment."""
    if not vault.swap(DRAWER, name, raw, told):
        return False
    if not told:
        vault.drop(DRAWER, name)
    return True
