"""A backup is taken beside a running server; what comes back from one is never older than it says, and never says again
what was withdrawn."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest

from heard.backup import Restored, backup, restoring
from heard.engine.errors import Corrupt, Refused, Unavailable
from heard.store.media import Media
from heard.store.witness import Witness
from heard.verify import verify_directory
from tests.contract import notes
from tests.contract.house import House, open_house


class Followed:
    """A house whose journal a witness follows, as the server does it."""

    def __init__(self, folder: Path) -> None:
        self.house = open_house(folder / "data")
        self.place = folder / "witness"
        self.witness = Witness(self.place)
        self.house.node.after_fold.append(lambda folded: self.witness.keep_withdrawn(self.house.journal))

    def publish(self, *names: str) -> None:
        for name in names:
            self.house.node.do(notes.publish(name, f"what {name} says"), by="someone", key=name)

    def withdraw(self, name: str) -> None:
        self.house.node.do(notes.withdraw(name), by="someone")

    def erase(self, name: str) -> None:
        positions = tuple(record.header.position for record in self.house.store.stream(name))
        self.house.node.do(notes.erase(name, positions), by="someone")

    def keep_head(self) -> None:
        self.witness.keep_head(self.house.journal)

    def listed(self) -> list[str]:
        return (self.place / "withdrawn").read_text().splitlines()


@pytest.fixture
def followed(tmp_path: Path) -> Followed:
    return Followed(tmp_path)


def taken(followed: Followed, tmp_path: Path) -> Path:
    return backup(followed.house.data, tmp_path / "backups")[0]


def back(folder: Path, tmp_path: Path, *, new_epoch: bool, witness: Path | None) -> tuple[Restored, House]:
    with restoring(folder, tmp_path / "restored", new_epoch=new_epoch, witness=witness) as facts:
        assert not (tmp_path / "restored").exists()
    return facts, open_house(tmp_path / "restored")


def test_the_witness_lists_what_is_withdrawn_before_the_caller_is_answered(followed: Followed) -> None:
    followed.publish("a", "b", "c")
    assert not (followed.place / "withdrawn").exists()
    followed.withdraw("b")
    assert followed.listed() == ["b"]
    followed.erase("c")
    assert followed.listed() == ["b", "c", "c 3"]


def test_the_witness_holds_no_word(followed: Followed) -> None:
    followed.publish("a", "b")
    followed.withdraw("a")
    followed.keep_head()
    assert all(b"says" not in path.read_bytes() for path in followed.place.iterdir())


def test_a_witness_that_fails_does_not_hold_up_a_retraction_and_catches_up_later(followed: Followed) -> None:
    followed.publish("a", "b")
    followed.place.rename(followed.place.with_name("unplugged"))
    followed.withdraw("a")
    assert notes.all_notes(followed.house.node.tables) == {"b": "what b says"}
    followed.keep_head()
    assert followed.witness.trouble is not None and "does not take" in followed.witness.trouble
    followed.place.with_name("unplugged").rename(followed.place)
    followed.withdraw("b")
    assert followed.listed() == ["a", "b"] and followed.witness.trouble is None


def test_a_witness_that_starts_late_lists_what_was_withdrawn_before(followed: Followed, tmp_path: Path) -> None:
    followed.publish("a", "b")
    followed.withdraw("a")
    late = Witness(tmp_path / "late")
    late.keep_withdrawn(followed.house.journal)
    assert (tmp_path / "late" / "withdrawn").read_text() == "a\n"


def test_a_journal_at_or_ahead_of_its_witness_is_served(followed: Followed) -> None:
    Witness(followed.place).check(followed.house.journal)
    followed.publish("a")
    followed.keep_head()
    Witness(followed.place).check(followed.house.journal)
    followed.publish("b")
    Witness(followed.place).check(followed.house.journal)


def test_a_journal_behind_its_witness_is_not_served_and_is_told_the_way_out(followed: Followed, tmp_path: Path) -> None:
    followed.publish("a", "b")
    folder = taken(followed, tmp_path)
    followed.publish("c")
    followed.keep_head()
    _, house = back(folder, tmp_path, new_epoch=False, witness=followed.place)
    with pytest.raises(Corrupt, match=r"ends at 2, and 3 entries had been witnessed.*restore --new-epoch"):
        Witness(followed.place).check(house.journal)


def test_a_journal_that_parted_from_its_witness_is_not_served_even_when_it_is_longer(
    followed: Followed, tmp_path: Path
) -> None:
    followed.publish("a", "b")
    folder = taken(followed, tmp_path)
    followed.publish("c")
    followed.keep_head()
    _, house = back(folder, tmp_path, new_epoch=False, witness=None)
    for name in ("x", "y", "z"):
        house.node.do(notes.publish(name, "another history"), by="someone")
    with pytest.raises(Corrupt, match="not those that were witnessed"):
        Witness(followed.place).check(house.journal)


def test_another_journal_is_not_served_under_this_witness(followed: Followed, tmp_path: Path) -> None:
    followed.publish("a")
    followed.keep_head()
    house = open_house(tmp_path / "other")
    with pytest.raises(Corrupt):
        Witness(followed.place).check(house.journal)
    house.close()
    shutil.copy(followed.house.data / "checkpoint.key", tmp_path / "other" / "checkpoint.key")
    with pytest.raises(Corrupt, match="of another journal"):
        Witness(followed.place).check(open_house(tmp_path / "other").journal)


def test_a_forged_checkpoint_at_the_witness_is_not_believed(followed: Followed) -> None:
    followed.publish("a", "b")
    followed.keep_head()
    note = (followed.place / "checkpoint").read_text()
    (followed.place / "checkpoint").write_text(note.replace("\n2\n", "\n1\n"))
    with pytest.raises(Corrupt, match="cannot be believed"):
        Witness(followed.place).check(followed.house.journal)


def test_a_backup_is_whole_and_verified_and_restores_to_the_same_journal(followed: Followed, tmp_path: Path) -> None:
    followed.publish("a", "b", "c")
    followed.withdraw("a")
    followed.erase("b")
    picture = Media(followed.house.data / "media", followed.house.journal.vault).keep(b"a picture")
    folder, verified = backup(followed.house.data, tmp_path / "backups")
    assert (verified.entries, verified.erased, verified.media, verified.checkpoint_size) == (5, 1, 1, 5)
    assert (folder / "withdrawn").read_text().splitlines() == ["a", "b", "b 2"]
    assert {path.name for path in folder.iterdir()} == {
        "journal.sqlite", "vault.sqlite", "checkpoint.key", "media", "checkpoint", "withdrawn",
    }  # fmt: skip
    assert all(path.stat().st_mode & 0o077 == 0 for path in (folder, *folder.rglob("*")))
    facts, house = back(folder, tmp_path, new_epoch=False, witness=None)
    assert (facts.position, facts.epoch, facts.lost, facts.witnessed) == (5, followed.house.store.epoch, None, False)
    assert list(house.journal.all()) == list(followed.house.journal.all())
    assert house.journal.store.frontier().root() == followed.house.journal.store.frontier().root()
    assert Media(house.data / "media", house.journal.vault).read(picture) == b"a picture"
    house.node.catch_up()
    assert notes.all_notes(house.node.tables) == {"c": "what c says"}


def test_a_key_used_before_the_backup_is_still_known_after_it(followed: Followed, tmp_path: Path) -> None:
    followed.publish("a")
    _, house = back(taken(followed, tmp_path), tmp_path, new_epoch=True, witness=None)
    assert house.node.do(notes.publish("a", "what a says"), by="someone", key="a").repeated


def test_backups_taken_while_others_write_are_all_whole(followed: Followed, tmp_path: Path) -> None:
    stop = threading.Event()

    def write() -> None:
        house, n = open_house(followed.house.data), 0
        while not stop.is_set():
            n += 1
            house.node.do(notes.publish(f"n{n}", "words " * n), by="writer")
            if n % 7 == 0:
                house.node.do(notes.erase(f"n{n}", (house.store.position(),)), by="writer")
        house.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        sizes = [backup(followed.house.data, tmp_path / f"backups{n}")[1].entries for n in range(4)]
    finally:
        stop.set()
        writer.join()
    assert sizes == sorted(sizes)


def test_no_half_a_backup_bears_a_name(followed: Followed, tmp_path: Path) -> None:
    followed.publish("a", "b")
    with pytest.raises(Corrupt):
        followed.house.store._writer.execute("UPDATE entry SET by = 'another' WHERE position = 1").fetchall()
        backup(followed.house.data, tmp_path / "backups")
    assert list((tmp_path / "backups").iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told_plainly(followed: Followed, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(Unavailable, match="could not be written"):
        backup(followed.house.data, tmp_path / "file")


def test_nothing_is_restored_over_what_is_there(followed: Followed, tmp_path: Path) -> None:
    folder = taken(followed, tmp_path)
    with (
        pytest.raises(Refused, match="is not empty"),
        restoring(folder, followed.house.data, new_epoch=True, witness=None),
    ):
        pass
    (tmp_path / "empty").mkdir()
    with restoring(folder, tmp_path / "empty", new_epoch=True, witness=None):
        pass
    assert verify_directory(tmp_path / "empty").entries == 0


def test_a_damaged_backup_is_not_restored(followed: Followed, tmp_path: Path) -> None:
    followed.publish("a")
    folder = taken(followed, tmp_path)
    raw = bytearray((folder / "journal.sqlite").read_bytes())
    raw[raw.find(b"note.published") + 3] ^= 1
    (folder / "journal.sqlite").write_bytes(raw)
    with pytest.raises(Corrupt), restoring(folder, tmp_path / "restored", new_epoch=True, witness=None):
        pass
    assert not (tmp_path / "restored").exists()
    assert [path.name for path in tmp_path.iterdir() if "unfinished" in path.name] == []


def test_a_backup_without_its_vault_cannot_be_restored(followed: Followed, tmp_path: Path) -> None:
    folder = taken(followed, tmp_path)
    (folder / "vault.sqlite").unlink()
    with (
        pytest.raises(Refused, match="without its keys"),
        restoring(folder, tmp_path / "restored", new_epoch=True, witness=None),
    ):
        pass


def test_a_new_epoch_tells_what_must_follow_and_the_witness_goes_on_with_it(followed: Followed, tmp_path: Path) -> None:
    followed.publish("kept", "withdrawn", "erased", "withdrawn before")
    followed.withdraw("withdrawn before")
    folder = taken(followed, tmp_path)
    followed.publish("lost")
    followed.withdraw("withdrawn")
    followed.erase("erased")
    followed.withdraw("lost")
    followed.keep_head()
    facts, house = back(folder, tmp_path, new_epoch=True, witness=followed.place)
    assert Witness(followed.place).still_to_withdraw(house.journal) == ["erased", "erased 3", "lost", "withdrawn"]
    assert facts.lost == (6, 9) and facts.witnessed
    assert facts.epoch_before == followed.house.store.epoch != facts.epoch == house.store.epoch
    witness = Witness(followed.place)
    witness.check(house.journal)
    assert (followed.place / f"checkpoint.{facts.epoch_before}").exists()
    with pytest.raises(Corrupt, match="of another journal"):
        witness.check(followed.house.journal)


def test_what_must_be_withdrawn_again_is_told_until_it_was_done(followed: Followed, tmp_path: Path) -> None:
    """What was done of it before a crash is not asked for again."""
    followed.publish("a", "b")
    folder = taken(followed, tmp_path)
    followed.withdraw("a")
    followed.erase("b")
    _, house = back(folder, tmp_path, new_epoch=True, witness=followed.place)
    assert Witness(followed.place).still_to_withdraw(house.journal) == ["a", "b", "b 2"]
    house.node.do(notes.withdraw("a"), by="restore")
    house.node.do(notes.erase("b", (2,)), by="restore")
    assert Witness(followed.place).still_to_withdraw(house.journal) == []
    assert verify_directory(house.data).erased == 1


def test_what_was_looked_through_at_the_start_is_not_read_again_by_the_first_post(
    followed: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thousands of reports are in the journal, and a reporter waits."""
    followed.publish("a", "b")
    followed.withdraw("a")
    witness, store, read = Witness(followed.place), followed.house.journal.store, list[int]()
    assert witness.still_to_withdraw(followed.house.journal) == []
    of_kinds = store.of_kinds
    monkeypatch.setattr(store, "of_kinds", lambda kinds, after: (read.append(after), of_kinds(kinds, after))[1])
    followed.house.node.after_fold[:] = [lambda folded: witness.keep_withdrawn(followed.house.journal)]
    followed.withdraw("b")
    assert read == [3] and followed.listed() == ["a", "b"]
