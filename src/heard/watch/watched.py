"""One version of an obligation that is watched: laid down in a few hundred bytes, taken up when it is told something.

A hundred thousand may be armed, and to each of them next to nothing happens: what `Watching` holds of one is short, and
an evaluator of it lives only while it is at work. What is laid down holds ids, numbers and instants, and no word that
anybody typed: an obligation that is not all of such is read in the journal when it is taken up.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
from msgspec import structs

from heard.engine.entry import Entry
from heard.engine.errors import Corrupt
from heard.watch import obligations
from heard.watch.alarms import Alarm
from heard.watch.entries import ObligationArmed
from heard.watch.evaluation import evaluator
from heard.watch.evidence import Evidence
from heard.watch.model import alarm_id
from heard.watch.obligations import AnyObligation, By, Each, Every, Guard, Keep, calendar_of
from heard.watch.owed import Evaluator
from heard.watch.standing import Where, evidence_of, told_first

#: What is recorded of an alarm, in this order.
Move = Literal["raise", "prove", "clear"]

GONE = "An obligation is watched whose words are gone. Start the server again."

NEVER = datetime.max.replace(tzinfo=UTC)


class Watched(msgspec.Struct, eq=False, gc=False):
    """In short. `number` is its place in the order of arming, `position` that of the entry that armed it."""

    id: str
    number: int
    #: Where it is watched, the first being where it was armed.
    stations: tuple[str, ...]
    position: int
    #: What pings for it and the calendar that it is due by, where there are such, parted by a space; and whether it
    #: hears of its stations, with their orders.
    source: str
    hears_of_station: bool
    #: Whether it may be unknown how it stands: of a deed that was not heard of it is known that it was not done.
    may_be_unknown: bool
    next_at: datetime = NEVER
    #: It ended by being stood down or armed anew: nothing is heard any more.
    ended: bool = False
    laid_down: bytes = b""

    def __lt__(self, other: Watched) -> bool:
        """Of those that ring at one instant the one that was armed first is first."""
        return self.number < other.number

    @property
    def station(self) -> str:
        return self.stations[0]

    def station_of(self, alarm: Alarm) -> str:
        """Where that rang."""
        last = alarm.key.rpartition("/")[2]
        return last if last in self.stations else self.station

    def hears_of(self) -> tuple[str, ...]:
        """The streams whose entries are told to it, beside its own, by which it is suspended: of its stations, with
        their orders; of the source that pings; of its calendar.
        """
        return (*self.source.split(), *(self.stations if self.hears_of_station else ()))


class Evaluated(msgspec.Struct, eq=False):
    """Taken up. `stood` is where it was told how things stood when it was armed; `settled` alarms are over and recorded
    as such.
    """

    obligation: AnyObligation
    version: int
    rests_on: tuple[str, ...]
    armed_at: datetime
    stood: list[Where]
    passed_to: datetime
    evaluator: Evaluator
    settled: int = 0
    #: Whether the obligation may be laid down with the rest, once that was asked.
    is_without_words: bool | None = None

    def begin(self, first: list[Evidence]) -> None:
        """As it was when it was armed."""
        self.evaluator, self.settled, self.passed_to = evaluator(self.obligation), 0, self.armed_at
        for evidence in first:
            self.evaluator.heard(evidence)

    def alarm_id(self, watched: Watched, alarm: Alarm) -> str:
        return alarm_id(watched.id, self.version, alarm.key, alarm.lapsed_at, self.rang_before(alarm))

    def rang_before(self, alarm: Alarm) -> int:
        """How often it rang before for the same instant: evidence may come that it was kept, and then other."""
        before = 0
        for one in self.evaluator.alarms:
            if one is alarm:
                break
            before += one.lapsed_at == alarm.lapsed_at and one.key == alarm.key
        return before


class Due(msgspec.Struct, frozen=True):
    """What has come to pass of an alarm, and is not an entry yet."""

    move: Move
    id: str
    watched: Watched
    of: Evaluated
    alarm: Alarm
    found_by: Evaluator


def source_of(obligation: AnyObligation) -> str:
    """What pings for it."""
    match obligation:
        case Every(do="ping", where={"source": str(source)}) | Each(do="ping", where={"source": str(source)}):
            return source
    return ""


def beside(obligation: AnyObligation) -> str:
    """What it hears of beside its stations, as `Watched.source` has it."""
    return " ".join(filter(None, (source_of(obligation), calendar_of(obligation))))


def hears_of_station(obligation: AnyObligation) -> bool:
    """One that wants pings hears of its station only where something there guards it."""
    guard = obligation.while_ if isinstance(obligation, Every) else Guard()
    return not source_of(obligation) or guard.state is not None or guard.duty is not None


def stations_of(armed: ObligationArmed, obligation: AnyObligation) -> tuple[str, ...]:
    each = obligation.for_each
    return tuple(dict.fromkeys((armed.station, *(each.stations if each else ()))))


class Unkept(msgspec.Struct):
    """What a file does not know yet: of whom, at which stations, of which streams, and what was recorded."""

    watched: dict[int, Watched] = {}
    stations: set[str] = set()
    streams: dict[str, str] = {}
    recorded: list[tuple[str, str]] = []


class _Laid(msgspec.Struct, array_like=True):
    obligation: AnyObligation | None
    version: int
    rests_on: tuple[str, ...]
    armed_at: datetime
    stood: list[Where]
    passed_to: datetime
    settled: int
    state: list[Any]


_encoder, _decoder = msgspec.msgpack.Encoder(), msgspec.msgpack.Decoder(_Laid)


def lay_down(one: Evaluated) -> bytes:
    if one.is_without_words is None:
        one.is_without_words = _is_without_words(one.obligation)
    written = one.obligation if one.is_without_words else None
    laid = _Laid(
        *(written, one.version, one.rests_on, one.armed_at, one.stood, one.passed_to, one.settled),
        one.evaluator.state(),
    )
    return _encoder.encode(laid)


def take_up(watched: Watched, entry: Callable[[int], Entry | None]) -> Evaluated:
    """As it was; what was not laid down with the rest since somebody typed it is read in the journal: `entry`, by its
    position.

    Raises msgspec.ValidationError for bytes that are not of one, Corrupt where the words are gone.
    """
    laid = _decoder.decode(watched.laid_down)
    asked = laid.obligation or read(armed_by(watched, entry))
    taken = Evaluated(
        *(asked, laid.version, laid.rests_on, laid.armed_at, laid.stood, laid.passed_to, evaluator(asked)),
        *(laid.settled, laid.obligation is not None),
    )
    taken.evaluator.go_on_from(laid.state, lambda position: _told(entry(position)))
    return taken


def armed_by(watched: Watched, entry: Callable[[int], Entry | None]) -> ObligationArmed:
    """The words in which it was armed."""
    found = entry(watched.position)
    if found is None or not isinstance(found.body, ObligationArmed):
        raise Corrupt(GONE)
    return found.body


def _told(entry: Entry | None) -> Evidence:
    found = next(evidence_of(entry), None) if entry else None
    if found is None:
        raise Corrupt(GONE)
    return found


def _is_without_words(obligation: AnyObligation) -> bool:
    """A ping of a source, which is an id, and nothing else that somebody wrote."""
    return obligation == Every(
        **{name: getattr(obligation, name) for name in ("grace_s", "wait_s", "skew_s", "clear_after_s")},
        ack_timeout_s=obligation.ack_timeout_s,
        do="ping",
        period_s=getattr(obligation, "period_s", 0),
        where={"source": source_of(obligation)},
    )


def read(armed: ObligationArmed) -> AnyObligation:
    """The obligation, without its ladder, which others climb."""
    return structs.replace(obligations.read(armed.written), escalate=())


def first_of(watched: Watched, taken: Evaluated, stood: Iterable[Evidence]) -> list[Evidence]:
    """How things `stood` when it was armed, as that is told to it; but for what was asked of people before."""
    asked = taken.obligation
    group = asked.count.group if isinstance(asked, Keep) else ()
    told = told_first(taken.armed_at, watched.stations, group, stood)
    return [one for one in told if not (isinstance(asked, By) and one["earlier"])]


def soonest(clocks: list[tuple[datetime, Watched]], most: int) -> Iterator[Watched]:
    """Those on a heap of clocks that ring next: down the heap, without taking anything from it."""
    places, seen = [(clocks[0][0], 0)] if clocks else [], set[int]()
    while places and most:
        at, place = heapq.heappop(places)
        if at == (watched := clocks[place][1]).next_at and watched.number not in seen:
            seen.add(watched.number)
            most -= 1
            yield watched
        for below in (2 * place + 1, 2 * place + 2):
            if below < len(clocks):
                heapq.heappush(places, (clocks[below][0], below))
