"""An entry taken out of the journal is believed by its proof alone, and not with one bit changed."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heard.engine import chain
from heard.engine.entry import Draft
from heard.engine.errors import Corrupt
from heard.engine.journal import Journal, Writing
from heard.store.memory import MemoryStore, MemoryVault
from heard.verify import check_released_entry
from tests.contract import notes
from tests.engine.test_journal import SEALING

SIZE = 23


def _journal() -> Journal:
    journal = Journal(MemoryStore(), MemoryVault(), SEALING)
    drafts = tuple(Draft(f"note{n}", notes.NotePublished(f"What was said {n} “so”.")) for n in range(SIZE))
    journal.append([Writing(drafts, "someone", 10**9, ())])
    return journal


JOURNAL = _journal()
CHECKPOINT = chain.read_note(JOURNAL.checkpoint(), SEALING.public_key, SEALING.check)


def released(position: int) -> dict[str, Any]:
    """Written from docs/formats/journal.md, not by our own encoder."""
    record = JOURNAL.store.records(position - 1, 1)[0]
    seal = JOURNAL.vault.seals([record.seal])[record.seal]
    body = JOURNAL.body_of(record, {record.seal: seal})
    assert body is not None
    proof = chain.Tree(JOURNAL.store.leaves(SIZE)).inclusion_proof(position - 1)
    header = record.header
    named = {name: getattr(header, name) for name in header.__struct_fields__}
    return {
        "header": json.dumps(named, sort_keys=True, separators=(",", ":")),
        "body": body.decode(),
        "salt": base64.b64encode(seal.salt).decode(),
        "proof": [base64.b64encode(sibling).decode() for sibling in proof],
    }


@pytest.mark.parametrize("position", range(1, SIZE + 1))
def test_every_entry_is_believed_with_its_proof(position: int) -> None:
    header, body = check_released_entry(json.dumps(released(position)).encode(), CHECKPOINT)
    assert header.position == position and json.loads(body)["words"].startswith("What was said")


@given(st.integers(1, SIZE), st.data())
def test_no_entry_is_believed_with_one_bit_changed(position: int, data: st.DataObject) -> None:
    raw = bytearray(json.dumps(released(position), ensure_ascii=False).encode())
    at, bit = data.draw(st.integers(0, len(raw) - 1)), data.draw(st.integers(0, 7))
    whole = check_released_entry(bytes(raw), CHECKPOINT)
    raw[at] ^= 1 << bit
    try:
        changed = check_released_entry(bytes(raw), CHECKPOINT)
    except Corrupt:
        return
    assert changed == whole, "only what stands between the fields may change unnoticed"


def test_an_entry_is_not_believed_under_another_position_or_checkpoint() -> None:
    record = released(5)
    moved = {**record, "header": record["header"].replace('"position":5', '"position":6')}
    with pytest.raises(Corrupt, match="Entry 6 "):
        check_released_entry(json.dumps(moved).encode(), CHECKPOINT)
    other = chain.Checkpoint(CHECKPOINT.epoch, SIZE, bytes(32))
    with pytest.raises(Corrupt, match="Entry 5 "):
        check_released_entry(json.dumps(record).encode(), other)


@pytest.mark.parametrize(
    "raw", [b"", b"{}", b"null", b"[1]", b'{"header":"{}","body":"","salt":"","proof":[]}', b"\xff"]
)
def test_nonsense_is_corrupt_and_no_crash(raw: bytes) -> None:
    with pytest.raises(Corrupt):
        check_released_entry(raw, CHECKPOINT)
