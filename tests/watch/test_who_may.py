"""Every role at every address of the watch: who may is answered, who may not is refused and nothing is written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, get_args

import httpx2
import pytest

from heard.accounts import commands as account_commands
from heard.accounts.entries import Role
from heard.accounts.model import VERBS
from heard.opening import open_house
from heard.signing_in import token_for
from heard.watch.verbs import AT_STATION
from tests.server import Server
from tests.watch.hand import Hand

ROLES: tuple[Role, ...] = get_args(Role)
SEE = VERBS["see_watch"]
MINE = ("begin", "end", "here", "away")
ANY = VERBS["see_watch"] | VERBS["keep_watch"]


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


def asked(station: str) -> list[tuple[str, str, frozenset[str]]]:
    """Method, address, and the roles that may."""
    return [
        ("GET", "/watch/", ANY),
        ("POST", "/watch/", VERBS["give_orders"]),
        ("GET", "/watch/live?after=0", ANY),
        ("GET", "/watch/mine/", VERBS["keep_watch"]),
        ("GET", f"/watch/{station}/", SEE),
        *(("POST", f"/watch/{station}/{name}", VERBS[verb.needs]) for name, verb in AT_STATION.items()),
        *(
            ("POST", f"/watch/mine/{station[9:]}/{verb}", VERBS["keep_watch"])
            for verb in ("begin", "end", "here", "away")
        ),
        ("GET", "/watch/orders/none/", ANY),
        ("POST", "/watch/orders/none/acknowledge", VERBS["keep_watch"]),
        ("GET", "/watch/alarms/none/", SEE),
        *(("POST", f"/watch/alarms/none/{verb}", VERBS["supervise"]) for verb in ("acknowledge", "close")),
    ]


@pytest.mark.parametrize("role", ROLES)
def test_each_role_may_what_the_table_says_and_no_more(
    server: Server, clients: dict[str, httpx2.Client], station: str, role: Any
) -> None:
    wrong = []
    for method, address, may in asked(station):
        before = server.reader.get("/log/checkpoint").text
        answer = clients[role].request(method, address, data={} if method == "POST" else None)
        if (answer.status_code == 403) == (role in may):
            wrong.append((method, address, answer.status_code))
        if role not in may and server.reader.get("/log/checkpoint").text.split("\n")[1] != before.split("\n")[1]:
            wrong.append((method, address, "wrote"))
    assert wrong == []


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
