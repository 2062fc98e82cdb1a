"""What is held has an owner and a clock: its author is told by when it is looked at, and the desk sees it overdue."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from heard.cases.commands import hold_case, let_case_go
from heard.cases.letting_out import rule_second_eyes
from heard.cases.release import HELD, HELD_WITHIN, looked_at_by
from heard.coverage import commands, projection, pulse
from heard.coverage.elements import Image, Text
from heard.engine import now
from heard.opening import open_house
from tests.desk import Desk
from tests.server import Server, running
from tests.stories.people import signed_in_as

#: The case of `tests.desk`, in which something has been held for longer than it should be.
SLUG = "the-case"
#: Just before and just after the hour.
CLOCK = (HELD_WITHIN - timedelta(minutes=1), HELD_WITHIN + timedelta(minutes=1))


def test_by_when_is_of_one_length_at_every_minute_of_two_days_with_a_change_of_clocks() -> None:
    began = datetime(2031, 3, 29, 12, tzinfo=UTC)
    clocks = [looked_at_by(began + timedelta(minutes=minute), "Europe/London") for minute in range(2 * 24 * 60)]
    assert {len(one) for one in clocks} == {5}
    assert clocks[0] == "13:00"
    assert looked_at_by(datetime(2031, 3, 30, 0, 30, tzinfo=UTC), "Europe/London") == "02:30", "an hour of the clocks"


def test_what_was_held_first_stands_first_and_none_of_it_falls_off_the_end(desk: Desk) -> None:
    desk.do(hold_case(desk.case, "asked to"))
    posts = [desk.publish(f"Words {number}.") for number in range(4)]
    assert [one.id for one in projection.longest_with_status(desk.tables, desk.case, "held", 3)] == posts[:3]


def test_a_desk_that_is_open_hears_that_something_is_overdue_though_nobody_did_anything(desk: Desk) -> None:
    desk.do(hold_case(desk.case, "asked to"))
    desk.publish("Words.")
    held_at, latest = now.utc(), list[str]()
    for later in (timedelta(), HELD_WITHIN - timedelta(minutes=1), HELD_WITHIN):
        with now.held_at(held_at + later):
            latest.append(pulse._latest(desk.tables, desk.case, []))
    assert latest[0] == latest[1] != latest[2]


def waits_for_second_eyes(desk: Desk, what: Callable[[Desk], object]) -> None:
    desk.publish("The first.")
    desk.do(rule_second_eyes(desk.case, True))
    what(desk)


@pytest.mark.parametrize(
    "what",
    [
        lambda desk: desk.publish("A post."),
        lambda desk: desk.do(commands.summarise(desk.doors, desk.case, "A summary.")),
        lambda desk: desk.do(commands.set_state(desk.doors, desk.case, "paused", "A notice.")),
        lambda desk: desk.do(
            commands.correct(
                desk.doors,
                projection.with_status(desk.tables, desk.case, "published")[0].id,
                (Text("A correction."), Image("The gate, from the road.")),
                "misheard",
            )
        ),
    ],
    ids=["post", "summary", "notice", "correction with a picture"],
)
def test_what_waits_for_a_second_pair_of_eyes_has_the_same_clock(desk: Desk, what: Callable[[Desk], object]) -> None:
    waits_for_second_eyes(desk, what)
    since = now.utc()
    counted = [projection.kept_before(desk.tables, desk.case, since + later - HELD_WITHIN) for later in CLOCK]
    assert counted == [0, 1], "not yet, and then it is overdue"
    latest = []
    for later in CLOCK:
        with now.held_at(since + later):
            latest.append(pulse._latest(desk.tables, desk.case, []))
    assert latest[0] != latest[1], "a desk that is open hears of it"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("by") / "data"
    with now.held_at(now.utc() - HELD_WITHIN - timedelta(minutes=5)):
        house = open_house(data, synchronous="OFF")
        desk = Desk(house)
        desk.do(hold_case(desk.case, "asked to"))
        desk.publish("Held long ago, the qoldq one.")
        desk.do(let_case_go(desk.case, "looked at"))
        house.close()
    with running(data) as server:
        yield server


@pytest.fixture(scope="module")
def reporter(server: Server) -> Iterator[httpx2.Client]:
    client = signed_in_as(server, "Una", "reporter")
    yield client
    client.close()


def test_the_author_is_told_by_when_and_the_desk_sees_it_with_what_is_overdue_first(
    server: Server, reporter: httpx2.Client
) -> None:
    server.post(f"/cases/{SLUG}/permission", {"permission": "withdrawn"})
    sent = reporter.post(f"/desk/{SLUG}/publish", data={"text": "Held just now, the qnewq one."})
    page = reporter.get(sent.headers["location"]).text
    [by] = re.findall(r"will look at them by (\d\d:\d\d)\.", page)
    assert re.search(r"2 held, for .*; since .*, the first overdue since ", page)
    assert "qoldq" not in page and "qnewq" not in page
    desk = server.client.get(f"/desk/{SLUG}/").text
    old, new = (desk.index(words) for words in ("the qoldq one", "the qnewq one"))
    overdue, due = (desk.index(words) for words in ("<b>Overdue</b> since", f"To be looked at by {by}"))
    assert old < overdue < new < due
    assert desk.count("<b>Overdue</b> since") == 1


@pytest.mark.parametrize("by", ["", "noon", "<b>now</b>", "14:20 and pay", "99:99"])
def test_nothing_but_a_clock_is_said_from_an_address(server: Server, reporter: httpx2.Client, by: str) -> None:
    page = reporter.get(f"/desk/{SLUG}/", params={"done": "held", "by": by}).text
    assert HELD.split("{by}")[0] not in page
