"""A gate that is watched, while the clock is in the test's hands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from heard.opening import House
from tests.watch.gate import Gate, Hands


@pytest.fixture
def hands() -> Iterator[Hands]:
    with ExitStack() as stack:
        yield Hands(stack)


@pytest.fixture
def gate(hands: Hands, house: House) -> Gate:
    """A module that needs somebody at it has a `gate` of its own, made of this one."""
    return Gate(house)
