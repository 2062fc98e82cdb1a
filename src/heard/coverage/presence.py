"""Who is at the desk of a case, and what they are writing at: for a moment, in the vault, and in no entry.

A page of the desk says every few seconds that it is open (`BEAT_S` in static/presence.js). What it does not say again
ends by itself, so whoever loses their line is gone from the others' desks too. It lies in the vault and not in the
memory of an app, since an app is replaced while people write, and another node must know of it as well.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

import msgspec

from heard.engine import now
from heard.engine.errors import Refused
from heard.engine.stores import Vault

DRAWER = "presence"
#: A page beats every five seconds: it may miss one. With the others' next beat, who is gone is gone within 18 s.
ENDS_AFTER = timedelta(seconds=13)
#: One account may have so many pages of a case open; the next takes the place of one of them. It bounds the drawer.
PAGES = 8
#: What somebody writes at, if it is no post yet.
NEW = "new"
ID_MAX = 64


class Here(msgspec.Struct, frozen=True):
    """One page of the desk that is open. `at` is `new` for the box, the id of a post, or nothing."""

    account: str
    at: str
    until_at: datetime


def come(vault: Vault, case: str, account: str, page: str, at: str) -> None:
    """This page is open, and what is written on it is `at`.

    Raises Refused.
    """
    if page not in _PAGES or len(at) > ID_MAX:
        raise Refused(f"A page of the desk is one of {PAGES}, and is at a post or at nothing. Nothing was changed.")
    vault.put(DRAWER, _name(case, account, page), msgspec.json.encode(Here(account, at, now.utc() + ENDS_AFTER)))
    for name in vault.names(DRAWER):
        if _living(vault.get(DRAWER, name)) is None:
            vault.drop(DRAWER, name)


_PAGES = frozenset(str(number) for number in range(PAGES))


def _name(case: str, account: str, page: str) -> str:
    return f"{case} {account} {page}"


def leave(vault: Vault, case: str, account: str, page: str) -> None:
    vault.drop(DRAWER, _name(case, account, page))


def here(vault: Vault, case: str, *, but: str = "") -> list[Here]:
    """Who else is at the desk of a case: each account once for each thing it writes at; `but` is one's own.

    Somebody who writes nothing on a second page is not said to be there twice. It only reads: a desk opens with a full
    disk too.
    """
    found: dict[tuple[str, str], Here] = {}
    for name in vault.names(DRAWER):
        if not name.startswith(f"{case} ") or name.split(" ")[1] == but:
            continue
        one = _living(vault.get(DRAWER, name))
        if one is not None:
            found[one.account, one.at] = one
    writing = {account for account, at in found if at}
    return [one for (account, at), one in sorted(found.items()) if at or account not in writing]


def _living(kept: bytes | None) -> Here | None:
    with suppress(msgspec.DecodeError):
        one = msgspec.json.decode(kept or b"", type=Here)
        return one if one.until_at > now.utc() else None
    return None
