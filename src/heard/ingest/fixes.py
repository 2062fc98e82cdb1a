"""What a device, a gate or a person tells the watch, out of whichever format it came in.

Nothing is made better than it was sent. A time that is not given stays None; a circle of error that is missing, zero or
said to be unknown is None, and so is that of a fix which its own sender calls invalid, mocked or typed in by hand: it
is kept, flagged, and proves nothing. What the watch does not need (speed, battery, cells, regions, words) is not read.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from math import isfinite
from typing import Any, Literal

import msgspec

from heard.engine import now
from heard.engine.errors import Refused, TooLarge

#: One message of a phone or tracker. The longest that we know of, OwnTracks with all its regions, has 2 KiB.
MESSAGE_MAX = 64 * 1024
SOURCE_MAX = 128
#: Cursor-on-Target's "not known"; other senders have taken it over.
NOT_KNOWN = 9_999_999
_1970 = datetime(1970, 1, 1, tzinfo=UTC)
_YEAR_10000_S = 253_402_300_800
_NO_TIME = "“{}” is no time between 1970 and 9999. Nothing was kept."


class Fix(msgspec.Struct, frozen=True, kw_only=True):
    """Where a source says that it was. Degrees on WGS 84; `acc` is the radius in metres that holds 68 % of fixes.

    `zone_assumed`: its time was written without its offset, and read as UTC, as the makers of the format do.
    """

    source: str
    received_at: datetime
    lat: float
    lon: float
    acc: float | None = None
    claimed_at: datetime | None = None
    good_until: datetime | None = None
    device: str = ""
    mock: bool = False
    entered_by_hand: bool = False
    zone_assumed: bool = False

    def written(self, who: str = "") -> dict[str, Any]:
        """As evidence: `who` is the person whom the source belongs to, the source itself where none is given."""
        said: dict[str, Any] = {"lat": self.lat, "lon": self.lon, "acc": self.acc}
        if self.good_until is not None:
            said["good_until"] = now.text(self.good_until)
        flags = {"mock": self.mock, "entered_by_hand": self.entered_by_hand, "zone_assumed": self.zone_assumed}
        return _written(self, "position", who) | said | {name: True for name, flag in flags.items() if flag}


class Sign(msgspec.Struct, frozen=True, kw_only=True):
    """A source that was heard from and says no place, or whose link is lost (then `claimed_at` is when we heard)."""

    source: str
    received_at: datetime
    kind: Literal["source.heard", "source.lost"] = "source.heard"
    claimed_at: datetime | None = None
    device: str = ""

    def written(self, who: str = "") -> dict[str, Any]:
        return _written(self, self.kind, who)


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A deed or a state of which a source tells: `check` (at a post), `state` (of a gate), a `ping`.

    `facts` are the fields that the evidence has beside its kind and times.
    """

    kind: str
    source: str
    received_at: datetime
    facts: dict[str, Any]
    claimed_at: datetime | None = None

    def written(self, who: str = "") -> dict[str, Any]:
        return _written(self, self.kind, who) | self.facts


AnySaid = Fix | Sign | Told


def _written(said: AnySaid, kind: str, who: str) -> dict[str, Any]:
    claimed = {"t": now.text(said.claimed_at)} if said.claimed_at is not None else {}
    return {"r": now.text(said.received_at), **claimed, "kind": kind, "who": who or said.source}


# What formats have in common. Each raises Refused, naming the field, never its value: where somebody was is not for a
# log.


def bounded(raw: bytes | str, most: int = MESSAGE_MAX) -> bytes:
    """The bytes of a message that is not larger than it may be."""
    if len(raw) > most:
        raise TooLarge(f"This is more than the {most // 1024} KiB that a message may have. Nothing was kept.")
    try:
        return raw.encode() if isinstance(raw, str) else raw
    except UnicodeEncodeError:
        raise Refused("This is not text in UTF-8. Nothing was kept.") from None


def from_json(raw: bytes | str, most: int = MESSAGE_MAX) -> dict[str, Any]:
    """The object that JSON holds."""
    try:
        told = msgspec.json.decode(bounded(raw, most))
    except (msgspec.MsgspecError, UnicodeError) as wrong:
        raise Refused(f"This is not JSON: {wrong}. Nothing was kept.") from None
    except RecursionError:
        raise Refused("This JSON is nested too deeply. Nothing was kept.") from None
    if not isinstance(told, dict):
        raise Refused("This JSON is not an object in braces. Nothing was kept.")
    return told


def source_named(name: Any, how: str) -> str:
    """The name that a source gives itself; `how` says where it is to be given."""
    if not isinstance(name, str) or not name.strip():
        raise Refused(f"This does not say who sends it. Nothing was kept. {how}")
    if len(name) > SOURCE_MAX or not name.isprintable():
        raise Refused(f"A source's name is at most {SOURCE_MAX} characters that can be printed. Nothing was kept.")
    return name


_NUMBER = re.compile(r"[+-]?(?:\d{1,20}(?:\.\d{0,20})?|\.\d{1,20})(?:[eE][+-]?\d{1,3})?", re.ASCII)


def number(name: str, value: Any) -> float:
    """A number as JSON has it, or as text writes it; not true or false, not infinite."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = float(value)
    try:
        if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value):
            return float(value)
    except OverflowError:
        pass
    raise Refused(f"“{name}” is not a number. Nothing was kept.")


def place(lat: Any, lon: Any, names: tuple[str, str] = ("lat", "lon")) -> tuple[float, float]:
    """Latitude and longitude, in degrees."""
    if lat is None or lon is None:
        raise Refused(f"A place needs both “{names[0]}” and “{names[1]}”. Nothing was kept.")
    found = number(names[0], lat), number(names[1], lon)
    if not (-90 <= found[0] <= 90 and -180 <= found[1] <= 180):
        raise Refused("A latitude is from -90 to 90 degrees, a longitude from -180 to 180. Nothing was kept.")
    return found


def circle(name: str, value: Any, lat: float, lon: float) -> float | None:
    """The radius of error in metres; None where it is not known.

    0, 0 in the Gulf of Guinea is what receivers send that have no fix: nothing is known of where they are.
    """
    metres = number(name, value) if value is not None else 0.0
    return metres if 0 < metres < NOT_KNOWN and (lat, lon) != (0, 0) else None


def since_1970(name: str, count: Any, *, unit: Literal["s", "s or ms"] = "s") -> datetime:
    """An instant counted from 1970; "s or ms": what does not fit 31 bits is milliseconds, as Traccar reads it."""
    counted = number(name, count)
    exact = Decimal(str(count))
    seconds = exact / 1000 if unit == "s or ms" and counted >= 2**31 - 1 else exact
    if not 0 <= seconds < _YEAR_10000_S:
        raise Refused(_NO_TIME.format(name))
    return _1970 + timedelta(microseconds=int(seconds * 1_000_000))


def in_utc(name: str, at: datetime) -> datetime:
    """An aware instant in UTC, in the years that this server reckons with."""
    try:
        if at.year >= 1970:
            return at.astimezone(UTC)
    except OverflowError:
        pass
    raise Refused(_NO_TIME.format(name))


_CALENDAR = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d(?:\.\d{1,9})?)(Z|[+-]\d\d:?\d\d)?", re.ASCII | re.IGNORECASE
)


def calendar(name: str, written: str, *, zone: tzinfo | None = None) -> datetime:
    """An instant as ISO 8601 writes it, `T` or a space between day and time.

    One without its offset from UTC is refused, unless it is known which `zone` such times are in; there one that comes
    twice is the first, and one that does not exist is read with the offset before the gap (RFC 5545, section 3.3.5).
    """
    parts = _CALENDAR.fullmatch(written)
    if parts is None:
        hint = " A + in an address has to be written %2B." if re.search(r"\d \d\d:?\d\d$", written) else ""
        raise Refused(f"“{name}” is no time such as 2031-03-03T08:00:00Z. Nothing was kept.{hint}")
    if not parts[3] and zone is None:
        raise Refused(f"“{name}” does not say how far from UTC it is (Z, +01:00). Nothing was kept.")
    try:
        at = datetime.fromisoformat(f"{parts[1]}T{parts[2]}{(parts[3] or '').upper()}")
        return in_utc(name, at if at.tzinfo else at.replace(tzinfo=zone))
    except ValueError:
        raise Refused(f"“{name}” is a time that the calendar does not have. Nothing was kept.") from None


def has_offset(written: str) -> bool:
    """Whether what `calendar` reads says how far from UTC it is."""
    parts = _CALENDAR.fullmatch(written)
    return parts is not None and parts[3] is not None
