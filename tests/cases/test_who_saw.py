"""Who saw the names under an order is written down before they are shown, once an hour; unwritten, nobody sees them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import apsw
import msgspec
import pytest

from heard.accounts import projection as accounts
from heard.accounts.commands import add_account
from heard.accounts.model import Caller
from heard.cases import projection as cases
from heard.cases.entries import NamesSeen
from heard.cases.exits import Serving
from heard.cases.who_saw import see_names, who_saw
from heard.coverage import orders
from heard.engine import now
from heard.engine.errors import Unavailable
from heard.engine.node import Command, Written
from tests.desk import Desk

NAME = "Rowan Tidewell"


@pytest.fixture
def order(desk: Desk) -> str:
    desk.restrict(NAME)
    [one] = cases.restrictions(desk.tables, desk.case)
    return one.id


def sees(desk: Desk, account: str, named: Collection[str]) -> None:
    desk.do(see_names(account, desk.case, named), by=account)


def written(desk: Desk) -> list[tuple[str, tuple[str, ...]]]:
    """Each entry: whose, and of which orders."""
    found = desk.journal.read(0, 1000)
    return [(entry.by, entry.body.restrictions) for entry in found if isinstance(entry.body, NamesSeen)]


def test_one_entry_stands_for_an_account_an_order_and_an_hour(desk: Desk) -> None:
    began = now.utc()
    with now.held_at(began):
        for named in (["one"], ["one"], ["one", "other"], ["other", "one"]):
            sees(desk, "ada", named)
        sees(desk, "una", ["one"])
    assert written(desk) == [("ada", ("one",)), ("ada", ("other",)), ("una", ("one",))]
    with now.held_at(began + timedelta(minutes=59)):
        sees(desk, "ada", ["one"])
    assert len(written(desk)) == 3
    with now.held_at(began + timedelta(minutes=61)):
        sees(desk, "ada", ["one"])
    assert [sight.account for sight in who_saw(desk.tables, ["one"])["one"]] == ["ada", "una", "ada"]
    assert [len(saw) for saw in who_saw(desk.tables, ["one", "none"], most=2).values()] == [2, 0]


def test_there_are_ids_and_no_name_in_the_entry_and_in_no_table(desk: Desk, order: str) -> None:
    from heard.rebuilding import contents

    sees(desk, "ada", [order])
    [entry] = [entry for entry in desk.journal.read(0, 1000) if isinstance(entry.body, NamesSeen)]
    assert msgspec.to_builtins(entry.body) == {"case": desk.case, "restrictions": (order,)}
    assert "Tidewell" not in repr(contents(desk.tables))


def shown(desk: Desk) -> tuple[str, list[orders.Terms]]:
    """The page of orders as a lawyer is answered it, and what a program is told."""
    house = desk.house

    async def do(command: Command, **asked: Any) -> Written:
        return house.node.do(command, **asked)

    serving = Serving(house.node, house.doors, house.vault, None, house.media, do, "e")
    known = accounts.all_accounts(desk.tables)
    lawyer = next((one for one in known if one.role == "lawyer"), None)
    if lawyer is None:
        lawyer = accounts.by_id(desk.tables, desk.do(add_account("lawyer@heard.example", "lawyer", "Lew")).stream)
    caller, case = Caller(lawyer, in_session=True).at(desk.case), cases.by_id(desk.tables, desk.case)
    told, _ = asyncio.run(orders.told_now(serving, case, caller))
    page = asyncio.run(orders._page(serving, caller, case))
    assert page.status_code == 200
    return bytes(page.body).decode(), told


@contextmanager
def kept_by_another(desk: Desk) -> Iterator[None]:
    """While this lasts another process keeps the journal for itself, so that nothing can be written."""
    journal: Any = desk.house.journal.store
    journal._writer.set_busy_timeout(20)
    other = apsw.Connection(str(journal.path))
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


def test_a_lawyer_sees_the_names_and_who_saw_them(desk: Desk, order: str) -> None:
    page, [told] = shown(desk)
    assert told.names == (NAME,) and NAME in page
    assert re.search(r'<p class="when">Lew, \d\d:\d\d', page)
    assert [restrictions for _, restrictions in written(desk)] == [(order,)]


def test_where_it_cannot_be_written_the_terms_are_shown_and_no_name(desk: Desk) -> None:
    desk.publish("It was the gate of R. Tidewell.")
    desk.restrict(NAME)
    assert "the gate of R. Tidewell" in shown(desk)[0]
    before = written(desk)
    with now.held_at(now.utc() + timedelta(hours=2)):
        with kept_by_another(desk):
            with pytest.raises(Unavailable):
                desk.publish("Not kept.")
            page, [told] = shown(desk)
        assert (told.names, told.particulars, told.basis) == ((), (), "s.11 Contempt of Court Act 1981")
        assert "Tidewell" not in page and "could not be written down" in page
        assert written(desk) == before
        assert NAME in shown(desk)[0], "and again as soon as it can be"
    assert len(written(desk)) == len(before) + 1


def test_showing_them_unwritten_is_caught(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control."""

    async def careless(*_: object) -> bool:
        return True

    monkeypatch.setattr(orders, "noted", careless)
    with pytest.raises(AssertionError):
        test_where_it_cannot_be_written_the_terms_are_shown_and_no_name(desk)
