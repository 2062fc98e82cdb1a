"""The journal as a tree that anyone can check: RFC 6962 hashing over salted leaves, and a signed head.

A leaf commits to salt, header and body, each with its length in front, so that no two different triples give the same
bytes. The salt (32 random bytes, kept in the vault) makes a leaf impossible to confirm by guessing, and destroying it
with the key erases the words while the tree still verifies.

Source: RFC 6962 section 2.1 (Merkle tree, audit path, consistency); C2SP signed note and tlog-checkpoint
(https://c2sp.org/signed-note, https://c2sp.org/tlog-checkpoint).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence

import msgspec

from heard.engine.errors import Corrupt

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf(salt: bytes, header: bytes, body: bytes) -> bytes:
    """The leaf of one entry: SHA-256 over 0x00 and the fields, each after its length as eight bytes, big end first."""
    fields = b"".join(len(field).to_bytes(8, "big") + field for field in (salt, header, body))
    return hashlib.sha256(b"\x00" + fields).digest()


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier(msgspec.Struct):
    """The right edge of the tree: the roots of its complete subtrees, largest first. An append needs no more."""

    size: int = 0
    peaks: list[bytes] = []

    def add(self, leaf_hash: bytes) -> None:
        peak, size = leaf_hash, self.size
        while size & 1:
            peak = node(self.peaks.pop(), peak)
            size >>= 1
        self.peaks.append(peak)
        self.size += 1

    def root(self) -> bytes:
        if not self.peaks:
            return EMPTY_ROOT
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = node(peak, root)
        return root

    def pack(self) -> bytes:
        return b"".join(self.peaks)

    @classmethod
    def unpack(cls, size: int, packed: bytes) -> Frontier:
        if len(packed) != 32 * size.bit_count():
            raise Corrupt("The journal's tree is not whole: its edge does not fit its size. Stop; restore a backup.")
        return cls(size, [packed[i : i + 32] for i in range(0, len(packed), 32)])


def root(leaves: Sequence[bytes]) -> bytes:
    """The Merkle tree hash of all the leaves."""
    frontier = Frontier(0, [])
    for one in leaves:
        frontier.add(one)
    return frontier.root()


class Tree:
    """All the leaves, and above them the roots of every complete subtree: a proof then costs a few dozen hashes."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.size = len(leaves)
        self._levels = [list(leaves)]
        while len(below := self._levels[-1]) > 1:
            self._levels.append([node(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)])

    def root(self) -> bytes:
        return self._root(0, self.size)

    def inclusion_proof(self, index: int) -> list[bytes]:
        """The audit path of the leaf at `index` (from 0), nearest sibling first. RFC 6962 section 2.1.1.

        Raises IndexError when there is no such leaf.
        """
        if not 0 <= index < self.size:
            raise IndexError(index)
        return self._path(index, 0, self.size)

    def consistency_proof(self, old_size: int) -> list[bytes]:
        """That the tree of `old_size` leaves is the beginning of this one. RFC 6962 section 2.1.2.

        Raises IndexError when this tree is smaller.
        """
        if not 0 <= old_size <= self.size:
            raise IndexError(old_size)
        if old_size in (0, self.size):  # everything begins with nothing, and with itself
            return []
        return self._subproof(old_size, 0, self.size, whole=True)

    def _path(self, index: int, start: int, end: int) -> list[bytes]:
        if end - start == 1:
            return []
        middle = start + _split(end - start)
        if index < middle:
            return [*self._path(index, start, middle), self._root(middle, end)]
        return [*self._path(index, middle, end), self._root(start, middle)]

    def _subproof(self, old_end: int, start: int, end: int, *, whole: bool) -> list[bytes]:
        if old_end == end:
            return [] if whole else [self._root(start, end)]
        middle = start + _split(end - start)
        if old_end <= middle:
            return [*self._subproof(old_end, start, middle, whole=whole), self._root(middle, end)]
        return [*self._subproof(old_end, middle, end, whole=False), self._root(start, middle)]

    def _root(self, start: int, end: int) -> bytes:
        """The root over leaves `start` to `end`; `start` is always a multiple of a power of two that spans them."""
        size = end - start
        if size == 0:
            return EMPTY_ROOT
        if size.bit_count() == 1:
            level = size.bit_length() - 1
            return self._levels[level][start >> level]
        middle = start + _split(size)
        return node(self._root(start, middle), self._root(middle, end))


def _split(size: int) -> int:
    """The largest power of two smaller than `size`."""
    return 1 << (size - 1).bit_length() - 1


def included(leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes], root_hash: bytes) -> bool:
    """Whether the proof leads from the leaf to the root. RFC 9162 section 2.1.3.2."""
    if not 0 <= index < size:
        return False
    at, last, here = index, size - 1, leaf_hash
    for sibling in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            here = node(sibling, here)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            here = node(here, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and here == root_hash


def consistent(old_size: int, new_size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the new tree begins with the old one. RFC 9162 section 2.1.4.2."""
    if old_size == new_size:
        return old_root == new_root and not proof
    if old_size == 0:
        return not proof
    if old_size > new_size or not proof:
        return False
    path = list(proof)
    if old_size & (old_size - 1) == 0:
        path.insert(0, old_root)
    at, last = old_size - 1, new_size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old_here = new_here = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old_here, new_here = node(sibling, old_here), node(sibling, new_here)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            new_here = node(new_here, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and old_here == old_root and new_here == new_root


class Checkpoint(msgspec.Struct, frozen=True):
    """The size and root of the journal at one moment, under an origin that names the epoch."""

    epoch: str
    size: int
    root: bytes

    @property
    def origin(self) -> str:
        return f"heard/{self.epoch}"

    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def key_id(name: str, public_key: bytes) -> bytes:
    """The first four bytes of SHA-256(name ‖ newline ‖ 0x01 ‖ key): what a signed note calls an Ed25519 key."""
    return hashlib.sha256(name.encode() + b"\n\x01" + public_key).digest()[:4]


def sign(checkpoint: Checkpoint, public_key: bytes, signer: Callable[[bytes], bytes]) -> str:
    """The checkpoint as a signed note, ready to publish."""
    return sign_text(checkpoint.origin, checkpoint.text(), public_key, signer)


def sign_text(name: str, text: str, public_key: bytes, signer: Callable[[bytes], bytes]) -> str:
    """A text as a signed note; it ends with a newline and has no empty line in it."""
    assert text.endswith("\n") and "\n\n" not in text
    signature = key_id(name, public_key) + signer(text.encode())
    return f"{text}\n— {name} {base64.b64encode(signature).decode()}\n"


def read_text(note: str, name: str, public_key: bytes, check: Callable[[bytes, bytes], None]) -> str:
    """The text of a note that `sign_text` signed under this name; `check(signature, message)` raises if it does not
    hold.

    Raises Corrupt when the note is not one of ours.
    """
    try:
        text, blank, lines = note.partition("\n\n")
        if not blank:
            raise ValueError("it is not in the form of a signed note")
        check(_signature_by(name, public_key, lines), f"{text}\n".encode())
    except Exception as wrong:
        raise Corrupt(f"This note cannot be believed: {wrong or 'its signature does not hold'}.") from wrong
    return f"{text}\n"


def read_note(note: str, public_key: bytes, check: Callable[[bytes, bytes], None]) -> Checkpoint:
    """The checkpoint in a signed note whose signature by this key holds; `check(signature, message)` raises if not.

    Other signatures (of witnesses) may stand beside it. Raises Corrupt when the note is not one of ours.
    """
    try:
        text, blank, lines = note.partition("\n\n")
        origin, size, root64 = text.split("\n")
        checkpoint = Checkpoint(origin.removeprefix("heard/"), int(size), base64.b64decode(root64, validate=True))
        if not blank or len(checkpoint.root) != 32 or checkpoint.text() != text + "\n":
            raise ValueError("it is not in the form of a signed note")
        check(_signature_by(origin, public_key, lines), checkpoint.text().encode())
    except Exception as wrong:
        raise Corrupt(f"This checkpoint cannot be believed: {wrong or 'its signature does not hold'}.") from wrong
    return checkpoint


def _signature_by(name: str, public_key: bytes, lines: str) -> bytes:
    for line in lines.splitlines():
        dash, signer, signature64 = line.split(" ")
        if dash != "—":
            raise ValueError("it is not in the form of a signed note")
        signature = base64.b64decode(signature64, validate=True)
        if base64.b64encode(signature).decode() != signature64:
            raise ValueError("its base64 has stray bits")
        if signer == name and signature[:4] == key_id(name, public_key):
            return signature[4:]
    raise ValueError("it was signed by another key")
