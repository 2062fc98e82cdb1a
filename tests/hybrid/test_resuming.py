"""What is gone on from in a file equals, byte for byte, what is worked out afresh from the journal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from heard.coverage.entries import PostErased
from heard.engine.entry import Draft
from heard.engine.errors import HeardError
from heard.engine.journal import Writing
from heard.opening import House
from heard.store.resuming import ResumingFile
from heard.watch import commands, projection, resuming, suspending, suspensions, watched, watching
from heard.watch.watching import Watching
from tests.hybrid.test_watch import SORTS, Story, arm, bring_in, check_in, ping, told, worked_out
from tests.watch.gate import Hands


class Restarting(Story):
    """A story in which whoever watches is now and then another, who goes on from the file."""

    def __init__(self, house: House, hands: Hands, seed: int, path: Path) -> None:
        super().__init__(house, hands, seed)
        self.file, self.kept_to, self.begun = ResumingFile(path), 0, 0
        self.kept, self.stood = set[str](), set[str]()
        for who in (both := (self.gate.one, self.gate.two)):
            self.gate.reads(self.order, 1, who)
        self.gate.begins(*both)
        self.gate.is_there(self.gate.one)
        self.gate.is_told("open")
        self.gate.do(commands.tell_state(self.other, "open"), self.gate.sam)
        ping(self)
        check_in(self)
        for sort in SORTS:
            arm(self, sort, **({"state": "open"} if sort in ("present", "each-check-in") else {}))
        while not self.kept_to:
            self.keep()

    def step(self) -> None:
        super().step()
        if self.random.random() < 0.3:
            with suppress(HeardError):  # as of one that is suspended already
                self.suspend_one()
        if self.random.random() < 0.1:
            self.gate.is_told(self.random.choice(["open", "shut"]))  # history says nothing of now
            bring_in(self)
            self.done.add("bring_in")
        if self.random.random() < 0.15:
            self.keep()
        if self.random.random() < 0.1:
            self.begin_again()

    def suspend_one(self) -> None:
        """By two people, from now or a little later on."""
        at, gate = self.hands.at, self.gate
        one = self.random.choice(projection.obligations(gate.tables))
        since, until = (at + timedelta(seconds=self.random.choice(some)) for some in ([0, 20], [25, 60, 300]))
        how: Any = self.random.choice(["pause", "pause", "waive"])
        asked = gate.do(suspending.ask(one.id, since, until, how, "rebuilt"), gate.sam)
        one_asked = suspensions.of_position(gate.tables, asked.position)
        assert one_asked
        gate.do(suspending.agree(one_asked, gate.one), gate.one)

    def keep(self) -> None:
        """Of the middle of it: with time passed up to now, and what is due not written."""
        for one in self.gate.watching.watched.values():
            instances = self.gate.watching.taken_up(one).evaluator.instances.values()
            self.kept.add(self.gate.watching.title(one))
            self.stood |= {each.state for each in instances}
        changed = resuming.to_keep(self.gate.watching, self.kept_to)
        assert changed is not None
        about, rows, unkept = changed
        if self.random.random() < 0.2:
            resuming.put_back(self.gate.watching, unkept)  # the disk was full
            return
        assert self.file.keep(about, rows)
        self.kept_to = about[1]

    def begin_again(self) -> None:
        self.gate.watching = Watching(self.gate.house.journal)
        resuming.resume(self.gate.watching, self.file)
        self.begun += self.gate.watching.position > 0
        self.gate.watching.catch_up(self.gate.house.node.projection.position())


@pytest.fixture
def hands() -> Iterator[Hands]:
    with ExitStack() as stack:
        yield Hands(stack)


def laid_down(one: Watching) -> dict[str, bytes]:
    """All that is watched, as it would be kept, but for how far its time has passed without anything in it."""
    found = {}
    for known in one.watched.values():
        taken = one.taken_up(known)
        taken.passed_to, taken.settled = taken.armed_at, 0
        found[known.id] = watched.lay_down(taken)
    return found


def afresh(story: Story) -> Watching:
    fresh = Watching(story.gate.house.journal)
    fresh.catch_up(story.gate.house.store.position())
    fresh.let_pass(story.hands.at)
    return fresh


@pytest.mark.parametrize("seed", range(6))
def test_a_watch_that_goes_on_from_its_file_is_what_the_journal_gives(
    house: House, hands: Hands, tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "TOGETHER", 0)
    monkeypatch.setattr(watching, "TAKEN_UP", seed % 3)  # nearly all is laid down, each time
    story = Restarting(house, hands, seed, tmp_path / "watch.sqlite")
    for _ in range(200):
        story.step()
    assert story.begun > 5
    assert story.kept == {f"Owed: {sort}" for sort in SORTS}
    assert {"SUSPENDED", "LAPSED", "DUE", "IDLE"} <= story.stood
    assert "bring_in" in story.done
    story.gate.rings()
    assert len(told(story)) > 8
    assert told(story) == worked_out(story)
    story.keep()
    story.begin_again()
    story.gate.watching.let_pass(hands.at)
    fresh = afresh(story)
    assert laid_down(story.gate.watching) == laid_down(fresh)
    for name in ("position", "changed", "rang", "armed", "heard_at", "last_heard_at", "station_of"):
        assert getattr(story.gate.watching, name) == getattr(fresh, name), name
    assert story.gate.watching.recording.recorded == fresh.recording.recorded
    assert story.gate.watching.next_at() == fresh.next_at()
    for station in (story.gate.id, story.other):
        assert story.gate.watching.standing.state(station) == fresh.standing.state(station)
        here, there = (one.at_station(station) for one in (story.gate.watching, fresh))
        assert [one.id for one in here] == [one.id for one in there]


def test_a_file_that_forgets_what_changed_is_caught(house: House, hands: Hands, tmp_path: Path) -> None:
    """The control: a file to which one change in three is not written gives other alarms, or another state."""

    class Forgetful(Restarting):
        def keep(self) -> None:
            unkept = self.gate.watching.unkept.watched
            for number in list(unkept)[::3]:
                del unkept[number]
            super().keep()

    story = Forgetful(house, hands, 1, tmp_path / "watch.sqlite")
    for _ in range(400):
        story.step()
        if story.begun and laid_down(story.gate.watching) != laid_down(afresh(story)):
            return
    pytest.fail("it forgot what changed, and nothing came of it")


def test_a_file_of_another_journal_or_of_words_that_are_erased_is_emptied(
    house: House, hands: Hands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = Restarting(house, hands, 2, tmp_path / "watch.sqlite")
    for _ in range(40):
        story.step()

    def fits_after(change: Any) -> bool:
        story.kept_to = house.store.position()
        story.gate.watching = afresh(story)
        story.keep()
        while story.file.about() is None or story.file.about()[1] != house.store.position():  # type: ignore[index]
            story.keep()
        change()
        return resuming.resume(Watching(house.journal), story.file)

    assert fits_after(lambda: None)
    assert not fits_after(lambda: story.file._db.execute("UPDATE kept SET leaf = x'00'").fetchall())
    assert not fits_after(lambda: story.file._db.execute("UPDATE kept SET position = position + 1").fetchall())
    assert not fits_after(lambda: house.store.begin_epoch())
    assert story.file.about() is None
    assert not fits_after(lambda: erase(story, of_the_watch=True))
    assert resuming.to_keep(story.gate.watching, story.kept_to) is None
    assert fits_after(lambda: erase(story, of_the_watch=False))


def erase(story: Story, *, of_the_watch: bool) -> None:
    """By law: the words of an entry of the watch, or of another's."""
    found = [one.position for one in story.gate.house.journal.all() if one.kind.startswith("watch.") is of_the_watch]
    erased = PostErased("case", (found[-1],), "law", "", "live", "", 1)
    house = story.gate.house
    writing = Writing((Draft("post", erased),), "operator", house.store.position(), ())
    [outcome] = house.journal.append([writing])
    assert not isinstance(outcome, HeardError)
    house.journal.finish_erasures()
