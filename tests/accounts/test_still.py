"""What somebody may is judged when it is written: what was taken away since they came counts for nothing any more."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from starlette.requests import Request

from heard.accounts import callers, commands, projection, secrets
from heard.accounts.callers import SignInNeeded
from heard.accounts.model import Caller
from heard.accounts.still import must_still, still
from heard.engine.errors import HeardError, NotAllowed
from heard.engine.node import Asked
from heard.opening import House
from heard.watch.commands import set_station

WATCH = "watch.station_set"


class Came:
    """Somebody who came by a token, or in a session, and was known then."""

    def __init__(self, house: House, how: str) -> None:
        self.house, self.token = house, "the-token"
        house.node.do(commands.add_account("sam@heard.example", "supervisor"), by="operator")
        self.account = projection.by_email(house.tables, "sam@heard.example").id
        if how == "token":
            house.node.do(commands.add_token(self.account, self.token, "write"), by="operator")
            secret = secrets.make(house.vault, "token", self.account, token=self.token)
            head = (b"authorization", f"Bearer {secret}".encode())
        else:
            secret = secrets.make(house.vault, "session", self.account)
            head = (b"cookie", f"heard={secret}".encode())
        scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "scheme": "http"}
        self.request = Request({**scope, "headers": [head, (b"host", b"heard")], "server": ("heard", 80)})
        self.caller: Caller = callers.of(self.request, house.vault, house.tables)

    def written(self) -> int:
        return len(self.house.journal.store.of_kinds((WATCH,), 0))

    def writes(self, meanwhile: Callable[[], object], caller: Caller | None = None) -> Asked:
        """Judged, then `meanwhile` another writes, then it is appended: as at two nodes, or in two processes."""
        node = self.house.node
        asked = node.ask(still(caller or self.caller, set_station("Post 7")), by=self.account)
        writings = node.judge([asked])
        meanwhile()
        pending = node.settle([asked], node.append(writings))
        if pending:
            node.do_all(pending)
        return asked

    def taken_away(self, how: str) -> None:
        taken = commands.revoke_token(self.token) if how == "token" else commands.end_sessions(self.account)
        self.house.node.do(taken, by="operator")


@pytest.mark.parametrize("how", ["token", "session"])
def test_what_is_taken_away_between_judging_and_writing_is_not_written_by(house: House, how: str) -> None:
    came = Came(house, how)
    asked = came.writes(lambda: came.taken_away(how))
    assert isinstance(asked.outcome, SignInNeeded) and asked.tries == 1 and came.written() == 0
    asked = came.house.node.ask(still(came.caller, set_station("Post 8")), by=came.account)
    assert came.house.node.judge([asked]) == [] and isinstance(asked.outcome, SignInNeeded), "and before it, neither"


@pytest.mark.parametrize("how", ["token", "session"])
def test_control_who_is_only_asked_as_they_come_writes_all_the_same(house: House, how: str) -> None:
    came = Came(house, how)
    deaf = msgspec.structs.replace(came.caller, again=None)
    came.writes(lambda: came.taken_away(how), deaf)
    assert came.written() == 1


def test_what_others_write_meanwhile_stops_nobody(house: House) -> None:
    came = Came(house, "token")
    asked = came.writes(lambda: house.node.do(set_station("Another"), by="operator"))
    assert not isinstance(asked.outcome, HeardError) and came.written() == 2
    asked = came.writes(lambda: house.node.do(commands.make_link(came.account), by="operator"))
    assert asked.tries == 1 and came.written() == 3, (
        "what is said of their account is looked at, and then it is written"
    )


def test_a_role_in_a_case_that_is_taken_away_counts_for_nothing(house: House) -> None:
    came = Came(house, "token")
    case = "a-case"
    house.node.do(commands.give_role(came.account, case, "reporter"), by="operator")
    caller = callers.of(came.request, house.vault, house.tables)
    assert caller.at(case).may("publish")
    must_still(caller.at(case))
    house.node.do(commands.take_role(came.account, case), by="operator")
    with pytest.raises(NotAllowed, match="changed in the same moment"):
        must_still(caller.at(case))
