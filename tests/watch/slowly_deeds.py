"""`by` and `every`, evaluated slowly and plainly from the specification alone: all that is known looked at again at
every second. All instants are whole seconds from nought. It shares nothing with the evaluators that it judges.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Piece:
    """`what`: "asked" or "done" of a `matter`; "start" or "end" of a duty, or "check"."""

    received: int
    claimed: int
    what: str
    matter: str = ""


@dataclass
class Rung:
    matter: str
    lapsed: int
    raised: int
    cleared: int | None = None
    by: str | None = None


def every_second(pieces: list[Piece], until: int) -> list[tuple[int, list[Piece], bool]]:
    """What is known at each second: after each piece that came in it, and then when its time has passed."""
    found, known = list[tuple[int, list[Piece], bool]](), list[Piece]()
    for second in range(until + 1):
        for piece in pieces:
            if piece.received == second:
                known = [*known, piece]
                found.append((second, known, False))
        found.append((second, known, True))
    return found


def by(pieces: list[Piece], within: int, wait: int, until: int) -> list[Rung]:
    """After each trigger, the deed within a time; of two triggers of one matter the first that was heard counts."""
    rung = dict[str, Rung]()
    for second, known, has_passed in every_second(pieces, until):
        for matter in dict.fromkeys(one.matter for one in known if one.what == "asked"):
            asked = next(one for one in known if (one.what, one.matter) == ("asked", matter))
            due = asked.claimed + within
            done = [one.claimed for one in known if (one.what, one.matter) == ("done", matter)]
            is_met = any(at <= due for at in done)
            one = rung.get(matter)
            if one is None and has_passed and not done and second >= due + wait:
                rung[matter] = Rung(matter, due, second)
            elif one is not None and one.cleared is None and done:
                one.cleared, one.by = second, "late-evidence" if is_met else "done-late"
    return sorted(rung.values(), key=lambda one: (one.raised, one.lapsed, one.matter))


def every(pieces: list[Piece], period: int, wait: int, until: int) -> list[Rung]:
    """A clock that begins with a duty, and anew with each check made in it."""
    rung = list[Rung]()
    for second, known, has_passed in every_second(pieces, until):
        since = None
        for one in known:
            if one.what == "start" and since is None:
                since = one.claimed
            elif one.what == "end":
                since = None
        open_one = next((one for one in rung if one.cleared is None), None)
        if since is None:
            if open_one is not None:
                open_one.cleared, open_one.by = second, "guard-off"
            continue
        checks = [one.claimed for one in known if one.what == "check" and one.claimed >= since]
        if open_one is not None and any(at > open_one.lapsed - period for at in checks):
            in_time = any(open_one.lapsed - period < at <= open_one.lapsed for at in checks)
            open_one.cleared, open_one.by = second, "late-evidence" if in_time else "restored"
            open_one = None
        due = max([since, *checks]) + period
        if open_one is None and has_passed and second >= due + wait:
            rung.append(Rung("", due, second))
    return rung
