"""Positions on two nodes of one journal: a fix that comes by one counts on the other, for 72 hours or as long as a hold
says, and no node has the last word against one that knows better.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from threading import Thread, current_thread, main_thread
from typing import Any

import psycopg
import pytest

from heard.engine.errors import Unavailable
from heard.engine.node import Command, Written
from heard.opening import House, open_house
from heard.store.fixes import Fixes
from heard.store.postgres_fixes import PostgresFixes
from heard.watch import commands, feeds, present
from heard.watch.areas import Area
from heard.watch.entries import PresenceTold
from heard.watch.position_entries import FixesDigested
from heard.watch.tracks import Placed
from heard.web.taking import Taking
from tests.postgres import Cluster
from tests.watch.gate import NOON, Gate, Hands

METRE = 1 / 111_195


class Node:
    """A node of the journal as far as positions go."""

    def __init__(self, house: House, is_its_turn: bool) -> None:
        async def do(command: Command, **asked: Any) -> Written:
            return house.node.do(command, **asked)

        assert house.shared is not None
        self.house, self.file = house, house.shared.fixes()
        self.taking = Taking(house.node, self.file, do, is_our_turn=lambda: is_its_turn)


class Two:
    """Two nodes, a gate whose first holder is on duty, and hands that move the clock of both."""

    def __init__(self, folder: Path, journal: str, stack: ExitStack) -> None:
        self.journal = journal
        houses = [open_house(folder / name, journal=journal, synchronous="OFF") for name in ("one", "other")]
        for house in houses:
            stack.callback(house.close)
        self.hands, self.gate = Hands(stack), Gate(houses[0])
        self.gate.do(feeds.set_area(self.gate.id, Area((52.0, 0.0), 20)), self.gate.sam)
        self.gate.begins(self.gate.one)
        self.nodes = [Node(house, n == 0) for n, house in enumerate(houses)]
        for node in self.nodes:
            stack.callback(node.file.close)
        self.hands.go_on(1)

    def run(self, does: Any) -> None:
        """With both at work; nothing looks by itself, so that each test says who looks when."""

        async def run() -> None:
            working = [asyncio.ensure_future(node.taking.write()) for node in self.nodes]
            try:
                await self.look()
                await does()
            finally:
                for one in working:
                    one.cancel()

        asyncio.run(run())

    async def look(self, *nodes: int) -> None:
        for number in nodes or (0, 1):
            self.nodes[number].house.node.catch_up()
            await self.nodes[number].taking.look()

    async def says(self, number: int, metres: float, before_s: float = 0) -> int:
        at = self.hands.at - timedelta(seconds=before_s)
        fix = Placed(at, self.hands.at, 52 + metres * METRE, 0.0, 4)
        self.nodes[number].house.node.catch_up()
        return await self.nodes[number].taking.take({self.gate.one: [fix]})

    def told(self) -> list[tuple[bool | None, float]]:
        """What the journal says, with seconds since the beginning."""
        bodies = [one.body for one in self.nodes[0].house.journal.stream(self.gate.id)]
        found = [one for one in bodies if isinstance(one, PresenceTold) and one.since_at]
        return [(one.present, self.seconds(one.since_at)) for one in found]

    def seconds(self, at: datetime | None) -> float:
        assert at is not None
        return round((at - self.began_at).total_seconds(), 1)

    began_at: datetime


@pytest.fixture
def two(tmp_path: Path, postgres: Cluster) -> Iterator[Two]:
    journal = postgres.fresh()
    with ExitStack() as stack:
        made = Two(tmp_path, journal, stack)
        made.began_at = made.hands.at
        yield made
    postgres.give_back(journal)


def test_what_comes_by_one_node_is_known_on_the_other(two: Two) -> None:
    async def does() -> None:
        assert await two.says(0, 3) == 1
        two.hands.go_on(60)
        await two.look()
        assert [node.taking.now(two.gate.one, two.gate.id).present for node in two.nodes] == [True, True]
        assert await two.says(1, 4) == 1
        two.hands.go_on(60)
        await two.look(0, 1)  # the first fix is not good any more, the other node's is
        assert two.told() == [(True, 0)]
        await two.says(0, 60)
        two.hands.go_on(1)
        await two.says(1, 61)
        await two.look()
        assert two.told() == [(True, 0), (False, 120)]
        two.hands.go_on(200)
        await two.look(1, 0)
        assert two.told() == [(True, 0), (False, 120), (None, 211)]

    two.run(does)
    assert [one.fixes for one in two.nodes[1].file.kept(two.gate.one)] == [4]


def test_phones_that_change_nodes_at_random_are_told_of_as_by_one(two: Two) -> None:
    """Whichever node they send to, and whichever looks: the journal says what one node would have written."""
    dice = random.Random(5)

    async def does() -> None:
        sent = list[tuple[float, float]]()
        for _ in range(30):
            two.hands.go_on(dice.choice([5, 20, 60, 120]))
            for number in (0, 1):
                if dice.random() < 0.4:
                    await two.look(number)
            late = dice.choice([0, 0, 0, 15])
            metres = dice.choice([3.0, 4.0, 5.0, 60.0])
            sent.append((two.seconds(two.hands.at) - late, metres))
            await two.says(dice.choice([0, 1]), metres + dice.random(), late)
        two.hands.go_on(300)
        await two.look()
        await two.look()
        stands = two.told()
        for second in range(int(two.seconds(two.hands.at))):
            before = [one for one in sent if one[0] <= second + 0.5]
            newest = max(before, default=None, key=lambda one: one[0])
            wanted = None if newest is None or newest[0] + 90 <= second + 0.5 else newest[1] < 20
            # Of one instant what was written last counts, and so it does of all that was put right.
            said = [value for value, at in sorted(stands, key=lambda one: one[1]) if at <= second + 0.5]
            assert (said[-1] if said else None) is wanted, second

    two.run(does)


def test_a_node_that_knew_less_is_put_right_within_a_look(two: Two) -> None:
    """It looked before the other's fix was there, and wrote afterwards that nothing is heard."""

    async def does() -> None:
        await two.says(0, 3)
        await two.look()
        two.hands.go_on(89)
        await two.says(0, 4)
        two.hands.go_on(2)
        behind = two.nodes[1].taking
        held = behind.held[two.gate.one, two.gate.id]
        two.nodes[1].house.node.catch_up()
        behind._has_changed(held, held.track.ends_at())
        await behind._tell(two.gate.id)
        assert two.told()[-1][0] is None, "the control: it was written"
        await two.look(0)
        assert two.told()[-1] == (True, 90)

    two.run(does)


def test_a_hold_that_is_asked_for_on_one_node_stops_the_other_and_after_72_hours_it_is_gone(
    two: Two, postgres: Cluster
) -> None:
    async def does() -> None:
        await two.says(1, 3)
        keys = _keys(two.nodes[0].file)
        assert keys and all(one in raw(postgres) for one in keys), "the control"
        two.hands.go_on(72.5 * 3600)
        at, gate = two.hands.at, two.gate
        asked = present.ask_for_hold(gate.id, at - timedelta(days=9), at, at + timedelta(days=9), "an inquest")
        hold = two.nodes[1].house.node.do(asked, by=gate.sam).stream
        await two.nodes[0].taking.erasing.erase()
        assert len(two.nodes[0].file.hours()) == 1
        two.nodes[1].house.node.do(present.end_hold(hold, "over"), by=gate.sam)
        await two.nodes[0].taking.erasing.erase()
        assert [node.file.hours() for node in two.nodes] == [[], []] and not two.nodes[1].file.kept()
        two.nodes[0].file._sweep.finish()
        assert not any(one in raw(postgres) for one in keys)

    two.run(does)


def test_one_node_alone_writes_digests_and_erases(two: Two) -> None:
    async def does() -> None:
        await two.says(1, 3)
        two.gate.do(commands.end_duty(two.gate.id, two.gate.one), two.gate.one)
        for node in reversed(two.nodes):
            clearing = asyncio.ensure_future(node.taking.erasing.run(node.taking.held, node.taking.is_our_turn))
            for _ in range(100):
                await asyncio.sleep(0.02)
                if not node.file.untold():
                    break
            clearing.cancel()
            assert bool(node.file.untold()) == (node is two.nodes[1])
        bodies = [one.body for one in two.nodes[0].house.journal.stream(two.gate.id)]
        assert [type(one) for one in bodies].count(FixesDigested) == 1

    two.run(does)


def test_a_database_that_is_lost_keeps_nothing_says_so_and_stops_nobody(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def does() -> None:
        await two.says(0, 3)
        two.hands.go_on(91)
        lost = two.nodes[0].file.database
        monkeypatch.setattr(lost, "_mend", lambda: None)
        lost.lose()
        lost._drop()
        await two.nodes[0].taking.look()
        with pytest.raises(Unavailable):
            await two.nodes[0].taking.take({two.gate.one: [Placed(two.hands.at, two.hands.at, 52.0, 0.0, 4)]})
        assert two.told() == [(True, 0)]
        two.hands.go_on(5)
        await two.nodes[0].taking.look()
        assert two.told() == [(True, 0), (None, 90)], "nobody stays present because nothing can be read"
        await two.says(1, 4)
        assert two.told()[-1] == (True, 96), "the other goes on"

    two.run(does)


def _keys(file: Fixes) -> list[bytes]:
    assert isinstance(file, PostgresFixes)
    return [key for (key,) in file.database.ask("SELECT key FROM fix_hour")]


def raw(postgres: Cluster) -> bytes:
    """Every byte of its tables; the log of what was written is recycled by the server, and not looked at."""
    with psycopg.connect(f"{postgres.address}/postgres", autocommit=True) as db:
        db.execute("CHECKPOINT")
    return b"".join(path.read_bytes() for path in (postgres.data / "base").rglob("*") if path.is_file())


def test_to_erase_again_waits_for_no_sweep_that_goes_on(postgres: Cluster) -> None:
    """What erases also keeps what phones send: a sweep that waits for somebody's lock must not keep them waiting."""
    journal = postgres.fresh()
    file = PostgresFixes(journal)
    for hour in range(2):
        file.keep([(("holder", "station"), 1, b"fixes")], NOON + timedelta(hours=hour))
    [first, second] = [number for number, _, _ in file.hours()]
    with psycopg.connect(journal) as somebody, ThreadPoolExecutor(1) as disk:
        somebody.execute("LOCK TABLE fix_block IN SHARE UPDATE EXCLUSIVE MODE")  # as a vacuum of their own
        try:
            disk.submit(file.erase, [first]).result(20)
            disk.submit(file.erase, [second]).result(20)
        finally:
            somebody.rollback()
    file._sweep.finish()
    assert file.database.ask("SELECT name FROM about WHERE name LIKE 'sweep%%fixes'") == []
    file.close()
    postgres.give_back(journal)


def test_what_is_asked_of_all_that_is_kept_keeps_nobody_waiting(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked beside the event loop; of one phone alone it may be asked there."""
    asked = dict[str, set[Thread]]()

    def noting(name: str) -> None:
        before = getattr(PostgresFixes, name)

        def ask(file: PostgresFixes, *of: Any) -> Any:
            asked.setdefault(name, set()).add(current_thread())
            return before(file, *of)

        monkeypatch.setattr(PostgresFixes, name, ask)

    names = ("all_heads", "untold", "hours", "head")
    for name in names:
        noting(name)

    async def does() -> None:
        await two.says(0, 3)
        await two.says(1, 3)
        await two.look()
        await two.nodes[0].taking.erasing.digest((), {})
        await two.nodes[0].taking.erasing.erase()

    two.run(does)
    assert asked.keys() == set(names)
    assert [name for name in names if main_thread() in asked[name]] == ["head"]
