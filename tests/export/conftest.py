"""The full case, exported once for all tests that only read it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from heard.export import archive
from heard.export.making import export_case
from heard.opening import House, open_house
from tests.export.full_case import Full


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Full]:
    """A house with the full case; not to be changed."""
    house = open_house(tmp_path_factory.mktemp("told") / "data", synchronous="OFF")
    yield Full(house)
    house.close()


@pytest.fixture(scope="session")
def exported(told: Full) -> bytes:
    return zip_of(told.house, "the-case")


@pytest.fixture(scope="session")
def files(exported: bytes) -> dict[str, bytes]:
    return archive.unpack(exported)


@pytest.fixture
def another(tmp_path: Path) -> Iterator[House]:
    house = open_house(tmp_path / "another", synchronous="OFF")
    yield house
    house.close()


def zip_of(house: House, slug: str) -> bytes:
    return export_case(house.node, house.doors, house.media, slug).content
