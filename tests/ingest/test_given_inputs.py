"""The given inputs: one fix in four formats and its traps, and the requests that Traccar's decoder is tested with."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from heard.engine import now
from heard.engine.errors import Refused
from heard.ingest import cursor_on_target, cursor_stream, osmand, owntracks
from heard.ingest.fixes import AnySaid, Fix, Sign
from tests.ingest.told import evidence, instants


def decoded(one: dict[str, Any], received_at: datetime) -> AnySaid:
    """As a route would: by where it came in."""
    if "tcp" in one:
        return cursor_on_target.read(one["tcp"], received_at)
    http = one["http"]
    if one["id"].startswith("owntracks"):
        return owntracks.read(json.dumps(http["body"]), received_at, http["headers"])
    return from_osmand(http, received_at)


def from_osmand(http: dict[str, Any], received_at: datetime) -> AnySaid:
    body = http.get("body", "")
    (said,) = osmand.read(
        received_at,
        query=http.get("url", "").partition("?")[2],
        body=body if isinstance(body, str) else json.dumps(body).encode(),
        content_type=http.get("content_type", ""),
    )
    return said


def test_each_given_input_becomes_exactly_its_one_piece_of_evidence(shared_data: Path) -> None:
    given = json.loads((shared_data / "watch" / "inputs.json").read_text())
    received_at = now.instant(given["r"])
    as_stated = 0
    for one in given["inputs"]:
        if one.get("status") == 400:
            with pytest.raises(Refused):
                decoded(one, received_at)
        else:
            assert evidence(decoded(one, received_at)) == instants(one["evidence"]), one["id"]
        as_stated += 1
    print(f"{as_stated} of {len(given['inputs'])} inputs as stated")
    assert as_stated == len(given["inputs"]) >= 12


def test_the_same_events_are_read_when_they_come_in_one_stream(shared_data: Path) -> None:
    given = json.loads((shared_data / "watch" / "inputs.json").read_text())
    events = [one for one in given["inputs"] if "tcp" in one]
    completed = cursor_stream.Stream().hear("".join(one["tcp"] for one in events).encode(), now.instant(given["r"]))
    assert [evidence(said) for said in completed.said] == [instants(one["evidence"]) for one in events]


def test_the_requests_of_traccars_own_test_are_read_as_traccar_reads_them(shared_data: Path) -> None:
    requests = json.loads((shared_data / "watch" / "osmand-requests.json").read_text())["requests"]
    received_at = datetime(2031, 3, 3, 8, tzinfo=UTC)
    for one in requests:
        # The ones in JSON have no outcome of their own in the file: Traccar's test wants a position of each.
        wanted = one.get("traccar_test", "Position")
        if wanted == "Null":
            with pytest.raises(Refused, match="who sends it"):
                from_osmand(one, received_at)
            continue
        said = from_osmand(one, received_at)
        assert isinstance(said, Fix if wanted == "Position" else Sign)
        if isinstance(said, Fix):
            sent = one.get("url") or one["body"]["location"]
            assert (said.claimed_at is None) == ("timestamp" not in sent)
            accuracy = sent["coords"]["accuracy"] if isinstance(sent, dict) and not sent.get("mock") else None
            assert said.acc == accuracy  # none of those in an address has one: hdop is not one
            assert said.mock == (isinstance(sent, dict) and "mock" in sent)
            if isinstance(sent, dict):
                assert (said.lat, said.lon) == (sent["coords"]["latitude"], sent["coords"]["longitude"])
                assert said.claimed_at == now.instant(sent["timestamp"])
            else:
                numbers = re.search(r"(?:lat|location)=([-\d.]+)(?:&lon=|,)([-\d.]+)", sent)
                assert numbers and (said.lat, said.lon) == (float(numbers[1]), float(numbers[2]))
    assert len(requests) == 15
    written = [said.claimed_at for said in (from_osmand(requests[n], received_at) for n in (0, 2, 3, 4, 6))]
    assert written == [
        datetime(2013, 8, 22, 13, 14, 27, tzinfo=UTC),
        datetime(2016, 1, 27, 18, 55, 47, tzinfo=UTC),
        datetime(2015, 9, 12, 14, 38, 6, 579_000, tzinfo=UTC),
        datetime(2014, 6, 4, 9, 10, 11, tzinfo=UTC),
        datetime(2013, 8, 22, 13, 14, 27, tzinfo=UTC),
    ]
