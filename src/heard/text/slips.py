"""One slip of the keyboard (Damerau 1964: a letter added, left out, changed, or two changed about)."""

from __future__ import annotations


def one_slip_apart(one: str, other: str) -> bool:
    """Whether a single letter added, left out, changed or changed about makes one of the other."""
    if abs(len(one) - len(other)) > 1 or one == other:
        return False
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    rest, of = one[at:], other[at:]
    changed_about = len(rest) == len(of) > 1 and rest[0] == of[1] and rest[1] == of[0] and rest[2:] == of[2:]
    return rest[1:] == of[1:] or rest[1:] == of or rest == of[1:] or changed_about
