"""What every keeper of raw fixes promises."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest

from heard.engine.errors import Corrupt
from heard.store import fixes, postgres_fixes
from heard.store.fixes import Fixes, FixesFile, sealed_after
from heard.store.postgres_fixes import PostgresFixes

Opens = Callable[[], Fixes]
NOON = datetime(2031, 3, 3, 12, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
ONE, TWO = ("one", "gate"), ("two", "gate")


def test_what_one_keeps_another_reads_in_order(open_fixes: Opens) -> None:
    keeps, reads = open_fixes(), open_fixes()
    keeps.keep([(ONE, 1, b"a"), (TWO, 1, b"x"), (ONE, 2, b"b")], NOON)
    keeps.keep([(ONE, 1, b"c")], NOON + HOUR)
    assert reads.read(*ONE) == [b"a", b"b", b"c"]
    assert reads.read(*TWO) == [b"x"] and reads.read("three", "gate") == []
    assert reads.read(*ONE, most=2) == [b"b", b"c"] and reads.read(*ONE, most=1) == [b"c"]
    assert reads.read(*ONE, since=NOON + HOUR) == [b"c"]
    of_one = reads.kept("one")
    assert [(one.fixes, one.oldest, one.newest) for one in of_one] == [
        (4, NOON.replace(minute=0), NOON.replace(minute=0) + HOUR)
    ]
    assert sorted(one.holder for one in reads.kept()) == ["one", "two"]


def test_each_goes_on_from_what_the_other_kept_and_finds_it(open_fixes: Opens) -> None:
    here, there = open_fixes(), open_fixes()
    assert here.head(ONE) == "" and here.all_heads() == {}
    first = here.keep([(ONE, 1, b"a"), (ONE, 1, b"b")], NOON)[ONE]
    assert first.before == "" and first.head == there.head(ONE)
    second = there.keep([(ONE, 1, b"c"), (TWO, 1, b"x")], NOON)
    third = here.keep([(ONE, 1, b"d")], NOON)[ONE]
    assert second[ONE].before == first.head and third.before == second[ONE].head != first.head
    assert here.read(*ONE, after=first.head) == [b"c", b"d"] and there.read(*ONE, after=third.head) == []
    assert there.all_heads() == {ONE: third.head, TWO: second[TWO].head}
    assert here.heads(*ONE)[1:] == [first.head, second[ONE].head, third.head]


def test_more_than_one_page_is_read_whole(open_fixes: Opens) -> None:
    keeper = open_fixes()
    said = [str(n).encode() for n in range(2 * fixes.PAGE + 3)]
    keeper.keep([(ONE, 1, one) for one in said], NOON)
    assert keeper.read(*ONE) == said and keeper.read(*ONE, most=fixes.PAGE + 1) == said[-fixes.PAGE - 1 :]


def test_two_who_keep_at_once_make_one_chain_and_lose_nothing(open_fixes: Opens) -> None:
    together, links = Barrier(2), list[list[fixes.Link]]()

    def run(keeper: Fixes, name: bytes) -> None:
        made = list[fixes.Link]()
        for number in range(40):
            together.wait(30)
            order = [ONE, TWO] if name == b"1" else [TWO, ONE]
            made.append(keeper.keep([(whose, 1, b"%s %d" % (name, number)) for whose in order], NOON)[ONE])
        links.append(made)

    threads = [Thread(target=run, args=(open_fixes(), name)) for name in (b"1", b"2")]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    keeper, before = open_fixes(), ""
    by_before = {link.before: link.head for made in links for link in made}
    for _ in range(80):
        before = by_before.pop(before)
    assert before == keeper.head(ONE) and not by_before
    for whose in (ONE, TWO):
        assert sorted(keeper.read(*whose)) == sorted(b"%s %d" % (name, n) for name in (b"1", b"2") for n in range(40))


def test_an_hour_that_is_erased_is_gone_for_all_and_the_chain_goes_on(open_fixes: Opens) -> None:
    keeper, other = open_fixes(), open_fixes()
    head = keeper.keep([(ONE, 1, b"a"), (TWO, 1, b"x")], NOON)[ONE].head
    keeper.keep([(ONE, 1, b"b")], NOON + HOUR)
    begun = NOON.replace(minute=0)
    assert [(station, hour) for _, station, hour in other.hours()] == [*2 * [("gate", begun)], ("gate", begun + HOUR)]
    assert keeper.erase([]) == 0
    assert keeper.erase([number for number, _, hour in keeper.hours() if hour == begun]) == 2
    assert other.read(*ONE) == [b"b"] and other.read(*TWO) == [] and len(other.hours()) == 1
    assert other.read(*ONE, after=head) == [b"b"]
    kept = other.keep([(ONE, 1, b"late")], NOON + timedelta(minutes=5))[ONE]
    assert kept.before != head and other.read(*ONE) == [b"b", b"late"]


def test_what_the_journal_has_is_told_until_something_is_kept(open_fixes: Opens) -> None:
    keeper, other = open_fixes(), open_fixes()
    head = keeper.keep([(ONE, 1, b"a")], NOON)[ONE].head
    assert other.untold() == [(ONE, head)]
    other.told(ONE, head)
    assert keeper.untold() == []
    assert keeper.untold() != [(ONE, keeper.keep([(ONE, 1, b"b")], NOON)[ONE].head)] != []


def test_a_block_that_is_changed_or_put_elsewhere_is_corrupt(open_fixes: Opens) -> None:
    keeper = open_fixes()
    keeper.keep([(ONE, 1, b"a"), (ONE, 1, b"b"), (TWO, 1, b"x")], NOON)
    _swap(keeper)
    with pytest.raises(Corrupt, match="was changed"):
        keeper.read(*ONE)
    assert keeper.read(*TWO) == [b"x"]


def _swap(keeper: Fixes) -> None:
    """The first block in the place of the second."""
    if isinstance(keeper, FixesFile):
        keeper._connection.execute(
            "UPDATE block SET sealed = (SELECT sealed FROM block WHERE number = 1) WHERE number = 2"
        )
    elif isinstance(keeper, PostgresFixes):
        with keeper.database.writing() as db:
            first = "SELECT sealed FROM fix_block ORDER BY number LIMIT 1"
            db.execute(
                f"UPDATE fix_block SET sealed = ({first}) WHERE number = (SELECT min(number) + 1 FROM fix_block)"
            )


def test_control_a_keeper_that_does_not_look_at_the_head_breaks_the_chain(
    open_fixes: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So what the tests above look for is found."""
    for module in (fixes, postgres_fixes):
        monkeypatch.setattr(
            module, "sealed_after", lambda before, raw, cipher: sealed_after(fixes.BEGINNING, raw, cipher)
        )
    keeper = open_fixes()
    keeper.keep([(ONE, 1, b"a"), (ONE, 1, b"b")], NOON)
    with pytest.raises(Corrupt):
        keeper.read(*ONE)
