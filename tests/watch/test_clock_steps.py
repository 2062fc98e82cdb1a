"""The machine's clock jumps while much is watched: nothing rings for that, and nothing that is owed is missed."""

from __future__ import annotations

import os
import random
import re
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from heard.engine import now
from heard.watch import civil
from heard.watch.evaluation import evaluator, hear, let_pass
from heard.watch.evidence import ARMED, Evidence
from heard.watch.obligations import Each, Every, Step
from tests.server import running
from tests.watch.hand import Hand
from tests.watch.test_running import raised

SOURCES, PERIOD_S, STEP_S, HOURS = 10_000, 1800, 120, 3
JUMPS_S = (3600, -3600, -86400, 2, -2, 0.4)
FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")


class Jumping:
    """A machine whose clock is set again and again. `is_kept` is whether the process keeps time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, draw: random.Random, *, is_kept: bool) -> None:
        self.passed_s, self.set_by_s, self.draw = 0.0, 0.0, draw
        self.began_at = datetime(2031, 3, 3, 12, tzinfo=UTC)
        monkeypatch.setattr(now, "_wall", self.wall)
        monkeypatch.setattr(now, "_elapsed_s", lambda: self.passed_s)
        monkeypatch.setattr(now, "_steady", [])
        if is_kept:
            now.keep_steady(self.began_at)

    def wall(self) -> datetime:
        return self.began_at + timedelta(seconds=self.passed_s + self.set_by_s)

    def go_on(self) -> None:
        self.passed_s += STEP_S
        if self.draw.random() < 0.2:
            self.set_by_s = self.draw.choice([0, *JUMPS_S])


def false_and_missed(monkeypatch: pytest.MonkeyPatch, *, is_kept: bool) -> tuple[int, int]:
    """Of sources that ping every 29 minutes at most, but for one in ten that falls silent at an instant of its own."""
    draw = random.Random(6)
    machine = Jumping(monkeypatch, draw, is_kept=is_kept)
    watched = [evaluator(Every(do="ping", period_s=PERIOD_S, escalate=(Step(0, "x"),))) for _ in range(SOURCES)]
    silent_from_s = [draw.uniform(0, (HOURS - 1) * 3600) if n % 10 == 0 else 1e9 for n in range(SOURCES)]
    pings_at_s = [draw.uniform(0, PERIOD_S - STEP_S) for _ in range(SOURCES)]
    last_s = [0.0] * SOURCES
    # As the journal has it: no entry is before the one before it.
    entry_at = at = now.utc()
    for one in watched:
        hear(one, Evidence(ARMED, at, at, {}))
    while machine.passed_s < HOURS * 3600:
        machine.go_on()
        at = now.utc()
        entry_at = max(entry_at, at)
        for number, one in enumerate(watched):
            if pings_at_s[number] <= machine.passed_s < silent_from_s[number]:
                hear(one, Evidence("ping", entry_at, entry_at, {}))
                last_s[number] = machine.passed_s
                pings_at_s[number] = machine.passed_s + draw.uniform(STEP_S, PERIOD_S - 2 * STEP_S)
            elif (next_at := one.next_at()) is not None and next_at < at:
                let_pass(one, at, including=False)
    false = sum(bool(one.alarms) for n, one in enumerate(watched) if last_s[n] > machine.passed_s - PERIOD_S)
    missed = sum(not one.alarms for n, one in enumerate(watched) if last_s[n] < machine.passed_s - PERIOD_S - STEP_S)
    return false, missed


def test_of_ten_thousand_none_rings_or_is_missed_because_the_clock_was_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert false_and_missed(monkeypatch, is_kept=True) == (0, 0)


def test_a_watch_that_believes_the_clock_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control."""
    monkeypatch.setattr("tests.watch.test_clock_steps.SOURCES", 500)
    false, _ = false_and_missed(monkeypatch, is_kept=False)
    assert false > 100


@pytest.mark.skipif(not FAKETIME.exists(), reason="needs libfaketime (apt install faketime)")
def test_a_server_whose_clock_is_set_rings_for_what_is_owed_and_for_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shift = tmp_path / "shift"
    shift.write_text("+0")
    monkeypatch.setenv("LD_PRELOAD", str(FAKETIME))
    monkeypatch.setenv("FAKETIME_TIMESTAMP_FILE", str(shift))
    monkeypatch.setenv("FAKETIME_NO_CACHE", "1")
    monkeypatch.setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1")
    with running(tmp_path / "data") as server:
        os.environ.pop("LD_PRELOAD")  # for the server alone: this test keeps its own time
        sam = Hand(server)
        station = sam.station("Post 7")
        ping = sam.source(station, "The camera")
        assert server.reader.get(ping).text == "OK"
        sam.arms(station, "ping", "3 s", title="The camera is silent")
        for by in ("+1h", "-1d", "+0", "+2"):
            shift.write_text(by)
            for _ in range(2):
                assert server.reader.get(ping).text == "OK"
                time.sleep(0.4)
            assert ("clock of this machine" in server.client.get("/watch/").text) == (by != "+0"), by
        assert raised(server.data) == []
        shift.write_text("-1d")
        time.sleep(4)
        [(due_at, recorded_at)] = raised(server.data)
        assert timedelta() <= recorded_at - due_at < timedelta(seconds=0.5)
        assert re.search("clock_set .*by_s=3600", "".join(server.said))


ZONES = ["Europe/London", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "UTC"]


def test_the_end_of_ten_thousand_civil_days_is_where_the_next_one_begins() -> None:
    """Summer time, leap days, and days that do not exist (Apia, 30 December 2011) among them."""
    draw = random.Random(7)
    for _ in range(10_000):
        zone, day = draw.choice(ZONES), date(1996, 1, 1) + timedelta(days=draw.randrange(365 * 41))
        if zone == "Pacific/Apia" and day in (date(2011, 12, 29), date(2011, 12, 30)):
            continue
        end = civil.end_of_day(day, zone)
        assert end.astimezone(ZoneInfo(zone)).date() == day, (zone, day)
        assert (end + civil.LAST).astimezone(ZoneInfo(zone)).date() == day + timedelta(days=1), (zone, day)


@pytest.mark.parametrize(
    ("first", "times"),
    [
        (date(2026, 10, 24), ["00:30Z", "00:30Z", "01:30Z"]),  # half past one comes twice on the 25th: the first counts
        (date(2026, 3, 28), ["01:30Z", "01:30Z", "00:30Z"]),  # it does not exist on the 29th: the offset before the gap
        (date(2028, 2, 28), ["01:30Z", "01:30Z", "01:30Z"]),  # and a leap day
    ],
)
def test_a_deed_of_every_day_rings_once_a_day_through_the_change_of_time(first: date, times: list[str]) -> None:
    daily = evaluator(Each(each="day", do="report", from_=first.isoformat(), count=3, due={"time": "01:30"}))
    let_pass(daily, datetime.combine(first, datetime.min.time(), UTC) + timedelta(days=4))
    assert [alarm.lapsed_at.strftime("%H:%MZ") for alarm in daily.alarms] == times
    days = [alarm.lapsed_at.date() for alarm in daily.alarms]
    assert days == [first + timedelta(days=n) for n in range(3)]
