"""What the watch keeps for a quick start: who may write it, what becomes of it, and that no typed word is in it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from heard.accounts import projection as accounts
from heard.accounts.model import Caller
from heard.engine.errors import Unavailable
from heard.opening import House
from heard.store.resuming import ResumingFile
from heard.watch import arming, commands, resuming, suspending, suspensions, tags
from heard.watch.watching import Watching
from heard.web.resuming import Keeping, keep_on
from tests.watch.gate import Gate, Hands

CANARY = "barge-canary"


@pytest.fixture
def hands() -> Iterator[Hands]:
    with ExitStack() as stack:
        yield Hands(stack)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "watch.sqlite"


def a_busy_gate(house: House, hands: Hands) -> Gate:
    """Each sort is armed there, one alarm is open, and every word that anybody typed is the canary."""
    gate = Gate(house)
    gate.do(commands.set_station(CANARY, CANARY, station=gate.id), gate.sam)
    order = gate.publish(CANARY)
    for who in (gate.one, gate.two):
        gate.reads(order, 1, who)
    gate.begins(gate.one, gate.two)
    gate.is_there(gate.one)
    gate.is_told(CANARY)
    other = gate.do(commands.set_station(f"{CANARY} 2"), gate.sam).stream
    gate.do(commands.tell_state(other, CANARY), gate.sam)
    gate.do(commands.add_source(gate.id, CANARY, source="camera"), gate.sam)
    gate.do(commands.ping("camera", "success"), "camera")
    tag = gate.do(tags.add_tag(gate.id, CANARY), gate.sam).stream
    at = hands.at
    for sort in ("read", "check", "present", "ping", *arming.MORE_SORTS):
        asked = {"source": "camera", "state": "" if sort in ("read", "ping") else CANARY, "at_least": "1"}
        asked |= {"order": order, "deed": CANARY, "begins": f"{CANARY} asked", "days": "1", "working_day": "3"}
        written = arming.written_from(
            gate.id, {"sort": sort, "within": "60 s", "to_1": gate.sam, **asked}, [gate.one, gate.two], [other]
        )
        armed = gate.do(arming.arm(gate.id, CANARY, written, gate.sam), gate.sam).stream
        until = at + timedelta(minutes=1 if sort == "ping" else 20)
        asked_at = gate.do(suspending.ask(armed, at, until, "pause", CANARY), gate.sam).position
        if sort in ("ping", "each-present", "answer"):
            suspended = suspensions.of_position(gate.tables, asked_at)
            assert suspended
            gate.do(suspending.agree(suspended, gate.one), gate.one)
    gate.do(commands.do_deed(gate.id, f"{CANARY} asked", CANARY), gate.sam)
    gate.do(tags.check_in(tag, Caller(accounts.by_id(gate.tables, gate.one))), gate.one)
    gate.publish(CANARY, CANARY, order)
    hands.go_on(61)
    assert gate.rings()
    return gate


def kept(watching: Watching, file: ResumingFile) -> bool:
    changed = resuming.to_keep(watching, watching.position)
    assert changed is not None
    return file.keep(*changed[:2])


def all_bytes(path: Path) -> bytes:
    return b"".join(one.read_bytes() for one in path.parent.glob(f"{path.name}*"))


def test_no_word_that_anybody_typed_is_kept(house: House, hands: Hands, path: Path) -> None:
    gate = a_busy_gate(house, hands)
    assert kept(gate.watching, ResumingFile(path))
    assert gate.id.encode() in all_bytes(path)
    assert CANARY.encode() not in all_bytes(path)


def test_an_obligation_that_is_laid_down_with_its_words_is_caught(
    house: House, hands: Hands, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: were it laid down whole, the state that it waits for would be in the file."""
    monkeypatch.setattr("heard.watch.watched._is_without_words", lambda obligation: True)
    gate = a_busy_gate(house, hands)
    assert kept(gate.watching, ResumingFile(path))
    assert CANARY.encode() in all_bytes(path)


def test_what_somebody_typed_is_read_again_where_it_counts(house: House, hands: Hands, path: Path) -> None:
    """The key of what is to be answered, and whether a state is the one for which something is asked."""
    gate = a_busy_gate(house, hands)
    assert kept(gate.watching, ResumingFile(path))
    follower = Watching(house.journal)
    assert resuming.resume(follower, ResumingFile(path))
    was, stands = (
        {one.id: watching.taken_up(one).evaluator.instances for one in watching.watched.values()}
        for watching in (gate.watching, follower)
    )
    assert any(CANARY in instances for instances in stands.values())
    assert stands == was


@pytest.mark.parametrize(
    "where, forgets",
    [
        ("heard.watch.deeds.OwedBy.name_of", lambda self, key: key),
        ("heard.watch.several.Several._without_words", lambda self, evidence: evidence.facts),
    ],
)
def test_a_key_or_a_state_that_is_laid_down_as_it_was_typed_is_caught(
    house: House, hands: Hands, path: Path, monkeypatch: pytest.MonkeyPatch, where: str, forgets: Any
) -> None:
    """The control."""
    monkeypatch.setattr(where, forgets)
    gate = a_busy_gate(house, hands)
    assert kept(gate.watching, ResumingFile(path))
    assert CANARY.encode() in all_bytes(path)


def test_an_app_that_is_replaced_keeps_nothing_in_what_its_follower_goes_on_from(
    house: House, hands: Hands, path: Path
) -> None:
    gate = a_busy_gate(house, hands)
    before = ResumingFile(path)
    assert kept(gate.watching, before)
    after, follower = ResumingFile(path), Watching(house.journal)
    assert resuming.resume(follower, after)
    gate.do_check()
    assert not kept(gate.watching, before)
    before.empty()
    follower.catch_up(house.store.position())
    assert kept(follower, after)
    assert after.about()[1] == house.store.position()  # type: ignore[index]


def test_rows_that_are_none_are_worked_out_again(house: House, hands: Hands, path: Path) -> None:
    gate = a_busy_gate(house, hands)
    file = ResumingFile(path)
    assert kept(gate.watching, file)
    file._db.execute("UPDATE station SET told = x'c1'").fetchall()
    file.close()
    watching, keeping = keep_on(house.journal, path)
    assert watching.position == 0
    watching.catch_up(house.store.position())
    assert watching.watched.keys() == gate.watching.watched.keys()
    keeping.end()
    assert keep_on(house.journal, path)[0].position == house.store.position()


def test_while_very_many_ring_at_once_they_are_recorded_first_and_kept_later(
    house: House, hands: Hands, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, looking = a_busy_gate(house, hands), ResumingFile(path)
    monkeypatch.setattr("heard.web.resuming.KEEP_EVERY_S", 0.01)
    monkeypatch.setattr("heard.web.resuming.MANY", 0)
    monkeypatch.setattr("heard.web.resuming.PUT_OFF_TIMES", 10**9)
    gate.watching.begin()
    some = next(iter(gate.watching.watched.values()))
    gate.watching.recording.look_at(some)

    async def kept_only_then() -> None:
        keeping = Keeping(gate.watching, ResumingFile(path))
        keeping._kept_to = 0
        working = asyncio.ensure_future(keeping.run())
        async with asyncio.timeout(30):
            while keeping._put_off < 3:
                await asyncio.sleep(0.01)
            assert looking.about() is None
            assert not list(gate.watching.recording.due()) and not len(gate.watching.recording)
            while looking.about() is None:
                await asyncio.sleep(0.01)
        working.cancel()

    asyncio.run(kept_only_then())


def test_what_could_not_be_kept_is_kept_the_next_time(
    house: House, hands: Hands, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is full; and then a mistake of ours, after which nothing is gone on from."""
    gate = a_busy_gate(house, hands)
    monkeypatch.setattr("heard.web.resuming.KEEP_EVERY_S", 0.01)
    looking = ResumingFile(path)  # the other, which owns it, is at work in a thread
    file, tried, really = ResumingFile(path), [0], ResumingFile.keep

    def fails_twice(self: ResumingFile, about: Any, rows: Any) -> bool:
        tried[0] += 1
        if tried[0] < 3:
            raise Unavailable("the disk is full")
        return really(self, about, rows)

    monkeypatch.setattr(ResumingFile, "keep", fails_twice)
    gate.watching.begin()

    async def until(so: Any) -> None:
        keeping = Keeping(gate.watching, file)
        keeping._kept_to = 0
        working = asyncio.ensure_future(keeping.run())
        async with asyncio.timeout(30):
            while not so():
                await asyncio.sleep(0.01)
        working.cancel()

    asyncio.run(until(lambda: looking.about() is not None))
    assert tried[0] == 3
    fresh = Watching(house.journal)
    assert resuming.resume(fresh, file)
    assert fresh.watched.keys() == gate.watching.watched.keys()
    gate.watching.has_stopped = True
    asyncio.run(until(lambda: looking.about() is None))
