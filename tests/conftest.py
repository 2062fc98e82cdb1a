"""What every test may lean on: a real data directory, and a case in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from heard.opening import House, open_house
from tests.browser import chromium as chromium
from tests.desk import Desk
from tests.postgres import Cluster, cluster
from tests.server import Server, running

SHARED_DATA = Path(os.environ.get("HEARD_SHARED_DATA", Path(__file__).parent.parent.parent / "shared" / "data"))


@pytest.fixture
def shared_data() -> Path:
    """Real data that is not part of the project; tests of it are skipped where it is not there."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the shared test data is not on this machine (HEARD_SHARED_DATA names its folder)")
    return SHARED_DATA


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    # Durability is the subject of tests/faults, which open their own; here the disk need not be waited for.
    opened = open_house(tmp_path / "data", synchronous="OFF")
    yield opened
    opened.close()


@pytest.fixture
def desk(house: House) -> Desk:
    return Desk(house)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One real server for the tests of a module."""
    with running(tmp_path_factory.mktemp("served") / "data") as started:
        yield started


@pytest.fixture(scope="module")
def signed_in(server: Server) -> Iterator[httpx2.Client]:
    """The desk of that server, for its administrator."""
    with server.signed_in() as client:
        yield client


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """One PostgreSQL server for all tests that do it no harm; each takes a journal of its own from it."""
    with cluster() as running_server:
        yield running_server
