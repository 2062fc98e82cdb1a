"""One server, with everybody who may ask."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from heard.opening import open_house
from tests.permissions.world import World
from tests.server import running


@contextmanager
def peopled(data: Path) -> Iterator[World]:
    with running(data) as server:
        house = open_house(server.data, synchronous="OFF")
        made = World(server, house)
        yield made
        made.http.close()
        house.close()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with peopled(tmp_path_factory.mktemp("matrix") / "data") as made:
        yield made


#: Read by Python before anything else in every process of the server: who is not known is taken for an administrator,
#: and nobody is asked what they may.
UNGUARDED = """
from heard.accounts import callers, model
known = callers.of
def of(*asked, **how):
    try:
        return known(*asked, **how)
    except callers.SignInNeeded:
        return model.Caller(model.Account("x", "x@heard.example", "administrator", ""), in_session=True)
callers.of = of
model.Caller.must = lambda caller, verb: None
"""


@pytest.fixture(scope="module")
def unguarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The control: a server whose guard is taken away."""
    folder = tmp_path_factory.mktemp("unguarded")
    (folder / "sitecustomize.py").write_text(UNGUARDED)
    with ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:  # for this server alone
            patch.setenv("PYTHONPATH", str(folder))
            made = stack.enter_context(peopled(folder / "data"))
        yield made
