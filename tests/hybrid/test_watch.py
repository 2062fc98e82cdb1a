"""What is watched, told entry by entry while time passes, equals what is worked out afresh from the journal."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from heard.accounts import projection as accounts
from heard.accounts.model import Caller
from heard.engine.errors import HeardError
from heard.engine.projection import Projection
from heard.opening import ROOMS, House
from heard.rebuilding import contents
from heard.store.derived import folding
from heard.store.files import connect
from heard.watch import (
    arming,
    bringing_in,
    calendars,
    commands,
    feeds,
    linking,
    looks,
    plans,
    positions,
    present,
    projection,
    reviews,
    ringing,
    suspending,
    suspensions,
    tags,
    watching,
)
from heard.watch.areas import Area
from heard.watch.bringing_in import Store
from heard.watch.entries import AlarmCleared, AlarmProven, AlarmRaised
from heard.watch.tracks import Placed, Track
from heard.watch.watching import Watching
from tests.watch.gate import Gate, Hands


class Story:
    """Random acts at a gate, drawn by a seed. Now and then the watch hears of them late, when its time has passed."""

    def __init__(self, house: House, hands: Hands, seed: int) -> None:
        self.gate, self.hands, self.random = Gate(house), hands, random.Random(seed)
        self.order = self.gate.publish()
        self.other = self.gate.do(commands.set_station("Post 8"), self.gate.sam).stream
        self.gate.do(commands.post_holder(self.other, self.gate.two), self.gate.sam)
        self.gate.do(commands.add_source(self.gate.id, "The camera", source="camera"), self.gate.sam)
        self.done: set[str] = set()

    def step(self) -> None:
        verb = self.random.choice(VERBS)
        try:
            if self.random.random() < 0.35:
                self.unheard(verb)
            else:
                verb(self)
            self.done.add(verb.__name__)
        except HeardError:
            pass
        self.hands.go_on(self.random.choice([0, 0.5, 3, 11, 29, 60]))
        if self.random.random() < 0.6:
            self.gate.rings()

    def unheard(self, verb: Callable[[Story], None]) -> None:
        """It is in the journal, and the watch lets time pass before it hears of it."""
        hearing = self.gate.house.node.after_fold
        heard = list(hearing)
        hearing.clear()
        try:
            verb(self)
        finally:
            hearing.extend(heard)
            self.hands.go_on(self.random.choice([1, 15, 40]))
            self.gate.watching.let_pass(self.hands.at)
            due = list(self.gate.watching.recording.due())
            self.gate.watching.catch_up(self.gate.house.node.projection.position())
            for one in due:
                self.gate.records(one)

    def who(self) -> str:
        return self.random.choice([self.gate.one, self.gate.two])

    def where(self) -> str:
        return self.random.choice([self.gate.id, self.gate.id, self.gate.id, self.other])


def publish(story: Story) -> None:
    story.gate.publish("Stay nearer.", "Nearer", story.order)


def publish_another(story: Story) -> None:
    if story.random.random() < 0.2:
        story.gate.publish("Another order.")


def withdraw(story: Story) -> None:
    for order in projection.orders(story.gate.tables, story.gate.id):
        if order.id != story.order:
            story.gate.do(commands.withdraw_order(order.id, "done with"), story.gate.sam)


def read(story: Story) -> None:
    who = story.who()
    for order in projection.unread(story.gate.tables, story.gate.id, who):
        story.gate.reads(order.id, order.version, who)


def by_a_link(story: Story) -> None:
    """Allowed or not any more; made for somebody, who reads by it, or reads otherwise, or not at all."""
    gate, who = story.gate, story.who()
    gate.do(linking.rule(gate.id, story.random.random() < 0.8), "administrator")
    link = gate.do(linking.make(gate.id, story.order, who), gate.sam).stream
    if story.random.random() < 0.6:
        gate.do(linking.acknowledge(link), who)


def begin(story: Story) -> None:
    who = story.who()
    story.gate.do(commands.begin_duty(story.where(), who), who)


def end(story: Story) -> None:
    who = story.who()
    story.gate.do(commands.end_duty(story.where(), who), who)


def release(story: Story) -> None:
    who = story.who()
    if story.random.random() < 0.2:
        story.gate.do(commands.release_holder(story.gate.id, who), story.gate.sam)
    story.gate.do(commands.post_holder(story.gate.id, who), story.gate.sam)


def here(story: Story) -> None:
    story.gate.is_there(story.who(), True, story.random.choice([20, 90, 3600]))


def away(story: Story) -> None:
    story.gate.is_there(story.who(), story.random.choice([False, None]), story.random.choice([20, 90]))


def by_phone(story: Story) -> None:
    """What fixes say of the last two minutes: it puts right what was written of them."""
    track = Track(Area((52.0, 0.0), 20, (), story.random.choice([10, 60])), story.hands.at - timedelta(seconds=120))
    for _ in range(story.random.randint(1, 3)):
        at = story.hands.at - timedelta(seconds=story.random.choice([0, 5, 40, 100]))
        metres = story.random.choice([2.0, 3.0, 14.0, 80.0])
        track.hear([Placed(at, story.hands.at, 52 + metres / 111_195, 0.0, 4)], story.hands.at)
    change = present.Change(story.who(), track, track.since, "d1")
    story.gate.do(present.tell(story.gate.id, [change]), ringing.WATCH)


def feed(story: Story) -> None:
    """A feed, its devices, and its end; where the station is; a look; a hold."""
    gate = story.gate
    gate.do(feeds.set_area(gate.id, Area((52.0, story.random.random()), 20)), gate.sam)
    for known in positions.feeds(gate.tables, station=gate.id):
        gate.do(feeds.end_feed(known.id, station=gate.id), gate.sam)
    made = gate.do(feeds.add_feed(gate.id, "The site"), gate.sam).stream
    gate.do(feeds.bind_device(made, "radio", gate.one, station=gate.id), gate.sam)
    gate.do(present.read_positions(gate.id, gate.one, "the barge"), gate.sam)
    window = (story.hands.at, story.hands.at + timedelta(hours=1), story.hands.at + timedelta(days=1))
    hold = gate.do(present.ask_for_hold(gate.id, *window, "the inquest"), gate.sam).stream
    gate.do(present.agree_to_hold(hold, gate.one), gate.one)
    if story.random.random() < 0.5:
        gate.do(present.end_hold(hold, "over"), gate.sam)
    gate.do(present.digest(gate.id, gate.one, "d2"), ringing.WATCH)


def plan(story: Story) -> None:
    """A plan, a station on it, moved and taken off; another picture; its end."""
    gate = story.gate
    known = plans.plans(gate.tables)
    drawn = gate.do(plans.draw_plan("The site", "a" * 64, 800, 600, plan=known[0].id if known else ""), gate.sam).stream
    gate.do(plans.place(drawn, gate.id, story.random.choice([0, 33.333, 100]), 50), gate.sam)
    if story.random.random() < 0.3:
        gate.do(plans.take_off(drawn, gate.id), gate.sam)
    if story.random.random() < 0.2:
        gate.do(plans.withdraw(drawn), gate.sam)


def state(story: Story) -> None:
    lasts = story.random.choice([None, 30])
    told = story.random.choice(["open", "shut"])
    story.gate.do(commands.tell_state(story.where(), told, lasts), story.gate.sam)
    day, known = story.hands.at.date().replace(month=4, day=1), calendars.as_known(story.gate.tables)
    story.gate.do(calendars.proclaim(day, not known.is_working(day), "why"), "ada")


def check(story: Story) -> None:
    story.gate.do(commands.do_deed(story.where()), story.gate.sam)


def ping(story: Story) -> None:
    sort: Any = story.random.choice(["success", "success", "fail", "start", "log"])
    story.gate.do(commands.ping("camera", sort), "camera")


SORTS = (
    *("read", "check", "present", "ping", "each-present", "each-check-in", "day", "before", "rounds", "answer"),
    *("month", "ping-day"),
)


def arm(story: Story, sort: str = "", **more: str) -> None:
    sort = sort or story.random.choice(SORTS)
    known = [one.id for one in projection.obligations(story.gate.tables) if one.title.endswith(f": {sort}")]
    if known and story.random.random() < 0.7:
        return
    asked = {"sort": sort, "within": "40 s", "wait": story.random.choice(["0", "5 s"]), "to_1": story.gate.sam}
    asked |= {"source": "camera", "state": story.random.choice(["", "open"]), "at_least": "1"}
    asked |= {"deed": "rounds made", "order": story.order, "grace": story.random.choice(["", "3 s"])}
    asked |= {"begins": "asked", "days": "1", "working_day": "3"}
    asked |= {"by": (story.hands.at + timedelta(minutes=2)).strftime("%H:%M"), **more}
    written = arming.written_from(story.gate.id, asked, [story.gate.one, story.gate.two], [story.other])
    if sort == "answer":
        written |= {"days": None, "within_s": 40, "do": "answered"}
    again = known[0] if known else None
    command = arming.arm(story.gate.id, f"Owed: {sort}", written, story.gate.sam, obligation=again)
    story.gate.do(command, story.gate.sam)


def check_in(story: Story) -> None:
    known = positions.tags(story.gate.tables, story.gate.id)
    if not known:
        story.gate.do(tags.add_tag(story.gate.id, "By the hinge"), story.gate.sam)
        return
    who = story.who()
    caller = Caller(accounts.by_id(story.gate.tables, who))
    story.gate.do(tags.check_in(known[0].id, caller), who)


def deed(story: Story) -> None:
    day = story.hands.at.date().isoformat()
    done, of = story.random.choice(
        [
            ("rounds made", ""),
            ("rounds made", day),
            *((one, f"matter {n}") for n in "12" for one in ("asked", "answered")),
        ]
    )
    story.gate.do(commands.do_deed(story.gate.id, done, of), story.gate.sam)


def bring_in(story: Story) -> None:
    """History of the last two minutes, out of another store."""
    at = story.hands.at - timedelta(seconds=story.random.choice([20, 35, 70, 120]))
    said: list[dict[str, Any]] = [{"kind": "check", "post": "Post 7", "who": "sam@heard.example", "t": at.isoformat()}]
    if story.random.random() < 0.5:
        value = story.random.choice(["open", "shut"])
        said.append({"kind": "state", "thing": "Post 7", "value": value, "t": at.isoformat()})
    store = Store("The tours", stamped=True)
    read = bringing_in.rows(story.gate.tables, story.gate.id, store, said)
    story.gate.do(bringing_in.bring_in(story.gate.id, read.rows), "operator")


def suspend(story: Story) -> None:
    for one in projection.obligations(story.gate.tables):
        if story.random.random() < 0.3:
            how: Any = story.random.choice(["pause", "waive"])
            since = story.hands.at + timedelta(seconds=story.random.choice([-5, 0, 20]))
            until = story.hands.at + timedelta(seconds=story.random.choice([25, 60, 200]))
            story.gate.do(suspending.ask(one.id, since, until, how, "rebuilt"), story.gate.sam)


def agree(story: Story) -> None:
    for one in suspensions.at_station(story.gate.tables, story.gate.id):
        if one.stands(story.hands.at) == "asked":
            story.gate.do(suspending.agree(one.id, story.gate.one), story.gate.one)


def end_suspension(story: Story) -> None:
    for one in suspensions.in_force(story.gate.tables, story.hands.at)[:1]:
        story.gate.do(suspending.end(one.id, "opened"), story.gate.sam)


def stand_down(story: Story) -> None:
    for one in projection.obligations(story.gate.tables)[:1]:
        if story.random.random() < 0.2:
            story.gate.do(arming.stand_down(one.id, "for the night"), story.gate.sam)


def acknowledge(story: Story) -> None:
    for one in projection.alarms(story.gate.tables)[-1:]:
        story.gate.do(ringing.acknowledge(one.id), story.gate.sam)


def close(story: Story) -> None:
    for one in projection.alarms(story.gate.tables)[:1]:
        false_by = story.random.choice(["", "", "sensor", "rule"])
        story.gate.do(ringing.close(one.id, "looked at", false_by), story.gate.sam)


def review(story: Story) -> None:
    for one in reviews.asked(story.gate.tables)[:1]:
        story.gate.do(ringing.review(one.obligation, "looked into"), story.gate.sam)


def look_back(story: Story) -> None:
    since = story.hands.at - timedelta(minutes=story.random.choice([1, 70]))
    asked = [looks.Asked(one, since, story.hands.at, {story.gate.sam}) for one in (story.gate.id, story.other)]
    story.gate.do(looks.look("aud", "report", asked), "aud")


VERBS: list[Callable[[Story], None]] = [
    publish, publish_another, withdraw, read, by_a_link, begin, begin, end, release, here, here, here, away, by_phone,
    by_phone, by_phone, feed, plan, state, state, check, ping, ping, arm, arm, stand_down, acknowledge, close, check_in,
    bring_in, deed, deed, review, suspend, agree, agree, end_suspension, look_back,
]  # fmt: skip


@pytest.fixture
def hands() -> Iterator[Hands]:
    with ExitStack() as stack:
        yield Hands(stack)


ALARMS = {AlarmRaised: "raise", AlarmProven: "prove", AlarmCleared: "clear"}


def told(story: Story) -> list[tuple[str, str, bytes]]:
    """What the journal says of alarms: which, what came to pass of it, and the bytes of that."""
    entries = [one for one in story.gate.house.journal.all() if type(one.body) in ALARMS]
    return sorted((one.stream, ALARMS[type(one.body)], msgspec.json.encode(one.body)) for one in entries)


def worked_out(story: Story) -> list[tuple[str, str, bytes]]:
    """The same, as a process that starts now works it out from everything but the alarms."""
    alone = [kind for kind in watching.KINDS if not kind.startswith("watch.alarm")]
    fresh = Watching(story.gate.house.journal)
    everything, watching.KINDS = watching.KINDS, tuple(alone)
    try:
        fresh.catch_up(story.gate.house.store.position())
    finally:
        watching.KINDS = everything
    fresh.let_pass(story.hands.at)
    found = list[tuple[str, str, bytes]]()
    while due := list(fresh.recording.due()):
        for one in due:
            found.append((one.id, one.move, msgspec.json.encode(ringing._body(one))))
            fresh.recording.recorded.add((one.move, one.id))
    return sorted(found)


@pytest.mark.parametrize("seed", range(8))
def test_alarms_of_any_story_are_byte_for_byte_what_a_fresh_start_works_out(
    house: House, hands: Hands, seed: int
) -> None:
    story = Story(house, hands, seed)
    for _ in range(250):
        story.step()
    story.gate.rings()
    assert len(story.done) > 14, "the story must have exercised most commands"
    assert len(told(story)) > 6
    assert told(story) == worked_out(story)
    fresh = Watching(house.journal)
    fresh.catch_up(house.store.position())
    fresh.let_pass(hands.at)
    assert list(fresh.recording.due()) == []


@pytest.mark.parametrize("seed", range(4))
def test_tables_after_any_story_equal_tables_folded_afresh(
    house: House, hands: Hands, tmp_path: Path, seed: int
) -> None:
    story = Story(house, hands, seed)
    for _ in range(200):
        story.step()
    fresh = Projection(connect(tmp_path / "fresh.sqlite", synchronous="OFF"), ROOMS, folding)
    while fresh.catch_up(lambda after: house.journal.read(after, 7)):
        pass
    assert contents(house.tables) == contents(fresh.tables)


def test_a_watch_that_hears_late_and_does_not_begin_again_is_caught(
    house: House, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: without beginning again, what is rung depends on when it was heard."""
    skipped: list[str] = []
    monkeypatch.setattr(Watching, "_again", lambda self, watched, taken, to: skipped.append(watched.id))
    story = Story(house, hands, 0)
    while len(skipped) < 100:
        before = len(skipped)
        story.step()
        if len(skipped) > before:
            story.gate.rings()
            if told(story) != worked_out(story):
                return
    pytest.fail("a hundred times it did not begin again, and nothing came of it")
