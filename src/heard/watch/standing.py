"""Entries as evidence, and how things stand at each station: what an obligation is told first when it is armed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from heard.engine.entry import Body, Entry
from heard.watch import entries, position_entries
from heard.watch.calendar_entries import DayProclaimed
from heard.watch.entries import (
    DeedDone,
    DutyBegun,
    DutyEnded,
    OrderAcknowledged,
    OrderPublished,
    OrderWithdrawn,
    Pinged,
    PresenceTold,
    StateTold,
    SuspensionAgreed,
    SuspensionEnded,
)
from heard.watch.evidence import ARMED, PROCLAIMED, Evidence
from heard.watch.retention_entries import VerdictsErased

#: The kinds of entry that the watch is told of.
_TOLD = (*vars(entries).values(), *vars(position_entries).values(), DayProclaimed, VerdictsErased)
KINDS = tuple(body.kind for body in _TOLD if isinstance(body, type) and issubclass(body, Body) and body.kind)

_PINGS = {"success": "ping", "fail": "ping.fail", "start": "ping.start", "log": "ping.log"}


def evidence_of(entry: Entry) -> Iterator[Evidence]:
    """What an entry says happened. Claimed time and time of receipt are both the entry's own, but for what follows from
    positions: that was so from the instant that it says.
    """
    on, at = entry.stream, entry.at
    match entry.body:
        case Pinged(sort=sort):  # of these there are most
            yield _at(at, _PINGS[sort], source=on)
        case DutyBegun(holder=who):
            yield _at(at, "duty.start", post=on, who=who)
            yield _at(at, "presence", station=on, who=who, value=None)
        case DutyEnded(holder=who):
            yield _at(at, "duty.end", post=on, who=who)
            # Who is off duty counts for nobody, wherever they are.
            yield _at(at, "presence", station=on, who=who, value=False)
        case PresenceTold(holder=who, present=value, good_for_s=ttl_s, since_at=since_at):
            facts = {"station": on, "who": who, "value": value, "ttl_s": ttl_s}
            yield Evidence("presence", at, since_at or at, facts)
        case StateTold(state=value, good_for_s=ttl_s, since_at=since_at, store=store):
            facts = {"thing": on, "value": value, "ttl_s": ttl_s, "history": bool(store)}
            yield Evidence("state", at, since_at or at, facts)
        case DeedDone(deed=deed, ref=ref, done_at=done_at, store=store, who=who):
            facts = {"post": on, "who": who or entry.by, "ref": ref, "period": ref or None, "history": bool(store)}
            facts["entry"] = entry.position
            yield Evidence(deed, at, done_at or at, facts)
        case OrderPublished(number=version):
            yield _at(at, "publish", order=on, version=version)
        case OrderWithdrawn():
            yield _at(at, "withdraw", order=on)
        case SuspensionAgreed(suspension=id, since_at=since_at, until_at=until_at, how=how):
            yield _at(at, "suspend", id=id, **{"from": since_at}, until=until_at, how=how)
        case SuspensionEnded(suspension=id):
            yield _at(at, "suspend.end", id=id)
        case OrderAcknowledged(number=version):
            yield _at(at, "ack", order=on, version=version, who=entry.by)
        case DayProclaimed(number=version, on=day, is_working=is_working):
            facts = {"calendar": on, "day": day.isoformat(), "working": is_working, "version": version}
            yield _at(at, PROCLAIMED, **facts)


#: What is told on a stream of its own; all else is told of the station.
_OF_ITSELF = (Pinged, SuspensionAgreed, SuspensionEnded)


def told_to(entry: Entry, station: str) -> str:
    """Whom an entry is told to: those that hear of this stream."""
    return entry.stream if isinstance(entry.body, _OF_ITSELF) else station


def _at(at: datetime, kind: str, **facts: Any) -> Evidence:
    return Evidence(kind, at, at, facts)


#: A piece of evidence by where it stands: the entry that told it, and its kind, of which an entry tells one.
Where = tuple[int, str]


def told_by(entries: Iterable[Entry]) -> dict[Where, Evidence]:
    """What entries tell, by where it stands."""
    return {(entry.position, one.kind): one for entry in entries for one in evidence_of(entry)}


class Standing:
    """The newest evidence of each thing that lasts: who is on duty, what was told of whom, states, orders and who has
    read them.
    """

    def __init__(self) -> None:
        self._newest: dict[str, dict[tuple[Any, ...], tuple[Where, Evidence]]] = {}

    def heard(self, station: str, stream: str, position: int, evidence: Evidence) -> None:
        match evidence.kind:
            case "duty.end":
                self._newest.get(station, {}).pop((stream, "duty.start", evidence["who"]), None)
                return
            case "withdraw":
                known_of = self._newest.get(station, {})
                for one in [key for key in known_of if key[0] == stream and key[1] in ("publish", "ack")]:
                    del known_of[one]
                return
            case "duty.start" | "presence":
                about: tuple[Any, ...] = (evidence["who"],)
            case "ack":
                about = (evidence["who"], evidence["version"])
            case "state" if evidence["history"]:  # it says nothing of now
                return
            case "state" | "publish":
                about = ()
            case "calendar":
                about = (evidence["day"],)
            case _:
                return
        newest = self._newest.setdefault(station, {})
        known = newest.get((stream, evidence.kind, *about))
        if known is None or known[1].at <= evidence.at:  # what puts the past right says nothing of now
            newest[stream, evidence.kind, *about] = (position, evidence.kind), evidence

    def of(self, station: str) -> dict[Where, Evidence]:
        """How things stand at a station, each by where it stands, in the order in which it was first told."""
        return dict(self._newest.get(station, {}).values())

    def state(self, station: str) -> list[Any]:
        """How things stand at a station, by where that is told: no word of it."""
        return [(about, where) for about, (where, _) in self._newest.get(station, {}).items()]

    def go_on_from(self, station: str, state: list[Any], told: Mapping[Where, Evidence]) -> None:
        """As it was when it said `state`; `told` has what stands there."""
        newest = self._newest[station] = {}
        for about, (position, kind) in state:
            newest[tuple(about)] = (position, kind), told[position, kind]


def told_first(
    at: datetime, stations: Iterable[str], group: Sequence[str], stood: Iterable[Evidence]
) -> list[Evidence]:
    """What is told to one who begins to watch stations where things `stood` so; that it is armed is said first.

    Those of the group of whom nothing was ever told are not on duty, and count for nobody.

    Orders keep the times at which they were published and read; nothing else was watched before.
    """
    nobody = [_at(at, "presence", station=one, who=who, value=False) for one in stations for who in group]
    told = [again for one in stood if (again := _told_again(one, at))]
    # By its calendar it is known what was due before it was armed, and was not asked of anybody.
    calendar, others = list[Evidence](), list[Evidence]()
    for one in told:
        (calendar if one.kind == PROCLAIMED else others).append(one)
    return [*calendar, Evidence(ARMED, at, at, {}), *nobody, *others]


def _told_again(evidence: Evidence, at: datetime) -> Evidence | None:
    if evidence.kind in ("publish", "ack"):
        return Evidence(evidence.kind, at, evidence.at, {**evidence.facts, "earlier": True})
    facts = {**evidence.facts, "began_before": True}
    if facts.get("ttl_s") is not None:
        left = (evidence.at + timedelta(seconds=facts["ttl_s"]) - at).total_seconds()
        if left <= 0:
            return None
        facts["ttl_s"] = left
    return Evidence(evidence.kind, at, at, facts)
