"""Positions as OsmAnd, Traccar Client and many loggers send them over HTTP: a query, a form, or JSON.

Read from Traccar's documentation of the protocol (traccar.org/osmand) and from the requests that its decoder is tested
with. Their `hdop` is no circle of error: a logger that sends nothing else proves nothing (OsmAnd: put `accuracy={3}`
into the address). Cells and WiFi are not looked up: such a request only shows that the device is alive.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from heard.engine.errors import Refused
from heard.ingest import fixes
from heard.ingest.fixes import Fix, Sign

#: Loggers add sensors of their own by the dozen; Traccar's own test has twelve fields.
FIELDS_MAX = 200
#: Traccar Client sends one at a time; the library beneath it can be told to send what it has stored at once.
LOCATIONS_MAX = 1_000
_NAMING = "Send the device's name as “id” (in JSON “device_id”)."
_READ_ONCE = ("timestamp", "lat", "lon", "location", "accuracy", "valid", "mock")


def read(
    received_at: datetime, *, query: str = "", body: bytes | str | Mapping[str, Any] = b"", content_type: str = ""
) -> tuple[Fix | Sign, ...]:
    """What one request says, whichever way it says it: JSON, else the query if there is one, else the body as a form.

    Raises Refused for anything that is not such a request.
    """
    is_json = content_type.partition(";")[0].strip().lower() == "application/json"
    if not isinstance(body, bytes | str) or is_json or body[:1] in (b"{", "{"):
        return from_json(body, received_at)
    return (from_query(query or body, received_at),)


def from_query(written: bytes | str, received_at: datetime) -> Fix | Sign:
    """A query, a whole address with one, or the body of a form."""
    said = _fields(fixes.bounded(written))
    source = fixes.source_named(said.get("id") or said.get("deviceid"), _NAMING)
    if said.get("deviceid", source) != source:
        raise Refused("“id” and “deviceid” name two devices. Nothing was kept. Send one of them.")
    claimed_at, zone_assumed = _time(said.get("timestamp"))
    if "location" in said:
        if "lat" in said or "lon" in said:
            raise Refused("There is a “location”, and “lat” or “lon” too. Nothing was kept. Send one of them.")
        said["lat"], _, said["lon"] = said["location"].partition(",")
    if "lat" not in said and "lon" not in said:
        return Sign(source=source, received_at=received_at, claimed_at=claimed_at)
    lat, lon = fixes.place(said.get("lat"), said.get("lon"))
    mock = said.get("mock", "").lower() in ("true", "1")
    # Anything but these two is "not valid" to Traccar too.
    valid = said.get("valid", "1").lower() in ("true", "1")
    acc = fixes.circle("accuracy", said.get("accuracy"), lat, lon)
    return Fix(
        source=source,
        received_at=received_at,
        claimed_at=claimed_at,
        lat=lat,
        lon=lon,
        acc=acc if valid and not mock else None,
        mock=mock,
        zone_assumed=zone_assumed,
    )


def _fields(written: bytes) -> dict[str, str]:
    """By name; what is empty was not said, and what counts may not be said in two ways."""
    try:
        text = written.decode()
        if text.startswith(("/", "http://", "https://")):
            text = text.partition("#")[0].partition("?")[2]
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=FIELDS_MAX, errors="strict")
    except UnicodeDecodeError:
        raise Refused("This is not text in UTF-8. Nothing was kept.") from None
    except ValueError:
        raise Refused(f"This has more than {FIELDS_MAX} fields. Nothing was kept.") from None
    said: dict[str, str] = {}
    for name, value in pairs:
        if value and said.setdefault(name, value) != value and name in (*_READ_ONCE, "id", "deviceid"):
            raise Refused(f"“{name}” is there twice, and differs. Nothing was kept. Send it once.")
    return said


def from_json(body: bytes | str | Mapping[str, Any], received_at: datetime) -> tuple[Fix | Sign, ...]:
    """JSON as Traccar Client sends it from version 9: `{"device_id": …, "location": {…}}`, or a list of locations."""
    told = fixes.from_json(body) if isinstance(body, bytes | str) else body
    source = fixes.source_named(told.get("device_id"), _NAMING)
    locations = told.get("location")
    if not isinstance(locations, list):
        locations = [locations]
    if not 0 < len(locations) <= LOCATIONS_MAX:
        raise Refused(f"“location” is to hold from one to {LOCATIONS_MAX} locations. Nothing was kept.")
    return tuple(_location(one, source, received_at) for one in locations)


def _location(told: Any, source: str, received_at: datetime) -> Fix | Sign:
    if not isinstance(told, dict):
        raise Refused("“location” is not an object in braces. Nothing was kept.")
    claimed_at, zone_assumed = _time(told.get("timestamp"))
    coords = told.get("coords")
    if coords is None:
        return Sign(source=source, received_at=received_at, claimed_at=claimed_at)
    if not isinstance(coords, dict):
        raise Refused("“coords” is not an object in braces. Nothing was kept.")
    lat, lon = _place(coords)
    mock = told.get("mock", False)
    if not isinstance(mock, bool):
        raise Refused("“mock” is neither true nor false. Nothing was kept.")
    acc = fixes.circle("accuracy", _not_text("accuracy", coords.get("accuracy")), lat, lon)
    return Fix(
        source=source,
        received_at=received_at,
        claimed_at=claimed_at,
        lat=lat,
        lon=lon,
        acc=None if mock else acc,
        mock=mock,
        zone_assumed=zone_assumed,
    )


def _place(coords: dict[str, Any]) -> tuple[float, float]:
    names = ("latitude", "longitude")
    lat, lon = (_not_text(name, coords.get(name)) for name in names)
    return fixes.place(lat, lon, names)


def _not_text(name: str, value: Any) -> Any:
    if isinstance(value, str):
        raise Refused(f"“{name}” is text, and has to be a number. Nothing was kept.")
    return value


def _time(written: Any) -> tuple[datetime | None, bool]:
    """When it claims to have been, None where it does not say; and whether we had to take it for UTC."""
    if written is None:
        return None, False
    if isinstance(written, str) and not written.replace(".", "", 1).isdecimal():
        return fixes.calendar("timestamp", written, zone=UTC), not fixes.has_offset(written)
    return fixes.since_1970("timestamp", written, unit="s or ms"), False
