"""Every store and every vault that Heard has. PostgreSQL joins by adding itself to the two lists."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from heard.engine.journal import Store, Vault
from heard.store.memory import MemoryStore, MemoryVault
from heard.store.sqlite import SqliteStore
from heard.store.vault import SqliteVault

T = TypeVar("T")

#: Each answers a function that opens the same store again, as another process would.
STORES: dict[str, Callable[[Path], Callable[[], Store]]] = {
    "memory": lambda folder: _always(MemoryStore()),
    "sqlite": lambda folder: lambda: SqliteStore(folder / "journal.sqlite"),
}
VAULTS: dict[str, Callable[[Path], Callable[[], Vault]]] = {
    "memory": lambda folder: _always(MemoryVault()),
    "sqlite": lambda folder: lambda: SqliteVault(folder / "vault.sqlite"),
}


def _always(one: T) -> Callable[[], T]:
    return lambda: one


@pytest.fixture(params=STORES)
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Store]:
    return STORES[request.param](tmp_path)


@pytest.fixture
def store(open_store: Callable[[], Store]) -> Store:
    return open_store()


@pytest.fixture(params=VAULTS)
def open_vault(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Vault]:
    return VAULTS[request.param](tmp_path)


@pytest.fixture
def vault(open_vault: Callable[[], Vault]) -> Vault:
    return open_vault()
