"""Whatever comes in, it is read or refused: no other exception, no number that is none, no time without its zone."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC
from math import isfinite
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heard.engine import now
from heard.engine.errors import Refused
from heard.ingest import batches, cursor_on_target, osmand, owntracks, pings
from heard.ingest.cursor_stream import Stream
from heard.ingest.fixes import AnySaid, Fix
from heard.watch import evidence
from tests.ingest.told import R, T

EXAMPLES = 5_000 if os.environ.get("HEARD_SOAK") else 150
PIECES = st.sampled_from([b"<event>", b"</event>", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<?", b"\n", b"<!DOCTYPE"])
#: What stands where something else should: for numbers, for times, for names, and of any shape.
ODD = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(10**30), 10**30),
    st.sampled_from([0, -0.0, 5, 180, 9_999_999, T, T * 1000, True, None]),
    st.sampled_from(["2031-03-03T08:00:00Z", "2031-02-30T08:00:00Z", "9999-12-31T23:59:59-14:00", "1e9", "1e999", ""]),
    st.sampled_from(["0001-01-01T00:00:00+14:00", "2031-03-03T23:59:60Z", "2031-03-03T08:00:00.123456789Z", "nan"]),
    st.sampled_from(["2031-03-03T08:00:00+99:99", "2031-W10-1", "A\x00", "\u202e", "٣", " ", "'", "&#0;", "<", "%ff"]),
    st.sampled_from(["lwt", "transition", "check", "state", "t-x", "h-e", "m-s", "p", "a/b/c/d", "0", "5"]),
    st.text(max_size=8),
    st.recursive(st.none(), lambda of: st.lists(of) | st.dictionaries(st.text(max_size=6), of), max_leaves=4),
)
UUID = "5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278"
AT = "2031-03-03T08:00:00Z"
PLACE = {"lat": 52.0, "lon": 0.1, "acc": 5}
OSMAND = {
    "device_id": "A1",
    "location": {"timestamp": AT, "mock": False, "coords": {"latitude": 52, "longitude": 0.1, "accuracy": 5}},
}
OWNTRACKS = {"_type": "location", "tst": T, "t": "u", "topic": "owntracks/A1/phone", **PLACE}
POSITION = {"kind": "position", "who": "A1", "t": AT, "good_until": AT, "mock": False, **PLACE}
CHECK = {"kind": "check", "who": "A1", "post": "gate", "t": AT, "tag": "x", "second": "B2"}
STATE = {"kind": "state", "thing": "gate", "value": "open", "ttl_s": 5, "t": AT}
QUERY = {"id": "A1", "timestamp": T, "lat": 52, "lon": 0.1, "accuracy": 5, "valid": 1, "mock": 0}
EVENT = {"uid": "A1", "type": "a-f", "how": "m-g", "time": AT, "stale": AT, "lat": 52, "lon": 0.1, "ce": 5}


@st.composite
def broken(draw: st.DrawFn, whole: dict[str, Any]) -> dict[str, Any]:
    """A whole message of which up to three parts are missing, or are something else."""
    told = json.loads(json.dumps(whole))
    for _ in range(draw(st.integers(0, 3))):
        within = told
        while True:
            if not within:
                break
            name = draw(st.sampled_from(sorted(within)))
            if not isinstance(within[name], dict) or draw(st.integers(0, 3)) == 0:
                odd = draw(ODD | st.just("missing"))
                within.pop(name) if odd == "missing" else within.update({name: odd})
                break
            within = within[name]
    return cast("dict[str, Any]", told)


def query(of: dict[str, Any]) -> str:
    return "&".join(f"{name}={value}" for name, value in of.items())


def event(of: dict[str, Any]) -> str:
    said = {name: f'{name}="{value}"' for name, value in of.items()}
    point = " ".join(said.pop(name) for name in ("lat", "lon", "ce") if name in said)
    return f"<event {' '.join(said.values())}><point {point}/></event>"


OURS = broken(POSITION) | broken(CHECK) | broken(STATE)
READERS: dict[str, tuple[st.SearchStrategy[Any], Callable[[Any], Any]]] = {
    "osmand": (broken(OSMAND), lambda told: osmand.read(R, body=told)),
    "osmand-text": (st.binary() | st.text(), lambda raw: osmand.read(R, body=raw, content_type="application/json")),
    "osmand-query": (broken(QUERY).map(query) | st.text() | st.binary(), lambda raw: (osmand.from_query(raw, R),)),
    "owntracks": (broken(OWNTRACKS), lambda told: (owntracks.read(told, R, {"X-Limit-U": "A1"}),)),
    "owntracks-text": (st.binary() | broken(OWNTRACKS).map(json.dumps), lambda raw: (owntracks.read(raw, R),)),
    "batches": (
        st.lists((OURS | broken(OWNTRACKS) | broken(OSMAND)).map(json.dumps), max_size=3).map("\n".join),
        lambda raw: batches.read(raw, R),
    ),
    "batches-bytes": (st.binary() | st.text(), lambda raw: batches.read(raw, R)),
    "event": (broken(EVENT).map(event) | st.binary() | st.text(), lambda raw: (cursor_on_target.read(raw, R),)),
    "pings": (
        st.text() | (st.text(max_size=4) | st.integers(0, 300)).map(f"/ping/{UUID}/{{}}".format),
        lambda path: (pings.read(path, R, f"rid={path[6:42]}"),),
    ),
}


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=EXAMPLES, deadline=None)
@given(st.data())
def test_it_is_read_or_refused(name: str, data: st.DataObject) -> None:
    written, read = READERS[name]
    try:
        said = read(data.draw(written))
    except Refused as refused:
        assert refused.message.endswith(".")
        assert "Nothing was kept" in refused.message
        return
    for one in said:
        sound(one)


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(broken(EVENT).map(event).map(str.encode) | st.binary(max_size=40) | PIECES))
def test_a_stream_is_read_or_ended(pieces: list[bytes]) -> None:
    stream = Stream()
    for piece in pieces:
        completed = stream.hear(piece, R)
        for one in completed.said:
            sound(one)


def sound(said: AnySaid) -> None:
    """It can be evidence: the watch reads it, and every number and time in it is one."""
    read = evidence.read(said.written(), skew_s=2)
    assert read.received_at == R
    assert read.at == (said.claimed_at if said.claimed_at and not read.clamped else R)
    assert said.source.isprintable()
    if said.claimed_at is not None:
        assert said.claimed_at.tzinfo is UTC
    if isinstance(said, Fix):
        assert -90 <= said.lat <= 90
        assert -180 <= said.lon <= 180
        assert said.acc is None or (isfinite(said.acc) and said.acc > 0)
        assert said.acc is None or not (said.mock or said.entered_by_hand)
        assert said.good_until is None or now.text(said.good_until)


@pytest.mark.parametrize(
    ("fault", "name"),
    [(lambda told: {}["x"], "osmand"), (lambda told: ("no piece of evidence",), "owntracks")],
)
def test_control_another_exception_or_no_evidence_is_caught(
    fault: Callable[[Any], Any], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(READERS, name, (READERS[name][0], fault))
    with pytest.raises((KeyError, AttributeError)):
        test_it_is_read_or_refused(name)
