"""Every route, for everybody, on a thing in every state: the table that was written by hand against the real server."""

from __future__ import annotations

import time
from typing import Any

import pytest
from starlette.routing import Route

from heard.accounts import commands as account_commands
from heard.web import app
from tests.permissions.asking import ask, offences, routes_of, says_who_may, written_since
from tests.permissions.conftest import Worlds
from tests.permissions.rows import EVERYONE, STATES, Row
from tests.permissions.table import API_ROWS, DESK_ROWS, PUBLIC, ROWS
from tests.permissions.world import World
from tests.watch.table import WATCH

#: Figures of this moment; forms with a key of their own, which makes two messages two.
NOT_THE_SAME = {
    "GET /metrics",
    "GET /healthz",
    "GET /log/checkpoint",
    "GET /{slug}/problem/",
    "GET /reports/{slug}/problem/",
}


@pytest.fixture
def world(worlds: Worlds) -> World:
    return worlds.now()


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    served = set(routes_of(app.routes()))
    lacking = served - ROWS.keys() - WATCH.keys()
    assert lacking == set(), "write a row in tests/permissions, or tests/watch/table.py: who may, and in which state"
    assert (ROWS.keys() | WATCH.keys()) - served == set(), "rows of routes that are not there"
    assert ROWS.keys() & WATCH.keys() == set(), "a route stands in one table"
    of_watch = ("/watch/", "/api/v1/watch/")
    assert all(name.split(" ")[1].startswith(of_watch) for name in WATCH), "the watch has no business elsewhere"


def test_every_row_has_a_cell_for_every_state() -> None:
    lacking = [
        (name, set(STATES[row.on]) ^ row.states.keys())
        for name, rows in ROWS.items()
        for row in rows
        if row.states.keys() != set(STATES[row.on])
    ]
    assert lacking == []


def test_control_a_route_without_a_row_is_caught() -> None:
    async def forgotten() -> None: ...

    routes = [Route(at, forgotten) for at in ("/desk/{slug}/forgotten/", "/watch/forgotten/")]
    lacking = set(routes_of([*app.routes(), *routes])) - ROWS.keys() - WATCH.keys()
    assert lacking == {"GET /desk/{slug}/forgotten/", "GET /watch/forgotten/"}


def test_control_a_refusal_that_names_other_roles_is_caught(world: World) -> None:
    """As once at the legal hold: an administrator was sent to an administrator or an editor, and neither may."""
    name = "GET /desk/{slug}/legal-hold/"
    [row], asker = DESK_ROWS[name], next(one for one in world.askers if one.name == "administrator signed in")
    answer = ask(world, name, row, asker, world.shared("case", "live", asker))
    assert "Nothing was changed; it takes a lawyer." in answer.text
    assert says_who_may(answer, row, asker)
    assert not any(says_who_may(answer, row._replace(may=may), asker) for may in ("e", "ea", "el", "ela", "rela"))


@pytest.mark.parametrize("name", [*API_ROWS, *DESK_ROWS])
def test_everybody_is_let_through_or_turned_away_as_the_table_says(world: World, name: str) -> None:
    assert [told for row in ROWS[name] for told in offences(world, name, row)] == []


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_address_answers_everybody_the_same(world: World, name: str) -> None:
    wrong = [told for row in PUBLIC[name] for told in offences(world, name, row)]
    assert wrong == []
    row = PUBLIC[name][0]
    if name.startswith("GET") and name not in NOT_THE_SAME:
        for state in STATES[row.on]:
            things = world.shared(row.on, state, world.askers[0])
            assert _answers(world, name, row, things) == 1, state


def _answers(world: World, name: str, row: Row, things: Any) -> int:
    """How many different answers there are to one question, while the server writes nothing of its own in between."""
    for _ in range(10):
        position = world.house.store.position()
        found = {ask(world, name, row, asker, things).content for asker in world.askers}
        if len(found) == 1 or world.house.store.position() == position:
            break
    return len(found)


def test_control_a_route_whose_guard_is_taken_away_is_caught(unguarded: World) -> None:
    """Every route, one by one: to somebody without the role, and to somebody without an account."""
    for name, rows in {**API_ROWS, **DESK_ROWS}.items():
        for row in rows:
            told = list(offences(unguarded, name, row, only_turned_away=True))
            assert any(", nobody, " in one for one in told), name
            assert row.may == EVERYONE or any(" signed in, " in one for one in told), name


def test_control_what_an_account_wrote_is_seen_among_what_the_server_writes_by_itself(world: World) -> None:
    withdrawal = int(world.things("receipt", "of a post", world.askers[0])["withdrawal"])
    for _ in range(100):  # until the server has given it
        if world.house.store.position() > withdrawal:
            break
        time.sleep(0.1)
    assert world.house.store.position() > withdrawal and not written_since(world, withdrawal)
    world.do(account_commands.add_account("one-more@heard.example", "reporter"), by=world.accounts["a"])
    assert written_since(world, withdrawal)


def test_the_edge_answers_everybody_the_same(world: World) -> None:
    """The stream's twin is not of the route table: the edge answers it, and knows nobody."""
    slug = world.shared("case", "live", world.askers[0])["slug"]
    for _ in range(100):  # until it is painted: it was opened beside the server
        if world.http.get(f"/live/{slug}/after/0").status_code == 200:
            break
        time.sleep(0.05)
    answers = [world.http.get(f"/live/{slug}/after/0", headers=asker.headers) for asker in world.askers]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert world.http.post(f"/live/{slug}/after/0", json={}).status_code == 405
