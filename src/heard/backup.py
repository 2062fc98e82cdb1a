"""A backup taken beside a running server, and the way back from one.

A backup is a folder: journal.sqlite, vault.sqlite, checkpoint.key, media/, `checkpoint` (the signed head of this copy)
and `withdrawn` (what readers must not see again). A copy of the vault undoes erasure for as long as it is kept, so it
must be kept for a shorter time than the rest: see docs/operating/backup.md.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec

from heard.engine import now
from heard.engine.entry import new_id
from heard.engine.errors import Refused, Unavailable
from heard.engine.journal import Journal
from heard.store.files import copy_database, looking_at
from heard.store.media import keep_whole, sync_folder
from heard.store.place import Place, place_of
from heard.store.sqlite import SqliteStore
from heard.store.vault import KEPT, KeyedSealing, SqliteVault
from heard.store.witness import Witness, withdrawn
from heard.verify import Verified, verify_directory

#: An erasure between the two copies makes them begin again; more than this in a row is no accident.
TRIES = 5

Progress = Callable[[int, int], None]


def backup(data: Path, folder: Path, progress: Progress = lambda done, total: None) -> tuple[Path, Verified]:
    """Copy a data directory into FOLDER/<stamp>, and verify the copy before it gets its name.

    Raises Unavailable when it cannot be written, Corrupt when what is there is damaged: then there is no such backup.
    """
    stamp = now.utc().strftime("%Y-%m-%dT%H%M%SZ")
    unfinished = folder / f".unfinished-{stamp}-{new_id()}"
    try:
        unfinished.mkdir(mode=0o700, parents=True)
        _copy_journal_and_vault(data, unfinished)
        # The media after the journal: each is on disk before the entry that names it.
        _copy_media(data / "media", unfinished / "media")
        _describe(unfinished)
        verified = verify_directory(unfinished, progress)
        _sync_all(unfinished)
        finished = folder / stamp
        os.rename(unfinished, finished)
        sync_folder(folder)
    except OSError as wrong:
        raise Unavailable(f"The backup could not be written to {folder} ({wrong.strerror}). There is none.") from wrong
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return finished, verified


def _copy_journal_and_vault(data: Path, target: Path) -> None:
    place = place_of(data, None)
    for _ in range(TRIES):
        for name in ("journal.sqlite", "vault.sqlite"):
            (target / name).unlink(missing_ok=True)
        if place is None:
            _copy_files(data, target)
        else:
            _copy_from(place, target)
        if not _lacks_a_key(target):
            return
    raise Unavailable("Entries were being erased all the while, so no whole copy could be taken. Try again.")


def _copy_files(data: Path, target: Path) -> None:
    for name in ("journal.sqlite", "vault.sqlite"):
        copy_database(data / name, target / name)
    keep_whole(target / "checkpoint.key", (data / "checkpoint.key").read_bytes())


def _copy_from(place: Place, target: Path) -> None:
    from heard.store.postgres_copy import copy_journal_and_vault  # an extra: who keeps no such journal has not got it

    copy_journal_and_vault(place.address, target)


def _lacks_a_key(target: Path) -> bool:
    """Whether an entry was erased after the journal was copied and before the vault was."""
    with looking_at(target / "journal.sqlite") as journal, looking_at(target / "vault.sqlite") as vault:
        kept = {number for (number,) in vault.execute(f"SELECT number FROM seal WHERE {KEPT}")}
        blank = "sealed = zeroblob(length(sealed))"
        return any(number not in kept for (number,) in journal.execute(f"SELECT seal FROM entry WHERE NOT {blank}"))


def _copy_media(source: Path, target: Path) -> None:
    target.mkdir(mode=0o700)
    for path in sorted(source.iterdir()) if source.exists() else ():
        if not path.name.startswith("."):
            shutil.copyfile(path, target / path.name)
            os.chmod(target / path.name, 0o600)


def _describe(target: Path) -> None:
    """Sign the head of the copy and list what it shows as withdrawn."""
    with (
        closing(SqliteStore(target / "journal.sqlite")) as store,
        closing(SqliteVault(target / "vault.sqlite")) as vault,
    ):
        journal = Journal(store, vault, KeyedSealing.kept_in(target / "checkpoint.key"))
        keep_whole(target / "checkpoint", journal.checkpoint().encode())
        keep_whole(target / "withdrawn", "".join(f"{line}\n" for line in sorted(withdrawn(journal))).encode())


def _sync_all(target: Path) -> None:
    for path in (*target.rglob("*"), target):
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)


class Restored(msgspec.Struct, frozen=True):
    """What was restored, and what must follow by commands before anything is served: in `folder`, its unfinished place.

    `lost` is the first and last position that had been witnessed and is not there: cases that were live then are held
    until an editor releases them. It is None when nothing was lost, and when there was no witness to tell (`witnessed`
    says which).
    """

    folder: Path
    position: int
    epoch: str
    epoch_before: str
    lost: tuple[int, int] | None
    witnessed: bool


@contextmanager
def restoring(
    folder: Path, data: Path, *, new_epoch: bool, witness: Path | None, progress: Progress = lambda done, total: None
) -> Iterator[Restored]:
    """Put a backup into an empty place, which has it when the block has come to its end.

    The block is for what must be withdrawn and held, in the folder as it is restored so far: before that has its name
    nobody can serve it, and if the block does not come to its end there is nothing that could be served.
    Without `new_epoch` the journal keeps its epoch, and a node whose witness is ahead of it refuses to serve it.
    Raises Refused when the place is not empty, Corrupt when the backup is damaged; nothing is left behind then.
    """
    if data.exists() and (not data.is_dir() or any(data.iterdir())):
        raise Refused(f"{data} is not empty. Nothing was changed. Restore into a new directory, or move this one away.")
    if not (folder / "vault.sqlite").exists():
        raise Refused(f"{folder} has no vault.sqlite, and without its keys no words can be read. Nothing was changed.")
    verify_directory(folder, progress)
    unfinished = data.with_name(f".{data.name}.unfinished-{new_id()}")
    try:
        unfinished.mkdir(mode=0o700, parents=True)
        for name in ("journal.sqlite", "vault.sqlite"):
            copy_database(folder / name, unfinished / name)
        keep_whole(unfinished / "checkpoint.key", (folder / "checkpoint.key").read_bytes())
        _copy_media(folder / "media", unfinished / "media")
        restored = _begin_again(unfinished, folder, new_epoch, witness)
        yield restored
        _sync_all(unfinished)
        os.rename(unfinished, data)
        sync_folder(data.parent)
    except OSError as wrong:
        raise Unavailable(
            f"The backup could not be restored to {data} ({wrong.strerror}). Nothing is there."
        ) from wrong
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _begin_again(data: Path, folder: Path, new_epoch: bool, place: Path | None) -> Restored:
    with closing(SqliteStore(data / "journal.sqlite")) as store, closing(SqliteVault(data / "vault.sqlite")) as vault:
        journal = Journal(store, vault, KeyedSealing.kept_in(data / "checkpoint.key"))
        before, position = store.epoch, store.position()
        witness = Witness(place) if place else None
        head = witness.head(journal) if witness else None
        lost = (position + 1, head.size) if head and head.epoch == before and head.size > position else None
        if new_epoch:
            store.begin_epoch()
            if witness:
                witness.begin(journal)
        return Restored(
            data,
            position,
            store.epoch,
            before,
            lost,
            head is not None and head.epoch == before,  # another epoch: a restore that did not come to its end
        )
