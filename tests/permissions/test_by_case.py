"""The same table, for people who have a role in one case alone: there as in the whole house, and elsewhere nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from heard.accounts import commands as account_commands
from heard.accounts import projection as accounts
from heard.cases import projection as cases
from heard.coverage.in_case import case_named
from heard.engine.errors import NotFound
from tests.permissions.asking import ask, outcome, says_who_may, written_since
from tests.permissions.conftest import Worlds
from tests.permissions.rows import ROLES, STATES, Row
from tests.permissions.table import API_ROWS, DESK_ROWS, ROWS
from tests.permissions.world import NUMBERS, Asker, World

#: By their letters; of an administrator's in one case there is none.
CASE_ROLES = "dcrel"
#: In no case: nobody is let through by a role in one. The first two show each what they may see.
OF_THE_HOUSE = {"POST /desk/", "POST /api/v1/cases"}
LISTS = {"GET /desk/", "GET /api/v1/cases"}
#: It would hold in every case.
NEVER = {"POST /desk/{slug}/orders/approve"}
NAMED = ("{slug}", "{case}", "{post}", "{hearing}", "{sitting}")
OF_CASES = [
    name
    for name in (*API_ROWS, *DESK_ROWS)
    if not name.split(" ")[1].startswith(("/account/", "/desk/reports/", "/desk/sign-out/"))
    and (name in LISTS | OF_THE_HOUSE or any(part in name for part in NAMED))
]


class Guests:
    """Who has no role in the house: by letter, those with one in the case that is asked about, or only elsewhere."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.elsewhere = world._open()[1]
        self._known = {letter: self._guest(letter) for letter in CASE_ROLES}

    def _guest(self, letter: str) -> Asker:
        added = account_commands.add_account(f"guest-{next(NUMBERS)}@heard.example", "by_case")
        account = self.world.do(added)
        return self.world.let_in(account, letter, f"{letter} of one case")

    def here(self, letter: str, name: str, things: dict[str, str]) -> Asker:
        """With the role in the case of the address; where the address says only of what, in the case of that."""
        asker, house = self._known[letter], self.world.house
        house.node.catch_up()
        parts = {part.strip("{}"): things.get(part.strip("{}"), "") for part in NAMED if part in name}
        self._has_only(asker, case_named(house.tables, parts) or self.elsewhere)
        return asker

    def away(self, letter: str) -> Asker:
        """With the role in another case, and in no other."""
        self._has_only(self._known[letter], self.elsewhere)
        return self._known[letter]

    def _has_only(self, asker: Asker, case: str) -> None:
        for other in accounts.case_roles(self.world.house.tables, asker.account):
            if other != case:
                self.world.do(account_commands.take_role(asker.account, other))
        role: Any = ROLES[asker.role]
        self.world.do(account_commands.give_role(asker.account, case, role))


@pytest.fixture
def world(worlds: Worlds) -> World:
    return worlds.now()


@pytest.fixture(scope="module")
def known() -> dict[World, Guests]:
    return {}


@pytest.fixture
def guests(world: World, known: dict[World, Guests]) -> Guests:
    return known.get(world) or known.setdefault(world, Guests(world))


def offences(world: World, guests: Guests, name: str, row: Row) -> Iterator[str]:
    states = STATES[row.on]
    for letter in CASE_ROLES:
        through = (letter in row.may or name in LISTS) and name not in OF_THE_HOUSE | NEVER
        state = states[0]
        usual, *others = row.states[state].split()
        wanted = dict(one.split(":") for one in others).get(letter, usual) if through else "forbidden"
        yield from _asked(world, guests, name, row, state, letter, wanted, here=True)
    yield from _away(world, guests, name, row, *states[-2:])


def _away(world: World, guests: Guests, name: str, row: Row, *others: str) -> Iterator[str]:
    wanted = "ok" if name in LISTS else "forbidden"
    for state in {STATES[row.on][0], *others}:
        yield from _asked(world, guests, name, row, state, "l" if "l" in row.may else "e", wanted)


def _asked(
    world: World, guests: Guests, name: str, row: Row, state: str, letter: str, wanted: str, *, here: bool = False
) -> Iterator[str]:
    changes = name.startswith("POST") and wanted in ("ok", "kept")
    things = (world.things if changes else world.shared)(row.on, state, guests._known[letter])
    asker = guests.here(letter, name, things) if here else guests.away(letter)
    before = world.house.store.position()
    answer = ask(world, name, row, asker, things)
    where = "here" if here else "elsewhere"
    if outcome(answer) != wanted:
        yield f"{name}, {asker.name}, {where}, {row.on} {state}: {outcome(answer)}, not {wanted}"
    elif wanted == "forbidden" and letter not in row.may and not says_who_may(answer, row, asker):
        yield f"{name}, {asker.name}, {where}, {row.on} {state}: turned away, and not told who may"
    elif wanted == "forbidden" and written_since(world, before):
        yield f"{name}, {asker.name}, {where}, {row.on} {state}: turned away, and yet it was written"


@pytest.mark.parametrize("name", OF_CASES)
def test_a_role_in_one_case_lets_through_there_and_nowhere_else(world: World, guests: Guests, name: str) -> None:
    assert [told for row in ROWS[name] for told in offences(world, guests, name, row)] == []


def test_every_route_that_is_of_a_case_is_asked() -> None:
    left = {name for name in (*API_ROWS, *DESK_ROWS) if name not in OF_CASES}
    # That a change is of the case of its post: tests/coverage/test_changes.py.
    of_none = ("/account/", "/reports", "/bodies/", "/areas/", "/desk/sign-out/", "/changes/")
    assert all(any(part in one for part in of_none) for one in left), left


def test_a_role_in_one_case_opens_no_other_page(world: World, guests: Guests) -> None:
    """Nor is a case that they have no part in on the list, whatever its address says."""
    things = world.things("case", "live", guests._known["e"])
    other = world.things("case", "live", guests._known["e"])["slug"]
    asker = guests.here("e", "GET /desk/{slug}/", things)
    here = {**asker.headers, "Heard-Position": str(world.house.store.position())}
    for path in ("/desk/", "/api/v1/cases"):
        shown = world.http.get(path, headers=here).text
        assert things["slug"] in shown and f"/{other}/" not in shown
    for path in ("/watch/", "/watch/mine/", "/desk/reports/", "/account/people/"):
        assert world.http.get(path, headers=here).status_code in (403, 404), path


def test_who_has_a_role_in_the_house_and_another_in_a_case_may_there_what_either_may(world: World) -> None:
    things = world.things("case", "live", world.askers[0])
    account = world.do(account_commands.add_account(f"{next(NUMBERS)}@heard.example", "reader_of_drafts"))
    asker = world.let_in(account, "d", "somebody with two roles")
    path = f"/desk/{things['slug']}/publish"

    def publishes() -> int:
        at = {**asker.headers, "Heard-Position": str(world.house.store.position())}
        return world.http.post(path, data={"text": "Words."}, headers=at).status_code

    assert publishes() == 403
    case = cases.by_slug(world.house.tables, things["slug"]).id
    world.do(account_commands.give_role(asker.account, case, "reporter"))
    assert publishes() == 303
    world.do(account_commands.take_role(asker.account, case))
    assert publishes() == 403
    with pytest.raises(NotFound):
        world.do(account_commands.take_role(asker.account, case))


def test_control_a_role_that_held_in_every_case_is_caught(everywhere: World) -> None:
    """A server for which whoever is somebody somewhere is it everywhere: caught at every route."""
    strangers = Guests(everywhere)
    for name in OF_CASES:
        if name not in LISTS and "elsewhere" not in str(ROWS[name][0].may):
            told = [one for row in ROWS[name] for one in _away(everywhere, strangers, name, row)]
            assert any("elsewhere" in one for one in told), name
