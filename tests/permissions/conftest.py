"""One server, with everybody who may ask."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import pytest

from heard.opening import open_house
from tests.permissions.world import World
from tests.server import Server, running


@contextmanager
def peopled(data: Path) -> Iterator[World]:
    with _sending(running(data)) as server:
        house = open_house(server.data, synchronous="OFF")
        made = World(server, house)
        yield made
        made.http.close()
        house.close()


@pytest.fixture(scope="module")  # what one module's askers do to each other's sessions is not the next one's
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with peopled(tmp_path_factory.mktemp("matrix") / "data") as made:
        yield made


@contextmanager
def _sending(starting: AbstractContextManager[Server]) -> Iterator[Server]:
    """A server that sends mail, so that there is somebody to send an alert to; nobody takes it."""
    with pytest.MonkeyPatch.context() as patch:  # for this server alone, not for whoever starts one after it
        patch.setenv("HEARD_MAIL", "smtp://127.0.0.1:9?from=heard@heard.example")
        server = starting.__enter__()
    try:
        yield server
    finally:
        starting.__exit__(None, None, None)


#: Every page of a site, and with it every proof of a withdrawal, looks at all its cases: with more than these a new one
#: is begun.
CASES_MAX = 200


class Worlds:
    """The same world again and again, until it has grown large; then another."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder, self._stack, self._made = folder, stack, list[World]()

    def now(self) -> World:
        if not self._made or self._cases() > CASES_MAX:
            self._stack.close()
            data = self._folder / f"data-{len(self._made)}"
            self._made.append(self._stack.enter_context(peopled(data)))
        return self._made[-1]

    def _cases(self) -> int:
        [(cases,)] = self._made[-1].house.tables.execute("SELECT count(*) FROM cases")
        return int(cases)


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worlds]:
    with ExitStack() as stack:
        yield Worlds(tmp_path_factory.mktemp("worlds"), stack)


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
model.Caller.may = model.Caller.must = lambda caller, verb: True
model.Caller.may_somewhere = lambda caller, verb: True
"""


#: The same, for one that gives whoever is somebody in one case the same in all, and in none.
EVERYWHERE = """
from heard.accounts import model
def may(caller, verb):
    return any(role in model.VERBS[verb] for role in (caller.account.role, *caller.by_case.values()))
model.Caller.may = may
"""


@contextmanager
def _broken(folder: Path, how: str) -> Iterator[World]:
    (folder / "sitecustomize.py").write_text(how)
    with ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:  # for this server alone
            patch.setenv("PYTHONPATH", str(folder))
            made = stack.enter_context(peopled(folder / "data"))
        yield made


@pytest.fixture(scope="module")
def unguarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The control: a server whose guard is taken away."""
    with _broken(tmp_path_factory.mktemp("unguarded"), UNGUARDED) as made:
        yield made


@pytest.fixture(scope="module")
def everywhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The control: a server that does not ask in which case."""
    with _broken(tmp_path_factory.mktemp("everywhere"), EVERYWHERE) as made:
        yield made
