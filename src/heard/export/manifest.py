"""The list of all files of an export with their hashes, signed with the key that signs the journal's checkpoints.

It is a signed note (https://c2sp.org/signed-note), as the checkpoint is, and the key stands beside it in the form that
notes give to keys. Its first line tells it from a checkpoint, so that one signature can never pass for the other.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from heard.engine import chain
from heard.engine.errors import Corrupt
from heard.engine.stores import Sealing

FIRST_LINE = "heard export 1"
NAME = "manifest"
_LINE = re.compile(r"([0-9a-f]{64}) (0|[1-9][0-9]*) ([A-Za-z0-9./-]+)")
_MAKER = re.compile(r"made by [0-9a-f]{12}")
_KEY = re.compile(r"(heard/[a-z2-7]{16})\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)\n")


class Listed(msgspec.Struct, frozen=True):
    """What the manifest says of one file."""

    sha256: str
    size: int


class Manifest(msgspec.Struct, frozen=True):
    """The origin names the journal's epoch, as in its checkpoints; `maker` names the code that made the page."""

    origin: str
    maker: str
    files: dict[str, Listed]

    def text(self) -> str:
        lines = [f"{one.sha256} {one.size} {name}" for name, one in sorted(self.files.items())]
        return "\n".join([FIRST_LINE, self.origin, f"made by {self.maker}", *lines, ""])


def listed(files: Mapping[str, bytes]) -> dict[str, Listed]:
    return {name: Listed(hashlib.sha256(content).hexdigest(), len(content)) for name, content in files.items()}


def sign(manifest: Manifest, sealing: Sealing) -> str:
    """The manifest as a signed note."""
    text = manifest.text()
    signature = chain.key_id(manifest.origin, sealing.public_key) + sealing.sign(text.encode())
    return f"{text}\n— {manifest.origin} {base64.b64encode(signature).decode()}\n"


def read(note: str, origin: str, public_key: bytes) -> Manifest:
    """The manifest in a signed note.

    Raises Corrupt when it is not signed by this key, or is not in the one form in which it is written.
    """
    try:
        text, _, signed = note.partition("\n\n")
        first, named, made_by, *lines = text.split("\n")
        raw = base64.b64decode(signed.removeprefix(f"— {origin} ").removesuffix("\n"), validate=True)
        if raw[:4] != chain.key_id(origin, public_key):
            raise ValueError("it was signed by another key")
        check(public_key, raw[4:], f"{text}\n".encode())
        files = {}
        for line in lines:
            found = _LINE.fullmatch(line)
            if not found or found[3] in files:
                raise ValueError("a line of it is not in the form of a manifest")
            files[found[3]] = Listed(found[1], int(found[2]))
        if not _MAKER.fullmatch(made_by):
            raise ValueError("it does not say what made the page")
        manifest = Manifest(origin, made_by.removeprefix("made by "), files)
        whole = f"{manifest.text()}\n— {origin} {base64.b64encode(raw).decode()}\n"
        if (first, named) != (FIRST_LINE, origin) or whole != note:
            raise ValueError("it is not in the form of a manifest")
    except ValueError as wrong:
        raise Corrupt(f"The manifest of this export cannot be believed: {wrong}.") from wrong
    return manifest


def check(public_key: bytes, signature: bytes, message: bytes) -> None:
    """Raises ValueError when the signature does not hold."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except InvalidSignature:
        raise ValueError("its signature does not hold") from None


def key_text(origin: str, public_key: bytes) -> str:
    """The public key as notes write it: name, the id that its signatures bear, and the key after its kind (1)."""
    id, key = chain.key_id(origin, public_key).hex(), base64.b64encode(b"\x01" + public_key).decode()
    return f"{origin}+{id}+{key}\n"


def read_key(text: str) -> tuple[str, bytes]:
    """Origin and public key.

    Raises Corrupt.
    """
    found = _KEY.fullmatch(text)
    try:
        raw = base64.b64decode(found[3], validate=True) if found else b""
    except ValueError:
        raw = b""
    if not found or len(raw) != 33 or key_text(found[1], raw[1:]) != text:
        raise Corrupt("The public key of this export is not in the form of a key.")
    return found[1], raw[1:]
