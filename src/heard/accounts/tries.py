"""How often somebody may try to sign in by a password: bounds that stop a guesser, and not the one who is guessed at.

Strangers share one bound for an account, and the browsers in which its owner has signed in before have another; so who
tries in the owner's name closes nothing to the owner. Beside that each address has a bound, for whoever tries many
accounts. Every try counts before it is looked at: of many at once no more than the bound are. All of it is counted in
the vault, which every app and every node of a journal shares, in one step: two of them count together.

Source: NIST SP 800-63B-4, section 3.2.2 (no more than a hundred in a row); OWASP, Device Cookies.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec

from heard.engine import now
from heard.engine.network import network
from heard.engine.stores import Vault

#: For one account from strange browsers, or from its owner's; and for one address, where a newsroom or a court is.
EACH_MAX, ADDRESS_MAX, WITHIN = 10, 60, timedelta(minutes=15)
#: So many wrong ones in a row, and strangers' are not looked at until the owner has signed in, by whatever way.
IN_A_ROW_MAX = 100
#: Addresses lie in so many pages of the vault, so many on each: who has very many addresses fills no disk with them.
PAGES, ON_A_PAGE = 1024, 10
#: So often somebody else may have been quicker; who finds no room then is not looked at.
ANEW_MAX = 100
#: Whose tries are counted here, for accounts that there are not.
NOBODY = "nobody"

Kept = TypeVar("Kept")


class Tried(msgspec.Struct, frozen=True):
    """When, of late; and how many in a row since the last that was right."""

    lately: tuple[datetime, ...] = ()
    in_a_row: int = 0


#: The tries of addresses by a digest of each, in seconds; the one that tried last comes last.
Page = dict[bytes, list[int]]


def one_more(vault: Vault, account: str, *, is_known: bool) -> bool:
    """Count a try for an account, and say whether it is looked at: the same reading and writing for every account."""
    at = now.utc()

    def counted(before: Tried) -> tuple[Tried, bool]:
        lately = tuple(one for one in before.lately if at - one < WITHIN)
        if len(lately) < EACH_MAX and (is_known or before.in_a_row < IN_A_ROW_MAX):
            return Tried((*lately, at), before.in_a_row + 1), True
        return Tried(lately, before.in_a_row), False

    return _changed(
        vault, "password tried", f"{account or NOBODY} {'known' if is_known else 'strange'}", counted, Tried
    )


def _changed(
    vault: Vault, drawer: str, name: str, change: Callable[[Kept], tuple[Kept, bool]], kind: Callable[[], Kept]
) -> bool:
    """Put what `change` makes of what is kept, as often as it takes until nobody else was quicker; what it says."""
    for _ in range(ANEW_MAX):
        raw = vault.get(drawer, name)
        kept, said = change(msgspec.msgpack.decode(raw, type=_TYPES[drawer]) if raw else kind())
        if vault.swap(drawer, name, raw, msgspec.msgpack.encode(kept)):
            return said
    return False


def tried(vault: Vault, name: str) -> Tried:
    raw = vault.get("password tried", name)
    return msgspec.msgpack.decode(raw, type=Tried) if raw else Tried()


def strange(vault: Vault, account: str) -> int:
    """How many strangers tried in a row since the owner signed in last: the owner is told."""
    return tried(vault, f"{account} strange").in_a_row


def owner_came(vault: Vault, account: str) -> None:
    """The owner has signed in: the row begins anew. What strangers tried of late still counts."""
    vault.drop("password tried", f"{account} known")
    if tried(vault, f"{account} strange").in_a_row:
        _changed(vault, "password tried", f"{account} strange", lambda before: (Tried(before.lately), True), Tried)


def one_more_from(vault: Vault, address: str) -> bool:
    """Count a try from an address, of IPv6 from its network; whether it is looked at.

    Only a digest is kept, until somebody tries on the same page after its time.
    """
    at, digest = int(now.utc().timestamp()), hashlib.sha256(vault.secret("sign-in from") + network(address).encode())
    first = at - int(WITHIN.total_seconds())
    page, which = int.from_bytes(digest.digest()[:2], "big") % PAGES, digest.digest()[2:10]

    def counted(before: Page) -> tuple[Page, bool]:
        kept = {one: lately for one, all_of_it in before.items() if (lately := [t for t in all_of_it if t > first])}
        lately = kept.pop(which, [])
        may = len(lately) < ADDRESS_MAX
        kept[which] = [*lately, at] if may else lately
        for oldest in list(kept)[:-ON_A_PAGE]:
            del kept[oldest]
        return kept, may

    return _changed(vault, "sign-in from", str(page), counted, dict)


_TYPES = {"password tried": Tried, "sign-in from": Page}
