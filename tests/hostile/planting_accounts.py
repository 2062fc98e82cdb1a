"""Puts hostile lines into what people call the things that they sign in with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import httpx2

from heard.accounts import secrets
from heard.accounts.commands import add_factor
from heard.accounts.model import LABEL_MAX
from heard.engine.entry import new_id
from heard.engine.errors import Refused
from tests.hostile.planting import Planter


def labelled(planter: Planter, accounts: Sequence[str], lines: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Each one's own page with the label that was taken, or refused; and the page of people, with all their names."""
    house, taken = planter.house, 0
    for account, line in zip(accounts, lines, strict=True):
        factor, label = new_id(), line[:LABEL_MAX]
        try:
            house.node.do(add_factor(account, factor, "code", label), by=account)
            taken += 1
        except Refused:
            house.node.do(add_factor(account, factor, "code"), by=account)
        session = secrets.make(house.vault, "session", account, factor=factor)
        yield own_page(planter, session)
    assert taken > len(lines) / 2
    everybody = planter.desk.get("/account/people/")
    assert everybody.status_code == 200
    yield "people", everybody.headers["content-type"], everybody.text


def own_page(planter: Planter, session: str) -> tuple[str, str, str]:
    page = httpx2.get(f"{planter.server.address}/account/", headers={"Cookie": f"heard={session}"})
    assert "Sign out" in page.text
    return "own account", page.headers["content-type"], page.text
