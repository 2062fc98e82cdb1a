"""More people at the desk."""

from __future__ import annotations

import httpx2

from heard.accounts import projection as accounts
from heard.accounts.commands import add_account
from heard.accounts.entries import Role
from heard.engine.entry import new_id
from heard.opening import House, open_house
from heard.signing_in import link_for
from tests.server import ADMINISTRATOR, Server


def signed_in_as(server: Server, name: str, role: Role = "editor") -> httpx2.Client:
    """Somebody else of the desk, with the cookie of their own phone."""
    path = new_link(server, name, role)
    client = httpx2.Client(base_url=server.address, timeout=30)
    assert client.post(path).status_code == 303
    return client


def new_link(server: Server, name: str, role: Role = "editor") -> str:
    """The path by which somebody new signs in, as an administrator sends it to them."""
    house = open_house(server.data)
    house.node.catch_up()
    account = house.node.do(add_account(f"{new_id()}@heard.example", role, name), by="operator").stream
    try:
        return path_of_link(house, account)
    finally:
        house.close()


def another_link(server: Server) -> str:
    """The same for the administrator, who is there already."""
    house = open_house(server.data)
    house.node.catch_up()
    try:
        return path_of_link(house, accounts.by_email(house.tables, ADMINISTRATOR).id)
    finally:
        house.close()


def path_of_link(house: House, account: str) -> str:
    return "/desk/sign-in/" + link_for(house, account).split("/desk/sign-in/")[1]
