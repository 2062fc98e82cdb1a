"""What a journal stands on: a store of entries, a vault of keys, and what passes between them and it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from heard.engine import chain, now
from heard.engine.entry import Header
from heard.engine.errors import Gone, HeardError, Refused


class Seal(msgspec.Struct, frozen=True):
    """The key and salt of one entry, kept in the vault under `number`."""

    number: int
    key: bytes
    salt: bytes


class Sealed(msgspec.Struct, frozen=True):
    """A draft ready for a store: `body` is hashed into the leaf and never stored, `sealed` is what is kept."""

    stream: str
    kind: str
    version: int
    body: bytes
    salt: bytes
    seal: int
    sealed: bytes


class Append(msgspec.Struct, frozen=True):
    """Entries that stand or fall together, and what they rest on.

    `over` are the guarded streams, `seen` the position up to which they were known. `key` and `request` make a repeated
    call find its first outcome.
    """

    drafts: tuple[Sealed, ...]
    by: str
    seen: int
    over: tuple[str, ...]
    key: str | None = None
    request: str | None = None


class Appended(msgspec.Struct, frozen=True):
    """Durable: the entries have these positions. `repeated` when the same key had been appended before."""

    first: int
    last: int
    stream: str
    kind: str
    at: str
    repeated: bool = False


class Record(msgspec.Struct, frozen=True):
    """An entry as a store holds it."""

    header: Header
    seal: int
    sealed: bytes
    leaf: bytes


#: Later than any entry.
FAR = 2**62


class Store(Protocol):
    """Where entries live. `append` is durable when it returns; it judges its batch in order, each after the earlier."""

    @property
    def epoch(self) -> str: ...

    def begin_epoch(self) -> str:
        """Draw a new epoch: a restored log is a new log."""
        ...

    def append(self, batch: Sequence[Append]) -> list[Appended | HeardError]:
        """Append each or say why not.

        Conflict: a guard. Refused: the key was used for another request. Gone: the key's entry was erased.
        Raises Unavailable when nothing could be written (disk full, locked).
        """
        ...

    def position(self) -> int:
        """The position of the last entry, 0 when there is none."""
        ...

    def records(self, after: int, limit: int) -> list[Record]: ...

    def record(self, position: int) -> Record | None: ...

    def stream(self, stream: str, after: int = 0, to: int = FAR) -> list[Record]:
        """The life of one stream, or what of it is later than `after` and not later than `to`, in order."""
        ...

    def by_key(self, key: str) -> Record | None: ...

    def outcome(self, key: str, request: str | None) -> Appended | HeardError | None:
        """What `append` answered first under this key, or stands against answering; None when it was never used."""
        ...

    def of_kinds(self, kinds: Sequence[str], after: int, to: int = FAR) -> list[Record]:
        """Entries of these kinds later than `after` and not later than `to`, in order."""
        ...

    def leaves(self, size: int) -> list[bytes]:
        """The first `size` leaf hashes."""
        ...

    def frontier(self) -> chain.Frontier: ...

    def blank(self, positions: Sequence[int]) -> None:
        """Overwrite the sealed bodies with noughts, durably, leaving no copy in any file of the store.

        (Where a server keeps old versions of rows for a while, they are sealed bytes whose key is destroyed.)
        """
        ...

    def close(self) -> None: ...


class Vault(Protocol):
    """The only mutable store: keys, salts, secrets, and drawers of what is no entry (sessions, contacts, drafts)."""

    def new_seals(self, count: int) -> list[Seal]:
        """Fresh keys and salts, durable when this returns."""
        ...

    def seals(self, numbers: Sequence[int]) -> dict[int, Seal]: ...

    def destroy(self, seals: Sequence[int]) -> None:
        """Forget keys and salts, durably, leaving no copy in any file of the vault."""
        ...

    def secret(self, name: str) -> bytes:
        """Thirty-two random bytes, made at the first asking and kept."""
        ...

    def put(self, drawer: str, name: str, value: bytes) -> None: ...

    def get(self, drawer: str, name: str) -> bytes | None: ...

    def swap(self, drawer: str, name: str, before: bytes | None, value: bytes) -> bool:
        """Put a value where `before` stands still (None: nothing), in one step; False where somebody was quicker."""
        ...

    def take(self, drawer: str, name: str) -> bytes | None:
        """Get and drop in one step: only one of two callers has it."""
        ...

    def drop(self, drawer: str, name: str) -> None: ...

    def names(self, drawer: str, begins: str = "") -> list[str]:
        """What is in a drawer under names that begin so, in order."""
        ...

    def close(self) -> None: ...


class Sealing(Protocol):
    """The cryptography, handed in: AES-GCM for bodies, Ed25519 for the checkpoint."""

    public_key: bytes

    def seal(self, key: bytes, words: bytes) -> bytes: ...

    def unseal(self, key: bytes, sealed: bytes) -> bytes: ...

    def sign(self, message: bytes) -> bytes: ...

    def check(self, signature: bytes, message: bytes) -> None: ...


def next_instant(previous: str | None) -> str:
    """The time of the next entry: now, but never before the entry that precedes it."""
    at = now.text(now.utc())
    return max(at, previous) if previous else at


def header_of(draft: Sealed, append: Append, position: int, at: str, *, first: bool) -> Header:
    """The header that a draft gets. The first of an append bears its key; all bear its request, to mark its end."""
    key = append.key if first else None
    return Header(position, draft.stream, draft.kind, draft.version, at, append.by, key, append.request)


def first_outcome(record: Record, last: int, request: str | None) -> Appended | HeardError:
    """What a repeated key is told: its first outcome, or what stands against giving it."""
    header = record.header
    if not record.sealed.strip(b"\0"):
        return Gone("This was erased after it was first sent, and is not published again. Nothing was changed.")
    if header.request != request:
        return Refused(
            "This Idempotency-Key was used for another request. Nothing was changed; send it under a new key.",
            key_reused=True,
        )
    return Appended(header.position, last, header.stream, header.kind, header.at, repeated=True)
