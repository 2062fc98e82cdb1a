"""What is sent to a browser through its maker's push service: sealed for that browser, signed by this installation.

The service carries it and cannot read it. Sources: RFC 8030 (delivery), RFC 8188 and RFC 8291 (sealing), RFC 8292
(VAPID: who sends). No I/O.
"""

from __future__ import annotations

import base64
import hashlib
import os
from datetime import datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from heard.engine.errors import Refused

#: What every push service takes (RFC 8030, section 7.2), less what sealing adds: head 86, mark of the end 1, tag 16.
WORDS_MAX = 4096 - 86 - 1 - 16
#: The one record of a message; as in the example of RFC 8291, which every browser reads.
RECORD = 4096
#: A signature is good for less than the 24 hours that RFC 8292 allows.
SIGNED_FOR = timedelta(hours=12)
CURVE = ec.SECP256R1()
#: The order of P-256 (FIPS 186-5; SEC 2, section 2.4.2).
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
ADDRESS_MAX = 1000
NO_SUBSCRIPTION = "That is no subscription of a browser. Nothing was kept; press the button again."


class Browser(NamedTuple):
    """Where a browser is reached and what it can read: an address at its push service, its public key (P-256,
    uncompressed, 65 bytes) and a secret of 16 bytes that both know.
    """

    address: str
    key: bytes
    auth: bytes


def browser(address: str, key: str, auth: str) -> Browser:
    """As its script tells it; `key` and `auth` in base64url.

    Raises Refused.
    """
    try:
        parts = urlsplit(address)
        told = Browser(address, unpacked(key), unpacked(auth))
        fine = parts.scheme in ("https", "http") and bool(parts.hostname) and "@" not in parts.netloc
        ec.EllipticCurvePublicKey.from_encoded_point(CURVE, told.key)  # a point that is not on the curve is refused
    except ValueError:
        raise Refused(NO_SUBSCRIPTION) from None
    plain = address.isascii() and address.isprintable() and " " not in address and len(address) <= ADDRESS_MAX
    if not (fine and plain and len(told.key) == 65 and len(told.auth) == 16):
        raise Refused(NO_SUBSCRIPTION)
    return told


# Sealing --------------------------------------------------------------------------------------------------------------


def sealed(to: Browser, words: bytes, *, ours: ec.EllipticCurvePrivateKey | None = None, salt: bytes = b"") -> bytes:
    """A message that only this browser reads, as the body of the request; with a key and salt of its own.

    `ours` and `salt` are for the example of RFC 8291 alone. Raises Refused when it is more than a service takes.
    """
    if len(words) > WORDS_MAX:
        raise Refused("This is more than a push message holds. Nothing was sent.")
    ours, salt = ours or ec.generate_private_key(CURVE), salt or os.urandom(16)
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, to.key)
    public = point(ours)
    shared = ours.exchange(ec.ECDH(), theirs)
    secret = _drawn(shared, to.auth, b"WebPush: info\0" + to.key + public, 32)
    key = _drawn(secret, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _drawn(secret, salt, b"Content-Encoding: nonce\0", 12)
    head = salt + RECORD.to_bytes(4, "big") + len(public).to_bytes(1, "big") + public
    return head + AESGCM(key).encrypt(nonce, words + b"\x02", None)


def _drawn(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(secret)


def point(of: ec.EllipticCurvePrivateKey) -> bytes:
    """Its public half, uncompressed."""
    return of.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


# Signing --------------------------------------------------------------------------------------------------------------


class Sender:
    """Who sends, to every push service the same: the key pair of this installation, made of a secret of its own."""

    def __init__(self, secret: bytes, site: str) -> None:
        """`site` is where whoever runs a push service finds whoever runs this; told only where it is on the web."""
        number = int.from_bytes(_drawn(secret, b"", b"heard: web push", 48), "big")
        self._key = ec.derive_private_key(1 + number % (_ORDER - 1), CURVE)
        self._site = site if site.startswith("https://") else ""
        #: What browsers are told when they subscribe, in base64url.
        self.public = packed(point(self._key))

    def signs(self, address: str, at: datetime) -> str:
        """The field `Authorization` for a message to this address."""
        parts = urlsplit(address)
        told = {"aud": f"{parts.scheme}://{parts.netloc}", "exp": int((at + SIGNED_FOR).timestamp())}
        told |= {"sub": self._site} if self._site else {}
        head = packed(b'{"typ":"JWT","alg":"ES256"}')
        words = f"{head}.{packed(msgspec.json.encode(told))}"
        r, s = decode_dss_signature(self._key.sign(words.encode(), ec.ECDSA(SHA256())))
        return f"vapid t={words}.{packed(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}, k={self.public}"


def topic(*about: str) -> str:
    """The same for messages about the same: a later one takes the place of one that was not delivered yet.

    Thirty-two letters that tell the service nothing.
    """
    return packed(hashlib.sha256("\n".join(sorted(about)).encode()).digest()[:24])


def packed(raw: bytes) -> str:
    """Base64url without its filling (RFC 7515, section 2)."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def unpacked(text: str) -> bytes:
    """Raises ValueError."""
    return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True)
