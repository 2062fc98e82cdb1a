"""What has come to pass of all that is watched and has no entry yet: which alarm is to be raised, proven, or over.

It writes nothing. `ringing` makes commands of it, and asks again when they are judged whether it still is so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from heard.engine.journal import Journal
from heard.watch.alarms import Alarm
from heard.watch.erased import Erased
from heard.watch.watched import Due, Evaluated, Move, Watched


class Recording:
    """Of those that were pointed out by `look_at`, until all that they rang is recorded."""

    def __init__(
        self, journal: Journal, taken_up: Callable[[Watched], Evaluated], settled: Callable[[Watched], None]
    ) -> None:
        """`taken_up` gives one with its evaluator; `settled` is told of each of which nothing is to be recorded."""
        self._taken_up, self._settled = taken_up, settled
        self.recorded: set[tuple[Move, str]] = set()
        self.erased = Erased(journal)
        #: By number, in the order in which that was noticed.
        self._to_look_at: dict[int, Watched] = {}

    def look_at(self, watched: Watched) -> None:
        """Something may have to be recorded of it."""
        self._to_look_at[watched.number] = watched

    def __contains__(self, number: int) -> bool:
        """Whether something may have to be recorded of the one of this number."""
        return number in self._to_look_at

    def __len__(self) -> int:
        return len(self._to_look_at)

    def due(self) -> Iterator[Due]:
        """What has come to pass and has no entry yet, the oldest of each obligation first."""
        for number in tuple(self._to_look_at):
            if (watched := self._to_look_at.get(number)) is None:  # somebody else has looked meanwhile
                continue
            taken = self._taken_up(watched)
            alarms = taken.evaluator.alarms
            while taken.settled < len(alarms) and self._is_settled(watched, taken):
                taken.settled += 1
            is_recorded = True
            for alarm in alarms[taken.settled :]:
                id = taken.alarm_id(watched, alarm)
                if (move := self._next_move(watched, id, alarm)) is not None:
                    is_recorded = False
                    yield Due(move, id, watched, taken, alarm, taken.evaluator)
            if is_recorded:
                self._to_look_at.pop(number, None)
                self._settled(watched)

    def is_still(self, due: Due) -> bool:
        """Whether it is still to be recorded: an entry may have come since that shows it otherwise, or that it is."""
        is_found = due.watched.number in self and self._taken_up(due.watched).evaluator is due.found_by
        return is_found and self._next_move(due.watched, due.id, due.alarm) == due.move

    def _is_settled(self, watched: Watched, taken: Evaluated) -> bool:
        alarm = taken.evaluator.alarms[taken.settled]
        id = taken.alarm_id(watched, alarm)
        if ("raise", id) not in self.recorded:
            return self.erased.reaches(watched.stations, alarm.lapsed_at)
        return alarm.cleared_at is not None and ("clear", id) in self.recorded

    def _next_move(self, watched: Watched, id: str, alarm: Alarm) -> Move | None:
        if ("raise", id) not in self.recorded:
            return None if self.erased.reaches(watched.stations, alarm.lapsed_at) else "raise"
        if ("clear", id) in self.recorded:
            return None
        if alarm.upgraded_at is not None and ("prove", id) not in self.recorded:
            return "prove"
        return "clear" if alarm.cleared_at is not None else None
