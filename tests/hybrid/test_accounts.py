"""Changes to accounts equal the state built afresh, for every command about them, in any order."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from heard.accounts import commands, projection, recovery
from heard.accounts import entries as account_entries
from heard.engine import now
from heard.engine.entry import Body, new_id
from heard.engine.errors import HeardError
from tests.desk import Desk
from tests.hybrid.test_changes_equal_rebuild import rebuilt, rows

STEPS = 400


class Story:
    def __init__(self, desk: Desk, seed: int) -> None:
        self.desk, self.random, self.step = desk, random.Random(seed), 1
        self.people = [self._add(role) for role in ("administrator", "administrator", "reporter", "by_case")]

    def _add(self, role: str) -> str:
        return self.do(commands.add_account(f"{new_id()}@heard.example", role))  # type: ignore[arg-type]

    def do(self, command: Callable[..., object], by: str = "operator") -> str:
        return self.desk.house.node.do(command, by=by).stream  # type: ignore[arg-type]

    def one(self) -> str:
        return self.random.choice(self.people)

    def factor(self, of: str) -> str:
        return self.random.choice([one.id for one in projection.factors(self.desk.tables, of)] or ["none"])


def add(story: Story) -> None:
    sort = story.random.choice(["code", "passkey"])
    story.do(commands.add_factor(story.one(), new_id(), sort, "my phone", challenge=new_id()))  # type: ignore[arg-type]


def remove(story: Story) -> None:
    of = story.one()
    story.do(commands.remove_factor(of, story.factor(of)))


def sign_in(story: Story) -> None:
    of, story.step = story.one(), story.step + story.random.choice([0, 1])
    challenge = story.random.choice(["", "again", new_id()])
    with now.held_at(now.utc() + timedelta(minutes=story.random.choice([0, 0, 61]))):
        story.do(commands.sign_in(of, story.factor(of), story.step, challenge))


def sign_in_by_a_link(story: Story) -> None:
    of = story.one()
    story.do(commands.make_link(of))
    story.do(commands.sign_in(of))
    story.do(commands.sign_out(of))


def fail(story: Story) -> None:
    with now.held_at(now.utc() + timedelta(minutes=story.random.choice([0, 0, 90]))):
        story.do(commands.fail_factor(story.one(), "code"))


def set_password(story: Story) -> None:
    of, password = story.one(), new_id()
    story.do(commands.set_password(of, password))
    story.step += 1
    known = [one.id for one in projection.factors(story.desk.tables, of) if one.sort == "code"]
    story.do(commands.sign_in(of, known[0], story.step, password=password))


def remove_password(story: Story) -> None:
    story.do(commands.remove_password(story.one()))


def demand(story: Story) -> None:
    story.do(commands.demand_factor(story.random.random() < 0.5), story.people[0])


def give(story: Story) -> None:
    case, role = story.random.choice(["case-1", "case-2"]), story.random.choice(["editor", "lawyer"])
    story.do(commands.give_role(story.one(), case, role))  # type: ignore[arg-type]


def take(story: Story) -> None:
    story.do(commands.take_role(story.one(), story.random.choice(["case-1", "case-2"])))


def ask(story: Story) -> None:
    story.do(recovery.ask_recovery(story.people[2], story.people[0]), story.people[0])


def agree(story: Story) -> None:
    known = projection.recoveries(story.desk.tables).get(story.people[2])
    if known:
        make = story.random.choice([recovery.agree_recovery, lambda of, id, by: recovery.refuse_recovery(of, id)])
        story.do(make(story.people[2], known.id, story.people[1]), story.people[1])


def recover(story: Story) -> None:
    story.do(recovery.recover(story.one(), "operator"))


def end(story: Story) -> None:
    story.do(commands.end_sessions(story.one()))


def token(story: Story) -> None:
    id = new_id()
    story.do(commands.add_token(story.one(), id, "read"))
    if story.random.random() < 0.5:
        story.do(commands.revoke_token(id))


VERBS = [
    add,
    add,
    remove,
    sign_in,
    sign_in,
    sign_in_by_a_link,
    fail,
    set_password,
    set_password,
    remove_password,
    demand,
    give,
    take,
    ask,
    agree,
    recover,
    end,
    token,
]


@pytest.mark.parametrize("seed", range(3))
def test_accounts_changed_equal_accounts_built_afresh(desk: Desk, tmp_path: Path, seed: int) -> None:
    story, done = Story(desk, seed), set()
    for number in range(STEPS):
        verb = story.random.choice(VERBS)
        try:
            verb(story)
            done.add(verb)
        except HeardError:
            pass
        if number % 100 == 99:
            assert rows(desk.tables) == rows(rebuilt(desk, tmp_path / f"{number}.sqlite"))
    assert done == set(VERBS)
    written = {entry.kind for entry in desk.journal.read(0, 10_000)}
    kinds = {body.kind for body in vars(account_entries).values() if isinstance(body, type) and issubclass(body, Body)}
    assert kinds - {""} <= written, "every kind of entry of the room was folded"
