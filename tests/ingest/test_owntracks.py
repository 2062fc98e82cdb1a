"""OwnTracks: who sent it, what a last will is, and what proves nothing."""

from __future__ import annotations

from typing import Any

import pytest

from heard.engine.errors import Refused
from heard.ingest import owntracks
from heard.ingest.fixes import Sign
from tests.ingest.told import AT, R, T, evidence

HEADERS = {"X-Limit-U": "A1", "x-limit-d": "phone", "content-type": "application/json"}
FIX: dict[str, Any] = {"kind": "position", "who": "A1", "t": AT, "lat": 52.00004, "lon": 2e-05, "acc": 5.0}


def location(**of: Any) -> dict[str, Any]:
    said = {"_type": "location", "tid": "a1", "tst": T, "lat": 52.00004, "lon": 0.00002, "acc": 5, "batt": 87, **of}
    return {name: value for name, value in said.items() if value is not None}


def test_a_location_is_a_fix_of_the_user_in_the_headers() -> None:
    said = owntracks.read(location(t="t", inregions=["Home"], SSID="x"), R, HEADERS)
    assert (evidence(said), said.source, getattr(said, "device", "")) == (FIX, "A1", "phone")


def test_or_of_the_user_in_the_topic_and_never_of_two_letters() -> None:
    said = owntracks.read(location(topic="owntracks/B2/watch"), R)
    assert (said.source, getattr(said, "device", "")) == ("B2", "watch")
    assert owntracks.read(location(topic="owntracks/B2/watch"), R, HEADERS).source == "A1"
    for topic in (None, "owntracks", "owntracks//phone", ["owntracks", "B2"]):
        with pytest.raises(Refused, match="set a user name"):
            owntracks.read(location(topic=topic), R)


@pytest.mark.parametrize("of", [{"acc": None}, {"acc": 0}, {"acc": -1}, {"t": "p"}, {"t": "l"}, {"t": "L"}])
def test_without_its_error_or_as_a_repeated_place_it_proves_nothing(of: dict[str, Any]) -> None:
    assert evidence(owntracks.read(location(**of), R, HEADERS)) == {**FIX, "acc": None}


@pytest.mark.parametrize("trigger", ["t", "u", "c", "r", "v", "b"])
def test_the_other_triggers_are_of_the_place_where_it_is(trigger: str) -> None:
    assert evidence(owntracks.read(location(t=trigger), R, HEADERS)) == FIX


def test_a_last_will_is_a_link_that_is_lost_now() -> None:
    said = owntracks.read({"_type": "lwt", "tst": T - 300}, R, HEADERS)
    assert evidence(said) == {"kind": "source.lost", "who": "A1", "t": R}


@pytest.mark.parametrize("kind", ["transition", "waypoint", "status", "card", "steps"])
def test_everything_else_shows_only_that_the_phone_is_alive(kind: str) -> None:
    said = owntracks.read({"_type": kind, "tst": T, "lat": 52.0, "lon": 0.0, "acc": 5, "event": "enter"}, R, HEADERS)
    assert said == Sign(source="A1", device="phone", received_at=R)


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"_type": "encrypted", "data": "x"}, "Turn that off"),
        ({"_type": "place"}, "none that OwnTracks has"),
        ({"_type": []}, "none that OwnTracks has"),
        ({}, "none that OwnTracks has"),
        (location(tst=None), "has to have its time"),
        (location(tst=-1), "between 1970"),
        (location(tst="now"), "“tst” is not a number"),
        (location(tst=float("inf")), "“tst” is not a number"),
        (location(lat=None), "both “lat” and “lon”"),
        (location(lat=[52]), "“lat” is not a number"),
        (location(lon=181), "-180 to 180"),
        (location(acc={}), "“acc” is not a number"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(told: dict[str, Any], why: str) -> None:
    with pytest.raises(Refused, match=why):
        owntracks.read(told, R, HEADERS)


def test_milliseconds_are_not_guessed_where_the_format_has_seconds() -> None:
    """Read as seconds they are the year 63138: not a time, and not put right for the sender."""
    with pytest.raises(Refused, match="between 1970"):
        owntracks.read(location(tst=T * 1000), R, HEADERS)
