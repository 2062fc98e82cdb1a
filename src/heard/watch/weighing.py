"""Arming weighs the source: what phones have lately said of themselves, against what is asked.

A phone that is off by more than the station reaches can put nobody in it for certain; one that speaks once a minute
shows no gap of ten seconds. Armed all the same, it would be not known from the first, or silent about what is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import median

import msgspec

from heard.engine.errors import Refused
from heard.engine.projection import Tables
from heard.watch import positions, projection
from heard.watch.areas import Area
from heard.watch.obligations import AnyObligation, Keep
from heard.watch.signals import NOT_KNOWN, TO_95
from heard.watch.tracks import Placed

#: Fewer fixes say nothing of how a phone is; and so many of the last are weighed.
LEAST, LATELY = 3, 20

Lately = Callable[[str, str], Sequence[Placed]]


class Source(msgspec.Struct, frozen=True):
    """What a phone said of itself: the radius in metres that holds 95 of 100 of its least exact fix, None where it says
    no error; and how many seconds its fixes are apart.
    """

    error_m: float | None
    apart_s: float


def source(fixes: Sequence[Placed]) -> Source | None:
    """None where it has said too little."""
    last = fixes[-LATELY:]
    if len(last) < LEAST:
        return None
    told = [one for one in last if one.said != "outside"]  # of which no error is kept
    stated = [one.acc for one in told if one.acc is not None and 0 < one.acc < NOT_KNOWN]
    is_said = bool(stated) or not told
    apart = median((after.at - before.at).total_seconds() for before, after in pairwise(last))
    return Source(TO_95 * max(stated, default=0.0) if is_said else None, apart)


def must_show(tables: Tables, station: str, asked: AnyObligation, lately: Lately) -> None:
    """Weigh the phones of those on duty who count for it; `lately` has the last fixes of a holder at a station.

    Raises Refused, which says what would do.
    """
    found = positions.area(tables, station)
    if not isinstance(asked, Keep) or found is None:
        return
    on_duty = {one.holder for one in projection.on_duty(tables, station)}
    group = on_duty if asked.for_each is not None else set(asked.count.group)
    sources = {who: one for who in sorted(group & on_duty) if (one := source(lately(who, station))) is not None}
    needed = len(group) if asked.for_each is not None else asked.count.at_least
    must_be_shown(asked, found[0], list(sources.values()), needed, len(group) - len(sources))


def must_be_shown(asked: Keep, area: Area, sources: Sequence[Source], needed: int, others: int) -> None:
    """So many are needed of these and of `others`, of whose phones nothing is known.

    Raises Refused.
    """
    reach, gap_s = area.reach_m(), asked.gap_s + asked.grace_s + asked.wait_s
    inexact = [one for one in sources if one.error_m is None or one.error_m >= reach]
    if len(sources) - len(inexact) + others < needed:
        raise Refused(_too_inexact(inexact, reach))
    seldom = [one.apart_s for one in sources if one.apart_s > gap_s]
    if len(sources) - len(seldom) + others < needed:
        raise Refused(_too_seldom(min(seldom), gap_s))


def _too_inexact(inexact: Sequence[Source], reach: float) -> str:
    errors = [one.error_m for one in inexact if one.error_m is not None]
    if not errors:
        return (
            "The phones do not say how exact they are, so it would never be known whether anybody is there. Nothing "
            "was armed; let them send their accuracy, or ask for check-ins at a tag."
        )
    error = min(errors)
    return (
        f"A phone that counts for it is off by up to {error:.0f} m, and the station reaches {reach:.0f} m from its "
        "middle: it would not be known most of the time. Nothing was armed; a radius of "
        f"{2 * error:.0f} m would do, or a more exact source, or check-ins at a tag."
    )


def _too_seldom(apart_s: float, gap_s: float) -> str:
    return (
        f"A phone that counts for it speaks every {apart_s:.0f} s, and shows no gap of {gap_s:g} s. Nothing was armed; "
        f"a gap of {apart_s:.0f} s or more would do, or phones that speak every {max(1, gap_s / 2):.0f} s."
    )
