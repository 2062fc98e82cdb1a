"""Deeds that are owed, as they ring: against an evaluation that is slow and plain, on histories that come late, doubled
and out of order.
"""

from __future__ import annotations

import os
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from heard.engine import now
from heard.watch import evidence
from heard.watch.evaluation import evaluate
from tests.watch import slowly_deeds
from tests.watch.slowly_deeds import Piece, Rung

SOAK = bool(os.environ.get("HEARD_SOAK"))
HUNDREDS = range(100 if SOAK else 5)
START = datetime(2031, 3, 3, 12, tzinfo=UTC)
LASTS, WITHIN, WAIT = 150, 20, 3
LATE = (0, 0, 0, 0, 1, 5, 25, 60)


def _at(second: int) -> str:
    return now.text(START + timedelta(seconds=second))


def _story(dice: random.Random, whats: list[str], late: set[str]) -> list[Piece]:
    pieces = list[Piece]()
    for _ in range(dice.randint(1, 18)):
        received, what = dice.randint(0, LASTS), dice.choice(whats)
        claimed = max(0, received - dice.choice(LATE)) if what in late else received
        pieces.append(Piece(received, claimed, what, dice.choice("ab") if what in ("asked", "done") else ""))
        if dice.random() < 0.15 and what in late:  # sent twice
            pieces.append(Piece(min(LASTS, received + dice.choice([0, 7])), claimed, what, pieces[-1].matter))
    return sorted(pieces, key=lambda one: one.received)


def _evaluated(obligation: dict[str, Any], said: list[dict[str, Any]]) -> list[Rung]:
    found = evaluate({"obligation": obligation, "evidence": said, "until": _at(LASTS)})
    return sorted(
        (
            Rung(
                alarm["key"],
                _seconds(alarm["lapsed_at"]),
                _seconds(alarm["raised_at"]),
                _seconds(alarm["cleared_at"]) if alarm["cleared_at"] else None,
                alarm["cleared_by"],
            )
            for alarm in found["alarms"]
        ),
        key=lambda one: (one.raised, one.lapsed, one.matter),
    )


def _seconds(written: str) -> int:
    return round((now.instant(written) - START).total_seconds())


def by_differs(seed: int) -> bool:
    pieces = _story(random.Random(seed), ["asked", "done", "done"], {"done"})
    asked_at = {p.matter: p.received for p in reversed(pieces) if p.what == "asked"}
    # What is heard before anything asked for it is no answer to it.
    pieces = [p for p in pieces if p.what == "asked" or p.received > asked_at.get(p.matter, LASTS)]
    obligation = {"op": "by", "on": "asked", "do": "done", "match": ["ref"], "within_s": WITHIN, "wait_s": WAIT}
    said = [{"r": _at(p.received), "t": _at(p.claimed), "kind": p.what, "ref": p.matter} for p in pieces]
    return _evaluated(obligation, said) != slowly_deeds.by(pieces, WITHIN, WAIT, LASTS)


KINDS = {"start": "duty.start", "end": "duty.end", "check": "check"}


def every_differs(seed: int) -> bool:
    pieces = _story(random.Random(seed), ["start", "end", "check", "check", "check", "check"], {"check"})
    obligation = {"op": "every", "do": "check", "period_s": WITHIN, "wait_s": WAIT, "while": {"duty": "post"}}
    said = [
        {"r": _at(p.received), "t": _at(p.claimed), "kind": KINDS[p.what], "post": "post", "who": "A"} for p in pieces
    ]
    return _evaluated(obligation, said) != slowly_deeds.every(pieces, WITHIN, WAIT, LASTS)


@pytest.mark.parametrize("hundred", HUNDREDS)
@pytest.mark.parametrize("differs", [by_differs, every_differs])
def test_what_rings_is_what_a_slow_evaluation_says(differs: Any, hundred: int) -> None:
    assert [seed for seed in range(hundred * 100, hundred * 100 + 100) if differs(seed)] == []


@pytest.mark.parametrize("differs", [by_differs, every_differs])
def test_control_an_evaluator_that_goes_by_when_it_heard_is_caught(
    monkeypatch: pytest.MonkeyPatch, differs: Any
) -> None:
    read = evidence.read

    def deaf(said: dict[str, Any], skew_s: float) -> evidence.Evidence:
        return read({name: value for name, value in said.items() if name != "t"}, skew_s)

    monkeypatch.setattr(evidence, "read", deaf)
    assert any(differs(seed) for seed in range(100))
