"""Links, sessions and tokens: the caller holds the secret, the vault holds its digest and whose it is.

A secret is 256 random bits, so a plain SHA-256 is enough to keep it: there is nothing to guess. A password needs more:
see `passwords`.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from heard.engine import now
from heard.engine.stores import Vault

#: `half` is what a browser has between its link and the second factor; `known` says that its owner has signed in there
#: by a password before, and opens nothing. `reading` is a link to one order, which `token` names, and opens that alone.
Drawer = Literal["link", "half", "session", "token", "known", "reading"]


class Kept(msgspec.Struct, frozen=True):
    """Whose secret it is; `token` names it where it is a token; `since` is when it was made, `until` when it ends;
    `factor` is what a session began with besides a link.
    """

    account: str
    token: str = ""
    until: datetime | None = None
    since: datetime | None = None
    factor: str = ""


def make(
    vault: Vault, drawer: Drawer, account: str, *, token: str = "", factor: str = "", lasts: timedelta | None = None
) -> str:
    """A fresh secret, told once. It never begins with a hyphen: typed after a command it would be read as an option."""
    while (secret := secrets.token_urlsafe(32)).startswith("-"):
        continue
    since = now.utc()
    kept = Kept(account, token, since + lasts if lasts else None, since, factor)
    vault.put(drawer, _digest(secret), msgspec.json.encode(kept))
    return secret


def find(vault: Vault, drawer: Drawer, secret: str) -> Kept | None:
    """Whose secret this is, if it is one of ours and has not ended."""
    return _living(vault.get(drawer, _digest(secret)))


def spend(vault: Vault, drawer: Drawer, secret: str) -> Kept | None:
    """As `find`, for a secret that works once: of two who come with it, one is let in."""
    return _living(vault.take(drawer, _digest(secret)))


def forget(vault: Vault, drawer: Drawer, secret: str) -> None:
    vault.drop(drawer, _digest(secret))


def clear_out(vault: Vault, drawer: Drawer) -> None:
    """Nothing is left of those whose time is over."""
    for name in vault.names(drawer):
        if _living(vault.get(drawer, name)) is None:
            vault.drop(drawer, name)


def _living(raw: bytes | None) -> Kept | None:
    kept = msgspec.json.decode(raw, type=Kept) if raw else None
    return kept if kept and (kept.until is None or now.utc() < kept.until) else None


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
