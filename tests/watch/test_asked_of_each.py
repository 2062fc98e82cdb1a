"""Every form of the algebra that a server can arm rings as it must: for each person, each station, each period."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from heard.engine.errors import Refused
from heard.watch import arming, bringing_in, commands, ladders, obligations, projection, tags
from heard.watch.bringing_in import Store
from heard.watch.entries import AlarmRaised
from heard.watch.evaluation import evaluator
from heard.watch.evidence import ARMED, Evidence
from tests.watch.gate import NOON, Gate, Hands


def raised(gate: Gate) -> list[tuple[str, str, datetime]]:
    """Key, station and due instant of each alarm."""
    gate.rings()
    bodies = (one.body for one in gate.house.journal.all())
    return [(one.key, one.station, one.lapsed_at) for one in bodies if isinstance(one, AlarmRaised)]


def test_each_who_is_on_duty_must_be_there_and_those_off_duty_not(gate: Gate, hands: Hands) -> None:
    gate.begins(gate.one)
    gate.is_there(gate.one)
    gate.arms("each-present", "60 s", clear_after="30 s")
    hands.go_on(3000)
    assert raised(gate) == [], "of who is not on duty nothing is asked"
    came_at = hands.at
    gate.begins(gate.two)
    hands.go_on(30)
    left_at = hands.at
    gate.is_there(gate.one, False)
    gate.is_there(gate.two)
    hands.go_on(70)
    assert raised(gate) == [(gate.one, gate.id, left_at + timedelta(seconds=60))]
    assert [one.account for one in ladders.due(gate.tables, hands.at, 9) if one.step < 0] == [gate.one], (
        "they hear first"
    )
    gate.is_there(gate.one)
    hands.go_on(29)
    gate.rings()
    assert projection.alarms(gate.tables)[0].cleared_why is None
    hands.go_on(1)
    gate.rings()
    assert projection.alarms(gate.tables)[0].cleared_why == "restored"
    gate.do(commands.end_duty(gate.id, gate.two), gate.two)
    hands.go_on(600)
    assert len(raised(gate)) == 1 and came_at < left_at


def test_each_who_is_on_duty_checks_in_at_a_tag(gate: Gate, hands: Hands) -> None:
    with pytest.raises(Refused, match="no tag"):
        gate.arms("each-check-in", "60 s")
    tag = gate.do(tags.add_tag(gate.id, "By the hinge"), gate.sam).stream
    gate.arms("each-check-in", "60 s")
    gate.begins(gate.one)
    hands.go_on(20)
    gate.begins(gate.two)
    began_at = hands.at
    hands.go_on(30)
    gate.do(tags.check_in(tag, caller(gate, gate.one)), gate.one)
    hands.go_on(40)
    assert raised(gate) == [(gate.two, gate.id, began_at + timedelta(seconds=60))]


def caller(gate: Gate, who: str) -> Any:
    from heard.accounts import projection as accounts
    from heard.accounts.model import Caller

    return Caller(accounts.by_id(gate.tables, who))


def test_who_begins_a_duty_goes_by_the_newest_state_and_not_by_history(gate: Gate, hands: Hands) -> None:
    gate.is_told("open")
    gate.do(tags.add_tag(gate.id, "By the hinge"), gate.sam)
    gate.arms("each-check-in", "60 s", state="open")
    hands.go_on(600)
    said = [{"kind": "state", "thing": "Post 7", "value": "shut", "t": (hands.at - timedelta(hours=1)).isoformat()}]
    read = bringing_in.rows(gate.tables, gate.id, Store("The book", stamped=True), said)
    gate.do(bringing_in.bring_in(gate.id, read.rows), "operator")
    gate.begins(gate.one)
    began_at = hands.at
    hands.go_on(70)
    assert raised(gate) == [(gate.one, gate.id, began_at + timedelta(seconds=60))]


def test_a_supervisor_goes_the_rounds_of_several_stations(gate: Gate, hands: Hands) -> None:
    other = gate.do(commands.set_station("Post 8"), gate.sam).stream
    gate.do(commands.post_holder(other, gate.two), gate.sam)
    with pytest.raises(Refused, match="two to 200 stations"):
        gate.arms("rounds", "60 s")
    asked = {"sort": "rounds", "within": "60 s", "to_1": gate.sam}
    written = arming.written_from(gate.id, asked, [], [other])
    gate.do(arming.arm(gate.id, "The rounds", written, gate.sam), gate.sam)
    assert [one.title for one in projection.obligations(gate.tables, other)] == ["The rounds"]
    gate.begins(gate.one)
    gate.do(commands.begin_duty(other, gate.two), gate.two)
    hands.go_on(50)
    gate.do_check()
    hands.go_on(20)
    assert [(key, station) for key, station, _ in raised(gate)] == [(other, other)]
    gate.do(commands.do_deed(other), gate.sam)
    hands.go_on(41)
    assert [key for key, _, _ in raised(gate)] == [other, gate.id]


def test_something_is_done_for_each_month_by_its_working_day(gate: Gate, hands: Hands) -> None:
    gate.arms("month", "", deed="Monthly report", working_day="3")
    with pytest.raises(Refused, match="Nothing of that name"):
        gate.do(commands.do_deed(gate.id, "another thing"), gate.sam)
    hands.at = datetime(2031, 4, 3, 22, 59, 59, tzinfo=UTC)
    hands.go_on(0)
    assert raised(gate) == [], "March's is due at the end of the third working day of April, in summer time"
    hands.go_on(1)
    assert raised(gate) == [("2031-03", gate.id, datetime(2031, 4, 3, 22, 59, 59, 999000, tzinfo=UTC))]
    gate.do(commands.do_deed(gate.id, "monthly report", "2031-03"), gate.sam)
    gate.rings()
    assert projection.alarms(gate.tables)[0].cleared_why == "done-late"
    gate.do(commands.do_deed(gate.id, "monthly report", "2031-04"), gate.sam)
    hands.at = datetime(2031, 6, 30, tzinfo=UTC)
    hands.go_on(0)
    assert [key for key, _, _ in raised(gate)] == ["2031-03", "2031-05"], "and so on without an end"


def test_something_is_done_or_pings_each_day_by_a_time(gate: Gate, hands: Hands) -> None:
    gate.do(commands.add_source(gate.id, "The backup", source="backup"), gate.sam)
    with pytest.raises(Refused, match="never pinged"):
        gate.arms("ping-day", "", source="backup", by="13:00")
    gate.do(commands.ping("backup", "success"), "backup")
    gate.arms("ping-day", "", source="backup", by="13:00", grace="10 min")
    gate.arms("day", "", deed="locks tried", by="11:00")
    hands.go_on(4199)
    assert raised(gate) == [], "what was due before it was armed is asked of nobody, and the grace is not over"
    hands.go_on(2)
    assert raised(gate) == [("2031-03-03", gate.id, NOON + timedelta(hours=1))]
    hands.go_on(24 * 3600)
    assert [key for key, _, _ in raised(gate)] == ["2031-03-03", "2031-03-04", "2031-03-04"]


def test_a_ping_of_the_day_is_heard(gate: Gate, hands: Hands) -> None:
    gate.do(commands.add_source(gate.id, "The backup", source="backup"), gate.sam)
    gate.do(commands.ping("backup", "success"), "backup")
    gate.arms("ping-day", "", source="backup", by="13:00")
    hands.go_on(1800)
    gate.do(commands.ping("backup", "success"), "backup")
    hands.go_on(3600)
    assert raised(gate) == []


def test_what_was_begun_is_answered_within_days_each_by_its_reference(gate: Gate, hands: Hands) -> None:
    gate.arms("answer", "", begins="letter received", deed="letter answered", days="2")
    for ref in ("A 1", "A 2"):
        gate.do(commands.do_deed(gate.id, "letter received", ref), gate.sam)
    hands.go_on(3600)
    gate.do(commands.do_deed(gate.id, "letter answered", "A 2"), gate.sam)
    hands.at = datetime(2031, 3, 6, tzinfo=UTC)
    hands.go_on(0)
    assert raised(gate) == [("A 1", gate.id, datetime(2031, 3, 5, 23, 59, 59, 999000, tzinfo=UTC))]


def test_an_order_read_before_a_duty_is_watched_although_nobody_begins_without(gate: Gate, hands: Hands) -> None:
    order = gate.publish()
    gate.reads(order, 1, gate.one)
    gate.begins(gate.one)
    gate.arms("before", "", order=order)
    with pytest.raises(Refused, match="no standing order of this station"):
        gate.arms("before", "", order="another")
    gate.publish("Stay nearer.", "Nearer", order)
    hands.go_on(5)
    assert raised(gate) == [], "who was on duty before is asked for nothing"
    with pytest.raises(Refused, match="version 2"):
        gate.begins(gate.two)
    # Had they begun all the same, it would have rung.
    from heard.engine.entry import Draft
    from heard.engine.node import Decision
    from heard.watch.entries import DutyBegun

    gate.do(lambda tables: Decision((Draft(gate.id, DutyBegun(gate.two)),), ()), gate.two)
    began_at = hands.at
    hands.go_on(0)
    assert raised(gate) == [(gate.two, gate.id, began_at)]
    gate.reads(order, 2, gate.two)
    gate.rings()
    assert projection.alarms(gate.tables)[0].cleared_why == "done-late"


def test_a_version_that_is_superseded_or_withdrawn_is_owed_by_nobody(gate: Gate, hands: Hands) -> None:
    order = gate.publish()
    gate.reads(order, 1, gate.one)
    gate.begins(gate.one)
    gate.arms("read", "60 s")
    gate.publish("Nearer.", "Nearer", order)
    hands.go_on(61)
    assert [key for key, _, _ in raised(gate)] == [f"{order}/2/{gate.one}"]
    gate.publish("Nearest.", "Nearest", order)
    gate.rings()
    assert projection.alarms(gate.tables)[0].cleared_why == "superseded", "version 2 cannot be read any more"
    gate.do(commands.withdraw_order(order, "done with"), gate.sam)
    hands.go_on(600)
    assert len(raised(gate)) == 1


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ({"op": "every", "do": "check", "period_s": 1e300, "where": {"post": "HERE"}}, "ten years"),
        ({"op": "every", "do": "check", "period_s": 60, "where": {"post": "HERE", "foot": "left"}}, "by its post"),
        ({"op": "every", "do": "check", "period_s": 60, "where": {"post": "HERE"}, "clear_after_s": 5}, "only what is"),
        ({"op": "every", "do": "song", "period_s": 60, "where": {"post": "HERE"}}, "could show"),
        ({"op": "every", "do": "check", "period_s": 60, "where": {"post": "THERE"}}, "could show"),
        ({"op": "keep", "count": {"group": ["a"], "place": [52, 0], "radius_m": 15}, "gap_s": 60}, "could show"),
        ({"op": "by", "on": "publish", "do": "ack", "match": ["order", "version"], "for_each_on_duty": "HERE"}, "Say "),
        ({"op": "by", "on": "report.sent", "do": "response", "match": ["ref"], "days": 56}, "name of its own"),
        ({"op": "by", "on": "ack", "do": "publish", "match": ["ref"], "days": 56}, "name of its own"),
        ({"op": "by", "on": "a letter", "do": "answered", "match": ["ref"], "days": 5, "tz": "Mars"}, "zone"),
        ({"op": "each", "each": "month", "do": "report", "from": "soon", "due": {"working_day": 3}}, "none"),
        ({"op": "each", "each": "month", "do": "report", "from": "2031-03", "due": {}}, "none"),
        ({"op": "each", "each": "day", "do": "report", "from": "1931-03-03", "due": {}}, "a year"),
        ({"op": "each", "each": "day", "do": "report", "from": "2031-03-03", "due": {"time": "noon"}}, "none"),
        ({"op": "each", "each": "hour", "do": "report", "from": "2031-03-03", "due": {}}, "month or a day"),
        ({"op": "before", "order": "none", "post": "HERE"}, "no standing order"),
    ],
)  # fmt: skip
def test_what_nothing_could_show_is_not_armed(gate: Gate, written: dict[str, Any], why: str) -> None:
    here = {key: {k: gate.id if v == "HERE" else v for k, v in of.items()} if isinstance(of, dict) else of
            for key, of in written.items()}  # fmt: skip
    here = {key: gate.id if of == "HERE" else of for key, of in here.items()}
    here["escalate"] = [{"after_s": 0, "to": gate.sam}]
    before = gate.house.store.position()
    with pytest.raises(Refused, match=why):
        gate.do(arming.arm(gate.id, "It is owed", here, gate.sam), gate.sam)
    assert gate.house.store.position() == before
    with pytest.raises(Refused, match="no supervisor"):
        gate.do(arming.arm(gate.id, "It is owed", {**here, "period_s": 60}, ""), gate.sam)


def test_the_watch_of_one_holds_nobody_elses_duty() -> None:
    """Else each of a hundred who come on duty would be worked out again for each of a hundred."""
    asked = {"count": {"station": "post", "at_least": 1, "group": []}, "for_each": {"on_duty": "post"}, "gap_s": 60}
    each = evaluator(obligations.read({"op": "keep", "id": "x", "grace_s": 0, "wait_s": 0, "escalate": [], **asked}))
    at = datetime(2031, 3, 3, 8, tzinfo=UTC)
    sizes = []
    each.heard(Evidence(ARMED, at, at, {}))
    for number in range(40):
        at += timedelta(seconds=1)
        each.heard(Evidence("duty.start", at, at, {"who": f"holder{number}", "post": "post"}))
        sizes.append(len(msgspec.msgpack.encode(each.state())))
    assert sizes[39] - sizes[29] < 1.5 * (sizes[19] - sizes[9]), "what is laid down grows with their number, not faster"
