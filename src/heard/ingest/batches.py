"""Many pieces of evidence at once, one JSON object a line: for stores that were offline, site servers and gate systems.

A line is in Heard's own words, or is one message of OwnTracks (it has a `_type`) or of Traccar Client (a `device_id`).
A batch is taken whole or not at all, so that sending it again after an error doubles nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any

import msgspec

from heard.engine.errors import Refused, TooLarge
from heard.ingest import fixes, osmand, owntracks
from heard.ingest.fixes import AnySaid, Fix, Told

BATCH_MAX = 4 * 1024 * 1024
LINES_MAX = 20_000

_Instant = Annotated[datetime, msgspec.Meta(tz=True)]
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=fixes.SOURCE_MAX)]


class _Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind"):
    """Strict, since a misspelt `acc` would silently make a fix that proves nothing. `r` is not the sender's to say."""


class _Position(_Line, frozen=True, forbid_unknown_fields=True, tag="position"):
    who: _Name
    lat: Annotated[float, msgspec.Meta(ge=-90, le=90)]
    lon: Annotated[float, msgspec.Meta(ge=-180, le=180)]
    acc: float | None = None
    t: _Instant | None = None
    good_until: _Instant | None = None
    mock: bool = False
    entered_by_hand: bool = False


class _Check(_Line, frozen=True, forbid_unknown_fields=True, tag="check"):
    """A check-in at a post, by a tag (`tag`) or a person; `second` is who stood by."""

    who: _Name
    post: _Name
    t: _Instant | None = None
    tag: _Name | None = None
    second: _Name | None = None


class _State(_Line, frozen=True, forbid_unknown_fields=True, tag="state"):
    """What a gate, door or sensor is, for `ttl_s` seconds if it says so again before that."""

    thing: _Name
    value: _Name
    t: _Instant | None = None
    ttl_s: Annotated[float, msgspec.Meta(gt=0, le=7 * 24 * 3600)] | None = None


_line = msgspec.json.Decoder(_Position | _Check | _State)


def read(body: bytes | str, received_at: datetime) -> tuple[AnySaid, ...]:
    """Every line of a batch, in its order; empty lines are passed by.

    Raises Refused with the number of the first line that cannot be read.
    """
    lines = fixes.bounded(body, BATCH_MAX).split(b"\n")
    if len(lines) > LINES_MAX + 1:
        raise TooLarge(f"This batch has more than {LINES_MAX} lines. Nothing was kept. Send it in parts.")
    said: list[AnySaid] = []
    for number, line in enumerate(lines, 1):
        if line and not line.isspace():
            try:
                said += _read_line(line, received_at)
            except Refused as wrong:
                raise Refused(f"Line {number}: {wrong.message}", line=number) from None
    return tuple(said)


def _read_line(line: bytes, received_at: datetime) -> Iterator[AnySaid]:
    try:
        told = _line.decode(line)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as wrong:
        yield from _as_others(fixes.from_json(line), received_at, wrong)
        return
    yield _said(told, received_at)


def from_words(told: Mapping[str, Any], received_at: datetime) -> AnySaid:
    """What one line says that was read already, its numbers as numbers and its times as aware datetimes."""
    try:
        return _said(msgspec.convert(told, _Position | _Check | _State), received_at)
    except msgspec.ValidationError as wrong:
        raise Refused(f"This cannot be read as evidence: {wrong}. Nothing was kept.") from None


def _as_others(told: dict[str, Any], received_at: datetime, wrong: Exception) -> Iterator[AnySaid]:
    if "_type" in told:
        yield owntracks.read(told, received_at)
    elif "device_id" in told:
        yield from osmand.from_json(told, received_at)
    else:
        raise Refused(f"This cannot be read as evidence: {wrong}. Nothing was kept.") from None


def _said(told: _Position | _Check | _State, received_at: datetime) -> AnySaid:
    source = fixes.source_named(told.thing if isinstance(told, _State) else told.who, "Send “who”.")
    claimed_at = fixes.in_utc("t", told.t) if told.t is not None else None
    match told:
        case _Position():
            proves = not (told.mock or told.entered_by_hand)
            return Fix(
                source=source,
                received_at=received_at,
                claimed_at=claimed_at,
                lat=told.lat,
                lon=told.lon,
                acc=fixes.circle("acc", told.acc, told.lat, told.lon) if proves else None,
                good_until=fixes.in_utc("good_until", told.good_until) if told.good_until else None,
                mock=told.mock,
                entered_by_hand=told.entered_by_hand,
            )
        case _Check():
            facts = {"by": told.who, "post": told.post, "tag": told.tag, "second": told.second}
            said = {name: value for name, value in facts.items() if value is not None}
            return Told(kind="check", source=source, received_at=received_at, claimed_at=claimed_at, facts=said)
        case _State():
            facts = {"thing": told.thing, "value": told.value}
            lasting = {"ttl_s": told.ttl_s} if told.ttl_s is not None else {}
            return Told(
                kind="state", source=source, received_at=received_at, claimed_at=claimed_at, facts=facts | lasting
            )
