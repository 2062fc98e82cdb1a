"""A gap that goes on for longer than the past is put right stays one gap, and what was said stays no longer than it
can count.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from heard.watch import obligations
from heard.watch.evaluation import evaluator, hear, let_pass
from heard.watch.evidence import ARMED, Evidence
from heard.watch.keeping import REPAIRS, Kept
from heard.watch.signals import Signal

BEGUN = datetime(2031, 3, 3, 8, tzinfo=UTC)
SHIFT = timedelta(hours=8)
OF_DUTY, OF_STATE = {"duty": "gate"}, {"state": "gate", "is": "open"}


def kept(guard: dict[str, Any], **more: Any) -> Kept:
    count = {"group": ["ann", "bob"], "station": "gate", "at_least": 1}
    made = evaluator(obligations.read({"op": "keep", "count": count, "gap_s": 60, "while": guard, **more}))
    assert isinstance(made, Kept)
    hear(made, Evidence(ARMED, BEGUN, BEGUN, {}))
    return made


def told(kind: str, at: datetime, **facts: Any) -> Evidence:
    return Evidence(kind, at, at, facts)


def shifts(many: int) -> Iterator[Evidence]:
    """Each begins before the other ends, and nobody is ever there."""
    for number in range(many):
        who, other, at = ("ann", "bob")[number % 2], ("bob", "ann")[number % 2], BEGUN + number * SHIFT
        yield told("duty.start", at, post="gate", who=who)
        yield told("presence", at, station="gate", who=who, value=False)
        if number:
            yield told("duty.end", at, post="gate", who=other)
        yield told("state", at, thing="gate", value="open", ttl_s=None)


@pytest.mark.parametrize("guard", [OF_DUTY, OF_STATE, OF_DUTY | OF_STATE])
def test_nobody_there_for_a_week_of_shifts_is_one_lapse_and_is_not_over(guard: dict[str, Any]) -> None:
    watching = kept(guard)
    for evidence in shifts(21):
        hear(watching, evidence)
    let_pass(watching, BEGUN + timedelta(days=7))
    [alarm] = watching.alarms
    assert (alarm.kind, alarm.cleared_at, alarm.lapsed_at) == ("lapse", None, BEGUN + timedelta(seconds=60))


def test_what_has_to_be_so_again_for_days_is_over_when_it_was_so_for_so_long() -> None:
    watching = kept(OF_DUTY, clear_after_s=5 * 86400.0)
    for evidence in list(shifts(1))[:2]:
        hear(watching, evidence)
    for hours in range(1, 6 * 24, 8):
        hear(watching, told("presence", BEGUN + timedelta(hours=hours), station="gate", who="ann", value=True))
    let_pass(watching, BEGUN + timedelta(days=7))
    [alarm] = watching.alarms
    assert alarm.cleared_by == "restored" and alarm.cleared_at is not None
    assert alarm.cleared_at - timedelta(days=5) == BEGUN + timedelta(hours=1)


@pytest.mark.parametrize("guard", [OF_DUTY, OF_STATE])
def test_of_what_was_told_for_weeks_no_more_is_held_than_can_be_put_right(guard: dict[str, Any]) -> None:
    watching, at = kept(guard), BEGUN
    hear(watching, told("duty.start", at, post="gate", who="ann"))
    for _ in range(21 * 24):
        hear(watching, told("state", at, thing="gate", value="open", ttl_s=7200.0))
        hear(watching, told("presence", at, station="gate", who="ann", value=True, ttl_s=7200.0))
        at += timedelta(hours=1)
    (_, said_of_state), ((_, (_, said_of_ann)), _), *_ = watching.state()
    hours = REPAIRS // timedelta(hours=1)
    assert watching.alarms == []
    assert 0 < len(said_of_ann) <= hours + 2 and len(said_of_state) <= hours + 2


@pytest.mark.parametrize("gathers", [True, False])
def test_of_a_gap_that_goes_on_for_weeks_no_more_is_held_than_what_changed(
    gathers: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: all of it is held. What follows from it is the same."""
    if not gathers:
        monkeypatch.setattr(Signal, "gather_before", lambda *_: None)
    watching = kept(OF_STATE)
    hear(watching, told("duty.start", BEGUN, post="gate", who="ann"))
    hear(watching, told("presence", BEGUN, station="gate", who="bob", value=False))
    for hours in range(6 * 24):
        at = BEGUN + timedelta(hours=hours)
        hear(watching, told("state", at, thing="gate", value="open", ttl_s=7200.0))
        there = None if hours == 30 else False  # for two hours nobody knows
        hear(watching, told("presence", at, station="gate", who="ann", value=there, ttl_s=7200.0))
    (_, said_of_state), ((_, (_, said_of_ann)), _), _, _, alarms, gaps, _ = watching.state()
    most = REPAIRS // timedelta(hours=1) + 5
    assert (len(said_of_ann) <= most and len(said_of_state) <= most) == gathers
    assert [one.lapsed_at for one in watching.alarms] == [BEGUN + timedelta(seconds=60)] and len(alarms) == 1
    assert [(gap[0], gap[2]) for gap in gaps] == [(BEGUN, BEGUN + timedelta(seconds=60))]
