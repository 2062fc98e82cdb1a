"""A gate that is watched, and short ways to act at it."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

from heard.accounts import commands as account_commands
from heard.accounts import projection as accounts
from heard.engine import now
from heard.engine.node import Command, Written
from heard.opening import House
from heard.watch import arming, commands, ringing
from heard.watch.watched import Due
from heard.watch.watching import Watching

NOON = datetime(2031, 3, 3, 12, tzinfo=UTC)


class Gate:
    """A station with two holders and a supervisor, in a house, and what watches it."""

    def __init__(self, house: House) -> None:
        self.house, self.tables = house, house.tables
        self.watching = Watching(house.journal)
        house.node.after_fold.append(lambda folded: self.watching.catch_up(house.node.projection.position()))
        self.sam = self.account("sam@heard.example", "supervisor")
        self.one, self.two = (self.account(f"{name}@heard.example", "holder") for name in ("one", "two"))
        self.id = self.do(commands.set_station("Post 7", "The gate"), self.sam).stream
        for holder in (self.one, self.two):
            self.do(commands.post_holder(self.id, holder), self.sam)

    def account(self, email: str, role: Any, name: str = "") -> str:
        self.house.node.do(account_commands.add_account(email, role, name), by="operator")
        return accounts.by_email(self.tables, email).id

    def do(self, command: Command, by: str, **asked: Any) -> Written:
        return self.house.node.do(command, by=by, **asked)

    def publish(self, text: str = "Stay near.", change: str = "", order: str | None = None) -> str:
        return self.do(commands.publish_order(self.id, "The gate", text, change, order=order), self.sam).stream

    def reads(self, order: str, version: int, holder: str) -> Written:
        return self.do(commands.acknowledge_order(order, version, holder), holder)

    def begins(self, *holders: str) -> None:
        for holder in holders:
            self.do(commands.begin_duty(self.id, holder), holder)

    def is_there(self, holder: str, present: bool | None = True, good_for_s: float = 3600) -> None:
        self.do(commands.tell_presence(self.id, holder, present, good_for_s), holder)

    def do_check(self) -> None:
        self.do(commands.do_deed(self.id), self.sam)

    def is_told(self, state: str) -> None:
        self.do(commands.tell_state(self.id, state), self.sam)

    def arms(self, sort: str, within: str, **form: str) -> str:
        asked = {"sort": sort, "within": within, "to_1": self.sam, **form}
        written = arming.written_from(self.id, asked, [self.one, self.two])
        return self.do(arming.arm(self.id, f"It is owed: {sort}", written, self.sam), self.sam).stream

    def rings(self) -> list[Written]:
        """Record what is due by now, as the running node does."""
        self.watching.let_pass(now.utc())
        done: list[Written] = []
        while due := list(self.watching.recording.due()):
            done += [self.records(one) for one in due]
        return done

    def records(self, due: Due) -> Written:
        command = ringing.record(self.watching, due)
        return self.do(command, ringing.WATCH, scope=ringing.WATCH, key=ringing.key_of(due))


class Hands:
    """The hands of the clock: everybody's time, until it is moved on."""

    def __init__(self, stack: ExitStack, at: datetime = NOON) -> None:
        self.stack, self.at = stack, at
        stack.enter_context(now.held_at(at))

    def go_on(self, seconds: float) -> datetime:
        """And a little more: what rings at an instant rings when it has passed."""
        self.at += timedelta(seconds=seconds, microseconds=1)
        self.stack.enter_context(now.held_at(self.at))
        return self.at
