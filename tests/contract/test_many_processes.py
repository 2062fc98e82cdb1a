"""Any process on the machine may append: guards, positions and the tree are read inside the write transaction."""

from __future__ import annotations

from pathlib import Path

from heard.engine import chain
from heard.store.sqlite import SqliteStore
from heard.store.vault import SqliteVault
from tests.contract.counter import count_in_processes, numbers

PROCESSES, TIMES = 4, 50


def test_processes_that_count_under_guard_lose_no_count(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    SqliteStore(path).close()
    count_in_processes(path, "sqlite", PROCESSES, TIMES)
    store = SqliteStore(path)
    assert numbers(store) == list(range(1, PROCESSES * TIMES + 1))
    assert [record.header.position for record in store.records(0, 1000)] == list(range(1, PROCESSES * TIMES + 1))
    times = [record.header.at for record in store.records(0, 1000)]
    assert times == sorted(times)
    assert store.frontier().root() == chain.root(store.leaves(store.position()))


def test_a_store_that_judges_guards_outside_the_transaction_is_caught(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    SqliteStore(path).close()
    count_in_processes(path, "guards outside", PROCESSES, TIMES)
    counted = numbers(SqliteStore(path))
    assert len(counted) > len(set(counted)), "the counting race no longer finds a store that loses counts"


def test_processes_that_make_their_files_at_once_agree_on_one_epoch(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    count_in_processes(path, "sqlite", PROCESSES, 5)
    assert numbers(SqliteStore(path)) == list(range(1, PROCESSES * 5 + 1))
    assert SqliteStore(path).epoch == SqliteStore(path).epoch


def test_vaults_in_two_processes_share_numbers_and_secrets(tmp_path: Path) -> None:
    one, other = SqliteVault(tmp_path / "vault.sqlite"), SqliteVault(tmp_path / "vault.sqlite")
    seals = [seal for _ in range(5) for vault in (one, other) for seal in vault.new_seals(2)]
    assert len({seal.number for seal in seals}) == 20
    assert one.secret("s") == other.secret("s")
