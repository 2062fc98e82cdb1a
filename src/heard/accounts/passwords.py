"""Passwords: which are taken, how they are kept, and how one that is typed is compared. None lets in by itself.

Source: NIST SP 800-63B-4, section 3.1.1.2 (https://pages.nist.gov/800-63-4/sp800-63b.html): long enough, no rules of
what it is made of, no end to it, compared with what is known to be guessed; and the OWASP Password Storage Cheat Sheet
for the cost of scrypt. Why scrypt: docs/decisions/2026-11-29-passwords-by-scrypt.md.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import re
import unicodedata
from itertools import pairwise

import msgspec

from heard.engine.entry import new_id
from heard.engine.errors import Refused, Unavailable
from heard.engine.journal import Journal

#: Eight would do beside a code. These are typed in court, and whoever has the vault and the key may guess at leisure.
SHORTEST, LONGEST = 12, 256
#: N, r and p of scrypt: 64 MiB, and about a quarter of a second of one core. One row of OWASP's equal ones.
COST, BLOCKS, LANES = 2**16, 8, 2
DIGEST_BYTES, SALT_BYTES = 32, 16
#: So many are worked out at a time, off the loop, and so many may wait: 128 MiB and some four seconds at most.
AT_ONCE, WAITING_MAX = 2, 16

#: What is guessed first, in words and in rows of keys. What is left of a password without them is what it is worth.
_GUESSED = (
    *("password", "passwort", "passw0rd", "letmein", "welcome", "iloveyou", "admin", "secret", "changeme", "monkey"),
    *("dragon", "football", "liverpool", "arsenal", "chelsea", "london", "sunshine", "princess", "heard", "newsroom"),
    *("qwertyuiop", "qwerty", "asdfghjkl", "asdfgh", "zxcvbnm", "1q2w3e4r", "1qaz2wsx", "abcdefghijklmnopqrstuvwxyz"),
    *("correcthorsebatterystaple", "correct horse battery staple"),
)
_LEFT_MIN, _DIFFERENT_MIN = 5, 5

_rooms = asyncio.Semaphore(AT_ONCE)
_waiting = 0


class Hashed(msgspec.Struct, frozen=True):
    """A password as it is kept, with what it cost, so that a dearer one may come."""

    salt: bytes
    digest: bytes
    cost: int = COST
    blocks: int = BLOCKS
    lanes: int = LANES


#: What is compared where there is no password, at the same cost; no password has this digest.
NOBODYS = Hashed(os.urandom(SALT_BYTES), os.urandom(DIGEST_BYTES))


# Which are taken ------------------------------------------------------------------------------------------------------


def checked(typed: str, again: str, *about: str) -> str:
    """A fresh password; `about` is what anybody knows of whose it is, such as their address.

    Raises Refused for one that is short, or would be among the first guesses.
    """
    password = unicodedata.normalize("NFKC", typed)
    if password != unicodedata.normalize("NFKC", again):
        raise Refused("The two were not the same. Nothing was changed; type the password twice.")
    if not SHORTEST <= len(password) <= LONGEST:
        raise Refused(
            f"A password has {SHORTEST} to {LONGEST} characters, any characters: a few words that do not belong "
            "together are easy to remember and hard to guess. Nothing was changed."
        )
    if _is_guessed(password, about):
        raise Refused(
            "That is among the first that somebody would try: a common word, your name or address, keys in a row, or "
            "one character again and again. Nothing was changed; take a few words that do not belong together."
        )
    return password


def _is_guessed(password: str, about: tuple[str, ...]) -> bool:
    left = password.casefold()
    parts = [part for one in about for part in re.split(r"[\W_]+", one.casefold()) if len(part) > 2]
    for known in sorted({*parts, *(one.casefold() for one in about if one), *_GUESSED}, key=len, reverse=True):
        left = left.replace(known, "")
    left = "".join(_without_runs(re.sub(r"[\W\d_]{0,5}$", "", left)))
    return len(left) < _LEFT_MIN or len(set(password.casefold())) < _DIFFERENT_MIN


def _without_runs(text: str) -> list[str]:
    """Every character but those that follow on the one before, such as `cde` in `abcde`, or repeat it."""
    return [text[:1], *(one for before, one in pairwise(text) if ord(one) - ord(before) not in (-1, 0, 1))]


# How one is kept ------------------------------------------------------------------------------------------------------


async def keep(journal: Journal, password: str) -> str:
    """Keep a checked password in the vault, before an entry names it; by which id.

    Raises Unavailable when too many wait.
    """
    id, salt = new_id(), os.urandom(SALT_BYTES)
    hashed = Hashed(salt, await _digest(password, Hashed(salt, b"")))
    journal.vault.put("password", id, journal.sealing.seal(_key(journal, id), msgspec.msgpack.encode(hashed)))
    return id


def forget(journal: Journal, id: str) -> None:
    journal.vault.drop("password", id)


async def fits(journal: Journal, id: str, typed: str) -> bool:
    """Whether what was typed is the password kept under an id; with an id of none, the same work and no.

    Raises Unavailable when too many wait.
    """
    kept = _kept(journal, id)
    digest = await _digest(unicodedata.normalize("NFKC", typed), kept or NOBODYS)
    return hmac.compare_digest(digest, (kept or NOBODYS).digest) and kept is not None


def _kept(journal: Journal, id: str) -> Hashed | None:
    key, sealed = _key(journal, id), journal.vault.get("password", id)
    return msgspec.msgpack.decode(journal.sealing.unseal(key, sealed), type=Hashed) if sealed else None


def _key(journal: Journal, id: str) -> bytes:
    """As of a factor: a vault alone has nothing that could be guessed at."""
    return hashlib.sha256(journal.sealing.sign(b"heard: the key of the password " + id.encode())).digest()


async def _digest(password: str, how: Hashed) -> bytes:
    """In a thread, two at a time: scrypt lets go of the interpreter, so that no reader and no desk waits for it."""
    global _waiting
    if _waiting >= WAITING_MAX:
        raise Unavailable("Very many sign in just now. Nothing was changed; try again in a few seconds.")
    _waiting += 1
    try:
        async with _rooms:
            return await asyncio.to_thread(hashed, password, how)
    finally:
        _waiting -= 1


def hashed(password: str, how: Hashed) -> bytes:
    """The digest; whatever is longer than any password is cut, and so is wrong."""
    raw = password.encode("utf-8", "surrogatepass")[: LONGEST * 4]
    memory = 128 * how.blocks * (how.cost + how.lanes + 2)
    return hashlib.scrypt(raw, salt=how.salt, n=how.cost, r=how.blocks, p=how.lanes, maxmem=memory, dklen=DIGEST_BYTES)
