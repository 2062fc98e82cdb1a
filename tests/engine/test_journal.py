"""Sealing on the way in, unsealing on the way out, keys that say nothing, and erasure."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from heard.engine import chain
from heard.engine.entry import Body, Draft
from heard.engine.errors import Corrupt, Gone, Refused
from heard.engine.journal import Journal, Writing
from heard.engine.stores import Appended
from heard.store.memory import MemoryStore, MemoryVault
from heard.store.sqlite import SqliteStore
from heard.store.vault import KeyedSealing, SqliteVault
from tests.contract import notes

SEALING = KeyedSealing(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
FAR = 10**9


@pytest.fixture(params=["memory", "sqlite"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Journal:
    if request.param == "memory":
        return Journal(MemoryStore(), MemoryVault(), SEALING)
    return Journal(SqliteStore(tmp_path / "journal.sqlite"), SqliteVault(tmp_path / "vault.sqlite"), SEALING)


def write(journal: Journal, *bodies: Body, key: str | None = None, request: str | None = None) -> Appended:
    drafts = tuple(Draft("stream", body) for body in bodies)
    [outcome] = journal.append([Writing(drafts, "someone", FAR, (), key, request)])
    assert isinstance(outcome, Appended)
    return outcome


def test_what_was_written_is_read_back(journal: Journal) -> None:
    write(journal, notes.NotePublished("première"), notes.NoteCorrected("zweite"))
    first, second = journal.read(0)
    assert (first.position, first.stream, first.kind, first.by) == (1, "stream", "note.published", "someone")
    assert (first.body, second.body) == (notes.NotePublished("première"), notes.NoteCorrected("zweite"))
    assert journal.entry(2) == second and journal.entry(3) is None and journal.entry(0) is None
    assert journal.stream("stream") == [first, second] and journal.stream("other") == []
    assert list(journal.all()) == [first, second] and list(journal.all(1)) == [second]


def test_more_entries_than_are_sealed_ahead_are_written_at_once(journal: Journal) -> None:
    write(journal, *(notes.Counted(n) for n in range(700)))
    write(journal, notes.Counted(700))
    assert [entry.body for entry in journal.all()] == [notes.Counted(n) for n in range(701)]


def test_no_two_bodies_are_sealed_with_one_key_by_threads_that_write_at_once(journal: Journal) -> None:
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda n: write(journal, notes.Counted(n)), range(200)))
    seals = [record.seal for record in journal.store.records(0, FAR)]
    assert len(set(seals)) == len(seals) == 200
    assert sorted(entry.body.number for entry in journal.all() if isinstance(entry.body, notes.Counted)) == list(
        range(200)
    )


def test_the_store_holds_no_words(journal: Journal) -> None:
    write(journal, notes.NotePublished("a very particular phrase"))
    assert b"particular" not in journal.store.records(0, 1)[0].sealed


def test_equal_words_have_different_leaves_and_seals(journal: Journal) -> None:
    write(journal, notes.NotePublished("the same"), notes.NotePublished("the same"))
    one, other = journal.store.records(0, 2)
    assert one.sealed != other.sealed and one.leaf != other.leaf


def test_a_key_says_nothing_and_is_bound_to_account_and_scope(journal: Journal) -> None:
    keys = {journal.key_for(account, scope, key) for account in "ab" for scope in "xy" for key in "12"}
    assert len(keys) == 8 and all(len(key) == 32 for key in keys)
    assert journal.key_for("ab", "c", "d") != journal.key_for("a", "bc", "d")
    assert journal.key_for("a", "x", "1") == journal.key_for("a", "x", "1")


def test_one_request_under_two_keys_has_two_digests(journal: Journal) -> None:
    assert journal.request_digest("one", b"request") != journal.request_digest("other", b"request")
    assert journal.request_digest("one", b"request") == journal.request_digest("one", b"request")


def test_an_entry_whose_key_is_lost_stops_the_reading(journal: Journal) -> None:
    write(journal, notes.NotePublished("words"), notes.NotePublished("other words"))
    journal.vault.destroy([journal.store.records(1, 1)[0].seal])
    with pytest.raises(Corrupt, match="Entry 2 cannot be read") as found:
        journal.read(0)
    assert found.value.details["position"] == 2


def test_the_checkpoint_is_signed_over_the_newest_head(journal: Journal) -> None:
    write(journal, notes.NotePublished("words"))
    head = chain.read_note(journal.checkpoint(), SEALING.public_key, SEALING.check)
    assert (head.epoch, head.size, head.root) == (journal.store.epoch, 1, chain.root(journal.store.leaves(1)))


def test_erased_words_are_gone_and_the_tree_still_stands(journal: Journal) -> None:
    write(journal, notes.NotePublished("words"), key="k", request="r")
    write(journal, notes.NoteErased((1,)))
    head = journal.store.frontier().root()
    seal = journal.store.records(0, 1)[0].seal
    journal.finish_erasures()
    assert [entry.body for entry in journal.all()] == [None, notes.NoteErased((1,))]
    assert journal.vault.seals([seal]) == {}
    assert journal.store.frontier().root() == head == chain.root(journal.store.leaves(2))
    assert isinstance(journal.store.outcome("k", "r"), Gone)


def test_finishing_erasures_twice_or_with_nothing_to_do_changes_nothing(journal: Journal) -> None:
    journal.finish_erasures()
    write(journal, notes.NotePublished("words"), notes.NotePublished("kept"))
    write(journal, notes.NoteErased((1, 99)))
    journal.finish_erasures()
    before = journal.store.records(0, 10)
    journal.finish_erasures()
    assert journal.store.records(0, 10) == before
    kept = journal.entry(2)
    assert kept is not None and kept.body == notes.NotePublished("kept")


def test_an_erasing_entry_cannot_be_erased_itself(journal: Journal) -> None:
    write(journal, notes.NotePublished("words"))
    write(journal, notes.NoteErased((1,)))
    write(journal, notes.NoteErased((2,)))
    journal.finish_erasures()
    assert [entry.body for entry in journal.all()] == [None, notes.NoteErased((1,)), notes.NoteErased((2,))]


DIES: dict[str, Callable[[Journal], None]] = {
    "before anything was destroyed": lambda journal: None,
    "before the key was destroyed": lambda journal: journal.store.blank([1]),
}


@pytest.mark.parametrize("died", DIES.values(), ids=DIES.keys())
def test_an_erasure_that_a_crash_cut_short_is_finished_at_the_next_start(
    journal: Journal, died: Callable[[Journal], None]
) -> None:
    write(journal, notes.NotePublished("words"))
    seal = journal.store.records(0, 1)[0].seal
    journal.finish_erasures()
    write(journal, notes.NoteErased((1,)))
    died(journal)
    Journal(journal.store, journal.vault, SEALING).finish_erasures()
    assert journal.store.records(0, 1)[0].sealed.strip(b"\0") == b"" and journal.vault.seals([seal]) == {}


def test_erasures_are_found_in_a_new_epoch_and_in_an_older_journal_put_in_its_place(tmp_path: Path) -> None:
    vault = MemoryVault()
    longer = Journal(MemoryStore(), vault, SEALING)
    write(longer, *(notes.Counted(n) for n in range(50)), notes.NoteErased((1,)))
    longer.finish_erasures()
    shorter = Journal(MemoryStore(), vault, SEALING)
    shorter.store.epoch = longer.store.epoch  # type: ignore[misc]
    write(shorter, notes.NotePublished("words"))
    write(shorter, notes.NoteErased((1,)))
    shorter.finish_erasures()
    first = shorter.entry(1)
    assert first is not None and first.body is None


def test_a_reused_key_is_refused(journal: Journal) -> None:
    write(journal, notes.NotePublished("words"), key="k", request="r")
    [outcome] = journal.append([Writing((Draft("s", notes.Counted(1)),), "someone", FAR, (), "k", "other")])
    assert isinstance(outcome, Refused) and journal.store.position() == 1


def test_what_was_just_appended_is_folded_as_it_would_be_read(journal: Journal) -> None:
    write(journal, notes.NotePublished("words"), notes.NotePublished("other words"), key="k", request="r")
    assert journal.next_after(0, 500) == journal.read(0)


def test_what_was_just_appended_is_handed_out_once_and_read_after_that(journal: Journal) -> None:
    write(journal, notes.NotePublished("words"))
    journal.next_after(0, 500)
    journal.vault.destroy([journal.store.records(0, 1)[0].seal])
    with pytest.raises(Corrupt):
        journal.next_after(0, 500)


@pytest.mark.parametrize(("after", "limit"), [(0, 500), (2, 500), (1, 1)])
def test_whoever_folds_from_elsewhere_or_less_at_once_reads(journal: Journal, after: int, limit: int) -> None:
    write(journal, notes.NotePublished("before"))
    write(journal, notes.NotePublished("words"), notes.NotePublished("other words"))
    assert journal.next_after(after, limit) == journal.read(after, limit)


def test_a_repeated_call_appends_nothing_that_would_be_folded_again(journal: Journal) -> None:
    write(journal, notes.NotePublished("words"), key="k", request="r")
    write(journal, notes.NotePublished("words"), key="k", request="r")
    assert journal._fresh == []
