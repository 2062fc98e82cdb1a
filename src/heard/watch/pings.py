"""The addresses that sources ping. Each is a secret, told once; the vault has its digest and whose it is."""

from __future__ import annotations

import hashlib
import uuid

from heard.engine.stores import Vault


def new_address(vault: Vault, source: str) -> str:
    """A fresh address of a source."""
    secret = str(uuid.uuid4())
    vault.put("ping", _digest(secret), source.encode())
    return f"/ping/{secret}"


def source_of(vault: Vault, secret: str) -> str | None:
    """The source that is pinged there."""
    kept = vault.get("ping", _digest(secret))
    return kept.decode() if kept else None


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.lower().encode()).hexdigest()
