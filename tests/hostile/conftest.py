"""A real server, full of hostile lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from heard.opening import open_house
from tests.conftest import SHARED_DATA
from tests.hostile.corpora import planted
from tests.hostile.planting import PER_CASE, Planted, Planter
from tests.server import running


class Field(NamedTuple):
    planter: Planter
    cases: list[Planted]


@contextmanager
def sown(data: Path, lines: Sequence[str]) -> Iterator[Field]:
    with running(data) as server:
        house = open_house(server.data, synchronous="OFF")
        planter = Planter(server, house)
        cut = [lines[at : at + PER_CASE] for at in range(0, len(lines), PER_CASE)]
        with ThreadPoolExecutor(1) as pool:
            cases = list(pool.map(planter.plant, [f"case-{number}" for number in range(len(cut))], cut))
        yield Field(planter, cases)
        planter.desk.close()
        house.close()


@pytest.fixture(scope="session")
def lines() -> list[str]:
    return planted(SHARED_DATA)


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> Iterator[Field]:
    with sown(tmp_path_factory.mktemp("hostile") / "data", lines) as made:
        yield made
