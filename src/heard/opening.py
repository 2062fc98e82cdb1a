"""Opening a data directory: the journal, the node around it, and what stands beside them."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import TYPE_CHECKING

import apsw
import msgspec

from heard.accounts import projection as accounts
from heard.accounts.commands import OPERATOR
from heard.cases import projection as cases
from heard.cases.release import Doors
from heard.cases.said_of_a_case import guarded
from heard.cases.withdrawing_again import hold_again
from heard.coverage import projection as coverage
from heard.coverage.approval import bounded
from heard.coverage.changes import seen_twice
from heard.coverage.erased_pictures import erase_pictures
from heard.coverage.falling_due import CLOCK
from heard.coverage.permitted import permitted
from heard.coverage.withdrawing_again import withdraw_again as withdraw_posts_again
from heard.engine.errors import Corrupt, Refused, Unavailable
from heard.engine.journal import Journal
from heard.engine.node import Node
from heard.engine.projection import Projection, code_hash
from heard.engine.stores import Sealing, Store, Vault
from heard.reports import projection as reports
from heard.reports.withdrawing_again import hide_again
from heard.store.derived import Purging, derived, folding
from heard.store.media import Media
from heard.store.place import Place, keep_place, place_of
from heard.store.reserve import Reserve
from heard.store.sqlite import SqliteStore
from heard.store.vault import KeyedSealing, SqliteVault
from heard.store.witness import Witness
from heard.watch import ladders
from heard.watch import projection as watch

if TYPE_CHECKING:
    from heard.store.postgres_shared import Shared

ROOMS = (accounts.room(), cases.room(), coverage.room(), reports.room(), watch.room(), ladders.room())

LACKS_SOME = (
    "A standby may have been promoted that had not received its newest entries; see docs/operating/postgres.md."
)


class Kept(msgspec.Struct, frozen=True):
    """The truth, wherever it is kept."""

    store: Store
    vault: Vault
    sealing: Sealing
    shared: Shared | None = None


class House(msgspec.Struct, frozen=True):
    """A data directory, opened."""

    data: Path
    node: Node
    journal: Journal
    vault: Vault
    media: Media
    doors: Doors
    store: Store
    tables: apsw.Connection
    witness: Witness | None
    #: What other machines share this journal by; nothing where it is in the directory itself.
    shared: Shared | None

    def address(self) -> str:
        """Where the server of this directory answered last, as it wrote it down; the usual place before it ever ran."""
        kept = self.vault.get("server", "address")
        return kept.decode() if kept else "http://127.0.0.1:8000"

    def is_served(self) -> bool:
        """Whether a server runs on this directory at the moment."""
        descriptor = os.open(self.data / "serve.lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(descriptor)
        return False

    def close(self) -> None:
        self.tables.close()
        if self.shared:
            self.shared.bell.close()
        self.store.close()
        self.vault.close()


def open_house(
    data: Path, *, journal: str | None = None, witness: Path | None = None, synchronous: str = "FULL"
) -> House:
    """Open a data directory, making it at the first time; `witness` is the folder of its witness.

    `journal` is the address of a PostgreSQL database; without it the journal is where it was the last time, at first
    in the directory itself. Raises Unavailable when it cannot be reached or written, Corrupt when what is there cannot
    be true.
    """
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.chmod(data, 0o700)
    except OSError as wrong:
        raise Unavailable(f"The data directory {data} cannot be made or used: {wrong.strerror}.") from wrong
    reserve = Reserve(data / "reserve")
    with reserve.released():  # a server that must start on a full disk has nothing but this
        place = place_of(data, journal)
        kept = _kept_here(data, synchronous) if place is None else _kept_at(data, place)
        return _open(data, kept, reserve, witness, synchronous)


def _kept_here(data: Path, synchronous: str) -> Kept:
    sealing = KeyedSealing.from_file(data / "checkpoint.key")
    vault = SqliteVault(data / "vault.sqlite", synchronous=synchronous)
    return Kept(SqliteStore(data / "journal.sqlite", synchronous=synchronous), vault, sealing)


def _kept_at(data: Path, place: Place) -> Kept:
    try:
        from heard.store.postgres_shared import Shared
    except ImportError as lacking:
        raise Refused("For a journal in PostgreSQL install psycopg: pip install 'heard[postgres]'.") from lacking
    shared = Shared(place.address)
    keep_place(data, place, shared.store.epoch)
    return Kept(shared.store, shared.vault, shared.vault.sealing(), shared)


def _open(data: Path, kept: Kept, reserve: Reserve, witness: Path | None, synchronous: str) -> House:
    store, vault = kept.store, kept.vault
    journal = Journal(store, vault, kept.sealing)
    tables = derived(data / f"projection-{code_hash(ROOMS)}.sqlite", synchronous=synchronous)
    projection = Projection(tables, ROOMS, folding)
    node = Node(journal, projection, purge=Purging(tables), reserve=reserve.released)
    if node.projection.position() > store.position():
        raise Corrupt(
            "The journal is older than what was already shown from it, so it is not served. "
            + (LACKS_SOME if kept.shared else "If it was restored from a backup, use `heard restore --new-epoch`.")
        )
    journal.finish_erasures()
    node.leftovers.purge()
    watching = Witness(witness) if witness else None
    if watching:
        watching.check(journal)
        node.after_fold.append(lambda folded: watching.keep_withdrawn(journal))
    doors, media = Doors(journal), Media(data / "media", vault)
    erase_pictures(journal, tables, media)
    node.after_erasing.append(lambda: erase_pictures(journal, tables, media))
    node.gates += [guarded(doors), permitted(CLOCK, importer=OPERATOR), bounded(OPERATOR), seen_twice(OPERATOR)]
    return House(data, node, journal, vault, media, doors, store, tables, watching, kept.shared)


class Again(msgspec.Struct, frozen=True):
    """What was done once more: ids of posts and reports, slugs of cases, and how many orders are lost."""

    retracted: tuple[str, ...] = ()
    erased: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    orders: int = 0

    def __bool__(self) -> bool:
        return bool(self.retracted or self.erased or self.hidden or self.held)


def withdraw_again(house: House) -> Again:
    """Whatever this journal shows though its witness lists it as withdrawn is withdrawn: after a restore, and whenever
    a node starts, since a backup may be as long as the newest head that was witnessed and lack a withdrawal of the
    second after it.
    """
    if house.witness is None:
        return Again()
    lines, node = house.witness.still_to_withdraw(house.journal), house.node
    node.catch_up()
    retracted, erased = withdraw_posts_again(node, house.doors, house.journal, lines, OPERATOR)
    held, orders = hold_again(node, lines, OPERATOR)
    done = Again(retracted, erased, hide_again(node, lines, OPERATOR), held, orders)
    # What people decide about from here on is not done a third time at the next start.
    house.witness.was_done_again(line for line in lines if len(line.split()) > 2)
    return done
