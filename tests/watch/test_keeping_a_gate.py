"""An order is read before a duty; what lapses is an entry, once, with the instant at which it was due."""

from __future__ import annotations

from datetime import timedelta

import pytest

from heard.engine.errors import Refused
from heard.watch import arming, commands, projection, ringing
from heard.watch.entries import AlarmCleared, AlarmRaised
from heard.watch.watching import Watching
from tests.watch.gate import NOON, Gate, Hands


def test_nobody_is_on_duty_before_they_have_read_the_current_version(gate: Gate) -> None:
    order = gate.publish()
    with pytest.raises(Refused, match="“The gate” version 1"):
        gate.begins(gate.one)
    gate.reads(order, 1, gate.one)
    gate.begins(gate.one)
    assert [duty.holder for duty in projection.on_duty(gate.tables, gate.id)] == [gate.one]
    gate.publish("Stay nearer.", "Nearer", order)
    with pytest.raises(Refused, match="Version 2 was published since"):
        gate.reads(order, 1, gate.two)
    with pytest.raises(Refused, match="version 2"):
        gate.begins(gate.two)


def test_who_is_not_posted_has_no_duty_and_of_who_is_off_duty_nothing_is_kept(gate: Gate) -> None:
    stranger = gate.account("stranger@heard.example", "holder")
    with pytest.raises(Refused, match="not posted"):
        gate.begins(stranger)
    before = gate.house.store.position()
    with pytest.raises(Refused, match="not on duty"):
        gate.is_there(gate.one)
    assert gate.house.store.position() == before
    gate.begins(gate.one)
    gate.is_there(gate.one)
    gate.do(commands.end_duty(gate.id, gate.one), gate.one)
    assert list(gate.tables.execute("SELECT * FROM presence")) == []


def test_a_gate_that_is_left_open_rings_once_with_the_instant_it_was_due(gate: Gate, hands: Hands) -> None:
    gate.begins(gate.one, gate.two)
    gate.is_there(gate.one)
    gate.is_there(gate.two)
    gate.is_told("open")
    gate.arms("present", "60 s", state="open", at_least="2", wait="5 s")
    assert gate.rings() == []
    left_at = hands.go_on(30)
    gate.is_there(gate.two, False)
    hands.go_on(64)
    assert gate.rings() == []
    hands.go_on(1)
    [raised] = gate.rings()
    assert gate.rings() == []
    alarm = projection.alarm(gate.tables, raised.stream)
    assert (alarm.sort, alarm.state, alarm.lapsed_at) == ("lapse", "open", left_at + timedelta(seconds=60))
    assert alarm.raised_at == hands.at


def test_an_alarm_is_closed_by_a_person_with_a_reason_when_it_is_over(gate: Gate, hands: Hands) -> None:
    gate.begins(gate.one)
    gate.is_there(gate.one)
    gate.arms("present", "60 s")
    gate.is_there(gate.one, False)
    hands.go_on(60)
    [raised] = gate.rings()
    gate.do(ringing.acknowledge(raised.stream), gate.sam)
    with pytest.raises(Refused, match="alarm is acknowledged"):
        gate.do(ringing.close(raised.stream, "It was nothing."), gate.sam)
    back_at = hands.go_on(10)
    gate.is_there(gate.one)
    gate.rings()
    alarm = projection.alarm(gate.tables, raised.stream)
    assert (alarm.state, alarm.cleared_at, alarm.cleared_why) == ("cleared", back_at, "restored")
    with pytest.raises(Refused, match="reason is missing"):
        gate.do(ringing.close(raised.stream, " "), gate.sam)
    gate.do(ringing.close(raised.stream, "Called away to a fall at the other gate."), gate.sam)
    alarm = projection.alarm(gate.tables, raised.stream)
    assert (alarm.state, alarm.closed_by) == ("closed", gate.sam)
    with pytest.raises(Refused):
        gate.do(ringing.close(raised.stream, "Again."), gate.sam)


def test_who_goes_silent_is_not_known_to_be_there_and_is_not_known_to_have_left(gate: Gate, hands: Hands) -> None:
    gate.begins(gate.one)
    gate.is_there(gate.one, good_for_s=90)
    gate.arms("present", "60 s")
    hands.go_on(150)
    [raised] = gate.rings()
    assert projection.alarm(gate.tables, raised.stream).sort == "unproven"
    gate.is_there(gate.one, False)
    hands.go_on(61)
    gate.rings()
    assert projection.alarm(gate.tables, raised.stream).sort == "lapse"


def test_a_version_published_in_mid_duty_starts_a_clock_for_each_who_is_on_duty(gate: Gate, hands: Hands) -> None:
    order = gate.publish()
    for holder in (gate.one, gate.two):
        gate.reads(order, 1, holder)
    gate.begins(gate.one, gate.two)
    gate.arms("read", "15 min")
    gate.publish("Stay nearer.", "Nearer", order)
    hands.go_on(600)
    gate.reads(order, 2, gate.one)
    hands.go_on(300)
    [raised] = gate.rings()
    assert projection.alarm(gate.tables, raised.stream).key == f"{order}/2/{gate.two}"
    gate.reads(order, 2, gate.two)
    gate.rings()
    assert projection.alarm(gate.tables, raised.stream).cleared_why == "done-late"


def test_an_order_that_is_new_after_the_arming_is_owed_too(gate: Gate, hands: Hands) -> None:
    gate.publish()
    gate.reads(projection.orders(gate.tables, gate.id)[0].id, 1, gate.one)
    gate.begins(gate.one)
    gate.arms("read", "15 min")
    second = gate.publish("Another order.")
    hands.go_on(900)
    [raised] = gate.rings()
    assert projection.alarm(gate.tables, raised.stream).key == f"{second}/1/{gate.one}"


def test_a_check_every_half_hour_while_anyone_is_on_duty(gate: Gate, hands: Hands) -> None:
    gate.arms("check", "30 min")
    hands.go_on(7200)
    assert gate.rings() == []
    gate.begins(gate.one)
    hands.go_on(1200)
    gate.do(commands.do_deed(gate.id), gate.sam)
    due_at = hands.at + timedelta(minutes=30)
    hands.go_on(1800)
    [raised] = gate.rings()
    assert projection.alarm(gate.tables, raised.stream).lapsed_at == due_at


def test_a_source_rings_when_it_is_silent_and_at_once_when_it_says_that_it_failed(gate: Gate, hands: Hands) -> None:
    gate.do(commands.add_source(gate.id, "The camera", source="camera"), gate.sam)
    with pytest.raises(Refused, match="never pinged"):
        gate.arms("ping", "60 s", source="camera")
    gate.do(commands.ping("camera", "success"), "camera")
    gate.arms("ping", "60 s", source="camera", wait="30 s")
    hands.go_on(50)
    gate.do(commands.ping("camera", "start"), "camera")
    due_at = NOON + timedelta(seconds=60)
    hands.go_on(40)
    [raised] = gate.rings()
    assert projection.alarm(gate.tables, raised.stream).lapsed_at == due_at
    gate.do(commands.ping("camera", "success"), "camera")
    gate.rings()
    failed_at = hands.go_on(5)
    gate.do(commands.ping("camera", "fail", 3), "camera")
    hands.go_on(0)
    [failed] = gate.rings()
    assert projection.alarm(gate.tables, failed.stream).lapsed_at == failed_at


@pytest.mark.parametrize(
    ("form", "why"), [({"to_1": ""}, "Nobody would be told"), ({"within": "soon"}, "length of time")]
)
def test_what_cannot_ring_is_not_armed(gate: Gate, form: dict[str, str], why: str) -> None:
    gate.begins(gate.one)
    gate.is_there(gate.one)
    with pytest.raises(Refused, match=why):
        gate.arms("present", **{"within": "60 s", **form})


def test_what_has_no_supervisor_or_no_live_source_is_not_armed(gate: Gate) -> None:
    written = {"op": "every", "do": "check", "period_s": 60, "where": {"post": gate.id}, "while": {"duty": gate.id}}
    written["escalate"] = [{"after_s": 0, "to": gate.sam}]
    for supervisor in ("", gate.one):
        with pytest.raises(Refused, match="no supervisor"):
            gate.do(arming.arm(gate.id, "Checked", written, supervisor), gate.sam)
    with pytest.raises(Refused, match="unknown from the first"):
        gate.arms("present", "60 s")
    with pytest.raises(Refused, match="no standing order"):
        gate.arms("read", "60 s")
    gate.begins(gate.one)
    gate.is_there(gate.one)
    with pytest.raises(Refused, match="told the state"):
        gate.arms("present", "60 s", state="open")
    with pytest.raises(Refused, match="Fewer people"):
        gate.arms("present", "60 s", at_least="3")


def test_what_is_stood_down_or_armed_anew_clears_its_alarm_and_rings_no_more(gate: Gate, hands: Hands) -> None:
    gate.begins(gate.one)
    obligation = gate.arms("check", "60 s")
    hands.go_on(60)
    [raised] = gate.rings()
    gate.do(arming.stand_down(obligation, "The post is closed for the winter."), gate.sam)
    gate.rings()
    assert projection.alarm(gate.tables, raised.stream).cleared_why == "stood-down"
    hands.go_on(600)
    assert gate.rings() == []


def test_a_deed_that_was_appended_before_the_time_passed_here_leaves_nothing_to_record(
    gate: Gate, hands: Hands
) -> None:
    """A race: the clock runs out in memory while the deed is on its way into the journal with an earlier time."""
    gate.begins(gate.one)
    gate.arms("check", "60 s")
    hands.go_on(59)
    gate.house.node.after_fold.clear()  # for the moment nothing is heard
    gate.do(commands.do_deed(gate.id), gate.sam)
    gate.house.node.after_fold.append(lambda folded: gate.watching.catch_up(gate.house.node.projection.position()))
    hands.go_on(1)
    gate.watching.let_pass(hands.at)
    [due] = gate.watching.recording.due()
    gate.watching.catch_up(gate.house.node.projection.position())
    command = ringing.record(gate.watching, due)
    assert gate.do(command, ringing.WATCH, scope=ringing.WATCH, key=ringing.key_of(due)).kind == ""
    assert [one for one in gate.house.journal.all() if isinstance(one.body, AlarmRaised | AlarmCleared)] == []


def test_what_is_due_a_few_at_a_time_is_what_is_due_all_at_once(gate: Gate, hands: Hands) -> None:
    gate.begins(gate.one)
    for _ in range(3):
        gate.arms("check", "60 s")
    hands.go_on(60)
    few, all_of_them = Watching(gate.house.journal), Watching(gate.house.journal)
    for one in (few, all_of_them):
        one.catch_up(gate.house.node.projection.position())
    all_of_them.let_pass(hands.at)
    counts = []
    for _ in range(3):
        few.let_pass(hands.at, 2)
        counts.append(len(list(few.recording.due())))
    assert counts == [2, 3, 3]
    due, wanted = ([(one.id, one.move) for one in each.recording.due()] for each in (few, all_of_them))
    assert due == wanted
