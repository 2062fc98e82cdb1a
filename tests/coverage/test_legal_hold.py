"""While a legal hold is on a case nothing of it is erased, by whatever way, and everything else goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request

from heard.accounts import callers, secrets
from heard.accounts import commands as account_commands
from heard.accounts import projection as accounts
from heard.cases import projection as cases
from heard.cases.exits import Serving
from heard.cases.legal_hold import end_legal_hold, place_legal_hold
from heard.coverage import commands, projection
from heard.coverage.entries import RecordTaken
from heard.coverage.withdrawing_again import withdraw_again
from heard.engine.errors import Conflict, Refused
from heard.engine.node import Command, Written
from heard.opening import open_house
from heard.web import taking_hold
from tests.desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    house = open_house(tmp_path / "data")
    yield Desk(house)
    house.close()


def test_it_stops_erasing_until_it_is_ended_and_withdrawing_never(desk: Desk) -> None:
    post = desk.publish("What a court may ask for.")
    desk.do(place_legal_hold(desk.case, "a letter before claim"))
    desk.do(commands.retract(desk.doors, post))
    with pytest.raises(Refused) as refused:
        desk.do(commands.erase(desk.journal, post, "UK GDPR art. 17"))
    assert "legal hold" in refused.value.message
    desk.do(end_legal_hold(desk.case, "settled"))
    desk.do(commands.erase(desk.journal, post, "UK GDPR art. 17"))
    assert projection.by_id(desk.tables, post).status == "erased"


def test_what_a_witness_saw_erased_is_erased_again_also_in_a_backup_from_under_the_hold(desk: Desk) -> None:
    post = desk.publish("Erased lawfully, after the hold had ended.")
    desk.do(place_legal_hold(desk.case, "a letter before claim"))
    withdraw_again(desk.house.node, desk.doors, desk.journal, [f"{post} 4"], by="operator")
    assert projection.by_id(desk.tables, post).status == "erased"


def test_one_that_is_placed_one_entry_earlier_wins(desk: Desk) -> None:
    post = desk.publish("What a court may ask for.")
    node = desk.house.node
    asked = node.ask(commands.erase(desk.journal, post, "UK GDPR art. 17"), by="lawyer")
    judged = node.judge([asked])
    desk.do(place_legal_hold(desk.case, "a letter before claim"))
    again = node.settle([asked], node.append(judged))
    while again:
        again = node.settle(again, node.append(node.judge(again)))
    assert isinstance(asked.outcome, Refused | Conflict)
    assert projection.by_id(desk.tables, post).status == "published"


def test_who_is_signed_out_while_the_case_is_read_takes_nothing(desk: Desk) -> None:
    """A long case is read for seconds, and what is given then was withdrawn from everybody else."""
    house = desk.house
    house.node.do(account_commands.add_account("lena@heard.example", "lawyer"), by="operator")
    lawyer = accounts.by_email(desk.tables, "lena@heard.example").id
    secret = secrets.make(house.vault, "session", lawyer)
    head = {"headers": [(b"cookie", f"heard={secret}".encode())], "scheme": "http", "server": ("heard", 80)}
    request = Request({"type": "http", "method": "POST", "path": "/", "query_string": b"", **head})
    caller = callers.of(request, house.vault, desk.tables).at(desk.case)
    desk.do(place_legal_hold(desk.case, "a letter before claim"))

    async def do(command: Command, **asked: Any) -> Written:
        house.node.do(account_commands.end_sessions(lawyer), by="operator")
        return house.node.do(command, **asked)

    serving = Serving(house.node, house.doors, house.vault, None, house.media, do, "e")
    with pytest.raises(callers.SignInNeeded):
        asyncio.run(
            taking_hold._record(
                serving, caller, cases.by_id(desk.tables, desk.case), "a letter before claim", names=False
            )
        )
    assert house.journal.store.of_kinds([RecordTaken.kind], 0) == []
