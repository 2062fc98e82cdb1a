"""A seeded story under a clock that is held, told on the real application, and what readers were answered meanwhile."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from starlette.testclient import TestClient

from heard.cases import commands as case_commands
from heard.cases import projection as cases
from heard.cases.exits import Serving
from heard.cases.model import Case
from heard.coverage import commands, projection, rising
from heard.coverage.as_published import AsPublished, as_published
from heard.coverage.elements import Quote, Text
from heard.coverage.frames import Painter
from heard.coverage.whole_page import View
from heard.engine import now
from heard.engine.errors import HeardError
from heard.store.frames import FramesFile
from heard.web.app import build
from tests.desk import Desk

BEGAN = datetime(2031, 3, 3, 9, 0, tzinfo=UTC)
NAME = "Rowan Tidewell"
BASE = "http://testserver"


class Captured(msgspec.Struct, frozen=True):
    """An answer that a reader was given at an instant."""

    at: datetime
    view: View
    status: int
    body: str


class PastStory:
    """Verbs drawn by a seed, seconds to minutes apart, and readers who look in between."""

    def __init__(self, desk: Desk, folder: Path, seed: int, instants: int, *, erases: bool = False) -> None:
        self.desk, self.random = desk, random.Random(seed)
        #: Readers draw from another: how often they look changes nothing of the story.
        self.readers = random.Random(seed + 1)
        self.posts: list[str] = []
        self.orders: list[str] = []
        self.done: dict[str, int] = {}
        self.erases = erases
        self.client = client_of(desk, folder)
        self.captured: list[Captured] = []
        self.instants = instants

    def case(self) -> Case:
        return cases.by_id(self.desk.tables, self.desk.case)

    def tell(self, steps: int) -> list[Captured]:
        """The story, and a reader's look at each of so many random instants of it."""
        at, times = BEGAN, [BEGAN]
        for _ in range(steps):
            at += timedelta(seconds=self.random.uniform(1, 90))
            times.append(at)
        span = (times[-1] - BEGAN).total_seconds()
        looks = sorted(BEGAN + timedelta(seconds=self.readers.uniform(0.001, span)) for _ in range(self.instants))
        for began, ended in itertools.pairwise(times):
            with now.held_at(began):
                self.step()
            while looks and looks[0] < ended:
                self.look(looks.pop(0))
        with now.held_at(at):
            self.end()
        return self.captured

    def end(self) -> None:
        """Nothing is held and no order in force any more, so that the rules of now are not those of then."""
        desk = self.desk
        if cases.is_held(desk.tables, desk.case):
            desk.do(case_commands.let_case_go(desk.case, "looked at"))
        while self.orders:
            restrict(self)

    def step(self) -> None:
        verb = self.random.choice(VERBS)
        try:
            verb(self)
            self.done[verb.__name__] = self.done.get(verb.__name__, 0) + 1
        except HeardError:
            pass  # refused in this state

    def look(self, at: datetime) -> None:
        view = self.readers.choice([View(), View(), View(order="oldest"), View(order="newest"), self._elsewhere()])
        with now.held_at(at):
            answer = self.client.get(address_of("the-case", view))
        self.captured.append(Captured(at, view, answer.status_code, answer.text))

    def _elsewhere(self) -> View:
        post = self.readers.choice(self.posts) if self.posts else "none"
        return self.readers.choice([View(post=post), View(before=post), View(order="oldest", after=post)])

    def post(self) -> str:
        return self.random.choice(self.posts) if self.posts else "none"

    def as_published(self, captured: Captured) -> AsPublished:
        desk = self.desk
        return as_published(
            desk.journal, desk.tables, desk.doors, self.case(), captured.at, base=BASE, view=captured.view
        )


def address_of(slug: str, view: View) -> str:
    if view.post:
        return f"/{slug}/posts/{view.post}/"
    asked = {name: getattr(view, name) for name in ("order", "before", "after") if getattr(view, name)}
    return f"/{slug}/?" + "&".join(f"{name}={value}" for name, value in asked.items())


def client_of(desk: Desk, folder: Path) -> TestClient:
    """Readers of the real application, with the real frames file."""
    house = desk.house
    file = FramesFile(folder / "frames.sqlite", house.journal.store.epoch)
    painter = Painter(desk.journal, desk.tables, desk.doors, file)
    house.node.after_fold.append(painter.paint)
    painter.paint()

    async def do(command: Any, **asked: Any) -> Any:
        return house.node.do(command, **asked)

    serving = Serving(house.node, desk.doors, house.vault, file, house.media, do, house.journal.store.epoch)
    return TestClient(build(serving), base_url=BASE, raise_server_exceptions=False)


def publish(story: PastStory) -> None:
    # While an order is in force seldom: who is stopped five times goes for approval with all that they write.
    named = story.random.random() < (0.02 if story.orders else 0.15)
    words = f"Words {story.random.random()}" + (f" of {NAME}" if named else "")
    mark = {"key_event": story.random.random() < 0.2, "pinned": story.random.random() < 0.1}
    title = story.random.choice(["", f"Title {story.random.random()}"])
    section = "report" if story.random.random() < 0.12 else "live"
    said = Quote(f"Said {story.random.random()}", "A witness")
    story.posts.append(story.desk.publish(words, said, title=title, byline="Us", section=section, **mark))


def correct(story: PastStory) -> None:
    new = (Text(f"Better {story.random.random()}"),)
    shown = story.random.random() < 0.5
    story.desk.do(commands.correct(story.desk.doors, story.post(), new, "reason", notice="Put right", old_shown=shown))


def clarify(story: PastStory) -> None:
    story.desk.do(commands.clarify(story.desk.doors, story.post(), None, "reason", notice="Made clear"))


def retract(story: PastStory) -> None:
    notice = story.random.choice(["", "Gone"])
    story.desk.do(commands.retract(story.desk.doors, story.post(), "reason", notice=notice))


def erase(story: PastStory) -> None:
    if story.erases:
        story.desk.do(commands.erase(story.desk.journal, story.post(), "UK GDPR art. 17"))


def mark(story: PastStory) -> None:
    story.desk.do(commands.mark_key_event(story.post(), story.random.random() < 0.6))


def pin(story: PastStory) -> None:
    story.desk.do(commands.pin(story.post(), story.random.random() < 0.7))


def move(story: PastStory) -> None:
    story.desk.do(commands.move(story.post(), story.post()))


def state(story: PastStory) -> None:
    verb = story.random.choice(["live", "paused", "paused", "resumed", "resumed", "closed", "reopened"])
    if projection.of_case(story.desk.tables, story.desk.case).state == "closed":
        verb = "reopened"
    words = story.random.choice(["", "The court moves."])
    lasting = "PT1H" if verb == "paused" else ""
    story.desk.do(commands.set_state(story.desk.doors, story.desk.case, verb, words, lasting=lasting))


def summarise(story: PastStory) -> None:
    story.desk.do(commands.summarise(story.desk.doors, story.desk.case, f"So far {story.random.random()}"))


def restrict(story: PastStory) -> None:
    desk = story.desk
    if story.orders:
        desk.do(case_commands.lift_restriction(desk.case, story.orders.pop(), "over"))
    elif story.random.random() < 0.4:
        body = desk.journal.entry(desk.restrict(NAME).position).body  # type: ignore[union-attr]
        story.orders.append(body.restriction)  # type: ignore[union-attr]


def hold(story: PastStory) -> None:
    if cases.is_held(story.desk.tables, story.desk.case):
        story.desk.do(case_commands.let_case_go(story.desk.case, "looked at"))
    elif story.random.random() < 0.2:
        story.desk.do(case_commands.hold_case(story.desk.case, "asked to"))


def sit(story: PastStory) -> None:
    hearings = cases.hearings(story.desk.tables, story.desk.case)
    if hearings:
        story.desk.do(rising.sit(story.desk.case, hearings[0][0], "Another day"))
    else:
        story.desk.do(case_commands.list_hearing(story.desk.case, "The hearing"))


def rise(story: PastStory) -> None:
    for sitting in cases.sittings(story.desk.tables, story.desk.case)[-1:]:
        story.desk.do(rising.rise(story.desk.doors, story.desk.case, sitting.id, "The court rises."))


def name(story: PastStory) -> None:
    story.desk.do(case_commands.name_person(story.desk.case, f"Witness {story.random.random()}", "a witness"))


def describe(story: PastStory) -> None:
    story.desk.do(case_commands.describe_case(story.desk.case, f"The case {story.random.random()}", "More"))


def elsewhere(story: PastStory) -> None:
    """Another case goes on meanwhile."""
    tables = story.desk.tables
    if len(cases.all_cases(tables)) == 1:
        story.desk.do(case_commands.open_case("another-case", "Another case", "Elsewhere"))
    other = cases.by_slug(tables, "another-case").id
    story.desk.do(commands.summarise(story.desk.doors, other, f"There {story.random.random()}"))


VERBS: list[Callable[[PastStory], None]] = [
    *[publish] * 24, *[correct] * 4, clarify, clarify, *[retract] * 3, erase, erase, mark, mark, pin, pin,
    *[move] * 3, state, state, state, summarise, *[restrict] * 3, *[hold] * 4, sit, rise, name, describe, elsewhere,
]  # fmt: skip
