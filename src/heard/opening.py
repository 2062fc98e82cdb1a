"""Opening a data directory: the journal, the node around it, and what stands beside them."""

from __future__ import annotations

import os
from pathlib import Path

import apsw
import msgspec

from heard.accounts import projection as accounts
from heard.cases import projection as cases
from heard.cases.release import Doors
from heard.coverage import projection as coverage
from heard.engine.errors import Corrupt, Unavailable
from heard.engine.journal import Journal
from heard.engine.node import Node
from heard.engine.projection import Projection, code_hash
from heard.store.derived import Purging, derived, folding
from heard.store.media import Media
from heard.store.reserve import Reserve
from heard.store.sqlite import SqliteStore
from heard.store.vault import KeyedSealing, SqliteVault
from heard.store.witness import Witness

ROOMS = (accounts.room(), cases.room(), coverage.room())


class House(msgspec.Struct, frozen=True):
    """A data directory, opened."""

    data: Path
    node: Node
    journal: Journal
    vault: SqliteVault
    media: Media
    doors: Doors
    store: SqliteStore
    tables: apsw.Connection
    witness: Witness | None

    def address(self) -> str:
        """Where the server of this directory answered last, as it wrote it down; the usual place before it ever ran."""
        kept = self.vault.get("server", "address")
        return kept.decode() if kept else "http://127.0.0.1:8000"

    def close(self) -> None:
        self.tables.close()
        self.store.close()
        self.vault.close()


def open_house(data: Path, *, witness: Path | None = None, synchronous: str = "FULL") -> House:
    """Open a data directory, making it at the first time; `witness` is the folder of its witness.

    Raises Unavailable when it cannot be written, Corrupt when what is there cannot be true.
    """
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.chmod(data, 0o700)
    except OSError as wrong:
        raise Unavailable(f"The data directory {data} cannot be made or used: {wrong.strerror}.") from wrong
    reserve = Reserve(data / "reserve")
    with reserve.released():  # a server that must start on a full disk has nothing but this
        return _open(data, reserve, witness, synchronous)


def _open(data: Path, reserve: Reserve, witness: Path | None, synchronous: str) -> House:
    sealing = KeyedSealing.from_file(data / "checkpoint.key")
    vault = SqliteVault(data / "vault.sqlite", synchronous=synchronous)
    store = SqliteStore(data / "journal.sqlite", synchronous=synchronous)
    journal = Journal(store, vault, sealing)
    tables = derived(data / f"projection-{code_hash(ROOMS)}.sqlite", synchronous=synchronous)
    projection = Projection(tables, ROOMS, folding)
    node = Node(journal, projection, purge=Purging(tables), reserve=reserve.released)
    if node.projection.position() > store.position():
        raise Corrupt(
            "The journal is older than what was already shown from it, so it is not served. If it was restored from a "
            "backup, use `heard restore --new-epoch`."
        )
    journal.finish_erasures()
    node.leftovers.purge()
    watching = Witness(witness) if witness else None
    if watching:
        watching.check(journal)
        node.after_fold.append(lambda: watching.keep_withdrawn(journal))
    return House(data, node, journal, vault, Media(data / "media"), Doors(journal), store, tables, watching)
