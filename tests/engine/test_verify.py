"""Verifying believes nothing: whatever is changed on disk is found, and the first entry that does not fit is named."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import apsw
import pytest

from heard.engine.entry import Draft
from heard.engine.errors import Corrupt, Unavailable
from heard.engine.journal import Writing
from heard.store.media import Media
from heard.verify import Verified, verify_directory
from tests.contract import notes
from tests.contract.house import House, open_house

FLIPS = 400
ERASED = 7


def filled(data: Path, count: int = 40) -> House:
    """Notes of many lengths, one of them withdrawn and one erased."""
    house = open_house(data)
    for n in range(1, count + 1):
        house.node.do(
            notes.publish(f"note{n:012d}", f"What was said {n}. " * (1 + n * n % 97)), by="someone", key=f"k{n}"
        )
    house.node.do(notes.withdraw(f"note{3:012d}"), by="someone")
    house.node.do(notes.erase(f"note{ERASED:012d}", (ERASED,)), by="someone")
    return house


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("verify") / "data"
    house = filled(data)
    (data / "checkpoint").write_text(house.journal.checkpoint())
    house.close()
    return data


def files_of(data: Path) -> dict[str, tuple[bytes, int]]:
    """All but the index that the processes at work share: within one process SQLite lends it to every connection."""
    files = (path for path in data.rglob("*") if path.is_file() and not path.name.endswith("-shm"))
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def changed(data: Path, statement: str, *bindings: object, of: str = "journal.sqlite") -> Path:
    """Change something in a file as someone with the disk in their hands could."""
    db = apsw.Connection(str(data / of))
    db.execute(statement, bindings).fetchall()
    db.close()
    return data


@pytest.fixture
def copy(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "copy"))


def test_a_whole_journal_is_verified(whole: Path) -> None:
    reported: list[tuple[int, int]] = []
    found = verify_directory(whole, lambda done, total: reported.append((done, total)))
    assert (found.entries, found.unsealed, found.erased, found.unfinished, found.checkpoint_size) == (42, 41, 1, 0, 42)
    assert reported[-1] == (42, 42)


def test_verifying_creates_and_changes_no_file(whole: Path) -> None:
    before = files_of(whole)
    verify_directory(whole)
    assert files_of(whole) == before


def test_a_journal_is_verified_beside_the_server_that_writes_it(tmp_path: Path) -> None:
    house = filled(tmp_path / "data")
    before = files_of(house.data)
    assert verify_directory(house.data).entries == 42
    assert files_of(house.data) == before
    house.node.do(notes.publish("later", "words"), by="someone")
    assert verify_directory(house.data).entries == 43


@pytest.mark.parametrize("with_index", [True, False], ids=["with its index", "without its index"])
def test_the_files_of_a_killed_server_are_verified_with_their_log(tmp_path: Path, with_index: bool) -> None:
    house = filled(tmp_path / "data")
    house.node.do(notes.publish("later", "words"), by="someone")
    left = Path(shutil.copytree(house.data, tmp_path / "left"))
    assert (left / "journal.sqlite-wal").stat().st_size > 0
    if not with_index:
        for index in left.glob("*-shm"):
            index.unlink()
    before = files_of(left)
    assert verify_directory(left).entries == 43
    assert files_of(left) == before


def test_an_empty_journal_is_verified(tmp_path: Path) -> None:
    open_house(tmp_path / "data").close()
    assert verify_directory(tmp_path / "data").entries == 0


def test_a_folder_without_a_journal_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"no journal\.sqlite"):
        verify_directory(tmp_path)


def test_a_backup_without_its_vault_is_verified_by_its_leaves(copy: Path) -> None:
    (copy / "vault.sqlite").unlink()
    found = verify_directory(copy)
    assert (found.entries, found.unsealed, found.erased) == (42, 0, 1)
    changed(copy, "UPDATE entry SET leaf = zeroblob(32) WHERE position = 9")
    with pytest.raises(Corrupt):
        verify_directory(copy)


CHANGES = {
    "another stream": "UPDATE entry SET stream = 'other' WHERE position = 9",
    "another kind": "UPDATE entry SET kind = 'note.corrected' WHERE position = 9",
    "another version": "UPDATE entry SET version = 2 WHERE position = 9",
    "a version that is text": "UPDATE entry SET version = 'x' WHERE position = 9",
    "another hand": "UPDATE entry SET by = 'another' WHERE position = 9",
    "another key": "UPDATE entry SET key = 'another' WHERE position = 9",
    "no key": "UPDATE entry SET key = NULL WHERE position = 9",
    "a moment earlier": "UPDATE entry SET at = substr(at, 1, 20) || '000000Z' WHERE position = 9",
    "another day": "UPDATE entry SET at = '2020-01-01T00:00:00.000000Z' WHERE position = 9",
    "no time": "UPDATE entry SET at = 'yesterday' WHERE position = 9",
    "another seal": "UPDATE entry SET seal = 1 WHERE position = 9",
    "other words": "UPDATE entry SET sealed = (SELECT sealed FROM entry WHERE position = 8) WHERE position = 9",
    "words that are text": "UPDATE entry SET sealed = 'words' WHERE position = 9",
    "no words": "UPDATE entry SET sealed = x'' WHERE position = 9",
    "words silently blanked": "UPDATE entry SET sealed = zeroblob(length(sealed)) WHERE position = 9",
    "another leaf": "UPDATE entry SET leaf = zeroblob(32) WHERE position = 9",
    "an entry taken out": "DELETE FROM entry WHERE position = 9",
}


@pytest.mark.parametrize("statement", CHANGES.values(), ids=CHANGES.keys())
def test_whatever_is_changed_in_an_entry_is_found_and_the_entry_named(copy: Path, statement: str) -> None:
    with pytest.raises(Corrupt, match="Entry 9 ") as found:
        verify_directory(changed(copy, statement))
    assert found.value.details["position"] == 9


ELSEWHERE = {
    "the last entry taken off": "DELETE FROM entry WHERE position = 42",
    "the size of the tree": "UPDATE tree SET size = 41",
    "the edge of the tree": "UPDATE tree SET peaks = zeroblob(length(peaks))",
    "the epoch": "UPDATE about SET value = 'abcdefghijklmnop'",
    "an epoch that is none": "UPDATE about SET value = 'x'",
}


@pytest.mark.parametrize("statement", ELSEWHERE.values(), ids=ELSEWHERE.keys())
def test_what_is_changed_around_the_entries_is_found(copy: Path, statement: str) -> None:
    with pytest.raises(Corrupt):
        verify_directory(changed(copy, statement))


def test_a_lost_key_is_found(copy: Path) -> None:
    with pytest.raises(Corrupt, match="Entry 9 does not fit: its key is not in the vault"):
        verify_directory(changed(copy, "DELETE FROM seal WHERE number = 9", of="vault.sqlite"))


def test_words_gone_without_an_erasing_entry_are_found_even_with_their_key_destroyed(copy: Path) -> None:
    changed(copy, "UPDATE entry SET sealed = zeroblob(length(sealed)) WHERE position = 9")
    with pytest.raises(Corrupt, match=r"Entry 9 .* no entry says that they were erased"):
        verify_directory(changed(copy, "DELETE FROM seal WHERE number = 9", of="vault.sqlite"))


def test_a_tail_cut_off_together_with_its_tree_parts_from_the_checkpoint(whole: Path, tmp_path: Path) -> None:
    """Someone who can rewrite every file but has no checkpoint of that size."""
    shorter = open_house(tmp_path / "data")
    for n in range(1, 6):
        shorter.node.do(notes.publish(f"note{n}", "rewritten"), by="someone")
    epoch = apsw.Connection(str(whole / "journal.sqlite")).execute("SELECT value FROM about").get
    shorter.close()
    changed(shorter.data, "UPDATE about SET value = ?", epoch)
    for name in ("checkpoint", "checkpoint.key"):
        shutil.copy(whole / name, shorter.data / name)
    with pytest.raises(Corrupt, match="signed over 42 entries and there are 5"):
        verify_directory(shorter.data)


def test_a_forged_checkpoint_is_found(copy: Path) -> None:
    note = (copy / "checkpoint").read_text()
    (copy / "checkpoint").write_text(note.replace("\n42\n", "\n41\n"))
    with pytest.raises(Corrupt, match="checkpoint"):
        verify_directory(copy)


def test_a_changed_picture_is_found(copy: Path) -> None:
    house = open_house(copy)
    Media(copy / "media", house.journal.vault).keep(b"a picture")
    house.close()
    [path] = (copy / "media").iterdir()
    for vault in (copy / "vault.sqlite", None):  # a copy that is kept for longer has none
        assert verify_directory(copy).media == 1
        sealed = path.read_bytes()
        path.write_bytes(sealed[:-1] + bytes([sealed[-1] ^ 1]))
        with pytest.raises(Corrupt, match="in media"):
            verify_directory(copy)
        path.write_bytes(sealed)
        if vault:
            vault.unlink()


def test_an_unfinished_erasure_is_told_and_is_no_damage(copy: Path) -> None:
    house = open_house(copy)
    house.journal.append([Writing((Draft("note", notes.NoteErased((9,))),), "someone", 10**9, ())])
    house.close()
    (copy / "checkpoint").unlink()
    assert (verify_directory(copy).erased, verify_directory(copy).unfinished) == (1, 1)
    open_house(copy).close()
    assert (verify_directory(copy).erased, verify_directory(copy).unfinished) == (2, 0)


def _live_bytes(data: Path) -> list[int]:
    """Where in the journal's file the columns of entries that were not erased stand: header, sealed body and leaf."""
    db = apsw.Connection(str(data / "journal.sqlite"), flags=apsw.SQLITE_OPEN_READONLY)
    raw, offsets = (data / "journal.sqlite").read_bytes(), []
    for *header, sealed, leaf in db.execute(
        "SELECT stream, kind, at, by, coalesce(key, ''), coalesce(request, ''), sealed, leaf"
        " FROM entry WHERE position != ?",
        (ERASED,),
    ):
        # Long words go on in pages of their own, so they are looked for in pieces.
        pieces = [sealed[start : start + 16] for start in range(0, len(sealed) - 16, 16)]
        for live in ("".join(header).encode(), leaf, *pieces):
            assert raw.count(live) <= 1
            if (at := raw.find(live)) >= 0:  # a piece may lie across two pages
                offsets += range(at, at + len(live))
    db.close()
    assert len(offsets) > 30_000
    return offsets


def _flipped(source: Path, target: Path, offset: int, bit: int) -> Path:
    shutil.copytree(source, target, dirs_exist_ok=True)
    with open(target / "journal.sqlite", "r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 1 << bit]))
    return target


def _verified(data: Path) -> Verified | None:
    try:
        return verify_directory(data)
    except Corrupt:
        return None


def test_every_flipped_bit_in_live_content_is_found(whole: Path, tmp_path: Path) -> None:
    seed = int(os.environ.get("HEARD_SEED", random.randrange(10**6)))
    dice, offsets, found = random.Random(seed), _live_bytes(whole), 0
    for _ in range(FLIPS):
        offset, bit = dice.choice(offsets), dice.randrange(8)
        found += _verified(_flipped(whole, tmp_path / "flipped", offset, bit)) is None
    print(f"bits flipped in live content: found {found} of {FLIPS} (seed {seed})")
    assert found == FLIPS


def test_a_bit_flipped_anywhere_is_found_or_changes_nothing_that_is_read(whole: Path, tmp_path: Path) -> None:
    """Free space inside pages may change unnoticed; nothing that anyone reads may."""
    seed = int(os.environ.get("HEARD_SEED", random.randrange(10**6)))
    dice, size, truth = random.Random(seed), (whole / "journal.sqlite").stat().st_size, verify_directory(whole)
    found = 0
    for _ in range(FLIPS):
        verified = _verified(_flipped(whole, tmp_path / "flipped", dice.randrange(size), dice.randrange(8)))
        found += verified is None
        assert verified in (None, truth), f"seed {seed}"
    print(f"bits flipped anywhere in the file: found {found} of {FLIPS}, the others in free space (seed {seed})")
