"""Who may do what, to a thing in which state: written by hand, and nowhere made from the code that it is held against.

A row is one way to ask for one address. `may` names the roles that are let through by their letters, for a session and
for a token that reaches as far as `scope`; everybody else is turned away, whatever state the thing is in. `states` says
what becomes of it for those who are let through:

    ok         done, or shown               no         not accepted; said why (422)
    kept       done, and kept on the desk   conflict   somebody was first (409)
    absent     there is no such thing (404) gone       it was erased (410)
    forbidden  not allowed (403)                withheld   on hold, ask again later (503)

A state may be another for one role: "absent l:ok" is ok for a lawyer and absent for everybody else.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

ROLES = {
    "d": "reader_of_drafts",
    "c": "contributor",
    "r": "reporter",
    "e": "editor",
    "l": "lawyer",
    "a": "administrator",
    "h": "holder",
    "s": "supervisor",
    "u": "auditor",
}
WORDS = "Words of a row."
#: Whoever has an account, and of them those with business at the desk; the last three are of the watch alone.
EVERYONE, ALL = "dcrelahsu", "dcrela"
WRITES, WRITE, WITHDRAW, RELEASE, OPEN, ERASE = "crea", "rea", "rela", "ela", "ea", "la"

#: What there is to ask about, and the states that it can be in. Every row has a cell for every state of its kind.
STATES: dict[str, tuple[str, ...]] = {
    "server": ("here",),
    "link": ("fresh", "spent", "unknown"),
    "person": ("known", "asked", "asked by oneself", "themselves", "unknown"),
    "factor": ("theirs", "of another", "unknown"),
    "session": ("open",),
    "case": ("announced", "live", "paused", "closed", "on hold", "stopped", "jury out", "unknown"),
    "post": (
        "published",
        "held",
        "held but free",
        "sealed",
        "submitted",
        "waiting",
        "dropped",
        "retracted",
        "erased",
        "withheld",
        "elsewhere",
        "unknown",
    ),
    "alert": ("called", "called off", "none", "withdrawn", "elsewhere", "unknown"),
    "picture": ("shown", "held", "withdrawn", "elsewhere", "unknown"),
    "folder": ("open", "unknown"),
    "hearing": ("without a jury", "jury in", "jury out", "seal lifted", "elsewhere", "unknown"),
    "sitting": ("sits", "elsewhere", "unknown"),
    "problem": ("open", "settled", "elsewhere", "unknown"),
    "order": ("cleared", "told", "not told", "lifted", "elsewhere", "unknown"),
    "receipt": ("of a post", "told", "not told", "elsewhere", "unknown"),
    "source": ("pings", "unknown"),
    "feed": ("sends", "ended", "unknown"),
    "approval": ("theirs", "of nobody", "unknown"),
    "report": ("listed", "unknown"),
    "message": ("open", "settled", "unknown"),
    "body": ("asked", "unknown"),
    "area": ("known", "unknown"),
    "figure": ("drawn", "unknown"),
}


class Row(NamedTuple):
    may: str
    scope: str
    on: str
    states: dict[str, str]
    sends: Mapping[str, object] = MappingProxyType({})


def every(kind: str, expected: str, **other: str) -> dict[str, str]:
    """Every state of a kind answers so, but for those named (`on_hold="absent"`)."""
    return {state: other.get(state.replace(" ", "_"), expected) for state in STATES[kind]}


def public(kind: str, states: dict[str, str]) -> list[Row]:
    """For everybody, signed in or not."""
    return [Row("*", "public", kind, states)]
