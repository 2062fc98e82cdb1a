"""Whose turn it is, entry by entry, is what the algebra says of who is told; those under watch hear first."""

from __future__ import annotations

import random
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any

import pytest

from heard.engine import now
from heard.watch import arming, commands, ladders, ringing, telling
from heard.watch.alarms import Alarm
from heard.watch.obligations import Step
from tests.desk import Desk
from tests.watch.gate import Gate, Hands

UNTIL_S = 60


def arms(gate: Gate, steps: list[tuple[float, str]], climbs_on_s: float | None = None) -> str:
    written: dict[str, Any] = {
        "op": "every",
        "do": "check",
        "period_s": 5,
        "where": {"post": gate.id},
        "while": {"duty": gate.id},
        "escalate": [{"after_s": after_s, "to": to} for after_s, to in steps],
        "ack_timeout_s": climbs_on_s,
    }
    return gate.do(arming.arm(gate.id, "A check", written, gate.sam), gate.sam).stream


def tell_all_due(gate: Gate, **by: str) -> list[tuple[datetime, int, str]]:
    """Tell whoever's turn it is."""
    due = ladders.due(gate.tables, now.utc(), 100)
    for one in due:
        gate.do(telling.record_told([one], by or {"page": "sent"}, now.utc()), ringing.WATCH)
    return [(one.due_at, one.step, one.account) for one in due]


def rung(gate: Gate, hands: Hands, steps: list[tuple[float, str]], climbs_on_s: float | None = None) -> tuple[str, str]:
    """An obligation and the alarm that it rings."""
    obligation = arms(gate, steps, climbs_on_s)
    hands.go_on(6)
    [raised] = gate.rings()
    return obligation, raised.stream


@pytest.mark.parametrize("seed", range(3))
def test_who_is_told_and_when_is_what_the_algebra_says(desk: Desk, seed: int) -> None:
    draw = random.Random(seed)
    with ExitStack() as stack:
        hands, gate = Hands(stack), Gate(desk.house)
        gate.begins(gate.one)
        people = [gate.sam, gate.one, gate.two]
        compared = 0
        for _ in range(12):
            steps = sorted((float(draw.randint(0, 20)), draw.choice(people)) for _ in range(draw.randint(1, 4)))
            climbs_on_s = draw.choice([None, None, 3.0, 9.0])
            obligation, alarm = rung(gate, hands, steps, climbs_on_s)
            raised_at = hands.at
            expected = Alarm("", "lapse", raised_at, raised_at)
            acks, cleared_s = draw.sample(range(1, 40), draw.randint(0, 3)), draw.choice([None, draw.randint(1, 25)])
            told: list[tuple[datetime, int, str]] = []
            for second in range(UNTIL_S):
                told += tell_all_due(gate)
                if second == cleared_s:
                    gate.do(commands.do_deed(gate.id), gate.sam)
                    gate.rings()
                    expected.clear(now.utc(), "restored")
                elif second in acks and (cleared_s is None or second < cleared_s):
                    gate.do(ringing.acknowledge(alarm), gate.sam)
                    if expected.acked_at is None:
                        expected.acked_at = now.utc()
                    else:
                        expected.acked_again = [*expected.acked_again, now.utc()]
                if cleared_s is not None and second >= cleared_s:
                    break
                hands.go_on(1)
            gate.do(arming.stand_down(obligation, "the next"), gate.sam)
            gate.rings()
            assert sum(step == ladders.THEMSELVES for _, step, _ in told) == 1
            ladder = tuple(Step(after_s, to) for after_s, to in steps)
            algebra = [(one["at"], one["to"]) for one in expected.notified(ladder, hands.at, climbs_on_s)]
            found = [(at, who) for at, step, who in told if step >= 0]
            assert [who for _, who in found] == [who for _, who in algebra]
            assert all(
                abs(one - other) < timedelta(milliseconds=1)
                for (one, _), (other, _) in zip(found, algebra, strict=True)
            )
            compared += len(found)
        assert compared > 10


def test_those_under_watch_hear_before_or_with_those_above_them(desk: Desk) -> None:
    with ExitStack() as stack:
        hands, gate = Hands(stack), Gate(desk.house)
        gate.begins(gate.one, gate.two)
        rung(gate, hands, [(0, gate.sam)])
        due = ladders.due(gate.tables, now.utc(), 10)
        assert [one.account for one in due] == [*sorted([gate.one, gate.two]), gate.sam]
        assert len({one.due_at for one in due}) == 1


def test_the_ladder_in_force_when_it_rang_is_climbed_to_the_end(desk: Desk) -> None:
    with ExitStack() as stack:
        hands, gate = Hands(stack), Gate(desk.house)
        gate.begins(gate.one)
        obligation, _ = rung(gate, hands, [(0, gate.sam), (3, gate.two)])
        written = {
            "op": "every",
            "do": "check",
            "period_s": 500,
            "where": {"post": gate.id},
            "while": {"duty": gate.id},
        }
        ladder = {"escalate": [{"after_s": 1, "to": gate.one}]}
        gate.do(arming.arm(gate.id, "Another", written | ladder, gate.sam, obligation=obligation), gate.sam)
        assert [step for _, step, _ in tell_all_due(gate)] == [-1, 0]
        hands.go_on(3)
        assert [(step, who) for _, step, who in tell_all_due(gate)] == [(1, gate.two)]


def test_what_one_channel_did_not_take_is_sent_by_that_one_again_and_given_up_in_the_end(desk: Desk) -> None:
    with ExitStack() as stack:
        hands, gate = Hands(stack), Gate(desk.house)
        gate.begins(gate.one)
        _, alarm = rung(gate, hands, [(0, gate.sam)])
        tell_all_due(gate, page="not open", mail="OSError")
        assert ladders.due(gate.tables, now.utc(), 10) == []
        for after_s in telling.RETRY_AFTER_S:
            assert list(ladders.not_reached(gate.tables)) == []
            hands.go_on(after_s)
            due = ladders.due(gate.tables, now.utc(), 10)
            assert {(one.without, one.account) for one in due} == {(("page",), gate.one), (("page",), gate.sam)}
            tell_all_due(gate, mail="OSError")
        hands.go_on(100_000)
        assert ladders.due(gate.tables, now.utc(), 10) == []
        assert {(who, channel) for who, channel, _ in ladders.not_reached(gate.tables)} == {
            (gate.one, "mail"),
            (gate.sam, "mail"),
        }
        assert len(ladders.told(gate.tables, alarm)) == 2 * (1 + len(telling.RETRY_AFTER_S))
        assert [told.attempt for told in ladders.told(gate.tables, alarm)][-1] == 1 + len(telling.RETRY_AFTER_S)


def test_two_nodes_that_tell_the_same_have_one_entry(desk: Desk) -> None:
    with ExitStack() as stack:
        hands, gate = Hands(stack), Gate(desk.house)
        gate.begins(gate.one)
        _, alarm = rung(gate, hands, [(0, gate.sam)])
        due = ladders.due(gate.tables, now.utc(), 10)
        for _ in range(2):
            gate.do(telling.record_told(due, {"page": "sent"}, now.utc()), ringing.WATCH)
        assert len(ladders.told(gate.tables, alarm)) == 2
