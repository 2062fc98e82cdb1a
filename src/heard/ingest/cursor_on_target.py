"""Cursor-on-Target: events in XML as ATAK, WinTAK, pytak and their servers send them.

Read from MITRE's base schema (Event 2.0) and from what pytak sends. An event says by itself until when it is good
(`stale`), how its place was come by (`how`: `h-…` by hand, `m-s` simulated) and with what circle of error (`ce`).
`cursor_stream` cuts what comes over TCP into events; here one event is read.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from xml.parsers import expat

from heard.engine.errors import Refused
from heard.ingest import fixes
from heard.ingest.fixes import Fix, Sign

#: One event. ATAK's own position reports have 1 to 2 KiB; drawings and routes, which we do not need, far more.
EVENT_MAX = 64 * 1024
DEPTH_MAX = 64
_NAMING = "An event has to have its “uid”."


class _Event(NamedTuple):
    said: dict[str, str]
    point: dict[str, str] | None


def read(event: bytes | str, received_at: datetime) -> Fix | Sign:
    """One event. What is no place of a thing (`type` not `a-…`: pings, chat, drawings) shows only that it is alive.

    Raises Refused for anything that is not an event, and for any document type or entity of its own.
    """
    said, point = _parsed(fixes.bounded(event, EVENT_MAX))
    source = fixes.source_named(said.get("uid"), _NAMING)
    claimed_at = fixes.calendar("time", said.get("time", ""))
    good_until = fixes.calendar("stale", said.get("stale", ""))
    kind, how = said.get("type", ""), said.get("how", "")
    if not kind or not how:
        raise Refused("An event has to have its “type” and say “how” it came about. Nothing was kept.")
    if not kind.startswith("a-"):
        return Sign(source=source, received_at=received_at, claimed_at=claimed_at)
    if point is None:
        raise Refused("An event has to have one “point”. Nothing was kept.")
    lat, lon = fixes.place(point.get("lat"), point.get("lon"))
    by_hand, mock = how.startswith("h"), how.startswith("m-s")
    acc = fixes.circle("ce", point.get("ce"), lat, lon)
    return Fix(
        source=source,
        received_at=received_at,
        claimed_at=claimed_at,
        good_until=good_until,
        lat=lat,
        lon=lon,
        acc=None if by_hand or mock else acc,
        mock=mock,
        entered_by_hand=by_hand,
    )


def _parsed(raw: bytes) -> _Event:
    """The attributes of the event and of its point; everything else of it is passed by."""
    # In another encoding the parser could see another text than the cutter did. A declared one is overruled; UTF-16,
    # which it would take by its first bytes, always has zeros.
    if b"\0" in raw:
        raise Refused("This is not XML in UTF-8. Nothing was kept.")
    parser = expat.ParserCreate("utf-8")
    open_: list[str] = []
    said: dict[str, str] = {}
    points: list[dict[str, str]] = []

    def begins(name: str, attributes: dict[str, str]) -> None:
        open_.append(name)
        if len(open_) > DEPTH_MAX:
            raise Refused("This event is nested too deeply. Nothing was kept.")
        if len(open_) == 1:
            if name != "event":
                raise Refused("This is XML, and no Cursor-on-Target event. Nothing was kept.")
            said.update(attributes)
        elif len(open_) == 2 and name == "point":
            points.append(attributes)

    parser.StartElementHandler = begins
    parser.EndElementHandler = lambda name: open_.pop()
    parser.StartDoctypeDeclHandler = _no_doctype
    try:
        parser.Parse(raw, True)
    except expat.ExpatError as wrong:
        raise Refused(f"This is not XML: {wrong}. Nothing was kept.") from None
    if len(points) > 1:
        raise Refused("An event has to have one “point”, and this has more. Nothing was kept.")
    return _Event(said, points[0] if points else None)


def _no_doctype(*_: object) -> None:
    raise Refused("An event may have no document type and no entities of its own. Nothing was kept.")
