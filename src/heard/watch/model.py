"""Station, order, duty, obligation, alarm: the nouns, and what may follow what. No I/O."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Literal

import msgspec

from heard.engine import now
from heard.engine.states import Moves

#: An alarm that healed itself is still looked at: it is closed by a person, with a reason, once it is over.
ALARM_MOVES = Moves(
    "alarm",
    {
        ("open", "proven"): "open",
        ("open", "acknowledged"): "acknowledged",
        ("open", "cleared"): "cleared",
        ("acknowledged", "acknowledged"): "acknowledged",
        ("acknowledged", "proven"): "acknowledged",
        ("acknowledged", "cleared"): "cleared",
        ("cleared", "closed"): "closed",
    },
)

#: What made an alarm ring that ought not to have; "" where it was right to.
FalseBy = Literal["", "sensor", "setup", "late-evidence", "rule", "other"]
FALSE_BY: dict[FalseBy, str] = {
    "sensor": "a phone or a sensor told what was not so",
    "setup": "a zone, a time or a list was set up wrongly",
    "late-evidence": "it was kept, and we heard of that too late",
    "rule": "what is asked does not fit what happens there",
    "other": "something else",
}
#: Where more than one in so many alarms were false, somebody has to look into it.
FALSE_ONE_IN = 20

CODE_MAX = 80
TITLE_MAX = 200
ORDER_MAX = 20_000
REASON_MAX = 4000
STATE_MAX = 40
#: Longer than a shift nobody's word that they are there is good.
GOOD_FOR_MAX = timedelta(hours=12)
#: What a holder says at a station is good for so long, if nothing else is said.
GOOD_FOR = timedelta(minutes=30)
#: People in one group, orders of one station, steps of a ladder: more is a list to be split.
MANY = 200


class Station(msgspec.Struct, frozen=True):
    """A place that is watched. `state` and until when it is good, None where nothing was told."""

    id: str
    code: str
    place: str
    zone: str
    state: str | None = None
    state_at: datetime | None = None
    state_until: datetime | None = None

    def state_now(self, at: datetime) -> str | None:
        """The state that was told, while it is good: what is old is not known."""
        return None if self.state_until is not None and at >= self.state_until else self.state


class Order(msgspec.Struct, frozen=True):
    """The current version of a standing order; its words are in the entry at `position`."""

    id: str
    station: str
    title: str
    version: int
    position: int
    published_at: datetime


class Duty(msgspec.Struct, frozen=True):
    """A holder on duty at a station."""

    station: str
    holder: str
    begun_at: datetime


class Source(msgspec.Struct, frozen=True):
    """Something that pings; `said` is the sort of its last ping."""

    id: str
    station: str
    name: str
    heard_at: datetime | None
    said: str


class Armed(msgspec.Struct, frozen=True):
    """The version of an obligation that is in force. `written` is in the algebra."""

    id: str
    station: str
    version: int
    title: str
    written: dict[str, Any]
    supervisor: str
    armed_at: datetime
    position: int


class RaisedAlarm(msgspec.Struct, frozen=True):
    """An alarm as the journal tells of it."""

    id: str
    obligation: str
    station: str
    title: str
    sort: str
    key: str
    state: str
    lapsed_at: datetime
    raised_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    cleared_at: datetime | None
    cleared_why: str | None
    closed_at: datetime | None
    closed_by: str | None
    position: int
    false_by: FalseBy


class Missed(msgspec.Struct, frozen=True):
    """A time in which this server did not watch; `is_certain` that it was so long, since the machine ran on meanwhile.
    `others` are there who may have watched: nodes of the same journal.
    """

    since_at: datetime
    until_at: datetime
    is_certain: bool
    others: bool = False


@lru_cache(4096)  # asked again as soon as it is recorded, and ten thousand may ring in one second
def alarm_id(obligation: str, version: int, key: str, lapsed_at: datetime, before: int = 0) -> str:
    """The same for whoever notices the same lapse, and it says nothing: obligations are random ids. What was found
    to be none, and is one after all, has rung for the same instant so many times `before`.
    """
    lapse = "/".join((obligation, str(version), key, now.text(lapsed_at), *([str(before)] if before else [])))
    return base64.b32encode(hashlib.sha256(lapse.encode()).digest()[:10]).decode().lower()
