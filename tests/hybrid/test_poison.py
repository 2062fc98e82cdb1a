"""An entry that cannot be folded would stop every node for ever: it is refused before it is one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from heard.coverage import commands, folds
from heard.coverage.elements import Text
from heard.coverage.entries import PostPublished
from heard.engine.errors import Refused
from tests.desk import Desk


def test_fold_that_fails_refuses_its_command_and_no_other(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    before = desk.journal.store.position()

    def broken(tables: object, entry: object, body: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setitem(desk.house.node.projection._folds, PostPublished, [broken])
        with pytest.raises(Refused, match="cannot be kept"):
            desk.publish("Words")
    assert desk.journal.store.position() == before
    assert desk.publish("Words")
    assert folds.FOLDS[PostPublished] is not broken


@pytest.mark.parametrize("year", [1, 270, 1899, 2201, 9999])
def test_time_of_another_age_is_refused_in_words(desk: Desk, year: int) -> None:
    post = PostPublished(desk.case, (Text("Words"),), said_at=datetime(year, 6, 1, tzinfo=UTC))
    with pytest.raises(Refused, match="1900"):
        desk.do(commands.publish(desk.doors, post))
