"""Somebody has lost everything, and two administrators let them in again: what was theirs opens nothing any more."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import httpx2
import pytest

from heard.accounts import commands, factors, projection, secrets
from heard.engine.entry import new_id
from heard.opening import House, open_house
from heard.signing_in import link_for
from tests.server import Server


@pytest.fixture
def house(server: Server) -> Iterator[House]:
    opened = open_house(server.data)
    opened.node.catch_up()
    yield opened
    opened.close()


def account(house: House, role: str) -> str:
    return house.node.do(commands.add_account(f"{new_id()}@heard.example", role), by="operator").stream  # type: ignore[arg-type]


def session(server: Server, house: House, of: str) -> str:
    return opens(server, "/desk/sign-in/" + link_for(house, of).split("/desk/sign-in/")[1])


def opens(server: Server, path: str) -> str:
    return httpx2.post(server.address + path).headers["set-cookie"].partition(";")[0]


def posts(server: Server, path: str, cookie: str, **fields: str) -> httpx2.Response:
    return httpx2.post(server.address + path, data=fields, headers={"Cookie": cookie})


def is_let_in(server: Server, cookie: str) -> bool:
    return httpx2.get(server.address + "/desk/", headers={"Cookie": cookie}).status_code == 200


def test_two_administrators_let_somebody_in_again_and_the_thief_is_out(server: Server, house: House) -> None:
    ada, ben, mira = account(house, "administrator"), account(house, "administrator"), account(house, "reporter")
    by_ada, by_ben = session(server, house, ada), session(server, house, ben)
    factors.begin_code(house.journal, mira)
    begun = factors.begun_code(house.journal, mira)
    assert begun
    factors.keep_code(house.journal, mira)
    house.node.do(commands.add_factor(mira, begun[0], "code"), by=mira)
    thief = "heard=" + secrets.make(house.vault, "session", mira, factor=begun[0])
    unused = link_for(house, mira)
    half = session(server, house, mira)
    assert is_let_in(server, thief)

    asked = posts(server, f"/account/people/{mira}/recover/", by_ada)
    assert asked.headers["location"] == "/account/people/?done=asked"
    page = httpx2.get(server.address + "/account/people/", headers={"Cookie": by_ben}).text
    [recovery] = re.findall(
        rf'/account/people/{mira}/agree/"><input type="hidden" name="recovery" value="([^"]+)"', page
    )
    alone = posts(server, f"/account/people/{mira}/agree/", by_ada, recovery=recovery)
    assert alone.status_code == 422 and "/desk/sign-in/" not in alone.text
    assert is_let_in(server, thief)

    began = time.monotonic()
    agreed = posts(server, f"/account/people/{mira}/agree/", by_ben, recovery=recovery)
    while is_let_in(server, thief):
        assert time.monotonic() - began < 1
    print(f"the thief is out {time.monotonic() - began:.3f} s after it was agreed")
    assert posts(server, "/account/second/", half, code="000000").status_code == 403
    spent = httpx2.post(server.address + "/desk/sign-in/" + unused.split("/desk/sign-in/")[1])
    assert spent.status_code == 403
    house.node.catch_up()
    assert projection.factors(house.tables, mira) == [] and factors.secret_of(house.journal, begun[0]) is None
    [path] = re.findall(r"<code>http://[^/]+(/desk/sign-in/[^<]+)</code>", agreed.text)
    again = opens(server, path)
    assert is_let_in(server, again)
    shown = httpx2.get(server.address + "/account/people/", headers={"Cookie": by_ben}).text
    assert path not in shown, "it is shown once"


def test_a_demand_is_made_by_who_has_a_factor_and_says_who_and_when(server: Server, house: House) -> None:
    ada = account(house, "administrator")
    bare = session(server, house, ada)
    refused = posts(server, "/account/people/demand/", bare, demanded="yes")
    assert refused.status_code == 422 and "Add a second factor" in refused.text
    factor = new_id()
    house.node.do(commands.add_factor(ada, factor, "code"), by=ada)
    proved = "heard=" + secrets.make(house.vault, "session", ada, factor=factor)
    assert posts(server, "/account/people/demand/", proved, demanded="yes").status_code == 303
    page = httpx2.get(server.address + "/account/people/", headers={"Cookie": proved}).text
    assert "Demanded of everybody by" in page
    assert posts(server, "/account/people/demand/", proved, demanded="no").status_code == 303
    [one] = [entry for entry in house.journal.stream("accounts") if entry.by == ada][:1]
    assert one.body.demanded  # type: ignore[union-attr]
