"""Deeds that are owed, as they ring: against an evaluation that is slow and plain, on histories that come late, doubled
and out of order.
"""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from heard.engine import now
from heard.watch import evaluation, evidence
from heard.watch.evaluation import evaluate
from heard.watch.owed import Evaluator
from tests.watch import slowly_deeds
from tests.watch.slowly_deeds import Piece, Rung

SOAK = bool(os.environ.get("HEARD_SOAK"))
HUNDREDS = range(100 if SOAK else 5)
START = datetime(2031, 3, 3, 12, tzinfo=UTC)
LASTS, WITHIN, WAIT = 150, 20, 3
LATE = (0, 0, 0, 0, 1, 5, 25, 60)


def _at(second: int) -> str:
    return now.text(START + timedelta(seconds=second))


def _story(
    dice: random.Random, whats: list[str], late: set[str], matters: Sequence[str] = "", versions: int = 0
) -> list[Piece]:
    pieces = list[Piece]()
    for _ in range(dice.randint(1, 18)):
        received, what = dice.randint(0, LASTS), dice.choice(whats)
        claimed = max(0, received - dice.choice(LATE)) if what in late else received
        matter = dice.choice(matters) if matters and what != "publish" else ""
        version = dice.randint(1, versions) if versions and what in ("publish", "ack") else 0
        pieces.append(Piece(received, claimed, what, matter, version))
        if dice.random() < 0.15:  # sent twice
            again = min(LASTS, received + dice.choice([0, 7]))
            pieces.append(Piece(again, claimed, what, matter, version))
    return sorted(pieces, key=lambda one: one.received)


def _evaluated(obligation: dict[str, Any], said: list[dict[str, Any]], second_s: int = 1) -> list[Rung]:
    until = now.text(START + timedelta(seconds=LASTS * second_s))
    found = evaluate({"obligation": obligation, "evidence": said, "until": until})

    def second(written: str) -> int:
        return round((now.instant(written) - START).total_seconds() / second_s)

    return slowly_deeds.in_order(
        Rung(
            alarm["key"],
            second(alarm["lapsed_at"]),
            second(alarm["raised_at"]),
            second(alarm["cleared_at"]) if alarm["cleared_at"] else None,
            alarm["cleared_by"],
        )
        for alarm in found["alarms"]
    )


def by_differs(seed: int) -> bool:
    pieces = _story(random.Random(seed), ["asked", "done", "done"], {"asked", "done"}, "ab")
    obligation = {"op": "by", "on": "asked", "do": "done", "match": ["ref"], "within_s": WITHIN, "wait_s": WAIT}
    said = [{"r": _at(p.received), "t": _at(p.claimed), "kind": p.what, "ref": p.matter} for p in pieces]
    return _evaluated(obligation, said) != slowly_deeds.by(pieces, WITHIN, WAIT, LASTS)


KINDS = {"start": "duty.start", "end": "duty.end"}


def every_differs(seed: int) -> bool:
    pieces = _story(random.Random(seed), ["start", "end", "check", "check", "check"], {"start", "end", "check"})
    obligation = {"op": "every", "do": "check", "period_s": WITHIN, "wait_s": WAIT, "while": {"duty": "post"}}
    told = {"post": "post", "who": "A"}
    said = [{"r": _at(p.received), "t": _at(p.claimed), "kind": KINDS.get(p.what, p.what), **told} for p in pieces]
    return _evaluated(obligation, said) != slowly_deeds.every(pieces, WITHIN, WAIT, LASTS)


def before_differs(seed: int) -> bool:
    pieces = _story(
        random.Random(seed), ["publish", "ack", "ack", "start", "start", "end"], {"publish", "ack", "start", "end"},
        "AB", 3,
    )  # fmt: skip
    # A version is published once; a second time it is the next.
    seen, numbered = dict[tuple[int, int], int](), list[Piece]()
    for one in pieces:
        if one.what == "publish":
            version = seen.setdefault((one.claimed, one.version), len(seen) + 1)
            one = Piece(one.received, one.claimed, one.what, "", version)
        numbered.append(one)
    obligation = {"op": "before", "post": "post", "order": "order", "wait_s": WAIT}
    said = [
        {"r": _at(p.received), "t": _at(p.claimed), "kind": KINDS.get(p.what, p.what), "post": "post", "who": p.matter,
         "order": "order", "version": p.version}
        for p in numbered
    ]  # fmt: skip
    return _evaluated(obligation, said) != slowly_deeds.before(numbered, WAIT, LASTS)


#: An hour of these days is a second of the slow evaluator.
HOUR_S, GRACE = 3600, 2


def each_differs(seed: int) -> bool:
    dice = random.Random(seed)
    days = [START.date() + timedelta(days=n) for n in range(2, 6)]
    dues = {day.isoformat(): 24 * n - 3 for n, day in enumerate(days, 2)}  # nine o'clock, from noon on
    pieces = _story(dice, ["done"], {"done"}, ["", "", "", *dues])
    obligation = {
        "op": "each", "each": "day", "from": days[0].isoformat(), "count": len(days), "due": {"time": "09:00"},
        "do": "done", "tz": "UTC", "grace_s": GRACE * HOUR_S, "wait_s": WAIT * HOUR_S,
    }  # fmt: skip
    said = [
        {"r": _at(p.received * HOUR_S), "t": _at(p.claimed * HOUR_S), "kind": "done", "period": p.matter or None}
        for p in pieces
    ]
    return _evaluated(obligation, said, HOUR_S) != slowly_deeds.each(pieces, dues, 21, GRACE, WAIT, LASTS)


ALL = [by_differs, before_differs, every_differs, each_differs]


@pytest.mark.parametrize("hundred", HUNDREDS)
@pytest.mark.parametrize("differs", ALL)
def test_what_rings_is_what_a_slow_evaluation_says(differs: Any, hundred: int) -> None:
    assert [seed for seed in range(hundred * 100, hundred * 100 + 100) if differs(seed)] == []


@pytest.mark.parametrize("differs", ALL)
def test_laid_down_and_taken_up_between_any_two_pieces_it_rings_the_same(
    monkeypatch: pytest.MonkeyPatch, differs: Any
) -> None:
    def never(position: int) -> evidence.Evidence:
        raise AssertionError(position)

    def run(watching: Evaluator, record: list[evidence.Evidence], until: datetime) -> None:
        for one in sorted(record, key=lambda piece: piece.received_at):
            evaluation.hear(watching, one)
            fresh = evaluation.evaluator(watching.obligation)  # type: ignore[attr-defined]
            fresh.go_on_from(msgspec.msgpack.decode(msgspec.msgpack.encode(watching.state())), never)
            vars(watching).clear()
            vars(watching).update(vars(fresh))
        evaluation.let_pass(watching, until)

    monkeypatch.setattr(evaluation, "run", run)
    assert [seed for seed in range(100) if differs(seed)] == []


@pytest.mark.parametrize("differs", ALL)
def test_control_an_evaluator_that_goes_by_when_it_heard_is_caught(
    monkeypatch: pytest.MonkeyPatch, differs: Any
) -> None:
    read = evidence.read

    def deaf(said: dict[str, Any], skew_s: float) -> evidence.Evidence:
        return read({name: value for name, value in said.items() if name != "t"}, skew_s)

    monkeypatch.setattr(evidence, "read", deaf)
    assert any(differs(seed) for seed in range(100))
