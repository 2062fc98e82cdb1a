"""Pictures, each sealed under a key of its own that the vault keeps; and how a small file is written whole or not.

A picture is known by the hash of its bytes. On the disk is a file of sealed bytes, named by the hash of those: who has
the folder alone, or a backup without the vault, sees no picture, cannot tell whether one that they have is among them,
and can still check that none was changed. Where its key is destroyed, so is the picture.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from copy import copy
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from heard.engine.entry import new_id
from heard.engine.errors import Corrupt, NotFound, Unavailable
from heard.engine.stores import Vault

_NAME = re.compile(r"[0-9a-f]{64}")
_SEALED = re.compile(r"([0-9a-f]{64})\.sealed")
_DRAWER = "picture key"
#: Each key seals one content and no other, so a constant nonce is safe, and sealing twice comes to the same bytes.
_NONCE = bytes(12)


class Key(msgspec.Struct, frozen=True):
    """What a picture is sealed with, and the hash of its sealed bytes, "" before they are on the disk."""

    key: bytes
    file: str = ""


class Media:
    """A folder of sealed files. What is read is checked against its name.

    `keep` is all of it; a server that has a loop takes the three steps, of which `write` alone is slow and touches no
    vault, so that a thread may do it.
    """

    def __init__(self, folder: Path, vault: Vault) -> None:
        self.folder, self._vault, self._drawer = folder, vault, _DRAWER
        folder.mkdir(mode=0o700, exist_ok=True)
        self._seal_old()

    def apart(self, drawer: str) -> Media:
        """The same folder under keys of their own: where one sort of picture is erased, the same picture of another
        sort stays.
        """
        made = copy(self)
        made._drawer = drawer
        return made

    def keep(self, content: bytes) -> str:
        """The name of the content, on disk and its key in the vault when this returns.

        Raises Unavailable when the disk does not take it.
        """
        name = hashlib.sha256(content).hexdigest()
        return self.finish(name, self.write(content, self.begin(name)))

    def begin(self, name: str) -> Key:
        """The key of a picture, or a fresh one."""
        return self._key(name) or Key(os.urandom(32))

    def write(self, content: bytes, key: Key) -> Key:
        """Have the sealed content on the disk. Raises Unavailable when the disk does not take it."""
        sealed = AESGCM(key.key).encrypt(_NONCE, content, None)
        file = hashlib.sha256(sealed).hexdigest()
        try:
            if not is_whole(path := self._path(file)):
                keep_whole(path, sealed)
        except OSError as wrong:
            raise Unavailable(f"The file could not be kept ({wrong.strerror}). Try again; look at the disk.") from wrong
        return Key(key.key, file)

    def finish(self, name: str, key: Key) -> str:
        """The key into the vault, after the file: a file without a key is nothing."""
        self._vault.put(self._drawer, name, msgspec.msgpack.encode(key))
        return name

    def read(self, name: str) -> bytes:
        """The content under a name.

        Raises NotFound when there is none, Corrupt when it is not what the name says.
        """
        key = self._key(name) if _NAME.fullmatch(name) else None
        path = self._path(key.file) if key else self.folder / name
        if not _NAME.fullmatch(name) or not path.exists():
            raise NotFound("There is no such picture or document here.")
        content = path.read_bytes()
        if key:
            try:
                content = AESGCM(key.key).decrypt(_NONCE, content, None)
            except InvalidTag:
                content = b""
        if hashlib.sha256(content).hexdigest() != name:
            raise Corrupt(
                f"The file of picture {name[:12]}… in media is not what was kept there. It is not served; restore a "
                "backup."
            )
        return content

    def erase(self, name: str) -> None:
        """The key first: then the file is nothing, here and in every copy without a vault. Twice does no harm."""
        key = self._key(name) if _NAME.fullmatch(name) else None
        if key is None:
            return
        self._vault.put(self._drawer, name, msgspec.msgpack.encode(Key(bytes(32), key.file)))
        self._vault.destroy(())  # nothing, but every trace of what was just written over
        self._path(key.file).unlink(missing_ok=True)
        sync_folder(self.folder)
        self._vault.drop(self._drawer, name)

    def names(self) -> Iterator[str]:
        return iter(self._vault.names(self._drawer))

    def _key(self, name: str) -> Key | None:
        raw = self._vault.get(self._drawer, name)
        return msgspec.msgpack.decode(raw, type=Key) if raw else None

    def _path(self, file: str) -> Path:
        return self.folder / f"{file}.sealed"

    def _seal_old(self) -> None:
        """Versions before this one kept pictures as they were, under the hash of their bytes. What finds no room stays
        so until the next start, and is read as it is: a server that has to withdraw something waits for no disk.
        """
        with suppress(Unavailable):
            for path in [path for path in self.folder.iterdir() if _NAME.fullmatch(path.name)]:
                if self.keep(path.read_bytes()) == path.name:
                    path.unlink(missing_ok=True)


def is_whole(path: Path) -> bool:
    """Whether a file of media is there, and is what its name says; which takes no key."""
    named = _SEALED.fullmatch(path.name)
    expected = named[1] if named else path.name
    return path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == expected


def files_in(folder: Path) -> list[Path]:
    """The files of media in a folder: sealed, or of a version that did not."""
    named = [path for path in folder.iterdir() if _SEALED.fullmatch(path.name) or _NAME.fullmatch(path.name)]
    return sorted(named)


def keep_whole(path: Path, content: bytes, *, replace: bool = True) -> None:
    """Write a file of mode 0600 so that whoever looks, whenever, finds all of it or what was there before.

    Raises FileExistsError when it is there and not to be replaced.
    """
    fresh = path.with_name(f".{path.name}.{new_id()}")
    try:
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            os.replace(fresh, path)
        else:
            os.link(fresh, path)
        sync_folder(path.parent)
    finally:
        fresh.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """A name is durable only when its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
