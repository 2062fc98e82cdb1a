"""A mistake in the watch makes it blind, and says so; it keeps nothing else from going on."""

from __future__ import annotations

from typing import Any

import pytest

from heard.coverage import commands as coverage_commands
from heard.engine import now
from heard.watch import commands
from heard.watch.deeds import OwedEvery
from heard.watch.shown import board
from heard.web.ringing import follow
from tests.desk import Desk
from tests.watch.gate import Gate


def test_a_mistake_in_the_watch_stops_it_visibly_and_a_post_can_still_be_withdrawn(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gate = Gate(desk.house)
    gate.begins(gate.one)
    gate.arms("check", "30 min")
    shown = board(desk.tables, gate.watching, now.utc())
    assert [one.stands for one in shown.stations] == ["kept"] and shown.blind_spots == []
    desk.house.node.after_fold[-1] = follow(gate.watching, desk.house.node)

    def mistaken(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(OwedEvery, "heard", mistaken)
    post = desk.publish("Words")
    gate.do(commands.do_deed(gate.id), gate.sam)
    desk.do(coverage_commands.retract(desk.doors, post, "reason"))
    shown = board(desk.tables, gate.watching, now.utc())
    assert shown.since_at is None and [one.stands for one in shown.stations] == ["blind"]
    assert "nothing rings" in shown.blind_spots[0]
    said = capsys.readouterr().out
    assert "watch_stopped" in said and "ZeroDivisionError" in said
