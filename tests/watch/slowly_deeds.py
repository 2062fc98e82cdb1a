"""`by`, `before`, `every` and `each`, evaluated slowly and plainly from the specification alone: all that is known
looked at again at every second. All instants are whole seconds from nought. It shares nothing with the evaluators that
it judges.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Piece:
    """`what`: "asked" or "done" of a `matter`; "start" or "end" of a duty, or "check"; "publish" of a version, or "ack"
    of one, the `matter` being whoever reads and the version.
    """

    received: int
    claimed: int
    what: str
    matter: str = ""
    version: int = 0


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
    """After each trigger, the deed within a time, whichever is told first; of two triggers of one matter the first that
    was heard counts.
    """
    rung = dict[str, Rung]()
    for second, known, has_passed in every_second(pieces, until):
        for matter in dict.fromkeys(one.matter for one in known if one.what == "asked"):
            asked = next(one for one in known if (one.what, one.matter) == ("asked", matter))
            due = asked.claimed + within
            done = [one.claimed for one in known if (one.what, one.matter) == ("done", matter)]
            done = [at for at in done if at >= asked.claimed]
            one = rung.get(matter)
            if one is None and has_passed and not done and second >= due + wait:
                rung[matter] = Rung(matter, due, second)
            elif one is not None and one.cleared is None and done:
                one.cleared, one.by = second, "late-evidence" if min(done) <= due else "done-late"
    return in_order(rung.values())


def in_order(rung: Iterable[Rung]) -> list[Rung]:
    return sorted(rung, key=lambda one: (one.raised, one.lapsed, one.matter))


def duty_since(known: list[Piece]) -> int | None:
    """Since when there is a duty: the first beginning after the last end, by the times that are claimed; of a beginning
    and an end of one instant the one told last counts.
    """
    told = sorted((one.claimed, number, one.what) for number, one in enumerate(known) if one.what in ("start", "end"))
    since = None
    for at, _, what in told:
        since = None if what == "end" else at if since is None else since
    return since


def every(pieces: list[Piece], period: int, wait: int, until: int) -> list[Rung]:
    """A clock that begins with a duty, and anew with each check made in it."""
    rung, was_since = list[Rung](), None
    for second, known, has_passed in every_second(pieces, until):
        since = duty_since(known)
        open_one = next((one for one in rung if one.cleared is None), None)
        if open_one is not None and (since is None or (was_since is not None and since > was_since)):
            open_one.cleared, open_one.by = second, "guard-off"
            open_one = None
        was_since = since
        if since is None:
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


def before(pieces: list[Piece], wait: int, until: int) -> list[Rung]:
    """Whoever begins a duty has read the version that is current at its beginning, or one that came after it."""
    rung = list[Rung]()
    for second, known, has_passed in every_second(pieces, until):
        for who in dict.fromkeys(one.matter for one in known if one.what == "start"):
            start = max(one.claimed for one in known if (one.what, one.matter) == ("start", who))
            told = next(
                n for n, one in enumerate(known) if (one.what, one.matter, one.claimed) == ("start", who, start)
            )
            ends = [(one.claimed, n) for n, one in enumerate(known) if (one.what, one.matter) == ("end", who)]
            is_over = any(at > start or (at == start and n > told) for at, n in ends)
            for one in rung:
                if one.matter == who and one.cleared is None and (one.lapsed < start or is_over):
                    one.cleared, one.by = second, "off-duty"
            if is_over:
                continue
            published = sorted((one.claimed, n, one.version) for n, one in enumerate(known) if one.what == "publish")
            enough = published[max(0, sum(at <= start for at, _, _ in published) - 1) :]
            if not enough or enough[0][0] > start:  # there was nothing to read
                read = [start]
            else:
                versions = [version for _, _, version in enough]
                acks = [one for one in known if (one.what, one.matter) == ("ack", who)]
                read = [one.claimed for one in acks if one.version in versions]
            open_one = next((one for one in rung if one.matter == who and one.cleared is None), None)
            if open_one is not None and read:
                open_one.cleared, open_one.by = second, "late-evidence" if min(read) <= start else "done-late"
            elif open_one is None and not read and has_passed and second >= start + wait:
                rung.append(Rung(who, start, second))
    return in_order(rung)


def each(pieces: list[Piece], dues: dict[str, int], opens: int, grace: int, wait: int, until: int) -> list[Rung]:
    """A deed for each period. One that names none is of the period in which it was done, which is over when its grace
    is; one that comes later is late for those before it.
    """
    rung = dict[str, Rung]()
    for second, known, has_passed in every_second(pieces, until):
        for name, due in dues.items():
            named = [one.claimed for one in known if one.matter == name]
            ended = [other + grace for other in dues.values() if other < due]
            began = max([opens + grace, *ended])
            unnamed = [one.claimed for one in known if not one.matter and one.claimed > began]
            done = [*named, *unnamed]
            if name not in rung:
                if has_passed and not done and second >= due + grace + wait:
                    rung[name] = Rung(name, due, second)
            elif rung[name].cleared is None and done:
                rung[name].cleared = second
                rung[name].by = "late-evidence" if min(done) <= due else "done-late"
    return in_order(rung.values())
