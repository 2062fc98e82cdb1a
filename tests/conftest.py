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

# What an operator's shell may hold: no test writes to anybody's mail server, or into their journal.
for _name in ("HEARD_MAIL", "HEARD_ALARM_HOOK", "HEARD_HEARTBEAT", "HEARD_JOURNAL"):
    os.environ.pop(_name, None)

#: Files that take longest, the longest first. What is begun last should be short: else one worker goes on while the
#: others have nothing left to do. (xdist by itself begins with the files that hold most tests, and ends with these.)
LONG = """
    permissions/test_matrix hostile/test_on_a_server web/test_markup stories/test_following stories/test_desk
    permissions/test_by_case faults/test_kill leaks/test_every_exit web/test_openapi stories/test_outbox
    faults/test_two_nodes faults/test_erasure proxies/test_withdrawals_behind_proxies proxies/test_live_behind_proxies
    web/test_lent_pages web/test_desk_screens stories/test_desk_together stories/test_script_controls
    hybrid/test_changes_equal_rebuild hybrid/test_watch faults/test_postgres faults/test_power_cut live/test_soak
    live/test_streams watch/test_telling watch/test_streams watch/test_clock_steps coverage/test_going_out
    stories/test_watch stories/test_desk_redrawn stories/test_desk_keys stories/test_first_post
""".split()
TESTS = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    rank = {TESTS / f"{name}.py": number for number, name in enumerate(LONG)}
    items.sort(key=lambda item: rank.get(item.path, len(rank)))


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: a test waits for a server, a browser or the clock for a good part of its time."""
    return len(os.sched_getaffinity(0)) + 1 if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1) + 1


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
