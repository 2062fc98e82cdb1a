"""Where the journal of a data directory is: in the directory itself, or in the database that a file there names."""

from __future__ import annotations

from pathlib import Path

import msgspec

from heard.engine.errors import Corrupt, Refused
from heard.store.media import keep_whole

FILE = "journal.address"


class Place(msgspec.Struct, frozen=True):
    """The address of a journal, and the epoch of which this directory's tables were folded; empty before the first."""

    address: str
    epoch: str = ""


def place_of(data: Path, given: str | None) -> Place | None:
    """The journal that was given, or that was given before; None when it is in the directory itself.

    Raises Refused when the directory holds a journal of its own and another is asked for.
    """
    kept = _kept(data)
    if given and (data / "journal.sqlite").exists():
        raise Refused(
            f"{data} has a journal of its own, in journal.sqlite. Nothing was changed. Name an empty folder with "
            "--data for a node of the other journal."
        )
    if given:
        return Place(given, kept.epoch if kept else "")
    return kept


def is_elsewhere(data: Path, given: str | None = None) -> bool:
    """Whether the journal is not in the directory itself."""
    return given is not None or (data / FILE).exists()


def keep_place(data: Path, place: Place, epoch: str) -> None:
    """Remember it, so that every command finds the journal by the directory alone. The address may hold a password.

    Raises Corrupt when the journal is not the one that this directory was folded from.
    """
    if place.epoch not in ("", epoch):
        raise Corrupt(
            f"The journal there is of epoch {epoch}, and {data} was folded from {place.epoch}. Nothing was changed. "
            "Name an empty folder with --data: it is filled from the journal."
        )
    if _kept(data) != Place(place.address, epoch):
        keep_whole(data / FILE, f"{place.address}\n{epoch}\n".encode())


def _kept(data: Path) -> Place | None:
    path = data / FILE
    return Place(*path.read_text().split("\n")[:2]) if path.exists() else None
