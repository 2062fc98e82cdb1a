"""The leaves that go into a record or a page of the past are all that there are, or it is said that there are fewer."""

from __future__ import annotations

import asyncio

import pytest

from heard.engine.errors import Unavailable
from heard.web.taking_past import leaves_of
from tests.desk import Desk


def test_a_journal_that_has_become_shorter_is_said_so_and_not_waited_for(desk: Desk) -> None:
    size = desk.journal.store.position()
    assert asyncio.run(leaves_of(desk.journal, size)) == desk.journal.store.leaves(size)
    with pytest.raises(Unavailable, match="shorter"):
        asyncio.run(asyncio.wait_for(leaves_of(desk.journal, size + 1), 20))
