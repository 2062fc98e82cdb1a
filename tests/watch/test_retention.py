"""How long things are kept: a rule with a name and a time, and two clocks that keep it, unless a hold stops them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from html import unescape
from types import SimpleNamespace
from typing import Any

import pytest

from heard.coverage.frames import Painter
from heard.engine import now
from heard.engine.entry import Entry
from heard.engine.errors import Refused
from heard.engine.node import Written
from heard.opening import House
from heard.store.frames import FramesFile
from heard.verify import verify_directory
from heard.watch import commands, earlier, period, present, projection, resuming, retention, ringing
from heard.watch.entries import PresenceTold
from heard.watch.erased import Erased
from heard.watch.retention_entries import RetentionSet
from heard.watch.watching import Watching
from tests.server import Server, running
from tests.watch.gate import NOON, Hands
from tests.watch.hand import Hand
from tests.watch.test_what_is_kept import DAY_S, Keeping, _raw

HOUR_S = 3600.0


@pytest.fixture
def kept(house: House) -> Iterator[Keeping]:
    with ExitStack() as stack:
        yield Keeping(house, Hands(stack))


def sets(kept: Keeping, fixes_h: int, verdicts_days: int = 365, reason: str = "as agreed with the union") -> None:
    kept.house.node.do(retention.keep_for(fixes_h, verdicts_days, reason), by="ada")


def erases(kept: Keeping) -> None:
    async def both(taking: object) -> None:
        erasing = kept_taking.erasing
        await erasing.erase()
        await erasing.erase_verdicts_in_their_time()

    kept_taking = kept.taking()
    kept.while_running(kept_taking, both)


# Positions ------------------------------------------------------------------------------------------------------------


def test_without_a_word_it_is_72_hours_and_a_year_and_a_change_has_a_name_a_time_and_a_reason(kept: Keeping) -> None:
    rule = retention.in_force(kept.house.tables)
    assert (rule.fixes_h, rule.verdicts.days, rule.set_by) == (72, 365, "")
    at = kept.hands.go_on(5)
    sets(kept, 48, 300)
    rule = retention.in_force(kept.house.tables)
    assert (rule.fixes_h, rule.verdicts.days, rule.set_by, rule.set_at) == (48, 300, "ada", at)
    entry = kept.house.journal.entry(rule.position)
    assert entry is not None and entry.by == "ada" and entry.body == RetentionSet(48, 300, "as agreed with the union")


@pytest.mark.parametrize(
    ("fixes_h", "days", "reason", "why"),
    [
        (0, 365, "x", "1 to 168 hours"),
        (169, 365, "x", "1 to 168 hours"),
        (72, 27, "x", "28 to 366 days"),
        (72, 367, "x", "28 to 366 days"),
        (72, 365, " ", "reason is missing"),
    ],
)
def test_out_of_bounds_or_without_a_reason_nothing_is_changed(
    kept: Keeping, fixes_h: int, days: int, reason: str, why: str
) -> None:
    with pytest.raises(Refused, match=why):
        sets(kept, fixes_h, days, reason)
    assert retention.rules(kept.house.tables) == []


@pytest.mark.parametrize("hours", [12, 120])
def test_shorter_or_longer_no_byte_of_a_fix_is_on_the_disk_after_that_and_not_before(kept: Keeping, hours: int) -> None:
    kept.take(kept.fix(3), kept.fix(4, 2))
    blocks, keys = _raw(kept.file)
    sets(kept, hours)
    kept.hands.go_on((hours - 1) * HOUR_S)
    erases(kept)
    assert _raw(kept.file) == (blocks, keys), "an hour before its time"
    kept.hands.go_on(HOUR_S)
    erases(kept)
    assert _raw(kept.file) == ([], [])
    assert gone(kept, [*blocks, *keys])


def gone(kept: Keeping, pieces: list[bytes]) -> bool:
    """No file of the data directory has any of it, nor the first bytes of it."""
    return all(one[:16] not in raw for raw in kept.bytes().values() for one in pieces)


# What was told of people ----------------------------------------------------------------------------------------------


def told(kept: Keeping) -> list[Entry]:
    """The entries that told of somebody on duty, as far as their words are there."""
    return [one for one in kept.house.journal.stream(kept.gate.id) if isinstance(one.body, PresenceTold)]


def raw(kept: Keeping, entries: list[Entry]) -> list[bytes]:
    """Their sealed words and keys, as they are on the disk."""
    journal = kept.house.journal
    records = [record for one in entries if (record := journal.store.record(one.position))]
    seals = journal.vault.seals([one.seal for one in records])
    return [*(one.sealed for one in records), *(seals[one.seal].key for one in records)]


def a_duty(kept: Keeping) -> datetime:
    """One was here and left, it rang, somebody came and closed the alarm; the duty is over."""
    gate = kept.gate
    gate.is_there(gate.one)
    gate.arms("present", "60 s", at_least="1")
    kept.hands.go_on(600)
    gate.is_there(gate.one, False)
    kept.hands.go_on(120)
    [raised] = gate.rings()
    gate.is_there(gate.one)
    gate.rings()
    gate.do(ringing.close(raised.stream, "a fall at the other gate"), gate.sam)
    kept.hands.go_on(60)
    ended_at = kept.hands.at
    gate.do(commands.end_duty(gate.id, gate.one), gate.one)
    gate.rings()
    return ended_at


def afresh(kept: Keeping) -> Watching:
    """What watches, worked out from the record alone."""
    watching = Watching(kept.house.journal)
    watching.catch_up(kept.house.store.position())
    watching.let_pass(kept.hands.at)
    return watching


def test_after_a_year_the_words_and_keys_are_on_no_disk_and_the_rest_stands(kept: Keeping) -> None:
    a_duty(kept)
    before = told(kept)
    pieces = raw(kept, before)
    assert len(before) == 3 and not any(gone(kept, [one]) for one in pieces), "the control: they were there"
    alarms = projection.closed_alarms(kept.house.tables, kept.gate.id)
    kept.hands.go_on(364.9 * DAY_S)
    erases(kept)
    assert told(kept) == before, "not a day before its time"
    kept.hands.go_on(DAY_S)
    erases(kept)
    assert told(kept) == [] and gone(kept, pieces)
    assert [kept.house.journal.entry(one.position).body for one in before] == [None] * 3  # type: ignore[union-attr]
    assert projection.closed_alarms(kept.house.tables, kept.gate.id) == alarms != []
    assert not list(afresh(kept).recording.due()), "nothing rings for what nobody can say any more"
    written = kept.house.store.position()
    erases(kept)
    assert kept.house.store.position() == written, "and once"
    assert verify_directory(kept.house.data).erased == 3, "the record is whole"


def test_control_without_that_a_start_from_the_record_would_ring_for_it(
    kept: Keeping, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_duty(kept)
    kept.hands.go_on(366 * DAY_S)
    erases(kept)
    assert not list(afresh(kept).recording.due())
    monkeypatch.setattr(Erased, "reaches", lambda *_: False)
    assert [one.move for one in afresh(kept).recording.due()] == ["raise"]


def test_whoever_looks_back_reads_that_it_is_gone(kept: Keeping) -> None:
    ended_at = a_duty(kept)
    gate, tables = kept.gate, kept.house.tables
    [(duty,)] = tables.execute("SELECT position FROM duty_time WHERE ended_at IS NOT NULL")
    days = kept.hands.at.date(), kept.hands.at.date()

    def of() -> tuple[bool, datetime | None]:
        made = asyncio.run(period.report(kept.house.journal, tables, *days, {}))
        serving: Any = SimpleNamespace(tables=tables, node=kept.house.node)
        return asyncio.run(earlier.told_in(serving, gate.one, duty)).gone, made.erased_until

    assert of() == (False, None)
    kept.hands.go_on(366 * DAY_S)
    erases(kept)
    assert of() == (True, ended_at)


def test_a_hold_stops_it_and_an_alarm_that_is_not_closed_does(kept: Keeping) -> None:
    gate, ended_at = kept.gate, a_duty(kept)
    window = (ended_at - timedelta(hours=2), ended_at, ended_at + timedelta(days=800))
    hold = gate.do(present.ask_for_hold(gate.id, *window, "the inquest"), gate.sam).stream
    other = gate.account("ada@heard.example", "supervisor")
    gate.do(present.agree_to_hold(hold, other), other)
    gate.begins(gate.one)
    kept.hands.go_on(120)
    [raised] = gate.rings()
    gate.is_there(gate.one)
    gate.rings()
    gate.do(commands.end_duty(gate.id, gate.one), gate.one)
    kept.hands.go_on(400 * DAY_S)
    erases(kept)
    assert len(told(kept)) == 4
    gate.do(present.end_hold(hold, "the inquest is over"), other)
    erases(kept)
    assert len(told(kept)) == 4, "somebody has to look at it first"
    gate.do(ringing.close(raised.stream, "nobody had looked"), gate.sam)
    erases(kept)
    assert told(kept) == []


def test_of_all_stations_it_is_one_writing_and_a_station_where_it_is_stopped_by_then_is_left_out(
    kept: Keeping,
) -> None:
    gate = kept.gate
    a_duty(kept)
    other = gate.do(commands.set_station("Post 8"), gate.sam).stream
    gate.do(commands.post_holder(other, gate.two), gate.sam)
    gate.do(commands.begin_duty(other, gate.two), gate.two)
    gate.do(commands.tell_presence(other, gate.two, True), gate.two)
    kept.hands.go_on(60)
    gate.do(commands.end_duty(other, gate.two), gate.two)
    kept.hands.go_on(366 * DAY_S)
    due = list(retention.over(kept.house.tables, kept.hands.at))
    going = [retention.Going(one.station, [one], []) for one in due]
    assert {one.station for one in going} == {gate.id, other}
    window = (NOON, kept.hands.at, kept.hands.at + timedelta(days=9))
    hold = gate.do(present.ask_for_hold(other, *window, "the inquest"), gate.sam).stream
    gate.do(retention.erase(going), ringing.WATCH)
    assert [one.station for one in retention.over(kept.house.tables, kept.hands.at)] == []
    assert retention.gone_until(kept.house.tables, other) is None, "somebody asked for a hold meanwhile"
    gate.do(present.end_hold(hold, "not needed"), gate.sam)
    assert [one.station for one in retention.over(kept.house.tables, kept.hands.at)] == [other]


@pytest.mark.parametrize("asks_first", [True, False])
def test_a_hold_that_is_asked_in_the_same_moment_is_before_it_or_nothing_goes(kept: Keeping, asks_first: bool) -> None:
    """Both are judged before either is written."""
    gate, ended_at, node = kept.gate, a_duty(kept), kept.house.node
    kept.hands.go_on(366 * DAY_S)
    going = [retention.Going(one.station, [one], []) for one in retention.over(kept.house.tables, kept.hands.at)]
    window = (NOON, ended_at, kept.hands.at + timedelta(days=9))
    asked = [
        node.ask(present.ask_for_hold(gate.id, *window, "the inquest"), by=gate.sam),
        node.ask(retention.erase(going), by=ringing.WATCH),
    ]
    node.do_all(asked if asks_first else asked[::-1])
    hold, erased = asked
    assert isinstance(hold.outcome, Written) and hold.outcome.kind == "watch.hold_asked"
    assert isinstance(erased.outcome, Written)
    if asks_first:
        assert erased.outcome.kind == "" and retention.gone_until(kept.house.tables, gate.id) is None
    else:
        assert erased.outcome.last < hold.outcome.position


@pytest.mark.parametrize("agrees_first", [True, False])
def test_a_hold_that_is_agreed_to_in_the_same_moment_stops_it_as_well(kept: Keeping, agrees_first: bool) -> None:
    """Nobody had agreed for days, so that it stopped nothing any more."""
    gate, ended_at, node = kept.gate, a_duty(kept), kept.house.node
    kept.hands.go_on(366 * DAY_S)
    window = (NOON, ended_at, kept.hands.at + timedelta(days=99))
    hold = gate.do(present.ask_for_hold(gate.id, *window, "the inquest"), gate.sam).stream
    kept.hands.go_on(4 * DAY_S)
    going = [retention.Going(one.station, [one], []) for one in retention.over(kept.house.tables, kept.hands.at)]
    asked = [
        node.ask(present.agree_to_hold(hold, "tam"), by="tam"),
        node.ask(retention.erase(going), by=ringing.WATCH),
    ]
    node.do_all(asked if agrees_first else asked[::-1])
    agreed, erased = (one.outcome for one in asked)
    assert isinstance(agreed, Written) and isinstance(erased, Written) and agreed.kind == "watch.hold_agreed"
    assert erased.kind == "" if agrees_first else 0 < erased.last < agreed.position


def test_an_entry_that_cannot_be_read_keeps_its_duty_and_no_other(
    kept: Keeping, capsys: pytest.CaptureFixture[str]
) -> None:
    gate = kept.gate
    a_duty(kept)
    unread = told(kept)[-1].position
    gate.begins(gate.one)
    gate.is_there(gate.one)
    kept.hands.go_on(60)
    gate.do(commands.end_duty(gate.id, gate.one), gate.one)
    record = kept.house.store.record(unread)
    assert record is not None
    seal = kept.house.vault.seals([record.seal])[record.seal]
    kept.house.vault.destroy([record.seal])
    kept.hands.go_on(366 * DAY_S)
    erases(kept)
    [left] = retention.over(kept.house.tables, kept.hands.at)
    assert left.position < unread < left.ended_position
    assert retention.gone_until(kept.house.tables, gate.id) is not None, "the other one is gone"
    said = capsys.readouterr().out
    assert "verdicts_unread" in said and str(unread) in said and seal.key.hex() not in said


def test_years_of_duties_that_are_gone_are_not_looked_through_for_those_that_are_due(kept: Keeping) -> None:
    """In ten years a large site has a million of them."""
    asked = "EXPLAIN QUERY PLAN SELECT position FROM duty_time WHERE gone = 0 AND ended_at <= ?"
    [(*_, plan)] = kept.house.tables.execute(asked, (now.text(kept.hands.at),))
    assert "duty_time_over" in plan


def test_what_is_destroyed_later_is_heard_and_the_record_of_years_not_read_again(kept: Keeping) -> None:
    """In ten years that is a hundred thousand entries, and an alarm would wait while they are read."""
    ended_at = a_duty(kept)
    watching = afresh(kept)
    assert not watching.recording.erased.reaches([kept.gate.id], ended_at)
    del watching.recording.erased.journal
    kept.hands.go_on(366 * DAY_S)
    erases(kept)
    watching.catch_up(kept.house.store.position())
    assert watching.recording.erased.reaches([kept.gate.id], ended_at)
    assert not watching.recording.erased.reaches([kept.gate.id], ended_at + timedelta(seconds=1))


def test_the_tables_are_written_anew_then_and_what_never_had_a_word_of_it_is_not(kept: Keeping) -> None:
    """Not with the next retraction, which has to be quick; and frames, of years of posts, need not be at all."""
    a_duty(kept)
    house, kept_in = kept.house, FramesFile(kept.house.data / "frames.sqlite", kept.house.store.epoch)
    painter = Painter(house.journal, house.tables, house.doors, kept_in)
    painter.paint()
    before = house.node.leftovers.file.purged_to()
    kept.hands.go_on(366 * DAY_S)
    erases(kept)
    painter.paint()
    assert house.node.leftovers.file.purged_to() == house.store.position() > before
    assert kept_in.purging.purged_to() == 0
    kept_in.close()


def test_a_quick_start_is_none_the_slower_for_it(kept: Keeping) -> None:
    """The file is kept on: else whoever erases each day begins from the whole record each time."""
    a_duty(kept)
    looked_to = kept.house.store.position()
    kept.hands.go_on(366 * DAY_S)
    erases(kept)
    assert told(kept) == []
    assert resuming.to_keep(kept.gate.watching, looked_to) is not None


def test_what_is_told_in_a_duty_that_goes_on_stays_whole(kept: Keeping) -> None:
    kept.gate.is_there(kept.gate.one)
    kept.hands.go_on(400 * DAY_S)
    erases(kept)
    assert len(told(kept)) == 1


def test_shorter_counts_at_once_for_what_is_there(kept: Keeping) -> None:
    a_duty(kept)
    kept.hands.go_on(100 * DAY_S)
    erases(kept)
    assert len(told(kept)) == 3
    sets(kept, 72, 90)
    erases(kept)
    assert told(kept) == []


# The page -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("kept") / "data") as server:
        yield server


def test_an_administrator_sets_it_on_its_page_and_it_stands_there_with_their_name(served: Server) -> None:
    hand = Hand(served)
    station = hand.station("Post 7")
    assert "Fixes are kept sealed for 72 hours" in hand.page(f"{station}/")
    refused = hand.client.post("/watch/keeping/", data={"fixes_h": "9 days", "verdicts_days": "365", "reason": "x"})
    assert refused.status_code == 422 and 'value="9 days"' in refused.text
    hand.does("keeping/", fixes_h="24", verdicts_days="200", reason="Nobody asked for more.")
    page = unescape(re.sub(r"<[^>]+>|\s+", " ", hand.page("keeping/")))
    for words in ("24 hours", "200 days after the duty", "Ada Desk", "Nobody asked for more.", "none stands now"):
        assert words in page, words
    assert "Fixes are kept sealed for 24 hours" in hand.page(f"{station}/")
