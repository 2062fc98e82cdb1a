"""A small data directory on real disk around the room of notes, laid out as the real one is."""

from __future__ import annotations

from pathlib import Path

import msgspec

from heard.engine.journal import Journal
from heard.engine.node import Node
from heard.engine.projection import Projection
from heard.store.derived import Purging, derived, folding
from heard.store.sqlite import SqliteStore
from heard.store.vault import KeyedSealing, SqliteVault
from tests.contract.notes import NOTES


class House(msgspec.Struct, frozen=True):
    data: Path
    store: SqliteStore
    vault: SqliteVault
    journal: Journal
    node: Node

    def close(self) -> None:
        self.node.tables.close()  # type: ignore[attr-defined]
        self.store.close()
        self.vault.close()


def open_house(data: Path, *, synchronous: str = "FULL") -> House:
    data.mkdir(mode=0o700, exist_ok=True)
    vault = SqliteVault(data / "vault.sqlite", synchronous=synchronous)
    store = SqliteStore(data / "journal.sqlite", synchronous=synchronous)
    journal = Journal(store, vault, KeyedSealing.from_file(data / "checkpoint.key"))
    journal.finish_erasures()
    tables = derived(data / "projection-notes.sqlite", synchronous=synchronous)
    node = Node(journal, Projection(tables, [NOTES], folding), purge=Purging(tables))
    node.leftovers.purge()
    return House(data, store, vault, journal, node)
