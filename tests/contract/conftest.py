"""Every store and every vault that Heard has."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from heard.engine.stores import Store, Vault
from heard.store.fixes import Fixes, FixesFile
from heard.store.memory import MemoryStore, MemoryVault
from heard.store.postgres import PostgresStore
from heard.store.postgres_fixes import PostgresFixes
from heard.store.postgres_vault import PostgresVault, vault_of
from heard.store.sqlite import SqliteStore
from heard.store.vault import SqliteVault
from tests.postgres import Cluster

T = TypeVar("T")

Request = pytest.FixtureRequest

#: Each answers a function that opens the same store again, as another process would.
STORES: dict[str, Callable[[Path, Request], Callable[[], Store]]] = {
    "memory": lambda folder, request: _always(MemoryStore()),
    "sqlite": lambda folder, request: lambda: SqliteStore(folder / "journal.sqlite"),
    "postgres": lambda folder, request: _again(PostgresStore, _fresh(request), request),
}
VAULTS: dict[str, Callable[[Path, Request], Callable[[], Vault]]] = {
    "memory": lambda folder, request: _always(MemoryVault()),
    "sqlite": lambda folder, request: lambda: SqliteVault(folder / "vault.sqlite"),
    "postgres": lambda folder, request: _again(PostgresVault, vault_of(_fresh(request)), request),
}

FIXES: dict[str, Callable[[Path, Request], Callable[[], Fixes]]] = {
    "sqlite": lambda folder, request: _again(lambda path: FixesFile(Path(path)), str(folder / "fixes.sqlite"), request),
    "postgres": lambda folder, request: _again(PostgresFixes, vault_of(_fresh(request)), request),
}


def _fresh(request: Request) -> str:
    cluster: Cluster = request.getfixturevalue("postgres")
    address = cluster.fresh()
    request.addfinalizer(lambda: cluster.give_back(address))
    return address


def _again(opens: Callable[[str], T], address: str, request: Request) -> Callable[[], T]:
    """Each opening is closed at the end: a server has only so many connections."""

    def reopened() -> T:
        one = opens(address)
        request.addfinalizer(one.close)  # type: ignore[attr-defined]
        return one

    return reopened


def _always(one: T) -> Callable[[], T]:
    return lambda: one


@pytest.fixture(params=STORES)
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Store]:
    return STORES[request.param](tmp_path, request)


@pytest.fixture
def store(open_store: Callable[[], Store]) -> Store:
    return open_store()


@pytest.fixture(params=VAULTS)
def open_vault(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Vault]:
    return VAULTS[request.param](tmp_path, request)


@pytest.fixture
def vault(open_vault: Callable[[], Vault]) -> Vault:
    return open_vault()


@pytest.fixture(params=FIXES)
def open_fixes(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Fixes]:
    return FIXES[request.param](tmp_path, request)
