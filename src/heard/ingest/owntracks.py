"""What the OwnTracks apps send over HTTP (and, through a bridge, over MQTT): JSON with a `_type`.

Read from its booklet (owntracks.org/booklet/tech/json). Three of its habits matter here: `acc` is left out when it is
zero; a ping repeats the last place under the present time, so that it shows life and proves no presence; a retained
message looks new, and only `tst` tells.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from heard.engine.errors import Refused
from heard.ingest import fixes
from heard.ingest.fixes import Fix, Sign

_NAMING = "In the app, set a user name: it comes as X-Limit-U, or in the topic owntracks/USER/DEVICE."
#: Sent besides places. Regions and their crossings are the phone's own judgement, not a place with its error.
_OTHERS = frozenset(
    "beacon card cmd configuration dump request status step steps transition waypoint waypoints".split()
)
#: A ping (`p`) carries the last place and the present time; `l` and `L` are the last place before the sky was lost.
_STALE = frozenset("plL")


def read(
    body: bytes | str | Mapping[str, Any], received_at: datetime, headers: Mapping[str, str] | None = None
) -> Fix | Sign:
    """One message. The user in the headers goes before the one in the topic; `tid`, two letters, names nobody.

    Raises Refused for anything that is not such a message, and for one that is encrypted.
    """
    told = fixes.from_json(body) if isinstance(body, bytes | str) else body
    kind = told.get("_type")
    if kind == "encrypted":
        raise Refused("This is encrypted with a key of the app's. Nothing was kept. Turn that off: TLS encrypts it.")
    if not isinstance(kind, str) or (kind not in ("location", "lwt") and kind not in _OTHERS):
        raise Refused("“_type” is none that OwnTracks has. Nothing was kept.")
    source, device = _sender(told, headers or {})
    if kind == "lwt":
        # Its `tst` is when the app first connected; the link is gone now.
        return Sign(source=source, device=device, received_at=received_at, claimed_at=received_at, kind="source.lost")
    if kind != "location":
        # The `tst` of a waypoint is when it was made: only that of a location says when something was.
        return Sign(source=source, device=device, received_at=received_at)
    if told.get("tst") is None:
        raise Refused("A location has to have its time, “tst”. Nothing was kept.")
    lat, lon = fixes.place(told.get("lat"), told.get("lon"))
    acc = fixes.circle("acc", told.get("acc"), lat, lon)
    stale = isinstance(told.get("t"), str) and told["t"] in _STALE
    return Fix(
        source=source,
        device=device,
        received_at=received_at,
        claimed_at=fixes.since_1970("tst", told["tst"]),
        lat=lat,
        lon=lon,
        acc=None if stale else acc,
    )


def _sender(told: Mapping[str, Any], headers: Mapping[str, str]) -> tuple[str, str]:
    """User and device."""
    said = {name.lower(): value for name, value in headers.items() if name.lower() in ("x-limit-u", "x-limit-d")}
    topic = told.get("topic")
    _, user, device = (*(topic.split("/") if isinstance(topic, str) else ()), "", "", "")[:3]
    device = said.get("x-limit-d") or device
    return fixes.source_named(said.get("x-limit-u") or user, _NAMING), device and fixes.source_named(device, _NAMING)
