"""What can happen around positions: where a station is, what sends them, tags, who read them, and what is held.

Positions themselves are not here: they are kept apart, sealed, for a while (`store.fixes`).
"""

from __future__ import annotations

from datetime import datetime

from heard.engine.entry import Body, written_as


@written_as("watch.area_set")
class AreaSet(Body, frozen=True):
    """On the station's stream: where it is, a circle or a polygon of `corners`; degrees, metres, seconds of a fix."""

    lat: float
    lon: float
    radius_m: float = 0
    corners: tuple[tuple[float, float], ...] = ()
    good_for_s: float = 90


@written_as("watch.feed_added")
class FeedAdded(Body, frozen=True):
    """On the feed's stream: something that sends positions, of one holder, or of a station's devices. Its address is a
    secret.
    """

    name: str
    holder: str = ""
    station: str = ""


@written_as("watch.device_bound")
class DeviceBound(Body, frozen=True):
    """On the feed's stream: what it says of this device is of that holder; of nobody, where none is named."""

    device: str
    holder: str = ""


@written_as("watch.feed_ended")
class FeedEnded(Body, frozen=True):
    """On the feed's stream: nothing that it sends is taken any more."""


@written_as("watch.tag_added")
class TagAdded(Body, frozen=True):
    """On the tag's stream: an NFC tag or a QR code at a station. Its address is a secret."""

    station: str
    name: str


@written_as("watch.tag_ended")
class TagEnded(Body, frozen=True):
    """On the tag's stream: it was lost, or is not needed any more."""


@written_as("watch.fixes_digested")
class FixesDigested(Body, frozen=True):
    """On the station's stream: the salted digest of all fixes kept of a holder there, when a duty is over."""

    holder: str
    digest: str


@written_as("watch.positions_read")
class PositionsRead(Body, frozen=True):
    """On the station's stream, by who read the positions that are kept of a holder there, and what for."""

    holder: str
    reason: str


@written_as("watch.hold_asked")
class HoldAsked(Body, frozen=True):
    """On the hold's stream: the fixes of a station between two instants are not to be erased; to be looked at again by
    a day. It counts at once, and after three days only if another has agreed.
    """

    station: str
    since_at: datetime
    until_at: datetime
    review_at: datetime
    reason: str


@written_as("watch.station_held")
class StationHeld(Body, frozen=True):
    """On the station's stream, when a hold of it is asked for, and when another agrees: by this it is seen by whoever
    is about to destroy something that was told of the station.
    """

    hold: str


@written_as("watch.hold_agreed")
class HoldAgreed(Body, frozen=True):
    """On the hold's stream, by another than who asked for it."""


@written_as("watch.hold_ended")
class HoldEnded(Body, frozen=True):
    """On the hold's stream: its fixes are erased in their time."""

    reason: str
