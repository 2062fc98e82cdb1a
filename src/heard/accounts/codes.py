"""Codes that an app shows, a new one every thirty seconds. Pure.

Source: RFC 6238, with what every such app knows: SHA-1, six digits, thirty seconds.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime
from urllib.parse import quote, urlencode

STEP_S = 30
DIGITS = 6
#: A phone's clock may be a step off.
DRIFT = (-1, 0, 1)
#: As long as the hash, as RFC 4226, section 4, wants it.
SECRET_BYTES = 20


def step_at(at: datetime) -> int:
    """The step that an instant is in."""
    return int(at.timestamp()) // STEP_S


def code(secret: bytes, step: int) -> str:
    """The six digits of a step."""
    digest = hmac.digest(secret, step.to_bytes(8, "big"), hashlib.sha1)
    start = digest[-1] & 0x0F
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def step_of(secret: bytes, typed: str, at: datetime) -> int | None:
    """The step whose code was typed, spaces or not, among those that are good at an instant; None for a wrong one.

    All of them are compared, so that the time tells nothing.
    """
    digits = "".join(typed.split()).encode()
    steps = [step_at(at) + drift for drift in DRIFT]
    fits = [step for step in steps if hmac.compare_digest(code(secret, step).encode(), digits)]
    return fits[-1] if fits else None


def written(secret: bytes) -> str:
    """The secret as people type it: base 32, in groups of four."""
    plain = base64.b32encode(secret).decode().rstrip("=")
    return " ".join(plain[start : start + 4] for start in range(0, len(plain), 4))


def address(secret: bytes, house: str, email: str) -> str:
    """What a phone opens its app with (https://github.com/google/google-authenticator/wiki/Key-Uri-Format)."""
    asked = urlencode({"secret": written(secret).replace(" ", ""), "issuer": house}, quote_via=quote)
    return f"otpauth://totp/{quote(f'{house}:{email}')}?{asked}"
