"""Whoever tries what may not be said is stopped trying: the bound on probing, by every way in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx2
import pytest

from heard.accounts import commands as account_commands
from heard.cases import commands as case_commands
from heard.cases.release import HELD, NotPublished
from heard.coverage import approval, commands, projection
from heard.coverage.elements import Text
from heard.coverage.entries import PostPublished
from heard.engine import now
from heard.engine.errors import Refused
from heard.opening import open_house
from heard.signing_in import token_for
from tests.desk import Desk
from tests.server import Server

NAME = "Petronella Vane"


def says(desk: Desk, words: str, by: str = "mira") -> str:
    """What became of a post."""
    command = commands.publish(desk.doors, PostPublished(desk.case, (Text(words),)))
    return projection.by_id(desk.tables, desk.house.node.do(command, by=by).stream).status


def probes(desk: Desk, times: int, by: str = "mira") -> None:
    for number in range(times):
        assert says(desk, f"Is it {NAME}, {number}?", by) == "held"


def test_after_five_held_texts_all_that_an_account_writes_is_held(desk: Desk) -> None:
    desk.restrict(NAME)
    probes(desk, 4)
    assert says(desk, "The gate was open.") == "published"
    probes(desk, 1)
    assert says(desk, "The gate was open.") == "held"
    assert says(desk, "The gate was open.", by="another") == "published"


def test_what_cannot_be_held_is_refused_and_pausing_and_withdrawing_work(desk: Desk) -> None:
    post = desk.publish("The gate was open.")
    desk.restrict(NAME)
    probes(desk, 5)
    for command in (
        commands.correct(desk.doors, post, (Text("The gate was shut."),), "wrong"),
        commands.summarise(desk.doors, desk.case, "So far"),
        commands.set_state(desk.doors, desk.case, "paused", "Back soon"),
        case_commands.name_person(desk.case, "Ida Rook", "witness"),
        case_commands.describe_case(desk.case, "Another title", ""),
    ):
        with pytest.raises(NotPublished):
            desk.house.node.do(command, by="mira")
    desk.house.node.do(commands.set_state(desk.doors, desk.case, "paused"), by="mira")
    desk.house.node.do(commands.retract(desk.doors, post), by="mira")


def test_texts_that_a_held_case_or_withdrawn_leave_stops_are_not_counted(desk: Desk) -> None:
    """There is nothing to be found out by them, and a reporter goes on taking notes."""
    desk.do(case_commands.hold_case(desk.case, "asked to"))
    for _ in range(8):
        assert says(desk, "The gate was open.") == "held"
    desk.do(case_commands.let_case_go(desk.case, "looked at"))
    assert says(desk, "The gate was open.") == "published"


def test_five_in_more_than_ten_minutes_are_not_counted(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.restrict(NAME)
    probes(desk, 4)
    later = now.utc() + timedelta(minutes=11)
    monkeypatch.setattr(now, "utc", lambda: later)
    probes(desk, 1)
    assert says(desk, "The gate was open.") == "published"


def test_nobody_lets_their_own_held_post_go_and_somebody_else_ends_it(desk: Desk) -> None:
    desk.restrict(NAME)
    probes(desk, 5)
    command = commands.publish(desk.doors, PostPublished(desk.case, (Text("The gate was open."),)))
    post = desk.house.node.do(command, by="mira").stream
    with pytest.raises(Refused):
        desk.let_out(post, "mira")
    desk.let_out(post)
    assert projection.by_id(desk.tables, post).status == "published"
    with pytest.raises(Refused, match="ground"):
        desk.do(approval.end_approval("mira", ""))
    desk.do(approval.end_approval("mira", "she was testing a headline"))
    assert says(desk, "The gate was open.") == "published"
    probes(desk, 4)
    assert says(desk, "The gate was open.") == "published"


def test_without_the_gate_nobody_is_bounded(desk: Desk) -> None:
    """The control."""
    desk.house.node.gates.clear()
    desk.restrict(NAME)
    probes(desk, 9)
    assert says(desk, "The gate was open.") == "published"


@pytest.fixture(scope="module")
def reporter(server: Server) -> Iterator[httpx2.Client]:
    house = open_house(server.data)
    house.node.do(account_commands.add_account("mira@heard.example", "reporter", "Mira"), by="operator")
    token = token_for(house, "mira@heard.example", "write")
    house.close()
    with httpx2.Client(base_url=server.address, headers={"Authorization": f"Bearer {token}"}, timeout=60) as client:
        yield client


def test_many_at_once_get_no_further_and_every_cause_has_one_answer(server: Server, reporter: httpx2.Client) -> None:
    slug = server.open_case("probed", "Probed")
    server.post(f"/cases/{slug}/restrictions", {"basis": "an order", "names": [NAME]})
    post = server.publish(slug, "The gate was open.")

    def send(words: str) -> httpx2.Response:
        return reporter.post(f"/api/v1/cases/{slug}/posts", json={"text": words})

    # One of each way first: refused texts count as held ones do.
    refused = reporter.post(f"/api/v1/posts/{post}/corrections", json={"text": f"{NAME} was there.", "reason": "r"})
    assert refused.status_code == 422
    assert refused.json()["detail"] == NotPublished().message
    with ThreadPoolExecutor(8) as several:
        named = list(several.map(lambda number: send(f"It was {NAME}, {number}."), range(12)))
    clean = send("The gate was open, a second time.")
    answers = [*named, clean]
    assert {answer.status_code for answer in answers} == {202}
    assert {re.sub(r"\d\d:\d\d", "{by}", answer.json()["detail"]) for answer in answers} == {HELD}
    assert {tuple(sorted(answer.json())) for answer in answers} == {("detail", "id", "position", "status", "url")}
    assert "a second time" not in server.page(f"/{slug}/")
    again = reporter.post(f"/api/v1/posts/{post}/corrections", json={"text": "It was shut.", "reason": "r"})
    assert (again.status_code, again.json()) == (refused.status_code, refused.json())
    told = _desk(server, slug)
    assert "Mira" in told
    assert "goes for approval" in told


def _desk(server: Server, slug: str) -> str:
    with httpx2.Client(base_url=server.address, timeout=30) as desk:
        assert desk.post(server.link).status_code == 303
        assert "all goes for approval" in desk.get(f"/desk/{slug}/").text
        return desk.get(f"/desk/{slug}/orders/").text


def test_a_notice_of_a_withdrawal_is_no_way_to_try_names_without_end(desk: Desk) -> None:
    """It is never refused, so that a stopped one shows: after five, every notice is one from the list."""
    posts = [desk.publish(f"Post {number}.") for number in range(7)]
    desk.restrict(NAME)

    def noticed(post: str, words: str) -> str:
        desk.do(commands.retract(desk.doors, post, "tried", "error", words, "mira"), by="mira")
        return projection.by_id(desk.tables, post).notices[-1].text

    listed = noticed(posts[0], "")
    assert noticed(posts[1], "Nobody was there.") == "Nobody was there."
    for post in posts[2:6]:
        assert noticed(post, f"{NAME} was there.") == listed
    assert not projection.needs_approval(desk.tables, "mira")
    probes(desk, 1)
    assert projection.needs_approval(desk.tables, "mira")
    assert noticed(posts[6], "Nobody was there.") == listed
