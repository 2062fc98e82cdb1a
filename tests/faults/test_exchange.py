"""A retraction taken while the app is exchanged is gone from both apps: the one that leaves and the one that comes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from tests.faults.exchange import VERSIONED, Round
from tests.proxies.receipts import proven_in_the_end
from tests.server import Server, running

pytestmark = pytest.mark.faults

SOAK = bool(os.environ.get("HEARD_SOAK"))
#: Of each app that comes: the same as the one that leaves, a new one, the one before.
VERSIONS = ("", "-2", "") * (7 if SOAK else 1)


class Installed(NamedTuple):
    """A server, and what names the version that its next app is of."""

    server: Server
    next_is: Callable[[str], object]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    code = tmp_path_factory.mktemp("code")
    (code / "sitecustomize.py").write_text(VERSIONED)
    version = code / "version"
    version.write_text("")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(code))
        with running(tmp_path_factory.mktemp("exchange") / "data") as server:
            yield Installed(server, version.write_text)


def test_it_is_gone_from_every_surface_whichever_version_comes(installed: Installed) -> None:
    found = []
    for number, version in enumerate(VERSIONS):
        installed.next_is(version)
        one = Round(installed.server, f"round-{number}")
        found.append(one.exchange())
        one.close()
    assert all(proven_in_the_end(installed.server, post) for one in found for post in one.withdrawn)
    withdrawn, leaks = sum(len(one.withdrawn) for one in found), [leak for one in found for leak in one.leaks]
    slowest_ms = max(one.slowest_s for one in found) * 1e3
    print(f"{withdrawn} retractions in {len(found)} exchanges: {len(leaks)} leaks; open pages in {slowest_ms:.0f} ms")
    assert leaks == []


def test_control_an_app_that_serves_from_what_was_folded_before_is_caught(installed: Installed) -> None:
    installed.next_is("-behind")
    one = Round(installed.server, "control")
    one.take_over()
    one.retract_at_the_one_that_leaves()
    one.reading.close()
    assert any(one.slug in leak for leak in one.found.leaks)
