"""The race that matters most: an order is recorded while somebody is publishing the very name it protects."""

from __future__ import annotations

import os
import random
from pathlib import Path

import msgspec

from heard.cases import commands as case_commands
from heard.coverage import commands
from heard.coverage.elements import Text
from heard.coverage.entries import PostPublished
from heard.engine.journal import Writing
from heard.opening import House, open_house
from tests.postgres import Cluster

NAME = "Rowan Tidewell"


def out_after(races: int, data: Path, unguarded: bool, journal: str | None = None) -> int:
    """How often the name was published although its order stood before it in the journal.

    Two processes on one directory; or, on the `journal` of a PostgreSQL server, two nodes with one each.
    """
    places = (data, data.with_name(f"{data.name}-other") if journal else data)
    writer, lawyer = (open_house(place, journal=journal, synchronous="OFF") for place in places)
    chance = random.Random(20311)
    out = sum(_race(writer, lawyer, number, chance.randrange(3), unguarded) for number in range(races))
    writer.close()
    lawyer.close()
    return out


def _race(writer: House, lawyer: House, number: int, when: int, unguarded: bool) -> bool:
    """One race in a case of its own; the order comes before the judging, between it and the append, or after.

    Each has a writer of its own: whoever is stopped five times publishes nothing more, and would race no more.
    """
    case = writer.node.do(case_commands.open_case(f"race-{number}", "A race"), by="editor").stream
    order = case_commands.impose_restriction(case, "s.11 Contempt of Court Act 1981", [NAME])
    post = commands.publish(writer.doors, PostPublished(case, (Text(f"{NAME} is called."),)))
    if when == 0:
        lawyer.node.do(order, by="lawyer")
    asked = writer.node.ask(post, by=f"reporter-{number}")
    writings = _unguarded(writer.node.judge([asked])) if unguarded else writer.node.judge([asked])
    imposed = lawyer.node.do(order, by="lawyer") if when == 1 else None
    again = writer.node.settle([asked], writer.node.append(writings))
    while again:
        again = writer.node.settle(again, writer.node.append(writer.node.judge(again)))
    if when == 2:
        lawyer.node.do(order, by="lawyer")
    outcome = asked.outcome
    assert outcome is not None and not isinstance(outcome, Exception)
    published = outcome.kind == "coverage.post_published"
    assert published or when < 2, "nothing stood in its way: it was no race"
    return published and (when == 0 or (imposed is not None and imposed.position < outcome.position))


def _unguarded(writings: list[Writing]) -> list[Writing]:
    """The mutant: it checks outside the append, as any program would that looks a list up before it saves."""
    return [msgspec.structs.replace(writing, over=()) for writing in writings]


def test_no_name_gets_out_past_an_order_recorded_one_entry_earlier(tmp_path: Path) -> None:
    assert out_after(10_000 if os.environ.get("HEARD_SOAK") else 300, tmp_path / "data", unguarded=False) == 0


def test_checking_outside_the_append_is_caught(tmp_path: Path) -> None:
    assert out_after(60, tmp_path / "data", unguarded=True) > 0


def test_no_name_gets_out_of_a_node_past_an_order_recorded_on_another(postgres: Cluster, tmp_path: Path) -> None:
    races = 10_000 if os.environ.get("HEARD_SOAK") else 100
    assert out_after(races, tmp_path / "data", unguarded=False, journal=postgres.fresh()) == 0


def test_a_node_that_checks_outside_the_append_is_caught(postgres: Cluster, tmp_path: Path) -> None:
    assert out_after(30, tmp_path / "data", unguarded=True, journal=postgres.fresh()) > 0


def test_the_writer_is_told_no_more_than_that_it_is_held(tmp_path: Path) -> None:
    house = open_house(tmp_path / "data", synchronous="OFF")
    case = house.node.do(case_commands.open_case("quiet", "Quiet"), by="editor").stream
    house.node.do(case_commands.impose_restriction(case, "s.11", [NAME]), by="lawyer")
    written = house.node.do(commands.publish(house.doors, PostPublished(case, (Text(NAME),))), by="reporter")
    assert written.kind == "coverage.post_held"
    assert NAME.encode() not in (tmp_path / "data" / "journal.sqlite").read_bytes()
    house.close()
