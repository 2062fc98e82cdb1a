"""What can happen in the watch. Who did it is in the header; a person is an account, known by its opaque id.

What is told of a station (duties, states, who is there, what was done) is on the station's stream; of an order, on the
order's; of a source that pings, on the source's. An alarm has a stream of its own, and its id says what lapsed and when
(`model.alarm_id`), so that it is raised once, whoever notices it.

What is told of a person is whether they are at their station, and only while they are on duty there. What sends
positions, and who read them, is in `position_entries`; lists of their own have plans (`plan_entries`), links
(`link_entries`) and looks (`look_entries`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from heard.engine.entry import Body, written_as
from heard.watch.model import FalseBy


@written_as("watch.station_set")
class StationSet(Body, frozen=True):
    """On the station's stream. `code` may be in a message that anyone may overhear, `place` only after signing in."""

    code: str
    place: str = ""
    zone: str = "Europe/London"


@written_as("watch.holder_posted")
class HolderPosted(Body, frozen=True):
    """On the station's stream: from now on they may have duty there, and must know its orders."""

    holder: str


@written_as("watch.holder_released")
class HolderReleased(Body, frozen=True):
    """On the station's stream: they have no duty there any more."""

    holder: str


@written_as("watch.order_published")
class OrderPublished(Body, frozen=True):
    """On the order's stream: a numbered version of a standing order of a station. `change` says what is new in it."""

    station: str
    number: int
    title: str
    text: str
    change: str = ""


@written_as("watch.order_withdrawn")
class OrderWithdrawn(Body, frozen=True):
    """On the order's stream: it binds nobody any more."""

    reason: str


@written_as("watch.order_acknowledged")
class OrderAcknowledged(Body, frozen=True):
    """On the order's stream, by the holder: they have read it; or not signed in, by a `link` that `link_by` made."""

    number: int
    link: str = ""
    link_by: str = ""


@written_as("watch.duty_begun")
class DutyBegun(Body, frozen=True):
    """On the station's stream. Nobody begins who has not acknowledged the current version of its every order."""

    holder: str


@written_as("watch.duty_ended")
class DutyEnded(Body, frozen=True):
    """On the station's stream, by the holder or by who ended it for them."""

    holder: str


@written_as("watch.presence_told")
class PresenceTold(Body, frozen=True):
    """On the station's stream: whether a holder is at it, None when that is not known; good for so many seconds.

    What follows from positions is written when it changes, holds until something else is written, and says since when:
    `since_at`, which of two for one instant the later entry says. `why` it is not known; `digest` is that of all the
    fixes kept of them so far.
    """

    holder: str
    present: bool | None
    good_for_s: float | None = None
    since_at: datetime | None = None
    why: str = ""
    digest: str = ""


@written_as("watch.state_told")
class StateTold(Body, frozen=True):
    """On the station's stream: such as "open" of a gate. Without `good_for_s` it holds until another is told. A sensor
    may say since when it is so.

    What was read in later from another system's `store` is history: it says nothing of now, and rings nothing.
    """

    state: str
    good_for_s: float | None = None
    since_at: datetime | None = None
    store: str = ""
    second: str = ""


@written_as("watch.deed_done")
class DeedDone(Body, frozen=True):
    """On the station's stream, by who did it: such as a supervisor's "check". `ref` is the period or the matter that
    it is of.

    What was read in later is from another system's `store`, which says when it was `done_at` and by `who`; by a second
    person's word as well, where the store does not stamp it itself.
    """

    deed: str
    ref: str = ""
    done_at: datetime | None = None
    who: str = ""
    store: str = ""
    second: str = ""


@written_as("watch.source_added")
class SourceAdded(Body, frozen=True):
    """On the source's stream: something that pings. Its address is a secret, and only the vault knows its digest."""

    station: str
    name: str


#: As healthchecks has them: nothing more said, work began, work failed, a note.
PingSort = Literal["success", "start", "fail", "log"]


@written_as("watch.pinged")
class Pinged(Body, frozen=True):
    """On the source's stream. `code` is the exit status of what ran, where it was told."""

    sort: PingSort = "success"
    code: int | None = None


@written_as("watch.obligation_armed")
class ObligationArmed(Body, frozen=True):
    """On the obligation's stream: a numbered version, from now on. `written` is in the algebra (see `obligations`).

    `rests_on` are the streams that its evidence comes from. `supervisor` must see it done; its ladder is in `written`.
    """

    station: str
    number: int
    title: str
    written: dict[str, Any]
    supervisor: str
    rests_on: tuple[str, ...]


@written_as("watch.obligation_stood_down")
class ObligationStoodDown(Body, frozen=True):
    """On the obligation's stream: it is watched no more."""

    reason: str


#: Its clock stands still; or it is not owed.
How = Literal["pause", "waive"]


@written_as("watch.suspension_asked")
class SuspensionAsked(Body, frozen=True):
    """On the obligation's stream: from an instant until another its version is not to be watched, and why. It counts
    for nothing until another person has agreed.
    """

    suspension: str
    number: int
    since_at: datetime
    until_at: datetime
    how: How
    reason: str


@written_as("watch.suspension_agreed")
class SuspensionAgreed(Body, frozen=True):
    """On the obligation's stream, by another than who asked: it is in force from `since_at`, and ends by itself."""

    suspension: str
    since_at: datetime
    until_at: datetime
    how: How


@written_as("watch.suspension_ended")
class SuspensionEnded(Body, frozen=True):
    """On the obligation's stream: it is watched again before its time was over; or it was dropped unagreed."""

    suspension: str
    reason: str


@written_as("watch.origin_named")
class OriginNamed(Body, frozen=True):
    """On the obligation's stream: it is there because of a coroner's report, and of a concern in it by its number.

    `words` say what is watched as anyone may read it, without a place.
    """

    report: str
    concern: str
    words: str


@written_as("watch.public_begun")
class PublicBegun(Body, frozen=True):
    """On the obligation's stream: the page of its origin may say how it was kept, so many days late, as `decided_by`
    decided.
    """

    late_days: int
    decided_by: str


@written_as("watch.public_ended")
class PublicEnded(Body, frozen=True):
    """On the obligation's stream: that page says nothing of it any more."""

    reason: str


#: Proven, or only that nobody can say that all was well.
AlarmKind = Literal["lapse", "unproven"]


@written_as("watch.alarm_raised")
class AlarmRaised(Body, frozen=True):
    """On the alarm's stream. `lapsed_at` is the instant at which it was due, whenever that was noticed.

    `number` is that of the obligation's version; its ladder is in force to the end. `key` tells which of its instances
    lapsed, by ids.
    """

    obligation: str
    number: int
    station: str
    sort: AlarmKind
    key: str
    lapsed_at: datetime


@written_as("watch.alarm_proven")
class AlarmProven(Body, frozen=True):
    """On the alarm's stream: it was raised as unproven, and is a lapse."""

    proven_at: datetime


@written_as("watch.alarm_acknowledged")
class AlarmAcknowledged(Body, frozen=True):
    """On the alarm's stream: somebody sees to it."""


@written_as("watch.alarm_cleared")
class AlarmCleared(Body, frozen=True):
    """On the alarm's stream: it is over, and how."""

    cleared_at: datetime
    why: str


@written_as("watch.alarm_closed")
class AlarmClosed(Body, frozen=True):
    """On the alarm's stream: a named person looked at it, and says why it rang; `false_by` what, if it ought not to."""

    reason: str
    false_by: FalseBy = ""


@written_as("watch.alarms_reviewed")
class AlarmsReviewed(Body, frozen=True):
    """On the obligation's stream: a named person looked into why so many of its alarms were false; what follows."""

    alarms: int
    false: int
    reason: str


@written_as("watch.alarm_told")
class AlarmTold(Body, frozen=True):
    """On the alarm's stream: somebody was told of it, or could not be.

    `step` is the rung of the ladder, -1 for those under watch. `by` says of each channel how it went: "sent", of a page
    "not open", or why it failed. What failed is tried again at `next_at`. `again` when it had been unproven before.
    """

    step: int
    to: str
    by: dict[str, str]
    attempt: int = 1
    again: bool = False
    next_at: datetime | None = None
