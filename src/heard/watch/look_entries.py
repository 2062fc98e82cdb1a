"""What is written of a look at what people did. Looks at their positions are in the list of `entries`."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from heard.engine.entry import Body, written_as

#: A timeline, a replay, the report of a period, how each stood with what they owed, an alarm that is over.
What = Literal["timeline", "replay", "report", "standing", "alarm"]


@written_as("watch.record_looked_at")
class RecordLookedAt(Body, frozen=True):
    """On the stream of the account that looked: at what is on record of a station in a time, in whole hours, and so at
    what each of these holders did there.
    """

    station: str
    holders: tuple[str, ...]
    since_at: datetime
    until_at: datetime
    what: What
