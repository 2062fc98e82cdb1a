"""A journal that many machines share: its two databases, and the bell that tells of other nodes' appends."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from heard.engine.errors import HeardError
from heard.store.postgres import PostgresStore
from heard.store.postgres_bell import Bell
from heard.store.postgres_fixes import PostgresFixes
from heard.store.postgres_vault import PostgresVault, vault_of


class Shared:
    """One node's hold on it.

    Raises Unavailable when it cannot be reached, Corrupt when its server would not keep its promises.
    """

    def __init__(self, address: str) -> None:
        self.store = PostgresStore(address)
        try:
            self.vault = PostgresVault(vault_of(address))
        except HeardError:
            self.store.close()
            raise
        self.store.database.takes_along(self.vault.database)
        self.vault.database.takes_along(self.store.database)
        self.bell = Bell(self.store.database)

    def fixes(self) -> PostgresFixes:
        """The raw fixes, beside the vault; on a line of their own, so that they keep nobody waiting."""
        kept = PostgresFixes(self.vault.database.url)
        for database in (self.store.database, self.vault.database):
            database.takes_along(kept.database)
        return kept

    def turn(self, name: str, *, when_lost: bool = False) -> Callable[[], bool]:
        """What says whether it is for this node to do; `when_lost` too, where twice is better than never."""
        self.bell.want_turn(name)
        return lambda: self.bell.has_turn(name) or (when_lost and self.lost_for() is not None)

    def lost_for(self) -> float | None:
        """For how many seconds this node has been without its journal; None while it is there."""
        since = [database.lost_since for database in (self.store.database, self.vault.database)]
        lost = [at for at in since if at is not None]
        return monotonic() - min(lost) if lost else None
