"""Whether what is on disk can be true: every entry against its leaf, the leaves against the tree, the tree against its
signed checkpoint. Works offline, beside a running server or on a backup, and creates and changes no file.

The formats it reads are in docs/formats/journal.md. Whoever calls it has imported the rooms, or erasures are not known.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import apsw
import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from heard.engine import chain, now
from heard.engine.entry import Header, decode_body, kinds_that_erase
from heard.engine.errors import Corrupt, HeardError, Refused
from heard.store.files import looking_at
from heard.store.media import files_in, is_whole
from heard.store.place import is_elsewhere
from heard.store.sqlite import COLUMNS
from heard.store.vault import KEPT, NONCE, KeyedSealing

#: How many entries are read between two reports to `progress`.
AT_ONCE = 1_000
ADVICE = "Stop the server, keep its files as they are, and restore a backup."

Progress = Callable[[int, int], None]


class Verified(msgspec.Struct, frozen=True):
    """What was found to fit.

    `unsealed` entries were checked word for word; it is 0 for a long-kept backup, which has no vault. `unfinished` are
    erasures whose words are still there: the next start destroys them.
    """

    epoch: str
    entries: int
    unsealed: int
    erased: int
    unfinished: int
    root: str
    checkpoint_size: int | None
    media: int


class _Row(msgspec.Struct, array_like=True, frozen=True):
    position: int
    stream: str
    kind: str
    version: int
    at: str
    by: str
    key: str | None
    request: str | None
    seal: int
    sealed: bytes
    leaf: bytes

    def header(self) -> Header:
        who, what = (self.by, self.key, self.request), (self.stream, self.kind, self.version, self.at)
        return Header(self.position, *what, *who)


def verify_directory(data: Path, progress: Progress = lambda done, total: None) -> Verified:
    """Check a data directory or a backup.

    Raises Corrupt naming the first entry that does not fit, Unavailable when there is no journal there, Refused when it
    is on another machine.
    """
    if is_elsewhere(data):
        raise Refused(
            f"The journal of {data} is in PostgreSQL. `heard backup` copies it beside its nodes and checks every entry "
            "of the copy; verify that. Nothing was changed."
        )
    with ExitStack() as files:
        # The journal before the vault: a key is durable before its entry, so each entry of this snapshot finds its key.
        journal = files.enter_context(looking_at(data / "journal.sqlite"))
        sealed_away = not (data / "vault.sqlite").exists()
        vault = None if sealed_away else files.enter_context(looking_at(data / "vault.sqlite"))
        with _naming("the journal's description"):
            epoch = journal.execute("SELECT value FROM about WHERE name = 'epoch'").get
            if not re.fullmatch("[a-z2-7]{16}", epoch):
                raise ValueError(f"its epoch is {epoch!r}")
        checkpoint = _checkpoint(data, epoch)
        walk = _Walk(data, journal, vault, checkpoint)
        walk.check(progress)
        for name, connection in (("journal.sqlite", journal), ("vault.sqlite", vault)):
            _check_file(name, connection)
    return Verified(
        epoch,
        walk.frontier.size,
        walk.unsealed,
        len(walk.erased),
        len(walk.unfinished()),
        walk.frontier.root().hex(),
        checkpoint.size if checkpoint else None,
        _check_media(data / "media"),
    )


class _Walk:
    """One pass over all entries, and what it has gathered so far."""

    def __init__(
        self, data: Path, journal: apsw.Connection, vault: apsw.Connection | None, checkpoint: chain.Checkpoint | None
    ) -> None:
        self.data, self.journal, self.vault, self.checkpoint = data, journal, vault, checkpoint
        self.frontier = chain.Frontier(0, [])
        self.unsealed = 0
        self.erased: set[int] = set()
        self._to_be_named: set[int] = set()
        self._named: set[int] = set()
        self._last_at = ""

    def check(self, progress: Progress) -> None:
        with _naming("the tree's edge"):
            size, peaks = self.journal.execute("SELECT size, peaks FROM tree").get
            chain.Frontier.unpack(size, peaks)
        self._check_against_checkpoint()
        for columns in self._rows():
            with _naming(f"entry {self.frontier.size + 1}", position=self.frontier.size + 1):
                self._check_entry(msgspec.convert(columns, _Row, strict=True))
                self._check_against_checkpoint()
            if self.frontier.size % AT_ONCE == 0:
                progress(self.frontier.size, size)
        with _naming("the tree's edge"):
            if (size, peaks) != (self.frontier.size, self.frontier.pack()):
                raise ValueError(f"it is that of {size} entries, and is not what these {self.frontier.size} give")
        with _naming("the checkpoint"):
            if self.checkpoint and self.checkpoint.size > self.frontier.size:
                raise ValueError(
                    f"it was signed over {self.checkpoint.size} entries and there are {self.frontier.size}"
                )
        if self.vault is not None:
            for position in sorted(self._to_be_named - self._named):
                with _naming(f"entry {position}", position=position):
                    raise ValueError("its words are gone, and no entry says that they were erased")
        progress(size, size)

    def unfinished(self) -> set[int]:
        return self._named - self.erased

    def _rows(self) -> Iterator[Any]:
        with _naming("the table of entries"):
            rows = self.journal.execute(f"SELECT {COLUMNS} FROM entry ORDER BY position")
        while True:
            with _naming(f"entry {self.frontier.size + 1}", position=self.frontier.size + 1):
                row = next(rows, None)
            if row is None:
                return
            yield row

    def _check_entry(self, row: _Row) -> None:
        if row.position != self.frontier.size + 1:
            raise ValueError(f"it is missing: the next there is has position {row.position}")
        if now.text(now.instant(row.at)) != row.at or row.at < self._last_at:
            raise ValueError(f"it is said to be of {row.at}, and the entry before it of {self._last_at}")
        if not row.sealed.strip(b"\0"):
            self.erased.add(row.position)
            self._to_be_named.add(row.position)
        elif self.vault is not None:
            self._check_words(row)
        self.frontier.add(row.leaf)
        self._last_at = row.at

    def _check_words(self, row: _Row) -> None:
        assert self.vault is not None
        seal = self.vault.execute(f"SELECT key, salt FROM seal WHERE number = ? AND {KEPT}", (row.seal,)).get
        if seal is None:
            if not self._erased_meanwhile(row.position):
                raise ValueError("its key is not in the vault")
            self.erased.add(row.position)
            return
        body = AESGCM(seal[0]).decrypt(NONCE, row.sealed, None)
        if chain.leaf(seal[1], row.header().encode(), body) != row.leaf:
            raise ValueError("header and words are not those that its leaf commits to")
        self.unsealed += 1
        if row.kind in kinds_that_erase():
            self._named.update(decode_body(row.kind, row.version, body).erases())

    def _erased_meanwhile(self, position: int) -> bool:
        """Whether a running server erased it after our snapshot of the journal was taken."""
        with looking_at(self.data / "journal.sqlite") as newest:
            sealed = newest.execute("SELECT sealed FROM entry WHERE position = ?", (position,)).get
        return isinstance(sealed, bytes) and not sealed.strip(b"\0")

    def _check_against_checkpoint(self) -> None:
        if (
            self.checkpoint
            and self.checkpoint.size == self.frontier.size
            and self.checkpoint.root != self.frontier.root()
        ):
            raise ValueError(
                f"with it the journal parts from the checkpoint that was signed over {self.checkpoint.size} entries"
            )


@contextmanager
def _naming(what: str, **details: Any) -> Iterator[None]:
    """Whatever goes wrong inside is a fault of `what`."""
    try:
        yield
    except HeardError as wrong:
        raise Corrupt(f"{what[0].upper()}{what[1:]} does not fit. {wrong.message}", **details) from wrong
    except Exception as wrong:
        reason = "it cannot be unsealed: it or its key was changed" if isinstance(wrong, InvalidTag) else wrong
        raise Corrupt(f"{what[0].upper()}{what[1:]} does not fit: {reason}. {ADVICE}", **details) from wrong


def _checkpoint(data: Path, epoch: str) -> chain.Checkpoint | None:
    """The signed note that a backup carries; a data directory has none of its own."""
    if not (data / "checkpoint").exists():
        return None
    with _naming("the checkpoint"):
        sealing = KeyedSealing.kept_in(data / "checkpoint.key")
        checkpoint = chain.read_note((data / "checkpoint").read_text(), sealing.public_key, sealing.check)
        if checkpoint.epoch != epoch:
            raise ValueError(f"it is of the epoch {checkpoint.epoch} and the journal of {epoch}")
    return checkpoint


def _check_file(name: str, connection: apsw.Connection | None) -> None:
    """The indexes and pages between the entries: what nobody reads now may be read tomorrow."""
    if connection is not None:
        with _naming(name):
            found = connection.execute("PRAGMA integrity_check(1)").get
            if found != "ok":
                raise ValueError(found)


def _check_media(folder: Path) -> int:
    """Every file against its name, which takes no key."""
    files = files_in(folder) if folder.exists() else []
    for path in files:
        with _naming(f"the file {path.name[:12]}… in media"):
            if not is_whole(path):
                raise Corrupt("it is not what was kept there")
    return len(files)


class ReleasedEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry as an export carries it: all that its leaf commits to, and the way from the leaf to the root.

    `header` and `body` are the bytes that were hashed, as text; salt and proof are in base64, nearest sibling first.
    """

    header: str
    body: str
    salt: str
    proof: tuple[str, ...]

    def check(self, checkpoint: chain.Checkpoint) -> Header:
        """The header, when the entry is in the journal that the checkpoint was signed over.

        Raises Corrupt when it is not.
        """
        with _naming("an exported entry"):
            header = msgspec.json.decode(self.header, type=Header)
        with _naming(f"entry {header.position}", position=header.position):
            if header.encode() != self.header.encode():
                raise ValueError("its header is not written in the one way that headers are")
            leaf = chain.leaf(_unbase64(self.salt), self.header.encode(), self.body.encode())
            proof = [_unbase64(sibling) for sibling in self.proof]
            if not chain.included(leaf, header.position - 1, checkpoint.size, proof, checkpoint.root):
                raise ValueError("its proof does not lead to the signed root")
        return header


def check_released_entry(record: bytes, checkpoint: chain.Checkpoint) -> tuple[Header, str]:
    """Header and body of an exported entry (JSON, see docs/formats/journal.md) that the checkpoint's journal holds.

    Raises Corrupt naming the entry when its proof does not lead to the signed root.
    """
    with _naming("an exported entry"):
        entry = msgspec.json.decode(record, type=ReleasedEntry)
    return entry.check(checkpoint), entry.body


def _unbase64(text: str) -> bytes:
    """Strict: one text for one value, so that not a bit can be changed unnoticed."""
    raw = base64.b64decode(text, validate=True)
    if base64.b64encode(raw).decode() != text:
        raise ValueError("its base64 has stray bits")
    return raw
