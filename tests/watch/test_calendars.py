"""Due by working days and by months; and a calendar that is evidence: what was known then stays so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from heard.engine.errors import Refused
from heard.opening import House
from heard.watch import arming, calendars, civil, commands, evaluation, projection, ringing, verdicts
from heard.watch.entries import DeedDone
from heard.watch.obligations import ENGLAND_AND_WALES
from heard.watch.owed import Instance
from heard.watch.watching import Watching
from tests.server import Server, running
from tests.waiting import wait_until
from tests.watch.gate import Gate, Hands
from tests.watch.hand import Hand

# Dates that have something special ------------------------------------------------------------------------------------

MONTHS = {
    "an ordinary day": ("2026-03-15", 1, "2026-04-15"),
    "the month after has no 31st": ("2026-01-31", 1, "2026-02-28"),
    "nor has it in a leap year": ("2028-01-31", 1, "2028-02-29"),
    "the last of February is not the last of March": ("2026-02-28", 1, "2026-03-28"),
    "the leap day, a year later": ("2028-02-29", 12, "2029-02-28"),
    "Dodds v Walker: from 30 September four months end on the 30th": ("1978-09-30", 4, "1979-01-30"),
    "over the end of the year": ("2026-12-31", 2, "2027-02-28"),
    "from the 30th to a month of 31": ("2026-04-30", 1, "2026-05-30"),
}

TEN_WORKING_DAYS = {
    "no holiday in between": ("2026-06-01", "2026-06-15"),
    "over Good Friday and Easter Monday": ("2026-03-25", "2026-04-10"),
    "over Christmas, Boxing Day on a Saturday, and New Year": ("2026-12-17", "2027-01-05"),
    "begun on a Saturday before the early May holiday": ("2026-05-02", "2026-05-18"),
    "begun on the holiday itself": ("2026-05-25", "2026-06-08"),
    "over the day of the funeral of 2022, given once": ("2022-09-12", "2022-09-27"),
    "over the coronation, given once": ("2023-04-24", "2023-05-10"),
}


@pytest.mark.parametrize("what", MONTHS)
def test_a_month_ends_on_the_corresponding_date(what: str) -> None:
    begins, months, ends = MONTHS[what]
    assert civil.months_later(date.fromisoformat(begins), months) == date.fromisoformat(ends)


@pytest.mark.parametrize("what", TEN_WORKING_DAYS)
def test_the_tenth_working_day_after(what: str) -> None:
    begins, ends = TEN_WORKING_DAYS[what]
    assert civil.Calendar().after(date.fromisoformat(begins), 10) == date.fromisoformat(ends)


def owed(within: dict[str, int], sent: str, answered: str = "", *more: dict[str, Any]) -> dict[str, Any]:
    """How one letter stands in the end."""
    evidence = [{"r": sent, "kind": "letter received", "ref": "1"}, *more]
    evidence += [{"r": answered, "kind": "letter answered", "ref": "1"}] if answered else []
    of = {"op": "by", "on": "letter received", "do": "letter answered", "match": ["ref"], **within}
    asked = {**of, "escalate": [{"after_s": 0, "to": "S"}]}
    return evaluation.evaluate({"obligation": asked, "evidence": evidence, "until": "2027-01-31T00:00:00Z"})


DUE = {
    "late in the evening, which is the next day here": ({"working_days": 10}, "2026-06-01T23:30:00Z", "2026-06-16"),
    "a month into summer time": ({"months": 1}, "2026-02-28T12:00:00Z", "2026-03-28"),
    "a month in which the clocks change": ({"months": 1}, "2026-03-10T12:00:00Z", "2026-04-10"),
    "56 days stay 56 days": ({"days": 56}, "2026-02-20T15:00:00Z", "2026-04-17"),
}


@pytest.mark.parametrize("what", DUE)
def test_it_lapses_with_the_last_moment_of_that_day_where_it_lives(what: str) -> None:
    within, sent, day = DUE[what]
    [alarm] = owed(within, sent)["alarms"]
    due = civil.end_of_day(date.fromisoformat(day), "Europe/London")
    assert alarm["lapsed_at"] == evaluation.written_instant(due)
    in_time, late = due - timedelta(seconds=1), due + timedelta(seconds=1)
    assert owed(within, sent, in_time.isoformat())["alarms"] == []
    assert owed(within, sent, late.isoformat())["alarms"][0]["cleared_by"] == "done-late"


# What is proclaimed ---------------------------------------------------------------------------------------------------


def proclaimed(at: str, day: str, working: bool = False) -> dict[str, Any]:
    return {"r": at, "kind": "calendar", "calendar": "england-and-wales", "day": day, "working": working}


@pytest.mark.parametrize(
    ("what", "at", "day", "working", "lapsed"),
    [
        ("before it is due, it moves", "2026-06-03T09:00:00Z", "2026-06-10", False, ["2026-06-16"]),
        ("a day after it changes nothing", "2026-06-03T09:00:00Z", "2026-06-17", False, ["2026-06-15"]),
        ("of another calendar nothing is heard", "", "2026-06-10", False, ["2026-06-15"]),
        ("lapsed, it rings again", "2026-06-16T09:00:00Z", "2026-06-10", False, ["2026-06-15", "2026-06-16"]),
        ("long after, what rang was right then", "2026-07-16T09:00:00Z", "2026-06-10", False, ["2026-06-15"]),
    ],
)  # fmt: skip
def test_a_day_that_is_proclaimed_moves_what_is_open(
    what: str, at: str, day: str, working: bool, lapsed: list[str]
) -> None:
    told = proclaimed(at or "2026-06-03T09:00:00Z", day, working)
    told["calendar"] = "england-and-wales" if at else "scotland"
    alarms = owed({"working_days": 10}, "2026-06-01T12:00:00Z", "", told)["alarms"]
    assert [one["lapsed_at"][:10] for one in alarms] == lapsed, what


def test_an_alarm_rests_on_the_calendar_that_it_is_due_by(gate: Gate, hands: Hands) -> None:
    """Else what another node proclaims in the same moment would be in the record before an alarm that it moved."""
    asks(gate)
    receives(gate, "1")
    hands.go_on(15 * 86_400)
    gate.watching.let_pass(hands.at)
    [due] = gate.watching.recording.due()
    assert ENGLAND_AND_WALES in ringing.record(gate.watching, due)(gate.tables).over


def test_a_holiday_that_was_put_in_by_mistake_and_taken_back_rings_again(gate: Gate, hands: Hands) -> None:
    """It rang, the deadline moved, and moved back: a second alarm of the same instant would be taken for the first."""
    asks(gate)
    receives(gate, "1")
    hands.go_on(15 * 86_400)  # noon on 18 March: it was due on the 17th
    [first] = gate.rings()
    [due] = [one.lapsed_at for one in projection.alarms(gate.tables)]
    gate.do(calendars.proclaim(date(2031, 3, 12), False, "the wrong year"), "ada")
    gate.rings()
    assert projection.alarms(gate.tables)[0].cleared_why == "extended"
    hands.go_on(60)
    gate.do(calendars.proclaim(date(2031, 3, 12), True, "the wrong year, taken back"), "ada")
    hands.go_on(1)
    gate.rings()
    going_on = [one for one in projection.alarms(gate.tables) if one.cleared_at is None]
    assert [one.lapsed_at for one in going_on] == [due] and going_on[0].id != first.stream
    fresh = Watching(gate.house.journal)
    fresh.catch_up(gate.house.store.position())
    fresh.let_pass(hands.at)
    assert list(fresh.recording.due()) == [], "from the record alone it is the same alarm"
    gate.watching.lay_down_unkept()
    gate.watching._taken_up.clear()
    gate.watching.let_pass(hands.go_on(60))
    assert list(gate.watching.recording.due()) == [], "nor does it ring once more when it was laid down"


def test_a_holiday_that_is_taken_back_makes_it_due_earlier_and_never_before_it_was_told() -> None:
    told = proclaimed("2026-05-28T09:00:00Z", "2026-05-25", working=True)  # the late May holiday, moved away
    [alarm] = owed({"working_days": 3}, "2026-05-22T12:00:00Z", "", told)["alarms"]
    assert (alarm["lapsed_at"][:10], alarm["raised_at"]) == ("2026-05-27", "2026-05-28T09:00:00Z")


def test_what_was_extended_is_due_by_that_and_not_by_the_calendar() -> None:
    extended = {"r": "2026-06-02T09:00:00Z", "kind": "extend", "ref": "1", "due": "2026-06-30"}
    holiday = proclaimed("2026-06-03T09:00:00Z", "2026-06-10")
    alarms = owed({"working_days": 10}, "2026-06-01T12:00:00Z", "", extended, holiday)["alarms"]
    assert [one["lapsed_at"][:10] for one in alarms] == ["2026-06-30"]


LATER = datetime(2032, 1, 1, tzinfo=UTC)

# In the record --------------------------------------------------------------------------------------------------------


@pytest.fixture
def hands() -> Iterator[Hands]:
    with ExitStack() as stack:
        yield Hands(stack, datetime(2031, 3, 3, 12, tzinfo=UTC))


@pytest.fixture
def gate(house: House, hands: Hands) -> Gate:
    return Gate(house)


def asks(gate: Gate, days: str = "10", of_days: str = "working") -> str:
    form = {"sort": "answer", "begins": "letter received", "deed": "letter answered", "days": days}
    written = arming.written_from(gate.id, {**form, "of_days": of_days, "to_1": gate.sam}, [])
    return gate.do(arming.arm(gate.id, "no answer", written, gate.sam), gate.sam).stream


def receives(gate: Gate, ref: str) -> None:
    gate.do(commands.do_deed(gate.id, "letter received", ref), gate.sam)


def standing(watching: Watching, obligation: str) -> dict[str, Instance]:
    return watching.taken_up(watching.watched[obligation]).evaluator.instances


def then_and_now(gate: Gate, obligation: str, at: datetime) -> tuple[Any, Any, int, int]:
    """When matter 1 is due, as known then and as known now; and in which version its calendar was known."""
    watching, watched = gate.watching, gate.watching.watched[obligation]
    taken, journal = watching.taken_up(watched), gate.house.journal
    later = (one for one in journal.all(watched.position) if watching.is_told(watched, one))
    of = verdicts.Told(taken.obligation, taken.armed_at, watching.told_first(watched, taken), verdicts.told(later))
    due_then, due_now = verdicts.then(of, at)["1"].due, verdicts.now(of, at, LATER)["1"].due
    return due_then, due_now, verdicts.calendar_version(of, at), verdicts.calendar_version(of, LATER)


def test_a_holiday_that_is_proclaimed_later_moves_the_deadline_and_not_what_was_known_then(
    gate: Gate, hands: Hands
) -> None:
    obligation = asks(gate)
    receives(gate, "1")
    before = civil.end_of_day(date(2031, 3, 17), "Europe/London")
    assert standing(gate.watching, obligation)["1"].due == before
    asked_at = hands.go_on(86_400)
    hands.go_on(86_400)
    gate.do(calendars.proclaim(date(2031, 3, 12), False, "Royal Proclamation"), "ada")
    after = civil.end_of_day(date(2031, 3, 18), "Europe/London")
    assert standing(gate.watching, obligation)["1"].due == after
    assert then_and_now(gate, obligation, asked_at) == (before, after, 0, 1)
    fresh = Watching(gate.house.journal)
    fresh.catch_up(gate.house.store.position())
    assert standing(fresh, obligation)["1"].due == after, "from the record alone"
    late = asks(gate)
    receives(gate, "1")
    assert standing(gate.watching, late)["1"].due == civil.end_of_day(date(2031, 3, 20), "Europe/London")


def test_it_is_laid_down_and_taken_up_with_what_was_proclaimed(gate: Gate, hands: Hands) -> None:
    obligation = asks(gate)
    gate.do(calendars.proclaim(date(2031, 3, 12), False, "Royal Proclamation"), "ada")
    watching = gate.watching
    watching.lay_down_unkept()
    watching._taken_up.clear()
    receives(gate, "1")
    assert standing(watching, obligation)["1"].due == civil.end_of_day(date(2031, 3, 18), "Europe/London")


def test_control_a_calendar_that_nobody_hears_of_is_caught(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("heard.watch.watching.beside", lambda obligation: "")
    obligation = asks(gate)
    receives(gate, "1")
    gate.do(calendars.proclaim(date(2031, 3, 12), False, "Royal Proclamation"), "ada")
    assert standing(gate.watching, obligation)["1"].due == civil.end_of_day(date(2031, 3, 17), "Europe/London")


@pytest.mark.parametrize(
    ("on", "is_working", "why"),
    [
        (date(2031, 3, 8), False, "Saturday"),
        (date(2031, 3, 12), True, "a working day already"),
        (date(2031, 4, 11), False, "no working day already"),
        (date(2036, 3, 12), False, "three years to come"),
        (date(2029, 3, 12), False, "more than a year ago"),
    ],
)
def test_what_changes_nothing_is_no_version(gate: Gate, hands: Hands, on: date, is_working: bool, why: str) -> None:
    with pytest.raises(Refused, match=why):
        gate.do(calendars.proclaim(on, is_working, "why"), "ada")
    assert calendars.versions(gate.tables) == []


def test_days_and_working_days_at_once_are_refused(gate: Gate) -> None:
    of = {"op": "by", "on": "letter received", "do": "letter answered", "match": ["ref"], "days": 3, "months": 1}
    asked = {**of, "escalate": [{"after_s": 0, "to": gate.sam}]}
    with pytest.raises(Refused, match="Say within how long"):
        gate.do(arming.arm(gate.id, "no answer", asked, gate.sam), gate.sam)
    assert not [one for one in gate.house.journal.all() if isinstance(one.body, DeedDone)]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("calendar") / "data") as server:
        yield server


def test_it_is_proclaimed_on_its_page_and_the_api_says_which_version_was_known(served: Server) -> None:
    hand = Hand(served)
    station = hand.station("Registry")
    asked = {"sort": "answer", "begins": "letter received", "deed": "letter answered", "page": "arming"}
    hand.arms(station, title="no answer", within="", days="10", of_days="working", **asked)  # type: ignore[misc]
    hand.does(f"{station}/deed", deed="letter received", ref="1")
    [watched] = served.client.get("/api/v1/watch/obligations").json()["items"]
    at = f"/api/v1/watch/obligations/{watched['id']}/instances"
    first = wait_until(lambda: served.client.get(at).json().get("then"))
    asked_at = served.client.get(at).json()["at"]
    days = [datetime.now(UTC).date() + timedelta(days=number) for number in range(1, 12)]
    calendar = civil.Calendar()
    day = next(one for one in days if calendar.is_working(one))
    assert "Due by it" in hand.page("calendar/")
    refused = hand.client.post("/watch/calendar/", data={"on": day.isoformat(), "is": "working", "reason": "x"})
    assert refused.status_code == 422 and "a working day already" in refused.text
    hand.does("calendar/", on=day.isoformat(), reason="Royal Proclamation")
    assert "Royal Proclamation" in hand.page("calendar/") and "version 1" in hand.page("calendar/")
    told = served.client.get(at, params={"at": asked_at}).json()
    assert told["calendar"] == {"name": "england-and-wales", "then": 0, "now": 1}
    assert told["then"][0]["due"] == first[0]["due"] < told["now"][0]["due"]
