"""From the bytes that a phone sends to what rings: what proves nothing keeps nobody present, in any format."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from heard.engine import now
from heard.ingest import batches, cursor_on_target, osmand, owntracks
from heard.ingest.fixes import AnySaid
from heard.watch import signals
from heard.watch.evaluation import evaluate
from tests.ingest.test_cursor_on_target import event
from tests.ingest.told import AT, R, T

OPEN = {"r": now.text(AT), "kind": "state", "thing": "gate", "value": "open"}
HERE = "lat=52&lon=0.1"
POINT = '<point lat="52" lon="0.1" ce="5"/>'


def rung(*said: AnySaid, confidence: Any = 0.95, until_s: int = 70, ttl_s: int = 90) -> list[tuple[str, str]]:
    """What has rung by then of: somebody is within 15 m of the gate, but for 30 s. It opens at the beginning."""
    count = {"group": ["A1"], "place": [52.0, 0.1], "radius_m": 15, "ttl_s": ttl_s, "confidence": confidence}
    found = evaluate(
        {
            "obligation": {"op": "keep", "while": {"state": "gate", "is": "open"}, "count": count, "gap_s": 30},
            "evidence": [OPEN, *(one.written() for one in said)],
            "until": now.text(AT + timedelta(seconds=until_s)),
        }
    )
    return [(alarm["kind"], alarm["lapsed_at"]) for alarm in found["alarms"]]


IN_EVERY_FORMAT = [
    lambda: osmand.from_query(f"id=A1&timestamp={T}&accuracy=5&{HERE}", R),
    lambda: owntracks.read({"_type": "location", "tst": T, "lat": 52, "lon": 0.1, "acc": 5}, R, {"x-limit-u": "A1"}),
    lambda: cursor_on_target.read(event(POINT), R),
    lambda: batches.read('{"kind":"position","who":"A1","lat":52,"lon":0.1,"acc":5}', R)[0],
]
PROVING_NOTHING = [
    lambda: osmand.from_query(f"id=A1&timestamp={T}&accuracy=5&valid=0&{HERE}", R),
    lambda: osmand.from_query(f"id=A1&timestamp={T}&accuracy=5&mock=true&{HERE}", R),
    lambda: osmand.from_query(f"id=A1&timestamp={T}&hdop=1&{HERE}", R),
    lambda: osmand.from_query(f"id=A1&timestamp={T}", R),
    lambda: owntracks.read({"_type": "location", "tst": T, "lat": 52, "lon": 0.1}, R, {"x-limit-u": "A1"}),
    lambda: owntracks.read({"_type": "lwt", "tst": T}, R, {"x-limit-u": "A1"}),
    lambda: cursor_on_target.read(event(POINT, how="h-e"), R),
    lambda: cursor_on_target.read(event(POINT.replace('"5"', '"9999999"')), R),
    lambda: cursor_on_target.read(event(POINT, type="b-t-f"), R),
]


@pytest.mark.parametrize("read", IN_EVERY_FORMAT)
@pytest.mark.parametrize("confidence", [0.95, "centre"])
def test_a_fix_beside_the_gate_keeps_it_quiet(read: Any, confidence: Any) -> None:
    assert rung(read(), confidence=confidence) == []


@pytest.mark.parametrize("read", PROVING_NOTHING)
@pytest.mark.parametrize("confidence", [0.95, "centre"])
def test_what_proves_nothing_rings_as_unproven_by_its_centre_too(read: Any, confidence: Any) -> None:
    assert rung(read(), confidence=confidence) == [("unproven", "2031-03-03T08:00:30Z")]


def test_a_fix_is_believed_for_no_longer_than_its_sender_or_the_obligation_says() -> None:
    short = cursor_on_target.read(event(POINT, stale="2031-03-03T08:00:20Z"), R)
    assert rung(short) == [("unproven", "2031-03-03T08:00:50Z")]
    for_a_year = cursor_on_target.read(event(POINT, stale="2032-03-03T08:00:00Z"), R)
    assert rung(for_a_year, ttl_s=25) == [("unproven", "2031-03-03T08:00:55Z")]
    never = cursor_on_target.read(event(POINT, stale="2031-03-03T07:59:00Z"), R)
    assert rung(never) == [("unproven", "2031-03-03T08:00:30Z")]


def test_control_a_centre_that_is_believed_without_its_error_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = signals.near

    def gullible(place: Any, radius_m: float, lat: float, lon: float, acc: Any, *, by_centre: bool = False) -> Any:
        return honest(place, radius_m, lat, lon, 1.0 if by_centre else acc, by_centre=by_centre)

    monkeypatch.setattr("heard.watch.keeping.near", gullible)
    with pytest.raises(AssertionError):
        test_what_proves_nothing_rings_as_unproven_by_its_centre_too(PROVING_NOTHING[0], "centre")
