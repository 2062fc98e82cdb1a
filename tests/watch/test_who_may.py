"""Every role at every address of the watch: who may is answered, who may not is refused and nothing is written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, get_args

import httpx2
import pytest

from heard.accounts import commands as account_commands
from heard.accounts.entries import Role
from heard.opening import open_house
from heard.signing_in import token_for
from tests.server import Server
from tests.watch.hand import Hand, in_session
from tests.watch.table import IN_SESSION, WATCH

ROLES: tuple[Role, ...] = get_args(Role)


@pytest.fixture(scope="module")
def clients(server: Server) -> Iterator[dict[str, httpx2.Client]]:
    """A client for each role."""
    house = open_house(server.data)
    tokens = {}
    for role in ROLES:
        house.node.do(account_commands.add_account(f"{role}@heard.example", role), by="operator")
        tokens[role] = token_for(house, f"{role}@heard.example", "admin")
    house.close()
    made = {
        role: httpx2.Client(base_url=server.address, headers={"Authorization": f"Bearer {token}"}, timeout=30)
        for role, token in tokens.items()
    }
    yield made
    for client in made.values():
        client.close()


@pytest.fixture(scope="module")
def station(server: Server) -> str:
    return Hand(server).station("Post 7")


#: What the API takes, where it would say what is lacking before it says who may not.
_SENT: dict[str, dict[str, Any]] = {"POST /api/v1/watch/stations/{station}/deeds": {"deed": "check"}}


def by_token(table: Mapping[str, set[str]]) -> dict[str, set[str]]:
    return {name: set() if name in IN_SESSION else may for name, may in table.items()}


def wrong(server: Server, client: httpx2.Client, role: str, station: str, table: Mapping[str, set[str]]) -> list[str]:
    """Where the server does other than the table says. Who is nobody, without a role, is sent to sign in."""
    found = []
    for name, may in table.items():
        things = dict.fromkeys(("order", "alarm", "feed", "secret", "obligation", "suspension", "plan"), "none")
        things["station"] = station.removeprefix("stations/")
        method, address = name.format_map(things).split(" ")
        before = server.reader.get("/log/checkpoint").text.split("\n")[1]
        is_api = address.startswith("/api/")
        sent: dict[str, Any] = {} if method == "GET" else {"json": _SENT.get(name, {})} if is_api else {"data": {}}
        answer = client.request(method, address, **sent)
        to_sign_in = answer.headers.get("location", "").startswith("/desk/sign-in/") or answer.status_code == 401
        is_let_through = answer.status_code != 403 and not to_sign_in
        if is_let_through != (role in may) or to_sign_in != (not role):
            found.append(f"{name}: {answer.status_code}")
        if answer.status_code == 403 and role and not _says_who_may(answer.text, role, WATCH[name]):
            found.append(f"{name}: not told who may")
        if role not in may and server.reader.get("/log/checkpoint").text.split("\n")[1] != before:
            found.append(f"{name}: wrote")
    return found


def _says_who_may(said: str, role: str, may: set[str]) -> bool:
    """Whether just those who may are named to who may not; and to who might, that no token does it."""
    named = [("an " if one[0] in "aeiou" else "a ") + one for one in ROLES if one in may]
    return (
        "token" in said
        if role in may
        else f"it takes {' or '.join(filter(None, [', '.join(named[:-1]), named[-1]]))}." in said
    )


@pytest.mark.parametrize("role", ROLES)
def test_each_role_may_what_the_table_says_and_no_more(
    server: Server, clients: dict[str, httpx2.Client], station: str, role: Any
) -> None:
    assert wrong(server, clients[role], role, station, by_token(WATCH)) == []


@pytest.mark.parametrize("role", ROLES)
def test_what_takes_two_people_is_let_through_in_a_session_of_theirs(
    server: Server, clients: dict[str, httpx2.Client], station: str, role: Any
) -> None:
    with in_session(server, f"{role}@heard.example") as signed_in:
        assert wrong(server, signed_in, role, station, {name: WATCH[name] for name in IN_SESSION}) == []


def test_who_is_not_signed_in_is_sent_to_sign_in_from_every_address(server: Server, station: str) -> None:
    assert wrong(server, server.reader, "", station, WATCH) == []


def test_control_a_role_that_may_more_or_less_than_the_table_says_is_caught(
    server: Server, clients: dict[str, httpx2.Client], station: str
) -> None:
    """Every row turned around is found, for every role; one that does write is told of as well."""
    for role in ROLES:
        turned = {name: set(ROLES) - may for name, may in by_token(WATCH).items()}
        assert {one.split(":")[0] for one in wrong(server, clients[role], role, station, turned)} == set(WATCH)
    nobody = {"POST /watch/stations/{station}/check": set[str]()}
    told = wrong(server, clients["supervisor"], "supervisor", station, nobody)
    assert told == [f"{one}: {what}" for one in nobody for what in ("303", "wrote")]


def test_a_token_that_reads_changes_nothing(server: Server, clients: dict[str, httpx2.Client], station: str) -> None:
    house = open_house(server.data)
    token = token_for(house, "supervisor@heard.example", "read")
    house.close()
    with httpx2.Client(base_url=server.address, headers={"Authorization": f"Bearer {token}"}) as reads:
        assert reads.get("/watch/").status_code == 200
        assert reads.post(f"/watch/{station}/check").status_code == 403


def test_a_holder_reads_the_orders_of_their_own_stations_only(
    server: Server, clients: dict[str, httpx2.Client], station: str
) -> None:
    hand = Hand(server)
    hand.does(f"{station}/publish", title="The gate", text="Stay near.")
    [order] = {one.split("/")[0] for one in hand.page(f"{station}/").split("/watch/orders/")[1:]}
    assert clients["holder"].get(f"/watch/orders/{order}/").status_code == 404
    assert clients["holder"].post(f"/watch/orders/{order}/acknowledge", data={"version": "1"}).status_code == 404
    page = hand.page(f"{station}/")
    holder = re.findall(r"<option value=\"(\w+)\">holder@heard.example<", page)[0]
    hand.does(f"{station}/post", holder=holder)
    assert "Stay near." in clients["holder"].get(f"/watch/orders/{order}/").text
