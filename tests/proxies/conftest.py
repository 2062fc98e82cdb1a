"""One real server with the real proxies in front of it, for the tests of a module."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.live.conftest import start_edge as start_edge
from tests.proxies import fronts
from tests.proxies.fronts import Front
from tests.server import Server, running

PATIENCE_S = 30.0


class Behind:
    """A server whose caches are Varnish processes: `ports` are where it tells them, in the order of its --cache."""

    def __init__(self, server: Server, ports: list[int], folder: Path) -> None:
        self.server, self.ports, self.folder = server, ports, folder
        self._started = 0

    @contextmanager
    def front(
        self, name: str, origin: str = "", port: int | None = None, replaced: Mapping[str, str] | None = None
    ) -> Iterator[Front]:
        self._started += 1
        folder = self.folder / f"{name}-{self._started}"
        with fronts.running(name, origin or self.server.address, folder, port, replaced) as front:
            yield front

    def told(self, cache: int) -> int:
        """The position up to which a cache has been told what was taken back, as the figures say."""
        return self.figure(f'heard_purged_to{{cache="{cache}"}}')

    def figure(self, name: str) -> int:
        """One of the server's own figures; -1 while there is none yet."""
        figures = self.server.reader.get("/metrics").text
        found = re.search(rf"^{re.escape(name)} (\S+)$", figures, re.M)
        return int(float(found[1])) if found else -1

    def wait_until_told(self, *caches: int) -> None:
        """Wait until the node stands where the journal does by now, and these have been told all of it."""
        head = int(self.server.reader.get("/log/checkpoint").text.splitlines()[1])
        give_up_at = time.monotonic() + PATIENCE_S
        while self.figure("heard_position") < head or any(self.told(cache) < head for cache in caches):
            assert time.monotonic() < give_up_at, "".join(self.server.said)
            time.sleep(0.01)


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    folder = tmp_path_factory.mktemp("proxies")
    ports = [fronts.free_port(), fronts.free_port()]
    options = [word for port in ports for word in ("--cache", f"http://127.0.0.1:{port}/")]
    with running(folder / "data", "--trusted-proxy", "127.0.0.1/32", *options) as server:
        yield Behind(server, ports, folder)


@pytest.fixture(scope="module", params=[*fronts.NAMES, "caddy before varnish"])
def front(request: pytest.FixtureRequest, behind: Behind) -> Iterator[Front]:
    """Each of them in turn, with its file as it is, before the same server; Varnish is the first of its caches."""
    with ExitStack() as stack:
        name, _, inner = request.param.partition(" before ")
        origin = stack.enter_context(behind.front(inner, port=behind.ports[0])).address if inner else ""
        front = stack.enter_context(behind.front(name, origin, behind.ports[0] if name == "varnish" else None))
        front.caches = (1,) if "varnish" in request.param else ()
        yield front
