"""From the gate back to the concern: told late, in days, without a place, and only as somebody decided."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from heard.engine.errors import HeardError
from heard.watch import arming, commands, origins, ringing, suspending, suspensions
from heard.watch.entries import DeedDone
from heard.watch.model import FalseBy
from heard.watch.origins import Kept
from tests.reports.register import line, table
from tests.server import Server
from tests.watch.gate import Gate, Hands
from tests.watch.hand import Hand

DAY = 86_400
WORDS = "Officers stay near an open gate."


def a_watched_concern(gate: Gate, late_days: int | None = 30) -> str:
    gate.begins(gate.one)
    obligation = gate.arms("check", "30 min")
    gate.do(origins.name_origin(obligation, "report1", "2", WORDS), gate.sam)
    if late_days is not None:
        gate.do(origins.tell_in_public(obligation, late_days, "Ada Fictional"), gate.sam)
    return obligation


def told(gate: Gate, hands: Hands) -> Kept | None:
    found = origins.kept(gate.tables, "report1", hands.at)
    return found[0] if found else None


def test_nothing_is_said_until_somebody_decides_and_again_when_they_think_better_of_it(
    gate: Gate, hands: Hands
) -> None:
    obligation = a_watched_concern(gate, None)
    assert told(gate, hands) is None
    gate.do(origins.tell_in_public(obligation, 30, "Ada Fictional"), gate.sam)
    assert (one := told(gate, hands)) is not None and one.decided_by == "Ada Fictional"
    gate.do(origins.tell_no_more(obligation, "The site has changed."), gate.sam)
    assert told(gate, hands) is None


def test_a_lapse_is_told_when_its_days_are_over_and_not_before(gate: Gate, hands: Hands) -> None:
    a_watched_concern(gate)  # noon on 3 March; a check is due every half hour
    one = told(gate, hands)
    assert one is not None and (one.stands, one.since_on, one.lapses) == ("not yet", date(2031, 4, 2), 0)
    hands.go_on(30 * 60 + 5)
    assert len(gate.rings()) == 1
    for days, stands in ((0, "not yet"), (29, "not yet"), (30, "lapsed"), (31, "lapsed")):
        at = hands.at.replace(hour=0, minute=0, second=1) + timedelta(days=days)
        [one] = origins.kept(gate.tables, "report1", at)
        assert (days, one.stands) == (days, stands)
    assert (one.since_on, one.lapses, one.last_on) == (date(2031, 3, 3), 1, date(2031, 3, 3))


@pytest.mark.parametrize("false_by", ["", "sensor"])
def test_an_alarm_that_was_false_is_told_of_nobody_in_public(gate: Gate, hands: Hands, false_by: FalseBy) -> None:
    a_watched_concern(gate, 2)
    hands.go_on(30 * 60 + 5)
    [raised] = gate.rings()
    gate.do_check()
    gate.rings()
    gate.do(ringing.close(raised.stream, "It was kept; the reader at the gate was broken.", false_by), gate.sam)
    [one] = origins.kept(gate.tables, "report1", hands.at + timedelta(days=3))
    assert (one.lapses, one.false) == ((0, 1) if false_by else (1, 0))
    assert one.since_on == date(2031, 3, 3)


def test_what_nobody_can_say_is_not_told_as_kept(gate: Gate, hands: Hands) -> None:
    gate.begins(gate.one)
    gate.is_there(gate.one)
    obligation = gate.arms("present", "30 min", at_least="1")
    gate.do(origins.name_origin(obligation, "report1", "2", WORDS), gate.sam)
    gate.do(origins.tell_in_public(obligation, 2, "Ada Fictional"), gate.sam)
    hands.go_on(2 * 3600)  # their word was good for one hour, and nothing more was heard
    gate.rings()
    [one] = origins.kept(gate.tables, "report1", hands.at + timedelta(days=3))
    assert (one.stands, one.since_on, one.lapses, one.unproven) == ("unknown", date(2031, 3, 3), 0, 1)
    gate.is_there(gate.one)
    gate.rings()
    [one] = origins.kept(gate.tables, "report1", hands.at + timedelta(days=3))
    assert (one.stands, one.unproven) == ("kept", 1)
    hands.go_on(DAY)  # their word was good for an hour; they are back a day later
    gate.rings()
    gate.is_there(gate.one)
    gate.rings()
    [one] = origins.kept(gate.tables, "report1", hands.at + timedelta(days=3))
    assert (one.stands, one.unproven, one.since_on) == ("kept", 2, date(2031, 3, 4)), "not of the day nobody can say"


def test_a_time_in_which_it_was_not_watched_is_not_told_as_kept(gate: Gate, hands: Hands) -> None:
    obligation = a_watched_concern(gate, 2)

    def as_of_the(day: int) -> tuple[str, date]:
        [one] = origins.kept(gate.tables, "report1", datetime(2031, 3, day + 2, 12, tzinfo=UTC))
        assert one.until_on == date(2031, 3, day) and (one.lapses, one.unproven) == (0, 0)
        return one.stands, one.since_on

    asked = suspending.ask(obligation, None, hands.at + timedelta(days=4), "waive", "The gate is rebuilt.")
    suspension = suspensions.of_position(gate.tables, gate.do(asked, gate.sam).position)
    assert suspension is not None and as_of_the(3) == ("kept", date(2031, 3, 3)), "one person suspends nothing"
    hands.go_on(60)
    gate.do(suspending.agree(suspension, "tam"), "tam")
    assert as_of_the(3) == as_of_the(6) == ("suspended", date(2031, 3, 3))
    assert as_of_the(7) == ("kept", date(2031, 3, 7)), "it is over by then"
    hands.go_on(2 * DAY)
    gate.do(suspending.end(suspension, "It stands again."), gate.sam)
    assert [as_of_the(day) for day in (4, 5)] == [("suspended", date(2031, 3, 3)), ("kept", date(2031, 3, 5))]
    gate.do(arming.stand_down(obligation, "Closed for good."), gate.sam)
    assert as_of_the(4) == ("suspended", date(2031, 3, 3)), "what was so then stays so"


def test_what_was_put_right_since_is_not_told_early_either(gate: Gate, hands: Hands) -> None:
    a_watched_concern(gate, 2)
    hands.go_on(3600)
    gate.rings()
    hands.go_on(3 * DAY)  # 6 March: the page tells of the end of 4 March, when nobody had checked yet
    gate.do_check()
    gate.rings()
    one = told(gate, hands)
    assert one is not None and one.stands == "lapsed" and one.until_on == date(2031, 3, 4)
    gate.do(arming.stand_down(one_of(gate), "Closed for good."), gate.sam)
    hands.go_on(4 * DAY)
    after = told(gate, hands)
    assert after is not None and (after.stands, after.since_on) == ("closed", date(2031, 3, 6))
    assert after.lapses == 1


def one_of(gate: Gate) -> str:
    return next(iter(origins.origins(gate.tables))).obligation


def test_a_page_changes_once_a_day_so_that_no_hour_is_told(gate: Gate, hands: Hands) -> None:
    a_watched_concern(gate, 1)
    hands.go_on(3600)
    gate.rings()
    midnight = hands.at.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    tellings = {repr(origins.kept(gate.tables, "report1", midnight + timedelta(minutes=7 * n))) for n in range(205)}
    assert len(tellings) == 1


@pytest.mark.parametrize(
    "wrong", [(0, "Ada"), (-1, "Ada"), (367, "Ada"), (30, ""), (30, " "), (30, "x" * 201)], ids=str
)
def test_a_decision_needs_a_name_and_a_delay(wrong: tuple[int, str], gate: Gate, hands: Hands) -> None:
    obligation = a_watched_concern(gate, None)
    with pytest.raises(HeardError):
        gate.do(origins.tell_in_public(obligation, *wrong), gate.sam)
    assert told(gate, hands) is None


def test_named_anew_it_is_not_public_until_that_is_decided_anew(gate: Gate, hands: Hands) -> None:
    obligation = a_watched_concern(gate)
    gate.do(origins.name_origin(obligation, "report2", "", "Something else is watched."), gate.sam)
    assert told(gate, hands) is None and origins.kept(gate.tables, "report2", hands.at) == []


# On a server --------------------------------------------------------------------------------------------------------


def test_the_page_of_a_report_says_whether_its_concern_is_kept_and_names_no_place(
    server: Server, tmp_path: Path
) -> None:
    (tmp_path / "db_2021-06-01.csv").write_bytes(table(*(line(number) for number in range(1, 4))))
    argv = [sys.executable, "-m", "heard.cli", "import", "reports", str(tmp_path / "db_2021-06-01.csv")]
    subprocess.run([*argv, "--accept", "--data", str(server.data)], check=True, timeout=60, capture_output=True)
    end = time.monotonic() + 20
    while not (slugs := re.findall(r'href="/reports/([\w-]+)/"', server.page("/reports/?q=2021"))):
        assert time.monotonic() < end, "the reports did not come"
        time.sleep(0.1)
    slug = next(one for one in slugs if one not in ("figures", "similar"))
    sam = Hand(server)
    station = sam.station("Post 7", "Behind the old mill")
    assert server.reader.get(sam.source(station, "The camera")).text == "OK"
    sam.arms(station, "ping", "1 h", "The camera behind the old mill")
    desk = server.client.get("/desk/reports/").text
    [obligation] = re.findall(r'<option value="(\w+)">The camera behind the old mill', desk)

    def does(verb: str, **form: str) -> int:
        return server.client.post(f"/desk/reports/{verb}", data={"obligation": obligation, **form}).status_code

    assert does("watched", report="no-such-report", words=WORDS) == 422
    assert does("public", late_days="1", judged_by="Ada Fictional") == 422, "not before it has an origin"
    assert does("watched", report=slug, concern="2", words=WORDS) == 303
    assert re.search(
        rf"concern 2 of <a [^>]+>a report to prevent future deaths</a>. “{WORDS}”", sam.page(f"{station}/")
    )
    assert "Is it kept?" not in server.page(f"/reports/{slug}/")
    assert does("public", late_days="1", judged_by="") == 422
    assert does("public", late_days="1", judged_by="Ada Fictional") == 303
    page = server.page(f"/reports/{slug}/")
    assert "Is it kept?" in page and WORDS in page and "can be read here from" in page
    assert "old mill" not in page and "Post 7" not in page
    assert does("private", words="The site has changed.") == 303
    assert "Is it kept?" not in server.page(f"/reports/{slug}/")


def test_what_is_armed_for_a_promise_is_begun_with_it_and_rings_for_no_other(gate: Gate, hands: Hands) -> None:
    """In one: what was armed and not begun would never ring."""

    def armed(name: str, days: str) -> str:
        form = {"sort": "answer", "begins": f"{name} made", "deed": f"{name} kept", "days": days, "to_1": gate.sam}
        arms = arming.arm(gate.id, name, arming.written_from(gate.id, form, []), gate.sam)
        begun = DeedDone(form["begins"], "2021-0001")
        return gate.do(origins.because(arms, "report1", "2", WORDS, begun), gate.sam).stream

    armed("promise a", "3")
    armed("promise b", "60")
    gate.do(commands.do_deed(gate.id, "promise b kept", "2021-0001"), gate.sam)
    hands.go_on(4 * DAY)
    assert len(gate.rings()) == 1
    hands.go_on(70 * DAY)
    assert gate.rings() == []
