"""Whether what a browser says of a passkey is true. Pure, but for the secret of challenges.

Source: Web Authentication, Level 3 (https://www.w3.org/TR/webauthn-3/), sections 6.1, 7.1 and 7.2. No maker's statement
about the device (attestation) is asked for, so there is none to read: the browser hands over the public key and the
authenticator data by themselves, and what comes with a registration is believed of whoever is signed in, no other.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from datetime import datetime, timedelta
from typing import Literal

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from heard.accounts.commands import WRONG_PASSKEY
from heard.engine import now
from heard.engine.errors import Refused

CHALLENGE_LASTS = timedelta(minutes=5)
#: COSE: ES256, EdDSA, RS256.
ALGORITHMS = (-7, -8, -257)
#: Flags of the authenticator data: somebody was there; it was them (a finger, a face, a number); a credential comes.
PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40
#: Where things stand in it: the hash of the site, flags, count, and then the model and the length of the id.
FLAGS, COUNT, ID_LENGTH, ID = 32, slice(33, 37), slice(53, 55), 55
SIGNED_MAX = 64 * 1024

What = Literal["webauthn.create", "webauthn.get"]


class Site(msgspec.Struct, frozen=True):
    """Where we are: `name` is what a passkey is bound to, `origin` what the browser says it is at."""

    name: str
    origin: str


class Said(msgspec.Struct, frozen=True, rename="camel"):
    """What the browser's script sends, in base64url; the last four where there are any."""

    id: str
    client_data: str
    authenticator_data: str
    signature: str = ""
    user_handle: str = ""
    public_key: str = ""
    label: str = ""


class Client(msgspec.Struct, frozen=True, rename="camel"):
    """Of the client data, what matters here."""

    type: str
    challenge: str
    origin: str
    cross_origin: bool = False


class Proved(msgspec.Struct, frozen=True):
    """`count` is how often the passkey says it was used, `challenge` what it answered."""

    count: int
    challenge: str
    key: bytes = b""


# Challenges -----------------------------------------------------------------------------------------------------------


def challenge(secret: bytes, what: What, account: str = "") -> str:
    """Something to sign: for registering, by this account; for signing in, by whoever can.

    Nothing is kept of it until it was answered, so that whoever asks for many fills nothing: it tells itself that it is
    ours and until when.
    """
    until = int((now.utc() + CHALLENGE_LASTS).timestamp())
    told = until.to_bytes(8, "big") + os.urandom(16)
    return _text(told + _mark(secret, told, what, account))


def _mark(secret: bytes, told: bytes, what: str, account: str) -> bytes:
    return hmac.digest(secret, told + what.encode() + b"\0" + account.encode(), "sha256")


def _is_ours(secret: bytes, answered: str, what: str, account: str, at: datetime) -> bool:
    raw = _bytes(answered)
    told, mark = raw[:24], raw[24:]
    fresh = at.timestamp() < int.from_bytes(told[:8], "big")
    return hmac.compare_digest(mark, _mark(secret, told, what, account)) and fresh


# What the browser says ------------------------------------------------------------------------------------------------


def registered(secret: bytes, site: Site, account: str, said: Said) -> Proved:
    """The public key of a fresh passkey.

    Raises Refused, the same for whatever is wrong.
    """
    client, data = _looked_at(secret, site, said, "webauthn.create", account)
    key = _bytes(said.public_key)
    length = int.from_bytes(data[ID_LENGTH], "big")
    ours = data[FLAGS] & ATTESTED and length and data[ID : ID + length] == _bytes(said.id)
    if not ours or not _stands_in(key, data[ID + length :]):
        raise Refused(WRONG_PASSKEY)
    return Proved(int.from_bytes(data[COUNT], "big"), client.challenge, key)


def asserted(secret: bytes, site: Site, key: bytes, account: str, said: Said) -> Proved:
    """That whoever has this passkey signed in here and now.

    Raises Refused, the same for whatever is wrong.
    """
    client, data = _looked_at(secret, site, said, "webauthn.get", "")
    signed = data + hashlib.sha256(_bytes(said.client_data)).digest()
    owner = _bytes(said.user_handle).decode("ascii", "replace")
    if owner not in ("", account) or not _is_signed(key, _bytes(said.signature), signed):
        raise Refused(WRONG_PASSKEY)
    return Proved(int.from_bytes(data[COUNT], "big"), client.challenge)


def _looked_at(secret: bytes, site: Site, said: Said, what: What, account: str) -> tuple[Client, bytes]:
    """What both have to say: the right kind of answer, to a challenge of ours, at our origin, for our name, by them."""
    data = _bytes(said.authenticator_data)
    try:
        client = msgspec.json.decode(_bytes(said.client_data), type=Client)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Refused(WRONG_PASSKEY) from None
    true = (
        client.type == what
        and client.origin == site.origin
        and not client.cross_origin
        and _is_ours(secret, client.challenge, what, account, now.utc())
        and len(data) >= (ID if what == "webauthn.create" else COUNT.stop)
    )
    if not true or data[:FLAGS] != hashlib.sha256(site.name.encode()).digest():
        raise Refused(WRONG_PASSKEY)
    if not (data[FLAGS] & PRESENT and data[FLAGS] & VERIFIED):
        raise Refused("That passkey did not ask for a finger, a face or a number. Use one that does. Nothing changed.")
    return client, data


def _is_signed(key: bytes, signature: bytes, signed: bytes) -> bool:
    known = _loaded(key)
    try:
        match known:
            case ec.EllipticCurvePublicKey():
                known.verify(signature, signed, ec.ECDSA(hashes.SHA256()))
            case ed25519.Ed25519PublicKey():
                known.verify(signature, signed)
            case rsa.RSAPublicKey():
                known.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
            case _:
                return False
    except InvalidSignature:
        return False
    return True


def _loaded(key: bytes) -> ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey | None:
    """A key of one of the three sorts; None for any other."""
    try:
        known = load_der_public_key(key)
    except (ValueError, UnsupportedAlgorithm):
        return None
    if isinstance(known, ec.EllipticCurvePublicKey):
        return known if isinstance(known.curve, ec.SECP256R1) else None
    if isinstance(known, rsa.RSAPublicKey):
        return known if 2048 <= known.key_size <= 4096 else None
    return known if isinstance(known, ed25519.Ed25519PublicKey) else None


def _stands_in(key: bytes, cose: bytes) -> bool:
    """Whether the key that the browser took out is the one that the passkey put in, without reading all of CBOR."""
    match known := _loaded(key):
        case ec.EllipticCurvePublicKey():
            numbers = known.public_numbers()
            parts = [numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")]
        case ed25519.Ed25519PublicKey():
            parts = [known.public_bytes_raw()]
        case rsa.RSAPublicKey():
            parts = [known.public_numbers().n.to_bytes(known.key_size // 8, "big")]
        case _:
            return False
    return all(part in cose for part in parts)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    """Raises Refused for what is not base64url, or more than any passkey says."""
    try:
        if len(text) > SIGNED_MAX:
            raise ValueError
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise Refused(WRONG_PASSKEY) from None
