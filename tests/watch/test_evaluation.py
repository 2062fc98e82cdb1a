"""What rings and when: the worked examples, a synthetic hour, real receivers, and a slow evaluator that agrees."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heard.engine import now
from heard.watch import civil, keeping
from heard.watch.evaluation import evaluate
from heard.watch.signals import TO_95, at_least
from tests.watch.slowly import Piece, Rung, Slowly

SOAK = bool(os.environ.get("HEARD_SOAK"))
START = datetime(2031, 3, 3, 12, tzinfo=UTC)
PLACE = (52.0, 0.0)


def test_every_worked_example_comes_out_to_the_millisecond(shared_data: Path) -> None:
    examples = json.loads((shared_data / "watch" / "examples.json").read_text())["examples"]
    different = [one["id"] for one in examples if evaluate(one) != one["expect"]]
    print(f"{len(examples) - len(different)} of {len(examples)} worked examples")
    assert different == []


def test_every_further_example_worked_from_the_specification_comes_out() -> None:
    examples = json.loads(Path(__file__).with_name("examples.json").read_text())["examples"]
    assert [one["id"] for one in examples if evaluate(one) != one["expect"]] == []


def test_the_synthetic_hour_rings_as_it_must(shared_data: Path) -> None:
    scene = json.loads((shared_data / "watch" / "scene-expect.json").read_text())
    lines = (shared_data / "watch" / "scene-evidence.ndjson").read_text().splitlines()
    assert evaluate({**scene, "evidence": [json.loads(line) for line in lines]}) == scene["expect"]


def test_real_receivers_near_the_gate_never_ring_as_a_lapse(shared_data: Path) -> None:
    """Still receivers of an officer 5 m from the gate: where the circles are too wide, nobody knows, and it says so."""
    logs: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in (shared_data / "watch" / "gpsd-tracks.ndjson").read_text().splitlines():
        fix = json.loads(line)
        if fix["still"]:
            logs[fix["log"]].append(fix)
    kinds: list[str] = []
    for fixes in logs.values():
        place = [PLACE[0] + 5 / 111_195, PLACE[1]]
        evidence = [said(0, "state", thing="gate", value="open")]
        for fix in fixes:
            acc = fix["eph"] / TO_95 if fix.get("eph") else None
            evidence.append(said(fix["s"], "position", who="A", lat=fix["lat"], lon=fix["lon"], acc=acc))
        found = evaluate(kept({"group": ["A"], "place": place, "radius_m": 15, "ttl_s": 90}, evidence, 1_000, gap_s=60))
        kinds += [alarm["kind"] for alarm in found["alarms"]]
    print(f"{len(logs)} still receivers: {kinds.count('unproven')} unproven, {kinds.count('lapse')} lapses")
    assert "lapse" not in kinds


def said(at: float, kind: str, claimed: float | None = None, **facts: Any) -> dict[str, Any]:
    times = {"r": now.text(START + timedelta(seconds=at))}
    if claimed is not None:
        times["t"] = now.text(START + timedelta(seconds=claimed))
    return {**times, "kind": kind, **facts}


def kept(count: dict[str, Any], evidence: list[dict[str, Any]], until: float, **more: Any) -> dict[str, Any]:
    obligation = {"op": "keep", "while": {"state": "gate", "is": "open"}, "count": count, **more}
    return {"obligation": obligation, "evidence": evidence, "until": now.text(START + timedelta(seconds=until))}


GROUP, WANTED, GAP, WAIT, TTL, LASTS, SUSPENDS = ("A", "B"), 2, 20, 3, 15, 150, 30
#: Metres from the place, and the error of the fix: inside, outside, not known.
FIXES: dict[bool | None, tuple[float, float | None]] = {True: (2, 1), False: (60, 1), None: (10, None)}

pieces = st.lists(
    st.builds(
        lambda received, late, what, value: Piece(received, max(0, received - late), what, value),
        st.integers(0, LASTS),
        st.sampled_from([0, 0, 0, 0, 1, 5, 30]),
        st.sampled_from(["guard", "A", "B", "A", "B", "A", "B", "suspend", "duty A", "duty B"]),
        st.sampled_from([True, False, None, True]),
    ),
    max_size=25,
).map(lambda some: sorted(some, key=lambda one: one.received))


def quickly(record: list[Piece], clear: int = 0, *, by_duty: bool = False) -> list[Rung]:
    evidence = []
    for one in record:
        if one.what == "suspend":
            until = now.text(START + timedelta(seconds=one.received + SUSPENDS))
            evidence.append(said(one.received, "suspend", until=until, id=str(len(evidence)), by="A", second="B"))
        elif one.what.startswith("duty"):
            kind = "duty.start" if one.value else "duty.end"
            evidence.append(said(one.received, kind, one.claimed, post="post", who=one.what[-1]))
        elif one.what == "guard":
            if one.value is None:
                continue  # a gate says that it is open, or shut; that nobody knows is its silence
            facts = {"thing": "gate", "value": "open" if one.value else "shut"}
            evidence.append(said(one.received, "state", one.claimed, **facts))
        else:
            metres, acc = FIXES[one.value]
            facts = {"who": one.what, "lat": PLACE[0] + metres / 111_195, "lon": 0.0, "acc": acc}
            evidence.append(said(one.received, "position", one.claimed, **facts))
    count = {"group": GROUP, "place": PLACE, "radius_m": 15, "at_least": WANTED, "ttl_s": TTL}
    more = {"while": {"duty": "post"}} if by_duty else {}
    found = evaluate(kept(count, evidence, LASTS, gap_s=GAP, wait_s=WAIT, clear_after_s=clear, **more))
    return [
        Rung(
            _seconds(alarm["lapsed_at"]),
            _seconds(alarm["raised_at"]),
            alarm["kind"],
            _seconds(alarm["upgraded_at"]) if "upgraded_at" in alarm else None,
            _seconds(alarm["cleared_at"]) if alarm["cleared_at"] else None,
            alarm["cleared_by"],
        )
        for alarm in found["alarms"]
    ]


def _seconds(written: str) -> int:
    return round((now.instant(written) - START).total_seconds())


def slowly(record: list[Piece], clear: int = 0, *, by_duty: bool = False) -> list[Rung]:
    said = [one for one in record if not (one.what == "guard" and (one.value is None or by_duty))]
    known = [Piece(one.received, one.claimed, one.what, bool(one.value)) if "duty" in one.what else one for one in said]
    horizon = LASTS + 2 * (GAP + WAIT) + TTL + SUSPENDS
    return Slowly(GROUP, WANTED, GAP, WAIT, TTL, horizon, SUSPENDS, clear, by_duty).evaluate(known, LASTS)


@settings(max_examples=10_000 if SOAK else 60, deadline=None)
@given(pieces, st.sampled_from([0, 0, 7]), st.booleans())
def test_a_slow_evaluator_written_from_the_specification_agrees(record: list[Piece], clear: int, by_duty: bool) -> None:
    assert quickly(record, clear, by_duty=by_duty) == slowly(record, clear, by_duty=by_duty)


def test_an_evaluator_that_takes_silence_for_presence_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "at_least", lambda wanted, values: at_least(wanted, (v is not False for v in values)))
    record = [Piece(0, 0, "guard", True), Piece(1, 1, "A", True), Piece(1, 1, "B", True)]
    assert quickly(record) != slowly(record)


@pytest.mark.parametrize(
    ("day", "what"),
    [
        (date(2026, 4, 3), "Good Friday"),
        (date(2026, 4, 6), "Easter Monday"),
        (date(2026, 12, 28), "Boxing Day, which was a Saturday"),
        (date(2022, 12, 27), "Christmas Day, which was a Sunday"),
        (date(2020, 5, 8), "the early May holiday, moved"),
        (date(2022, 9, 19), "given once"),
        (date(2023, 1, 2), "New Year's Day, which was a Sunday"),
    ],
)
def test_no_office_is_open_on_bank_holidays(day: date, what: str) -> None:
    assert day in civil.bank_holidays(day.year), what


def test_there_are_eight_bank_holidays_in_an_ordinary_year() -> None:
    assert {year: len(civil.bank_holidays(year)) for year in (2019, 2021, 2024, 2025, 2026, 2027)} == dict.fromkeys(
        (2019, 2021, 2024, 2025, 2026, 2027), 8
    )
