"""Browsers that ring for somebody: where their push service reaches them, in the vault and nowhere else.

No entry, table, log line or export has such an address. In the vault it is sealed under a key of two parts: one is a
seal of the vault, which is destroyed with it; the other only who holds the key of the checkpoint can make. So neither
does a copy of the vault's file tell it, nor what may be left in the file of one that was taken out.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

import msgspec

from heard.engine import now
from heard.engine.errors import NotFound, Refused
from heard.engine.journal import Journal

DRAWER = "subscription"
#: Browsers of one person.
MANY = 5


class Subscription(msgspec.Struct, frozen=True):
    """`key` and `auth` seal what is sent to `address`; `sender` is the public key that the browser was told to take
    messages from; `name` says in a word or two which browser it is.
    """

    id: str
    account: str
    since_at: datetime
    name: str
    address: str
    key: bytes
    auth: bytes
    sender: str


class _Words(msgspec.Struct, frozen=True):
    name: str
    address: str
    key: bytes
    auth: bytes
    sender: str


class _Kept(msgspec.Struct, frozen=True):
    """`check` tells whether a key is the one that sealed it: the key of the checkpoint may be another one now."""

    seal: int
    sealed: bytes
    check: bytes
    since_at: datetime


def keep(journal: Journal, account: str, name: str, address: str, key: bytes, auth: bytes, sender: str) -> str:
    """It rings for them from now on, and for nobody else that it rang for. Its id.

    Raises Refused when they have many.
    """
    id = id_of(address)
    for lost in [one for one in _names_of(journal, account) if _read(journal, one) is None]:
        _forget(journal, lost)
    theirs = _names_of(journal, account)
    if len(theirs) >= MANY and f"{account}.{id}" not in theirs:
        raise Refused(f"{MANY} browsers ring for you already. Nothing was added; let one of them ring no more.")
    for before in [one for one in journal.vault.names(DRAWER) if one.endswith(f".{id}")]:
        _forget(journal, before)
    [seal] = journal.vault.new_seals(1)
    words = msgspec.msgpack.encode(_Words(name, address, key, auth, sender))
    key_of = _key(journal, id, seal.key)
    kept = _Kept(seal.number, journal.sealing.seal(key_of, words), _check(key_of), now.utc())
    journal.vault.put(DRAWER, f"{account}.{id}", msgspec.msgpack.encode(kept))
    return id


def of(journal: Journal, account: str) -> list[Subscription]:
    """Those of an account, the oldest first."""
    found = (_read(journal, name) for name in _names_of(journal, account))
    return sorted((one for one in found if one), key=lambda one: one.since_at)


def end(journal: Journal, account: str, id: str) -> None:
    """It rings for them no more, and nothing is left of where it was reached.

    Raises NotFound.
    """
    if f"{account}.{id}" not in _names_of(journal, account):
        raise NotFound("There is no such browser that rings for you.")
    _forget(journal, f"{account}.{id}")


def id_of(address: str) -> str:
    """A browser has a long secret in its address, so nobody finds the one from the other; its own script can."""
    return hashlib.sha256(address.encode()).hexdigest()[:32]


def _names_of(journal: Journal, account: str) -> list[str]:
    """Of one person alone: whoever is told of an alarm is not kept waiting by everybody else's browsers."""
    return journal.vault.names(DRAWER, f"{account}.")


def _read(journal: Journal, name: str) -> Subscription | None:
    """None for what is being taken out at this moment, and for what nobody can read any more."""
    kept = _kept_in(journal.vault.get(DRAWER, name))
    seal = journal.vault.seals([kept.seal]).get(kept.seal) if kept else None
    if kept is None or seal is None:
        return None
    account, _, id = name.partition(".")
    key = _key(journal, id, seal.key)
    if _check(key) != kept.check:
        return None
    try:
        words = msgspec.msgpack.decode(journal.sealing.unseal(key, kept.sealed), type=_Words)
    except Exception:  # changed on the disk: whoever is to be told of an alarm is told by their other ways
        return None
    return Subscription(id, account, kept.since_at, words.name, words.address, words.key, words.auth, words.sender)


def _kept_in(raw: bytes | None) -> _Kept | None:
    try:
        return msgspec.msgpack.decode(raw, type=_Kept) if raw else None
    except msgspec.MsgspecError:
        return None


def _forget(journal: Journal, name: str) -> None:
    if kept := _kept_in(journal.vault.take(DRAWER, name)):
        journal.vault.destroy([kept.seal])


def _key(journal: Journal, id: str, seal: bytes) -> bytes:
    """Each seals one and no more: a seal is never used twice. Ed25519 signs the same the same way."""
    return hashlib.sha256(journal.sealing.sign(b"heard: the key of the subscription " + id.encode() + seal)).digest()


def _check(key: bytes) -> bytes:
    return hashlib.sha256(b"heard: is this the key " + key).digest()
