"""Reports that were sent together: those that are dated the same day by the same coroner, to the same addressees.

Often one cause led to several deaths and the concerns are the same (docs/performance.md says how often); where a
source has cut them off, nothing else tells. It is said as what it is, and no more. Where a name is hidden neither leads
to the other, since the other may carry that name.
"""

from __future__ import annotations

from heard.reports.addressees import REDACTED, is_redacted
from heard.reports.model import HIDDEN
from heard.reports.register import Register
from heard.reports.shown import Shown


def sent_together(register: Register, shown: Shown) -> list[Shown]:
    """The others, in the order of their references."""
    to = _sent_to(shown)
    if not to:
        return []
    same_day = (one for one in register if one.dated == shown.dated and one.id != shown.id)
    return sorted((one for one in same_day if one.coroner == shown.coroner and _sent_to(one) == to), key=_place)


def _sent_to(one: Shown) -> frozenset[str]:
    """Who was asked; nothing where too little is known, or shown, to say that another was sent with it."""
    names = {other.name for other in one.addressees}
    is_known = one.dated and one.coroner and not any(name in (HIDDEN, REDACTED) or is_redacted(name) for name in names)
    if not is_known or one.is_nameless:
        return frozenset()
    return frozenset(other.key or other.name for other in one.addressees)


def _place(one: Shown) -> tuple[str, str]:
    return one.ref, one.slug
