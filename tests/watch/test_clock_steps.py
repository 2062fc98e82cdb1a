"""The machine's clock jumps while much is watched: nothing rings for that, and nothing that is owed is missed."""

from __future__ import annotations

import os
import random
import re
import threading
import time
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx2
import pytest

from heard.engine import now
from heard.engine.entry import new_id
from heard.opening import open_house
from heard.watch import civil, commands, pings
from heard.watch.entries import AlarmRaised, ObligationArmed, Pinged
from heard.watch.evaluation import evaluator, hear, let_pass
from heard.watch.evidence import ARMED, Evidence
from heard.watch.obligations import Each, Every, Step
from tests.server import Server, running
from tests.waiting import wait_until
from tests.watch.hand import Hand
from tests.watch.test_running import kill_app, raised

SOAK = bool(os.environ.get("HEARD_SOAK"))
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


#: As the machine's clock is set, one after the other, while the processes run; at each a source falls silent.
STEPS = ("+1h", "-1d", "+0", "-1h", "+2", "+0", "-1d") if SOAK else ("+1h", "-1h", "+0", "-1d")
FEW, PERIOD_OF_FEW_S = (200 if SOAK else 8), (20.0 if SOAK else 6.0)


@pytest.fixture
def shift(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that says by how much the clock of every process of a server is off."""
    found = tmp_path / "shift"
    found.write_text("+0")
    monkeypatch.setenv("LD_PRELOAD", str(FAKETIME))
    monkeypatch.setenv("FAKETIME_TIMESTAMP_FILE", str(found))
    monkeypatch.setenv("FAKETIME_CACHE_DURATION", "1")
    monkeypatch.setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1")
    return found


class Pinging:
    """Pings each of many sources again and again, but for those that have fallen silent."""

    def __init__(self, server: Server, addresses: dict[str, str]) -> None:
        self.server, self.addresses, self.silent, self.is_over = server, addresses, list[str](), False

    def __enter__(self) -> Pinging:
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        return self

    def __exit__(self, *wrong: object) -> None:
        self.is_over = True
        self._thread.join()

    def _run(self) -> None:
        with httpx2.Client(base_url=self.server.address, timeout=30) as phone:
            while not self.is_over:
                for source, address in self.addresses.items():
                    if source not in self.silent:
                        with suppress(httpx2.HTTPError):  # while the app is replaced it tries again
                            phone.get(address)
                time.sleep(0.2)


def sources(data: Path, station: str) -> dict[str, str]:
    house = open_house(data)
    house.node.catch_up()
    found = {new_id(): "" for _ in range(FEW)}
    for number, source in enumerate(found):
        house.node.do(commands.add_source(station, f"Source {number}", source=source), by="operator")
        found[source] = pings.new_address(house.vault, source)
    house.close()
    return found


def false_and_missed_of(data: Path) -> tuple[list[str], list[str]]:
    """What rang though it had pinged in time, and what did not though it had not, by the pings in the journal: on a
    slow machine a ping may be late itself.
    """
    house = open_house(data)
    try:
        entries = list(house.journal.all())
    finally:
        house.close()
    period, false, missed = timedelta(seconds=PERIOD_OF_FEW_S), list[str](), list[str]()
    assert abs(entries[-1].at - datetime.now(UTC)) < timedelta(minutes=2), "no clock that was set is in the journal"
    for armed in (one for one in entries if isinstance(one.body, ObligationArmed)):
        heard = [one.at for one in entries if isinstance(one.body, Pinged) and one.stream == armed.body.rests_on[-1]]
        heard = [armed.at, *(at for at in heard if at >= armed.at)]
        rang = {
            one.body.lapsed_at
            for one in entries
            if isinstance(one.body, AlarmRaised) and one.body.obligation == armed.stream
        }
        owed = {
            at + period for at, after in zip(heard, [*heard[1:], entries[-1].at], strict=True) if after > at + period
        }
        false += [f"{armed.stream} {at}" for at in rang - owed]
        missed += [f"{armed.stream} {at}" for at in owed - rang if at < entries[-1].at - timedelta(seconds=2)]
    return false, missed


@pytest.mark.skipif(not FAKETIME.exists(), reason="needs libfaketime (apt install faketime)")
def test_a_server_whose_clock_is_set_rings_for_what_is_owed_and_for_nothing_else(tmp_path: Path, shift: Path) -> None:
    """Its app is replaced while the clock is a day behind, and goes on where the journal stands."""
    with running(tmp_path / "data") as server:
        os.environ.pop("LD_PRELOAD")  # for the server alone: this test keeps its own time
        sam = Hand(server)
        station = sam.station("Post 7")
        addresses = sources(server.data, station.removeprefix("stations/"))
        with Pinging(server, addresses) as pinging:
            me = sam.me(station)
            for source in addresses:
                assert server.reader.get(addresses[source]).text == "OK"
                asked = {"sort": "ping", "within": f"{PERIOD_OF_FEW_S} s", "source": source}
                sam.does(f"{station}/arm", title=f"{source} is silent", supervisor=me, to_1=me, **asked)
            for number, by in enumerate(STEPS):
                shift.write_text(by)
                pinging.silent.append(list(addresses)[number])
                wait_until(lambda by=by: ("clock of this machine" in sam.page("")) == (by != "+0"))
            kill_app(server)
            wait_until(lambda: time.sleep(0.3) or len(raised(server.data)) >= len(STEPS), 90)
        assert false_and_missed_of(server.data) == ([], [])
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
