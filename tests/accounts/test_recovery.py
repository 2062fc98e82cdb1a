"""Two administrators let somebody in again: each by themselves, within an hour, once, and nothing old is left."""

from __future__ import annotations

from datetime import timedelta

import pytest

from heard.accounts import commands, projection, recovery
from heard.accounts.model import RECOVERY_LASTS
from heard.accounts.recovery import agree_recovery, ask_recovery, refuse_recovery
from heard.engine import now
from heard.engine.entry import new_id
from heard.engine.errors import NotFound, Refused
from heard.engine.node import Command
from heard.opening import House


class People:
    def __init__(self, house: House) -> None:
        self.house = house
        self.ada, self.ben = self.account("administrator"), self.account("administrator")
        self.mira = self.account("reporter")
        self.do(commands.add_factor(self.mira, new_id(), "code"), self.mira)

    def account(self, role: str) -> str:
        return self.do(commands.add_account(f"{new_id()}@heard.example", role), "operator")  # type: ignore[arg-type]

    def do(self, command: Command, by: str) -> str:
        return self.house.node.do(command, by=by).stream

    def asks(self, by: str) -> str:
        self.do(ask_recovery(self.mira, by), by)
        return projection.recoveries(self.house.tables)[self.mira].id

    def has(self) -> int:
        return len(projection.factors(self.house.tables, self.mira))


@pytest.fixture
def people(house: House) -> People:
    return People(house)


def refused(people: People, command: Command, by: str) -> bool:
    before = people.house.store.position()
    with pytest.raises((Refused, NotFound)):
        people.do(command, by)
    return people.house.store.position() == before


def test_two_let_somebody_in_again_and_one_does_not(people: People) -> None:
    asked = people.asks(people.ada)
    assert refused(people, agree_recovery(people.mira, asked, people.ada), people.ada), "the one who asked"
    assert refused(people, agree_recovery(people.mira, asked, people.mira), people.mira), "the one whom it is about"
    assert people.has() == 1
    people.do(agree_recovery(people.mira, asked, people.ben), people.ben)
    assert people.has() == 0 and projection.sessions_ended_at(people.house.tables, people.mira)


def test_nobody_asks_for_themselves_nor_twice(people: People) -> None:
    assert refused(people, ask_recovery(people.ada, people.ada), people.ada)
    people.asks(people.ada)
    assert refused(people, ask_recovery(people.mira, people.ben), people.ben)


def test_an_hour_later_nobody_agrees_and_it_is_asked_anew(people: People) -> None:
    asked = people.asks(people.ada)
    with now.held_at(now.utc() + RECOVERY_LASTS - timedelta(seconds=5)):
        assert refused(people, ask_recovery(people.mira, people.ben), people.ben), "the control: it is open until then"
    with now.held_at(now.utc() + RECOVERY_LASTS + timedelta(seconds=1)):
        assert refused(people, agree_recovery(people.mira, asked, people.ben), people.ben)
        fresh = people.asks(people.ben)
        assert refused(people, agree_recovery(people.mira, asked, people.ada), people.ada), "the old one"
        people.do(agree_recovery(people.mira, fresh, people.ada), people.ada)


def test_what_was_agreed_to_or_refused_is_over(people: People) -> None:
    asked = people.asks(people.ada)
    people.do(refuse_recovery(people.mira, asked), people.ben)
    assert refused(people, agree_recovery(people.mira, asked, people.ben), people.ben)
    asked = people.asks(people.ada)
    people.do(agree_recovery(people.mira, asked, people.ben), people.ben)
    assert refused(people, agree_recovery(people.mira, asked, people.ben), people.ben)
    assert refused(people, refuse_recovery(people.mira, asked), people.ben)


def test_of_two_who_agree_at_once_one_does(people: People) -> None:
    node, asked, cleo = people.house.node, people.asks(people.ada), people.account("administrator")
    both = [node.ask(agree_recovery(people.mira, asked, by), by=by) for by in (people.ben, cleo)]
    node.do_all(both)
    assert sorted(isinstance(one.outcome, Refused) for one in both) == [False, True]


def test_the_operator_alone_does_it_alone(people: People) -> None:
    assert refused(people, recovery.recover(people.mira, people.ada), people.ada)
    people.do(recovery.recover(people.mira, commands.OPERATOR), commands.OPERATOR)
    assert people.has() == 0


def test_who_asked_and_who_agreed_stands_in_the_journal_without_a_word(people: People) -> None:
    asked = people.asks(people.ada)
    people.do(agree_recovery(people.mira, asked, people.ben), people.ben)
    told = [(entry.kind, entry.by) for entry in people.house.journal.stream(people.mira)][-2:]
    assert told == [("accounts.recovery_asked", people.ada), ("accounts.recovery_agreed", people.ben)]


def test_control_one_who_may_agree_alone_is_caught(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody looks at who asked, the first test fails."""
    asked = people.asks(people.ada)
    monkeypatch.setattr(recovery, "_open", lambda *_: recovery.Recovery(asked, people.mira, "nobody", now.utc()))
    people.do(agree_recovery(people.mira, asked, people.ada), people.ada)
    assert people.has() == 0
