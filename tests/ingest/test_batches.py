"""Batches of lines: whole or not at all, in Heard's words or in those of a phone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from heard.engine.errors import Refused, TooLarge
from heard.ingest import batches
from tests.ingest.told import R, T, evidence, instants

T_ = "2031-03-03T08:00:00Z"
POSITION = {"kind": "position", "who": "A1", "t": T_, "lat": 52.0, "lon": 0.0, "acc": 5.0}


def lines(*told: Any) -> bytes:
    return b"\n".join(one if isinstance(one, bytes) else json.dumps(one).encode() for one in told)


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        (POSITION, POSITION),
        ({**POSITION, "t": "2031-03-03T09:00:00+01:00"}, POSITION),
        ({**POSITION, "acc": 0}, {**POSITION, "acc": None}),
        ({**POSITION, "acc": 9_999_999}, {**POSITION, "acc": None}),
        ({**POSITION, "mock": True}, {**POSITION, "acc": None, "mock": True}),
        ({**POSITION, "entered_by_hand": True}, {**POSITION, "acc": None, "entered_by_hand": True}),
        ({**POSITION, "good_until": "2031-03-03T08:01:00Z"}, {**POSITION, "good_until": "2031-03-03T08:01:00Z"}),
        (
            {"kind": "check", "who": "A1", "post": "gate", "t": T_, "tag": "x7", "second": "B2"},
            {"kind": "check", "who": "A1", "by": "A1", "post": "gate", "t": T_, "tag": "x7", "second": "B2"},
        ),
        (
            {"kind": "state", "thing": "gate:G", "value": "open", "ttl_s": 60},
            {"kind": "state", "who": "gate:G", "thing": "gate:G", "value": "open", "ttl_s": 60.0},
        ),
        ({"_type": "location", "topic": "owntracks/A1/p", "tst": T, "lat": 52, "lon": 0, "acc": 5}, POSITION),
        (
            {
                "device_id": "A1",
                "location": {"timestamp": T_, "coords": {"latitude": 52, "longitude": 0, "accuracy": 5}},
            },
            POSITION,
        ),
    ],
)
def test_a_line_becomes_its_piece_of_evidence(told: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert [evidence(one) for one in batches.read(lines(told), R)] == [instants(wanted)]


def test_lines_keep_their_order_and_empty_ones_are_passed_by() -> None:
    said = batches.read(lines({**POSITION, "who": "B2"}, b"", b"\r", POSITION, b""), R)
    assert [one.source for one in said] == ["B2", "A1"]
    assert batches.read(b"", R) == ()


def test_no_time_is_made_up_where_none_was_sent() -> None:
    (said,) = batches.read(lines({**POSITION, "t": None}), R)
    assert (said.claimed_at, "t" in said.written(), said.received_at) == (None, False, R)


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({**POSITION, "r": T_}, "unknown field `r`"),
        ({**POSITION, "accuracy": 5}, "unknown field `accuracy`"),
        ({**POSITION, "lat": 152}, "lat"),
        ({**POSITION, "lat": "52"}, "lat"),
        ({**POSITION, "who": ""}, "who"),
        ({**POSITION, "who": "A\n1"}, "can be printed"),
        ({**POSITION, "t": "2031-03-03T08:00:00"}, r"\$\.t"),
        ({**POSITION, "t": "0001-01-01T00:00:00+14:00"}, "between 1970"),
        ({**POSITION, "t": T}, r"\$\.t"),
        ({"kind": "duty.start", "who": "A1", "post": "gate"}, "duty.start"),
        ({"lat": 52, "lon": 0}, "kind"),
        ({"_type": "encrypted"}, "Turn that off"),
        (b"[]", "not an object"),
        (b"{", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[" * 60_000, "nested too deeply"),
        (b'{"kind":"position","who":"A1","lat":1e999,"lon":0}', "not JSON|out of range"),
    ],
)
def test_one_bad_line_refuses_the_batch_and_is_named(told: Any, why: str) -> None:
    with pytest.raises(Refused, match=why) as refused:
        batches.read(lines(POSITION, told, POSITION), R)
    assert refused.value.message.startswith("Line 2: ")
    assert refused.value.details["line"] == 2
    assert "Nothing was kept" in refused.value.message


def test_a_batch_has_its_bounds() -> None:
    assert len(batches.read(lines(POSITION) + b"\n" * batches.LINES_MAX, R)) == 1
    with pytest.raises(TooLarge, match="20000 lines"):
        batches.read(b"\n" * (batches.LINES_MAX + 1), R)
    with pytest.raises(TooLarge, match="4096 KiB"):
        batches.read(b" " * (batches.BATCH_MAX + 1), R)


def test_the_given_scene_can_be_sent_as_batches(shared_data: Path) -> None:
    """Every line of the synthetic hour comes out as it is, but for its receipt, which is the server's to say."""
    scene = [json.loads(line) for line in (shared_data / "watch" / "scene-evidence.ndjson").read_text().splitlines()]
    sent = [{name: value for name, value in one.items() if name != "r"} for one in scene]
    said = batches.read(lines(*sent), R)
    assert len(said) == len(scene) > 1_000
    for one, told in zip(said, sent, strict=True):
        assert instants(told).items() <= evidence(one).items()
