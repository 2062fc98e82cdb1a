"""A picture of a plan that nobody is shown any more is destroyed after seven days, unless a hold stands."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from heard.engine import now
from heard.engine.errors import NotFound
from heard.opening import House, open_house
from heard.store.media import files_in
from heard.watch import commands, plan_pictures, plans, present
from tests.server import running
from tests.watch.gate import NOON, Gate, Hands

WEEK_S = 7 * 24 * 3600.0
PICTURE, OTHER = b"a drawing of the site", b"a drawing of it as it is now"


@pytest.fixture
def hands() -> Iterator[Hands]:
    with ExitStack() as stack:
        yield Hands(stack)


class Site:
    """A gate that stands on a plan."""

    def __init__(self, house: House, hands: Hands) -> None:
        self.house, self.hands, self.gate = house, hands, Gate(house)
        self.media = house.media.apart(plan_pictures.DRAWER)
        self.plan = self.draw(PICTURE)
        self.gate.do(plans.place(self.plan, self.gate.id, 10, 10), self.gate.sam)

    def draw(self, content: bytes, plan: str = "") -> str:
        return self.gate.do(plans.draw_plan("The site", self.keep(content), 4, 3, plan=plan), self.gate.sam).stream

    def keep(self, content: bytes) -> str:
        name = self.media.keep(content)
        plan_pictures.came(self.house.vault, name)
        return name

    def clear(self, after_s: float = 0) -> int:
        at = self.hands.go_on(after_s)
        return plan_pictures.clear(self.house.vault, self.media, self.house.tables, at)

    def is_there(self, content: bytes) -> bool:
        try:
            return self.media.read(hashlib.sha256(content).hexdigest()) == content
        except NotFound:
            return False


@pytest.fixture
def site(house: House, hands: Hands) -> Site:
    return Site(house, hands)


def test_one_that_is_shown_stays_however_old_it_is(site: Site) -> None:
    assert site.clear(50 * WEEK_S) == 0 and site.is_there(PICTURE)


def test_a_withdrawn_plan_is_destroyed_seven_days_later_and_not_before(site: Site) -> None:
    site.hands.go_on(WEEK_S)
    site.gate.do(plans.withdraw(site.plan), site.gate.sam)
    assert site.clear(WEEK_S - 5) == 0 and site.is_there(PICTURE)
    assert site.clear(5) == 1 and not site.is_there(PICTURE)
    assert files_in(site.house.data / "media") == [], "neither key nor file"
    assert site.clear(5) == 0


def test_of_a_plan_that_was_drawn_anew_the_picture_before_is_destroyed(site: Site) -> None:
    site.draw(OTHER, site.plan)
    assert site.clear(WEEK_S) == 1
    assert (site.is_there(PICTURE), site.is_there(OTHER)) == (False, True)


def test_what_another_plan_shows_stays_and_so_does_what_was_drawn_back(site: Site) -> None:
    another = site.draw(PICTURE)
    site.gate.do(plans.withdraw(site.plan), site.gate.sam)
    assert site.clear(WEEK_S) == 0 and site.is_there(PICTURE)
    site.draw(OTHER, another)
    site.hands.go_on(WEEK_S - 60)
    site.draw(PICTURE, another)
    assert site.clear(WEEK_S) == 1 and site.is_there(PICTURE), "the other one went"


def test_what_came_and_was_never_named_is_destroyed_and_of_before_this_was_known_too(site: Site) -> None:
    site.keep(OTHER)
    assert site.clear(WEEK_S - 5) == 0 and site.clear(5) == 1 and not site.is_there(OTHER)
    site.media.keep(OTHER)
    assert site.clear() == 0, "its time begins when it is first seen"
    assert site.clear(WEEK_S) == 1 and not site.is_there(OTHER)


def test_what_comes_again_is_not_destroyed_before_a_plan_names_it(site: Site) -> None:
    site.gate.do(plans.withdraw(site.plan), site.gate.sam)
    site.hands.go_on(WEEK_S + 5)
    site.keep(PICTURE)
    assert site.clear() == 0
    site.draw(PICTURE)
    assert site.clear(WEEK_S + 5) == 0 and site.is_there(PICTURE)


@pytest.mark.parametrize(("agreed", "ended", "destroyed"), [(True, False, 0), (False, False, 1), (True, True, 1)])
def test_a_hold_of_a_station_on_it_stops_that_for_as_long_as_it_stands(
    site: Site, agreed: bool, ended: bool, destroyed: int
) -> None:
    """What one person asked for stands for three days and no longer."""
    gate, far = site.gate, NOON + timedelta(days=300)
    hold = gate.do(present.ask_for_hold(gate.id, NOON, NOON + timedelta(hours=1), far, "the inquest"), gate.sam).stream
    if agreed:
        gate.do(present.agree_to_hold(hold, "tam"), "tam")
    site.hands.go_on(60)
    gate.do(plans.withdraw(site.plan), gate.sam)
    site.hands.go_on(WEEK_S)
    if ended:
        gate.do(present.end_hold(hold, "over"), gate.sam)
    assert site.clear(5) == destroyed and site.is_there(PICTURE) == (not destroyed)


def _held(site: Site) -> None:
    """The first hour of the gate, by two people."""
    far = NOON + timedelta(days=300)
    asked = present.ask_for_hold(site.gate.id, NOON, NOON + timedelta(hours=1), far, "the inquest")
    hold = site.gate.do(asked, site.gate.sam).stream
    site.gate.do(present.agree_to_hold(hold, "tam"), "tam")


@pytest.mark.parametrize("between", [PICTURE, OTHER])
def test_a_hold_of_when_it_was_shown_first_counts_though_it_was_drawn_again(site: Site, between: bytes) -> None:
    _held(site)
    site.hands.go_on(2 * 3600)
    site.draw(between, site.plan)
    site.draw(PICTURE, site.plan)
    site.gate.do(plans.withdraw(site.plan), site.gate.sam)
    site.clear(WEEK_S + 5)
    assert site.is_there(PICTURE)


def test_a_hold_of_a_station_that_was_taken_off_the_plan_before_it_went_counts(site: Site) -> None:
    _held(site)
    site.hands.go_on(2 * 3600)
    site.gate.do(plans.take_off(site.plan, site.gate.id), site.gate.sam)
    site.gate.do(plans.withdraw(site.plan), site.gate.sam)
    assert site.clear(WEEK_S + 5) == 0 and site.is_there(PICTURE)


def test_a_hold_of_another_station_or_of_another_time_stops_nothing(site: Site) -> None:
    gate, far = site.gate, NOON + timedelta(days=300)
    before = (NOON - timedelta(days=2), NOON - timedelta(days=1))
    for station, window in ((gate.id, before), (_another(gate), (NOON, NOON + timedelta(hours=1)))):
        hold = gate.do(present.ask_for_hold(station, *window, far, "a claim"), gate.sam).stream
        gate.do(present.agree_to_hold(hold, "tam"), "tam")
    site.hands.go_on(60)
    gate.do(plans.withdraw(site.plan), gate.sam)
    assert site.clear(WEEK_S + 5) == 1


def _another(gate: Gate) -> str:
    return gate.do(commands.set_station("Post 8"), gate.sam).stream


def test_a_server_destroys_what_is_over_as_it_starts(tmp_path: Path) -> None:
    data = tmp_path / "data"
    house = open_house(data)
    media = house.media.apart(plan_pictures.DRAWER)
    with now.held_at(now.utc() - timedelta(days=8)):
        plan_pictures.came(house.vault, media.keep(PICTURE))
    plan_pictures.came(house.vault, media.keep(OTHER))
    house.close()
    with running(data):
        end = time.monotonic() + 20
        while len(files_in(data / "media")) > 1 and time.monotonic() < end:
            time.sleep(0.05)
    house = open_house(data)
    left = list(house.media.apart(plan_pictures.DRAWER).names())
    house.close()
    assert left == [hashlib.sha256(OTHER).hexdigest()]
