"""How often somebody may try to sign in by a password: bounds that stop a guesser, and not the one who is guessed at.

Strangers share one bound for an account, and the browsers in which its owner has signed in before have another; so who
tries in the owner's name closes nothing to the owner. Beside that each address has a bound, for whoever tries many
accounts. Every try counts before it is looked at: of many at once no more than the bound are.

Source: NIST SP 800-63B-4, section 3.2.2 (no more than a hundred in a row); OWASP, Device Cookies.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta

import msgspec

from heard.engine import now
from heard.engine.journal import Vault
from heard.engine.network import network

#: For one account from strange browsers, or from its owner's; and for one address, where a newsroom or a court is.
EACH_MAX, ADDRESS_MAX, WITHIN = 10, 60, timedelta(minutes=15)
#: So many wrong ones in a row, and strangers' are not looked at until the owner has signed in, by whatever way.
IN_A_ROW_MAX = 100
#: So many addresses are remembered, in memory only.
ADDRESSES_MAX = 10_000
#: Whose tries are counted here, for accounts that there are not.
NOBODY = "nobody"

_addresses: OrderedDict[str, list[datetime]] = OrderedDict()


class Tried(msgspec.Struct, frozen=True):
    """When, of late; and how many in a row since the last that was right."""

    lately: tuple[datetime, ...] = ()
    in_a_row: int = 0


def one_more(vault: Vault, account: str, *, is_known: bool) -> bool:
    """Count a try for an account, and say whether it is looked at: the same reading and writing for every account."""
    at, name = now.utc(), f"{account or NOBODY} {'known' if is_known else 'strange'}"
    before = tried(vault, name)
    lately = tuple(one for one in before.lately if at - one < WITHIN)
    may = len(lately) < EACH_MAX and (is_known or before.in_a_row < IN_A_ROW_MAX)
    kept = Tried((*lately, at), before.in_a_row + 1) if may else Tried(lately, before.in_a_row)
    vault.put("password tried", name, msgspec.msgpack.encode(kept))
    return may


def tried(vault: Vault, name: str) -> Tried:
    raw = vault.get("password tried", name)
    return msgspec.msgpack.decode(raw, type=Tried) if raw else Tried()


def strange(vault: Vault, account: str) -> int:
    """How many strangers tried in a row since the owner signed in last: the owner is told."""
    return tried(vault, f"{account} strange").in_a_row


def owner_came(vault: Vault, account: str) -> None:
    """The owner has signed in: the row begins anew. What strangers tried of late still counts."""
    vault.drop("password tried", f"{account} known")
    before = tried(vault, f"{account} strange")
    if before.in_a_row:
        kept = msgspec.msgpack.encode(Tried(before.lately))
        vault.put("password tried", f"{account} strange", kept)


def one_more_from(address: str) -> bool:
    """Count a try from an address, of IPv6 from its network; whether it is looked at."""
    at, name = now.utc(), network(address)
    lately = [one for one in _addresses.pop(name, []) if at - one < WITHIN]
    may = len(lately) < ADDRESS_MAX
    _addresses[name] = [*lately, at] if may else lately
    if len(_addresses) > ADDRESSES_MAX:
        _addresses.popitem(last=False)
    return may
