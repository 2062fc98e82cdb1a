"""What an account signs in with besides a link, as the vault keeps it.

The secret of a code has to be read again, so a digest will not do. It is sealed with a key that only whoever holds the
key of the checkpoint can make, which lies outside the vault: a vault alone tells no codes.
"""

from __future__ import annotations

import hashlib
import os
from datetime import datetime, timedelta

import msgspec

from heard.accounts import codes
from heard.engine import now
from heard.engine.entry import new_id
from heard.engine.journal import Journal

#: From the page that shows the secret to the first code.
PENDING_LASTS = timedelta(minutes=10)


class Pending(msgspec.Struct, frozen=True):
    """A secret that was shown and has not been proved yet."""

    factor: str
    sealed: bytes
    until: datetime


class Passkey(msgspec.Struct, frozen=True):
    """The public half of a passkey: `key` is a DER SubjectPublicKeyInfo, `site` the name that it answers to."""

    account: str
    factor: str
    key: bytes
    site: str


def begin_code(journal: Journal, account: str) -> bytes:
    """A fresh secret for an account, to be shown once; one that was begun before and not proved is forgotten."""
    secret, factor = os.urandom(codes.SECRET_BYTES), new_id()
    sealed = journal.sealing.seal(_key(journal, factor), secret)
    pending = Pending(factor, sealed, now.utc() + PENDING_LASTS)
    journal.vault.put("factor begun", account, msgspec.msgpack.encode(pending))
    return secret


def begun_code(journal: Journal, account: str) -> tuple[str, bytes] | None:
    """The factor that was begun, and its secret; None where there is none, or no more."""
    raw = journal.vault.get("factor begun", account)
    pending = msgspec.msgpack.decode(raw, type=Pending) if raw else None
    if pending is None or now.utc() >= pending.until:
        return None
    return pending.factor, journal.sealing.unseal(_key(journal, pending.factor), pending.sealed)


def keep_code(journal: Journal, account: str) -> None:
    """Keep the secret that was begun as that of its factor."""
    if raw := journal.vault.get("factor begun", account):
        pending = msgspec.msgpack.decode(raw, type=Pending)
        journal.vault.put("factor", pending.factor, pending.sealed)
        journal.vault.drop("factor begun", account)


def secret_of(journal: Journal, factor: str) -> bytes | None:
    """The secret of a factor that shows codes; for one that there is not, None after nearly the same work."""
    key, sealed = _key(journal, factor), journal.vault.get("factor", factor)
    return journal.sealing.unseal(key, sealed) if sealed else None


def keep_passkey(journal: Journal, credential: str, passkey: Passkey) -> None:
    journal.vault.put("passkey", credential, msgspec.msgpack.encode(passkey))


def passkey(journal: Journal, credential: str) -> Passkey | None:
    raw = journal.vault.get("passkey", credential)
    return msgspec.msgpack.decode(raw, type=Passkey) if raw else None


def credentials_of(journal: Journal, account: str) -> list[str]:
    """The ids of an account's passkeys, so that a device is not asked to make a second one."""
    known = {name: passkey(journal, name) for name in journal.vault.names("passkey")}
    return [name for name, kept in known.items() if kept and kept.account == account]


def forget(journal: Journal, factor: str) -> None:
    """Leave nothing of a factor in the vault."""
    journal.vault.drop("factor", factor)
    for name in journal.vault.names("passkey"):
        kept = passkey(journal, name)
        if kept and kept.factor == factor:
            journal.vault.drop("passkey", name)


def _key(journal: Journal, factor: str) -> bytes:
    """One key a factor, so that each seals one secret and no more. Ed25519 signs the same the same way."""
    return hashlib.sha256(journal.sealing.sign(b"heard: the key of the factor " + factor.encode())).digest()
