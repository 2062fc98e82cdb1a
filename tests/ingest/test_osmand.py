"""OsmAnd and Traccar Client: every way they write the same fix, and what proves nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from heard.engine.errors import Refused
from heard.ingest import osmand
from heard.ingest.fixes import Fix, Sign
from tests.ingest.told import AT, R, T, evidence

FIX: dict[str, Any] = {"kind": "position", "who": "A1", "t": AT, "lat": 52.00004, "lon": 2e-05, "acc": 5.0}
QUERY = f"id=A1&timestamp={T}&lat=52.00004&lon=0.00002&accuracy=5"


def json(**of: Any) -> dict[str, Any]:
    coords = {"latitude": 52.00004, "longitude": 0.00002, "accuracy": 5, "speed": 0, "heading": -1}
    location = {"timestamp": "2031-03-03T08:00:00.000Z", "coords": coords, "is_moving": False, "extras": {"a": [1]}}
    return {"device_id": "A1", "location": {**location, **of}}


def query(written: str) -> Fix:
    said = osmand.from_query(written, R)
    assert isinstance(said, Fix)
    return said


@pytest.mark.parametrize(
    "written",
    [
        QUERY,
        f"/?{QUERY}&batt=87&speed=0.0&bearing=7.1&altitude=12&ignition=true",
        f"https://watch.example/osmand?{QUERY}#x",
        f"deviceid=A1&timestamp={T}000&location=52.00004,0.00002&accuracy=5",
        f"id=A1&deviceid=A1&timestamp={T}.000&lat=52.00004&lat=52.00004&lon=2e-5&accuracy=5.0&hdop=&valid=",
        "id=A1&timestamp=2031-03-03T08%3A00%3A00Z&lat=52.00004&lon=0.00002&accuracy=5&valid=1",
        "id=A1&timestamp=2031-03-03T09:00:00%2B01:00&lat=52.00004&lon=0.00002&accuracy=5&valid=true",
    ],
)
def test_every_way_of_writing_it_is_the_same_fix(written: str) -> None:
    assert evidence(query(written)) == FIX


def test_a_request_is_read_by_what_it_is() -> None:
    form = {"content_type": "application/x-www-form-urlencoded"}
    for said in (
        osmand.read(R, query=QUERY),
        osmand.read(R, query=QUERY, body=b"", **form),
        osmand.read(R, body=QUERY.encode(), **form),
        osmand.read(R, body=json()),
        osmand.read(R, query="token=x", body=b'{"device_id":"A1","location":' + LOCATION + b"}", content_type=JSON),
        osmand.read(R, body=b'{"device_id":"A1","location":[' + LOCATION + b"]}"),
    ):
        assert [evidence(one) for one in said] == [FIX]


JSON = "application/json; charset=utf-8"
LOCATION = (
    b'{"timestamp":"2031-03-03T08:00:00Z","coords":{"latitude":52.00004,"longitude":0.00002,"accuracy":5},'
    b'"activity":{"type":"still"},"battery":{"level":-1}}'
)


@pytest.mark.parametrize(
    "more",
    ["&valid=0", "&valid=false", "&valid=perhaps", "&accuracy=0", "&accuracy=-1", "&accuracy=9999999", "&hdop=1", ""],
)
def test_a_fix_without_its_error_or_not_valid_is_kept_and_proves_nothing(more: str) -> None:
    of = "&accuracy=5" if "valid" in more else ""
    assert evidence(query(f"id=A1&timestamp={T}&lat=52.00004&lon=0.00002{of}{more}")) == {**FIX, "acc": None}


def test_a_mock_is_flagged_and_proves_nothing_in_either_format() -> None:
    mocked = {**FIX, "acc": None, "mock": True}
    assert evidence(query(f"{QUERY}&mock=true")) == mocked
    assert [evidence(one) for one in osmand.read(R, body=json(mock=True))] == [mocked]
    assert [evidence(one) for one in osmand.read(R, body=json(mock=False))] == [FIX]


def test_nought_nought_is_a_receiver_without_a_fix() -> None:
    assert query("id=A1&lat=0&lon=0.0&accuracy=5").acc is None
    assert query("id=A1&lat=0&lon=0.1&accuracy=5").acc == 5


def test_no_time_is_made_up_where_none_was_sent() -> None:
    said = query("id=A1&lat=52&lon=0&accuracy=5")
    assert said.claimed_at is None
    assert "t" not in said.written()


def test_a_time_without_its_offset_is_read_as_utc_and_says_so() -> None:
    said = query("id=A1&lat=52&lon=0&timestamp=2031-03-03+08%3A00%3A00")
    assert (said.claimed_at, said.zone_assumed, said.written()["zone_assumed"]) == (AT, True, True)
    assert not query(QUERY).zone_assumed


@pytest.mark.parametrize("count", [2**31 - 2, 2**31 - 1, 2**31])
def test_what_does_not_fit_31_bits_is_milliseconds(count: int) -> None:
    unit = timedelta(seconds=1) if count < 2**31 - 1 else timedelta(milliseconds=1)
    assert query(f"id=A1&lat=52&lon=0&timestamp={count}").claimed_at == datetime(1970, 1, 1, tzinfo=UTC) + count * unit


@pytest.mark.parametrize("more", ["", "&cell=257,02,16,2224&cell=257,02,16,2223,-90&wifi=00-14-22-01-23-45,-80"])
def test_what_has_no_place_shows_only_that_the_device_is_alive(more: str) -> None:
    said = osmand.from_query(f"id=A1&timestamp={T}{more}", R)
    assert said == Sign(source="A1", received_at=R, claimed_at=AT)
    assert evidence(said) == {"kind": "source.heard", "who": "A1", "t": AT}


def test_a_store_is_sent_as_a_list() -> None:
    said = osmand.from_json({"device_id": "A1", "location": [json()["location"], json(coords=None)["location"]]}, R)
    assert [type(one) for one in said] == [Fix, Sign]


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("", "who sends"),
        ("lat=52&lon=0", "who sends"),
        ("id=&lat=52&lon=0", "who sends"),
        ("id=%20&lat=52&lon=0", "who sends"),
        ("id=A%00&lat=52&lon=0", "can be printed"),
        (f"id={'A' * 129}", "128 characters"),
        ("id=A1&id=B2&lat=52&lon=0", "“id” is there twice"),
        ("id=A1&deviceid=B2&lat=52&lon=0", "two devices"),
        ("id=A1&lat=52&lat=53&lon=0", "“lat” is there twice"),
        ("id=A1&lat=52&lon=0&location=52,0", "“location”, and"),
        ("id=A1&lat=52", "both “lat” and “lon”"),
        ("id=A1&location=52", "“lon” is not a number"),
        ("id=A1&location=52,0,1", "“lon” is not a number"),
        ("id=A1&lat=152&lon=0", "-90 to 90"),
        ("id=A1&lat=52&lon=-180.1", "-180 to 180"),
        ("id=A1&lat=nan&lon=0", "“lat” is not a number"),
        ("id=A1&lat=1e999&lon=0", "“lat” is not a number"),
        ("id=A1&lat=5_2&lon=0", "“lat” is not a number"),
        ("id=A1&lat=٥٢&lon=0", "“lat” is not a number"),
        ("id=A1&lat=52&lon=0&accuracy=about+5", "“accuracy” is not a number"),
        ("id=A1&lat=52&lon=0&timestamp=yesterday", "no time such as"),
        ("id=A1&lat=52&lon=0&timestamp=2031-03-03T09:00:00+01:00", "%2B"),
        ("id=A1&lat=52&lon=0&timestamp=2031-02-30T09:00:00Z", "calendar does not have"),
        ("id=A1&lat=52&lon=0&timestamp=1969-12-31T23:59:59Z", "between 1970"),
        ("id=A1&lat=52&lon=0&timestamp=0001-01-01T00:00:00%2B14:00", "between 1970"),
        ("id=A1&lat=52&lon=0&timestamp=99999999999999999", "between 1970"),
        ("id=A1&lat=52&lon=0&timestamp=-5", "no time such as"),
        ("id=A1&lat=%FF&lon=0", "UTF-8"),
        ("&".join(f"x{n}=1" for n in range(201)), "200 fields"),
        (f"id=A1&x={'x' * 70_000}", "64 KiB"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(written: str, why: str) -> None:
    with pytest.raises(Refused, match=why) as refused:
        osmand.from_query(written, R)
    assert "Nothing was kept" in refused.value.message


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({}, "who sends"),
        ({"device_id": 5, "location": {}}, "who sends"),
        ({"device_id": "A1"}, "not an object"),
        ({"device_id": "A1", "location": []}, "from one to 1000"),
        ({"device_id": "A1", "location": [{}] * 1001}, "from one to 1000"),
        (json(coords=[]), "“coords” is not an object"),
        (json(coords={"latitude": 52}), "both “latitude” and “longitude”"),
        (json(coords={"latitude": "52", "longitude": 0}), "“latitude” is text"),
        (json(coords={"latitude": True, "longitude": 0}), "“latitude” is not a number"),
        (json(coords={"latitude": 52, "longitude": 0, "accuracy": "5"}), "“accuracy” is text"),
        (json(coords={"latitude": 10**400, "longitude": 0}), "“latitude” is not a number"),
        (json(mock="false"), "neither true nor false"),
        (json(timestamp=True), "“timestamp” is not a number"),
        (json(timestamp=[]), "“timestamp” is not a number"),
    ],
)
def test_json_that_says_something_else_is_refused(told: dict[str, Any], why: str) -> None:
    with pytest.raises(Refused, match=why):
        osmand.from_json(told, R)


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"\xff", b"[" * 100_000, '{"a":"\ud800"}'])
def test_what_is_no_json_object_is_refused(body: bytes | str) -> None:
    with pytest.raises(Refused):
        osmand.read(R, body=body, content_type="application/json")
