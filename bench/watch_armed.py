"""A data directory in which very much is watched: sources that ping, each with an obligation, and evidence of each."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice
from typing import Any

from heard.accounts import commands as account_commands
from heard.accounts import projection as accounts
from heard.engine.entry import Body, Draft, new_id
from heard.engine.journal import Writing
from heard.engine.stores import Appended
from heard.opening import House
from heard.watch.entries import ObligationArmed, ObligationStoodDown, Pinged, SourceAdded, StationSet

STATIONS, AT_ONCE = 100, 500


class Armed:
    """`sources` are watched, each for a ping every `period_s`; `told` pieces of evidence were heard of them before."""

    def __init__(self, house: House, count: int) -> None:
        self.house = house
        house.node.catch_up()
        if not any(house.tables.execute("SELECT 1 FROM account WHERE email = 'sam@heard.example'")):
            house.node.do(account_commands.add_account("sam@heard.example", "supervisor"), by="operator")
        self.sam = accounts.by_email(house.tables, "sam@heard.example").id
        self.stations = [new_id() for _ in range(STATIONS)]
        self.sources = [new_id() for _ in range(count)]
        self.write((one, StationSet(f"Post {n}")) for n, one in enumerate(self.stations))
        self.write((one, SourceAdded(self._station(n), "A source")) for n, one in enumerate(self.sources))
        self.tell(count)

    def _station(self, number: int) -> str:
        return self.stations[number % STATIONS]

    def arm(self, period_s: float) -> None:
        self.armed = [new_id() for _ in self.sources]
        self.write((self.armed[n], self._armed(n, one, period_s)) for n, one in enumerate(self.sources))

    def arm_one_by_one(self, period_s: float, every_s: float) -> None:
        """So that no two fall due together."""
        self.armed = [new_id() for _ in self.sources]
        for number, one in enumerate(self.sources):
            self.write(iter([(self.armed[number], self._armed(number, one, period_s))]))
            time.sleep(every_s)

    def stand_down(self) -> None:
        self.write((one, ObligationStoodDown("done")) for one in self.armed)

    def _armed(self, number: int, source: str, period_s: float) -> ObligationArmed:
        ladder = [{"after_s": 0, "to": self.sam}]
        written: dict[str, Any] = {
            "op": "every",
            "do": "ping",
            "period_s": period_s,
            "where": {"source": source},
            "escalate": ladder,
        }
        return ObligationArmed(self._station(number), 1, "The source pings", written, self.sam, (source,))

    def tell(self, pieces: int) -> None:
        """So many pings, of one source after another."""
        self.write((self.sources[n % len(self.sources)], Pinged()) for n in range(pieces))

    def write(self, bodies: Iterator[tuple[str, Body]]) -> None:
        while some := list(islice(bodies, AT_ONCE)):
            drafts = tuple(Draft(stream, body) for stream, body in some)
            [outcome] = self.house.journal.append([Writing(drafts, self.sam, 10**9, ())])
            assert isinstance(outcome, Appended)
