"""What every vault promises."""

from __future__ import annotations

from collections.abc import Callable

from heard.engine.stores import Vault


def test_seals_are_fresh_and_found_again(open_vault: Callable[[], Vault]) -> None:
    seals = open_vault().new_seals(40)
    assert len({seal.key for seal in seals} | {seal.salt for seal in seals}) == 80
    assert all(len(seal.key) == len(seal.salt) == 32 for seal in seals)
    assert [seal.number for seal in seals] == sorted({seal.number for seal in seals})
    assert open_vault().seals([seal.number for seal in seals]) == {seal.number: seal for seal in seals}


def test_seals_far_apart_and_out_of_order_are_found(vault: Vault) -> None:
    seals = vault.new_seals(60)
    wanted = [seals[59], seals[0], seals[31]]
    assert vault.seals([seal.number for seal in wanted]) == {seal.number: seal for seal in wanted}
    assert vault.seals([]) == {} and vault.seals([10**9]) == {}


def test_a_destroyed_seal_is_not_there_and_its_number_is_never_used_again(open_vault: Callable[[], Vault]) -> None:
    seals = open_vault().new_seals(3)
    open_vault().destroy([seals[2].number, 10**9])
    left = open_vault().seals([seal.number for seal in seals])
    assert left == {seal.number: seal for seal in seals[:2]}
    assert open_vault().new_seals(1)[0].number > seals[2].number
    open_vault().destroy([])


def test_a_secret_is_made_once(open_vault: Callable[[], Vault]) -> None:
    first = open_vault().secret("idempotency")
    assert len(first) == 32 and open_vault().secret("idempotency") == first != open_vault().secret("other")


def test_a_drawer_keeps_replaces_and_drops(open_vault: Callable[[], Vault]) -> None:
    open_vault().put("session", "a", b"1")
    open_vault().put("session", "b", b"\0\xff")
    open_vault().put("session", "a", b"2")
    open_vault().put("draft", "a", b"other")
    assert open_vault().get("session", "a") == b"2" and open_vault().get("session", "b") == b"\0\xff"
    assert open_vault().names("session") == ["a", "b"] and open_vault().names("empty") == []
    open_vault().put("session", "ab", b"3")
    open_vault().put("session", "_b", b"4")
    assert open_vault().names("session", "a") == ["a", "ab"] and open_vault().names("session", "ab.") == []
    assert open_vault().names("session", "_") == ["_b"] and len(open_vault().names("session", "")) == 4
    open_vault().drop("session", "a")
    open_vault().drop("session", "a")
    assert open_vault().get("session", "a") is None and open_vault().get("draft", "a") == b"other"


def test_what_is_taken_is_taken_once(open_vault: Callable[[], Vault]) -> None:
    open_vault().put("link", "once", b"who")
    assert open_vault().take("link", "once") == b"who"
    assert open_vault().take("link", "once") is None


def test_what_is_swapped_is_what_stood_there_and_of_two_one_is_quicker(open_vault: Callable[[], Vault]) -> None:
    vault = open_vault()
    assert vault.swap("count", "a", None, b"1") and not vault.swap("count", "a", None, b"other")
    assert not vault.swap("count", "a", b"0", b"2") and vault.get("count", "a") == b"1"
    assert open_vault().swap("count", "a", b"1", b"2") and not vault.swap("count", "a", b"1", b"3")
    assert vault.get("count", "a") == b"2" and not vault.swap("count", "b", b"1", b"2")
    assert vault.names("count") == ["a"]
