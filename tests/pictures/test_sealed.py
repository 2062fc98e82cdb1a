"""On the disk a picture is as secret as a draft: sealed under a key that the vault has, and an erasure destroys."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from heard.engine.errors import Corrupt, NotFound
from heard.opening import House, open_house
from heard.store.media import Media, files_in
from heard.verify import verify_directory
from tests.pictures.sending import address, fresh, posted, sealed_at, sent
from tests.server import Server

PICTURE = b"\xff\xd8\xff" + b"a face at a window " * 500


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = open_house(tmp_path / "data", synchronous="OFF")
    yield made
    made.close()


def lies_in_clear(data: Path, name: str, content: bytes) -> list[str]:
    """Files that have a piece of a picture in them, or bear its name."""
    piece = content[len(content) // 2 :][:200]
    return [
        path.name for path in data.rglob("*") if path.is_file() and (name in path.name or piece in path.read_bytes())
    ]


def test_neither_an_upload_nor_what_a_post_shows_lies_in_clear(server: Server) -> None:
    slug = server.open_case("sealed", "The sealed case")
    unused = sent(server.client, slug, fresh(40)).json()
    post, kept = posted(server.client, slug, content=fresh(41))
    shown = server.reader.get(address(slug, kept)).content
    house = open_house(server.data)
    for name in (unused["media"], kept["media"]):
        content = house.media.read(name)
        assert content.startswith(b"\xff\xd8\xff") and not lies_in_clear(server.data, name, content)
    assert shown == house.media.read(kept["media"]), "readers get it as it was"
    # The control: the same look finds one that was put there as it is.
    (server.data / "media" / "left.tmp").write_bytes(shown)
    assert lies_in_clear(server.data, kept["media"], shown) == ["left.tmp"]
    (server.data / "media" / "left.tmp").unlink()
    house.close()
    server.post(f"/posts/{post}/retraction", {"reason": "a test"})


def test_the_folder_alone_tells_nothing_and_can_be_checked(house: House, tmp_path: Path) -> None:
    name = house.media.keep(PICTURE)
    [file] = files_in(house.media.folder)
    assert name not in file.name and PICTURE[:20] not in file.read_bytes() and file.stat().st_mode & 0o077 == 0
    assert hashlib.sha256(file.read_bytes()).hexdigest() == file.name.removesuffix(".sealed")
    other = open_house(tmp_path / "other", synchronous="OFF")
    other.media.keep(PICTURE)
    assert files_in(other.media.folder)[0].name != file.name, "who has a picture cannot ask whether it is there"
    with pytest.raises(NotFound):
        Media(house.media.folder, open_house(tmp_path / "third", synchronous="OFF").vault).read(name)
    other.close()


def test_the_same_picture_twice_is_one_file_and_a_torn_one_is_made_whole(house: House) -> None:
    name = house.media.keep(PICTURE)
    [file] = files_in(house.media.folder)
    file.write_bytes(file.read_bytes()[:50])
    with pytest.raises(Corrupt):
        house.media.read(name)
    assert house.media.keep(PICTURE) == name and files_in(house.media.folder) == [file]
    assert house.media.read(name) == PICTURE


def test_one_file_put_in_the_place_of_another_is_not_served(house: House) -> None:
    one, two = house.media.keep(PICTURE), house.media.keep(PICTURE + b"2")
    shutil.copyfile(sealed_at(house, two), sealed_at(house, one))
    with pytest.raises(Corrupt, match="not what was kept there"):
        house.media.read(one)


def test_erased_it_cannot_be_read_from_a_copy_of_the_folder(house: House, tmp_path: Path) -> None:
    name = house.media.keep(PICTURE)
    shutil.copytree(house.media.folder, tmp_path / "copy")
    key = house.media.begin(name).key
    assert key in vault_files(house)
    house.media.erase(name)
    house.media.erase(name)
    with pytest.raises(NotFound):
        house.media.read(name)
    with pytest.raises(NotFound):
        Media(tmp_path / "copy", house.vault).read(name)
    assert key not in vault_files(house) and not files_in(house.media.folder)
    assert house.media.keep(PICTURE) == name and house.media.read(name) == PICTURE, "sent again it is a fresh one"


def vault_files(house: House) -> bytes:
    return b"".join(path.read_bytes() for path in house.data.glob("vault.sqlite*"))


def test_what_an_older_version_kept_as_it_was_is_sealed_at_the_next_start(house: House) -> None:
    name = hashlib.sha256(PICTURE).hexdigest()
    (house.media.folder / name).write_bytes(PICTURE)
    assert house.media.read(name) == PICTURE, "before that it is shown as ever"
    assert lies_in_clear(house.data, name, PICTURE) == [name]
    assert verify_directory(house.data).media == 1
    house.close()
    again = open_house(house.data, synchronous="OFF")
    assert not lies_in_clear(house.data, name, PICTURE) and again.media.read(name) == PICTURE
    assert verify_directory(house.data).media == 1
    again.close()
