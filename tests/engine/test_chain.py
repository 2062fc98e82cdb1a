"""The tree against RFC 6962 written down a second time, slowly and from its words alone."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from heard.engine import chain
from heard.engine.errors import Corrupt
from heard.store.vault import KeyedSealing

LARGEST = 70
LEAVES = [hashlib.sha256(b"leaf %d" % n).digest() for n in range(LARGEST + 1)]


def slow_root(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962 section 2.1, over leaves that are hashed already."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    k = max(2**i for i in range(20) if 2**i < len(leaves))
    return hashlib.sha256(b"\x01" + slow_root(leaves[:k]) + slow_root(leaves[k:])).digest()


def slow_path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH(m, D[n]) of section 2.1.1."""
    if len(leaves) == 1:
        return []
    k = max(2**i for i in range(20) if 2**i < len(leaves))
    if m < k:
        return [*slow_path(m, leaves[:k]), slow_root(leaves[k:])]
    return [*slow_path(m - k, leaves[k:]), slow_root(leaves[:k])]


def slow_proof(m: int, leaves: Sequence[bytes], b: bool = True) -> list[bytes]:
    """SUBPROOF(m, D[n], b) of section 2.1.2."""
    if m == len(leaves):
        return [] if b else [slow_root(leaves)]
    k = max(2**i for i in range(20) if 2**i < len(leaves))
    if m <= k:
        return [*slow_proof(m, leaves[:k], b), slow_root(leaves[k:])]
    return [*slow_proof(m - k, leaves[k:], False), slow_root(leaves[:k])]


def test_the_root_of_nothing_and_of_the_published_test_leaves() -> None:
    """The eight inputs and roots that certificate-transparency implementations share as test vectors."""
    inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    leaves = [hashlib.sha256(b"\x00" + bytes.fromhex(each)).digest() for each in inputs]
    assert chain.root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert chain.root(leaves[:1]).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert chain.root(leaves).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


@pytest.mark.parametrize("size", range(LARGEST + 1))
def test_roots_by_frontier_by_tree_and_by_definition_agree(size: int) -> None:
    leaves = LEAVES[:size]
    assert chain.root(leaves) == chain.Tree(leaves).root() == slow_root(leaves)


@pytest.mark.parametrize("size", range(1, LARGEST + 1))
def test_every_leaf_is_proved_and_no_other_leaf_place_or_root_is(size: int) -> None:
    leaves, tree = LEAVES[:size], chain.Tree(LEAVES[:size])
    root = slow_root(leaves)
    for index in range(size):
        proof = tree.inclusion_proof(index)
        assert proof == slow_path(index, leaves)
        assert chain.included(leaves[index], index, size, proof, root)
        assert not chain.included(LEAVES[size], index, size, proof, root)
        assert not chain.included(leaves[index], (index + 1) % size, size, proof, root) or size == 1
        assert not chain.included(leaves[index], index, size, proof, LEAVES[0] if size > 1 else LEAVES[1])
        assert not chain.included(leaves[index], index, size, [*proof, LEAVES[0]], root)
        assert not proof or not chain.included(leaves[index], index, size, proof[:-1], root)
    for nowhere in (-1, size):
        assert not chain.included(leaves[0], nowhere, size, tree.inclusion_proof(0), root)
        with pytest.raises(IndexError):
            tree.inclusion_proof(nowhere)


@pytest.mark.parametrize("new_size", range(LARGEST + 1))
def test_every_older_tree_is_proved_to_be_the_beginning(new_size: int) -> None:
    tree = chain.Tree(LEAVES[:new_size])
    new_root = slow_root(LEAVES[:new_size])
    for old_size in range(new_size + 1):
        old_root, proof = slow_root(LEAVES[:old_size]), tree.consistency_proof(old_size)
        if old_size:
            assert proof == slow_proof(old_size, LEAVES[:new_size])
        assert chain.consistent(old_size, new_size, old_root, new_root, proof)
        assert not chain.consistent(old_size, new_size, old_root, new_root, [*proof, LEAVES[0]])
        if old_size:
            assert not chain.consistent(old_size, new_size, LEAVES[-1], new_root, proof)
            assert not chain.consistent(old_size, new_size, old_root, LEAVES[-1], proof)
        if proof:
            assert not chain.consistent(old_size, new_size, old_root, new_root, proof[:-1])
            assert not chain.consistent(new_size, old_size, new_root, old_root, proof)
    with pytest.raises(IndexError):
        tree.consistency_proof(new_size + 1)


@given(st.data())
def test_a_proof_with_one_bit_changed_proves_nothing(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, LARGEST))
    index = data.draw(st.integers(0, size - 1))
    old_size = data.draw(st.integers(1, size - 1))
    tree, root = chain.Tree(LEAVES[:size]), slow_root(LEAVES[:size])
    path, proof = tree.inclusion_proof(index), tree.consistency_proof(old_size)
    assert not chain.included(LEAVES[index], index, size, _one_bit_changed(data, path), root)
    assert not chain.consistent(old_size, size, slow_root(LEAVES[:old_size]), root, _one_bit_changed(data, proof))


def _one_bit_changed(data: st.DataObject, hashes: list[bytes]) -> list[bytes]:
    which, bit = data.draw(st.integers(0, len(hashes) - 1)), data.draw(st.integers(0, 255))
    changed = int.from_bytes(hashes[which], "big") ^ (1 << bit)
    return [*hashes[:which], changed.to_bytes(32, "big"), *hashes[which + 1 :]]


@given(st.integers(0, 300))
def test_a_frontier_packed_and_unpacked_goes_on_as_before(size: int) -> None:
    frontier = chain.Frontier(0, [])
    for n in range(size):
        frontier.add(LEAVES[n % LARGEST])
    again = chain.Frontier.unpack(frontier.size, frontier.pack())
    frontier.add(LEAVES[0])
    again.add(LEAVES[0])
    assert again.root() == frontier.root()


def test_a_frontier_that_does_not_fit_its_size_is_corrupt() -> None:
    with pytest.raises(Corrupt):
        chain.Frontier.unpack(3, bytes(32))


@given(st.lists(st.binary(max_size=5), min_size=3, max_size=3), st.lists(st.binary(max_size=5), min_size=3, max_size=3))
def test_no_two_different_triples_have_one_leaf(one: list[bytes], other: list[bytes]) -> None:
    assert (chain.leaf(*one) == chain.leaf(*other)) == (one == other)


def test_bytes_cannot_move_from_header_to_body_unnoticed() -> None:
    assert chain.leaf(b"s", b"ab", b"c") != chain.leaf(b"s", b"a", b"bc")


def test_a_leaf_is_what_its_description_says() -> None:
    eight = b"\0\0\0\0\0\0\0"
    written = b"\x00" + eight + b"\x01S" + eight + b"\x02HH" + eight + b"\x03BBB"
    assert chain.leaf(b"S", b"HH", b"BBB") == hashlib.sha256(written).digest()


SEALING = KeyedSealing(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
HEAD = chain.Checkpoint("abcdefghijklmnop", 1234, slow_root(LEAVES))


def signed() -> str:
    return chain.sign(HEAD, SEALING.public_key, SEALING.sign)


def read(note: str, sealing: KeyedSealing = SEALING) -> chain.Checkpoint:
    return chain.read_note(note, sealing.public_key, sealing.check)


def test_a_signed_checkpoint_is_a_c2sp_note_and_reads_back() -> None:
    text, signature = signed().split("\n\n")
    assert text.split("\n") == ["heard/abcdefghijklmnop", "1234", base64.b64encode(HEAD.root).decode()]
    dash, name, signature64 = signature.rstrip("\n").split(" ")
    raw = base64.b64decode(signature64)
    assert (dash, name, len(raw)) == ("—", "heard/abcdefghijklmnop", 4 + 64)
    key_id = hashlib.sha256(b"heard/abcdefghijklmnop\n\x01" + SEALING.public_key).digest()[:4]
    assert raw[:4] == key_id
    assert read(signed()) == HEAD


def test_a_note_is_believed_though_a_witness_signed_it_too() -> None:
    witness = base64.b64encode(b"\1\2\3\4" + bytes(64)).decode()
    assert read(signed() + f"— witness.example {witness}\n") == HEAD
    text, ours = signed().split("\n\n")
    assert read(f"{text}\n\n— witness.example {witness}\n{ours}") == HEAD


def test_no_note_with_one_character_changed_is_believed() -> None:
    note = signed()
    for place in range(len(note) - 1):  # the last is the newline that ends the note
        for other in "0Aa\n " + chr(ord(note[place]) ^ 1):
            if note[place] != other:
                changed = note[:place] + other + note[place + 1 :]
                with pytest.raises(Corrupt):
                    read(changed)


@pytest.mark.parametrize(
    "note", ["", "\n\n", "a\nb\nc\n\n", "heard/x\n-1\n\n\n— heard/x AAAA\n", "\0" * 100, "x" * 10_000]
)
def test_nonsense_is_no_checkpoint(note: str) -> None:
    with pytest.raises(Corrupt):
        read(note)


def test_a_note_signed_by_another_key_is_not_believed() -> None:
    with pytest.raises(Corrupt, match="another key"):
        read(signed(), KeyedSealing(Ed25519PrivateKey.from_private_bytes(bytes(32))))


@given(st.text(max_size=200))
def test_any_text_is_refused_in_the_same_way(note: str) -> None:
    with pytest.raises(Corrupt):
        read(note)
