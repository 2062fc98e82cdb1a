"""Pictures and documents, each under the hash of its bytes; and how a small file is written whole or not at all."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from heard.engine.entry import new_id
from heard.engine.errors import Corrupt, NotFound, Unavailable

_NAME = re.compile(r"[0-9a-f]{64}")


class Media:
    """A folder of files named by SHA-256; what is read is checked against its name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700, exist_ok=True)

    def keep(self, content: bytes) -> str:
        """The name of the content, on disk when this returns.

        Raises Unavailable when the disk does not take it.
        """
        name = hashlib.sha256(content).hexdigest()
        if not self._whole(name):
            try:
                keep_whole(self.folder / name, content)
            except OSError as wrong:
                raise Unavailable(
                    f"The file could not be kept ({wrong.strerror}). Try again; look at the disk."
                ) from wrong
        return name

    def _whole(self, name: str) -> bool:
        try:
            self.read(name)
        except (NotFound, Corrupt):
            return False
        return True

    def read(self, name: str) -> bytes:
        """The content under a name.

        Raises NotFound when there is none, Corrupt when it is not what the name says.
        """
        if not _NAME.fullmatch(name) or not (path := self.folder / name).exists():
            raise NotFound("There is no such picture or document here.")
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != name:
            raise Corrupt(
                f"The file {name[:12]}… in media is not what was kept there. It is not served; restore a backup."
            )
        return content

    def erase(self, name: str) -> None:
        if _NAME.fullmatch(name):
            (self.folder / name).unlink(missing_ok=True)
            sync_folder(self.folder)

    def names(self) -> Iterator[str]:
        return (path.name for path in sorted(self.folder.iterdir()) if _NAME.fullmatch(path.name))


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
