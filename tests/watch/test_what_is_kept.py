"""Raw fixes: sealed on the disk, read back after a restart, and after 72 hours in no byte of any file."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from heard.engine.errors import NotAllowed
from heard.engine.node import Command, Written
from heard.opening import House
from heard.store.fixes import FixesFile
from heard.watch import commands, feeds, positions, present, projection
from heard.watch.areas import Area
from heard.watch.entries import PresenceTold
from heard.watch.position_entries import FixesDigested
from heard.watch.tracks import Placed, Step
from heard.web.taking import Taking
from tests.watch.gate import NOON, Gate, Hands

METRE = 1 / 111_195
DAY_S = 24 * 3600.0


class Keeping:
    """A gate whose first holder is on duty, and what takes their fixes in."""

    def __init__(self, house: House, hands: Hands) -> None:
        self.gate, self.hands, self.house = Gate(house), hands, house
        self.file = FixesFile(house.data / "fixes.sqlite")
        self.gate.do(feeds.set_area(self.gate.id, Area((52.0, 0.0), 20)), self.gate.sam)
        self.gate.begins(self.gate.one)
        self.hands.go_on(1)

    def taking(self) -> Taking:
        async def do(command: Command, **asked: Any) -> Written:
            return self.house.node.do(command, **asked)

        return Taking(self.house.node, self.file, do)

    def take(self, *fixes: Placed, taking: Taking | None = None) -> int:
        taken: int = self.while_running(taking or self.taking(), lambda one: one.take({self.gate.one: fixes}))
        return taken

    def while_running(self, taking: Taking, does: Callable[[Taking], Awaitable[Any]]) -> Any:
        async def run() -> Any:
            working = asyncio.ensure_future(taking.run())
            try:
                return await does(taking)
            finally:
                working.cancel()

        return asyncio.run(run())

    def fix(self, metres: float, before_s: float = 0, acc: float = 4) -> Placed:
        at = self.hands.at - timedelta(seconds=before_s)
        return Placed(at, self.hands.at, 52 + metres * METRE, 0.0, acc)

    def told(self) -> list[tuple[bool | None, datetime]]:
        bodies = [one.body for one in self.house.journal.stream(self.gate.id)]
        return [(one.present, one.since_at) for one in bodies if isinstance(one, PresenceTold) and one.since_at]

    def bytes(self) -> dict[str, bytes]:
        """Of every file in the data directory."""
        return {path.name: path.read_bytes() for path in self.house.data.rglob("*") if path.is_file()}


@pytest.fixture
def kept(house: House) -> Iterator[Keeping]:
    with ExitStack() as stack:
        yield Keeping(house, Hands(stack))


def test_only_changes_are_entries(kept: Keeping) -> None:
    taking = kept.taking()
    for n in range(200):
        kept.take(kept.fix(3 + n % 2), taking=taking)
        kept.hands.go_on(5)
    kept.take(kept.fix(60), taking=taking)
    assert [value for value, _ in kept.told()] == [True, False]


def test_no_place_is_in_clear_in_any_file(kept: Keeping) -> None:
    written = kept.fix(3.7)
    kept.take(written)
    clear = msgspec.msgpack.encode(written.lat)
    assert clear in msgspec.msgpack.encode([written]), "the control: so a place is written"
    assert all(clear not in raw and str(written.lat).encode() not in raw for raw in kept.bytes().values())


def test_after_72_hours_no_byte_of_a_block_and_no_key_is_on_the_disk(kept: Keeping) -> None:
    for n in range(40):
        kept.take(kept.fix(3 + n % 3))
        kept.hands.go_on(100)
    blocks, keys = _raw(kept.file)
    assert len(blocks) == 40 and keys
    assert all(any(one in raw for raw in kept.bytes().values()) for one in (*blocks, *keys)), "the control"
    kept.hands.go_on(71 * 3600)
    kept.while_running(kept.taking(), lambda taking: taking.erasing.erase())
    remaining, _ = _raw(kept.file)
    assert 0 < len(remaining) < 40, "an hour that is old enough goes, another stays"
    kept.hands.go_on(3600)
    kept.while_running(kept.taking(), lambda taking: taking.erasing.erase())
    assert _raw(kept.file) == ([], [])
    for name, raw in kept.bytes().items():
        for one in (*blocks, *keys):
            assert one not in raw and one[:16] not in raw, name
    assert positions.steps(kept.house.tables, kept.gate.id, kept.gate.one), "what was told stays"


def test_control_rows_that_are_only_deleted_leave_pieces(kept: Keeping) -> None:
    for n in range(40):
        kept.take(kept.fix(3 + n % 3))
    blocks, _ = _raw(kept.file)
    kept.file._connection.execute("PRAGMA secure_delete = OFF")
    kept.file._connection.execute("DELETE FROM block")
    assert any(one[:16] in raw for one in blocks for raw in kept.bytes().values())


def _raw(file: FixesFile) -> tuple[list[bytes], list[bytes]]:
    blocks: list[Any] = file._ask("SELECT sealed FROM block")
    keys: list[Any] = file._ask("SELECT key FROM hour")
    return [sealed for (sealed,) in blocks], [key for (key,) in keys]


def test_a_hold_stops_it_and_needs_two_people(kept: Keeping) -> None:
    kept.take(kept.fix(3))
    gate, at = kept.gate, kept.hands.at
    window = (at - timedelta(hours=2), at + timedelta(hours=2), at + timedelta(days=90))
    hold = gate.do(present.ask_for_hold(gate.id, *window, "the inquest"), gate.sam).stream
    with pytest.raises(NotAllowed):
        gate.do(present.agree_to_hold(hold, gate.sam), gate.sam)
    kept.hands.go_on(71.5 * 3600)
    other = gate.account("ada@heard.example", "supervisor")
    gate.do(present.agree_to_hold(hold, other), other)
    kept.hands.go_on(30 * DAY_S)
    kept.while_running(kept.taking(), lambda taking: taking.erasing.erase())
    assert len(_raw(kept.file)[0]) == 1
    gate.do(present.end_hold(hold, "the inquest is over"), other)
    kept.while_running(kept.taking(), lambda taking: taking.erasing.erase())
    assert _raw(kept.file) == ([], [])


def test_a_hold_of_one_person_ends_by_itself_and_so_does_one_of_another_time(kept: Keeping) -> None:
    kept.take(kept.fix(3))
    gate, at = kept.gate, kept.hands.at
    review = at + timedelta(days=90)
    gate.do(present.ask_for_hold(gate.id, at - timedelta(hours=2), at + timedelta(hours=2), review, "why"), gate.sam)
    gate.do(present.ask_for_hold(gate.id, at + timedelta(days=1), at + timedelta(days=9), review, "why"), gate.sam)
    kept.hands.go_on(72 * 3600)
    kept.while_running(kept.taking(), lambda taking: taking.erasing.erase())
    assert _raw(kept.file) == ([], [])


def test_what_is_kept_is_what_the_journal_has_the_digest_of(kept: Keeping) -> None:
    taking = kept.taking()
    for metres in (3, 60, 4):
        kept.take(kept.fix(metres), kept.fix(metres + 1, 2), taking=taking)
        kept.hands.go_on(5)
    kept.gate.do(commands.end_duty(kept.gate.id, kept.gate.one), kept.gate.one)
    kept.while_running(taking, lambda one: one.erasing.digest((), {}))
    heads = kept.file.heads(kept.gate.one, kept.gate.id)
    bodies = [one.body for one in kept.house.journal.stream(kept.gate.id)]
    told = [one.digest for one in bodies if isinstance(one, PresenceTold | FixesDigested)]
    assert told and set(told) <= set(heads) and told[-1] == heads[-1]
    [(number,), *_] = kept.file._ask("SELECT number FROM block ORDER BY number DESC")
    kept.file._connection.execute("DELETE FROM block WHERE number = ?", (number - 1,))
    assert told[-1] == kept.file.heads(kept.gate.one, kept.gate.id)[-1], "a block says which one was before it"
    before: list[Any] = kept.file._ask("SELECT before FROM block ORDER BY number")
    again = kept.file.heads(kept.gate.one, kept.gate.id)
    assert any(one.hex() not in again for (one,) in before[1:]), "so one that is left out is missed"


def test_a_restart_writes_down_what_fell_due_meanwhile_with_its_instant_and_once(kept: Keeping) -> None:
    kept.take(kept.fix(3))
    kept.hands.go_on(600)
    for _ in range(2):  # started, killed, started again
        kept.while_running(kept.taking(), lambda taking: asyncio.sleep(0.05))
    told = kept.told()
    assert [value for value, _ in told] == [True, None]
    assert told[1][1] - told[0][1] == timedelta(seconds=90)


def test_positions_that_are_lost_do_not_leave_anybody_present(kept: Keeping) -> None:
    kept.take(kept.fix(3))
    kept.hands.go_on(10)
    kept.file.erase([number for number, _, _ in kept.file.hours()])
    kept.while_running(kept.taking(), lambda taking: asyncio.sleep(0.05))
    assert [value for value, _ in kept.told()] == [True, None]


def test_of_the_time_before_a_duty_and_of_others_nothing_is_kept(kept: Keeping) -> None:
    assert kept.take(kept.fix(3, before_s=30)) == 0
    kept.gate.do(commands.end_duty(kept.gate.id, kept.gate.one), kept.gate.one)
    assert kept.take(kept.fix(3)) == 0
    assert projection.all_duties(kept.house.tables) == [] and _raw(kept.file) == ([], [])
    assert kept.hands.at > NOON


def test_an_area_that_moves_counts_from_then_on(kept: Keeping) -> None:
    taking = kept.taking()
    kept.take(kept.fix(3), taking=taking)
    kept.hands.go_on(10)
    kept.gate.do(feeds.set_area(kept.gate.id, Area((52.01, 0.0), 20)), kept.gate.sam)
    moved_at = kept.hands.at
    kept.while_running(taking, lambda one: asyncio.sleep(0.05))
    assert [(value, at >= moved_at) for value, at in kept.told()] == [(True, False), (False, True)]


@pytest.mark.parametrize("first", [True, False])
def test_positions_that_cannot_be_read_keep_no_other_holder_from_being_seen(kept: Keeping, first: bool) -> None:
    """Whoever is not seen after a restart, and sends no more, would be present for ever."""
    kept.gate.begins(kept.gate.two)
    kept.hands.go_on(1)
    kept.while_running(
        kept.taking(), lambda one: one.take({kept.gate.one: [kept.fix(3)], kept.gate.two: [kept.fix(3)]})
    )
    harmed, whole = sorted((kept.gate.one, kept.gate.two), reverse=not first)
    [(number,)] = kept.file._ask(
        "SELECT block.number FROM block JOIN hour ON hour.number = block.hour WHERE holder = ?", harmed
    )
    kept.file._connection.execute("UPDATE block SET sealed = randomblob(80) WHERE number = ?", (number,))
    taking = kept.taking()
    kept.hands.go_on(1)
    sent = {harmed: [kept.fix(4)], whole: [kept.fix(3)]}
    taken = kept.while_running(taking, lambda one: one.take(sent))
    assert taken == 2, "one whose positions do not open keeps no other from being heard, nor themselves"
    assert {holder for holder, _ in taking.held} == {harmed, whole}
    assert [steps(kept, one)[-1].present for one in (harmed, whole)] == [True, True]


def test_positions_that_cannot_be_read_are_a_blind_spot_by_name(kept: Keeping) -> None:
    kept.take(kept.fix(3))
    kept.hands.go_on(1)
    kept.file._connection.execute("UPDATE block SET sealed = randomblob(80)")
    taking = kept.taking()
    asyncio.run(taking.look())
    tables = kept.house.node.tables
    assert projection.why_unknown(tables, kept.gate.id) == ["unread"]
    seen = taking.now(kept.gate.one, kept.gate.id)
    assert seen is not None
    assert (seen.present, seen.why) == (None, "unread")


def steps(kept: Keeping, holder: str) -> list[Step]:
    return positions.steps(kept.house.node.tables, kept.gate.id, holder)
