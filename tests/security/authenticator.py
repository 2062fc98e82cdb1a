"""A passkey that says whatever one wants it to say, signed with a real key."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from heard.accounts.passkeys import Said

Key = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@dataclass
class Authenticator:
    """At `origin`, for `name`; each may be told otherwise for one answer."""

    name: str = "localhost"
    origin: str = "http://localhost"
    key: Key = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    id: bytes = field(default_factory=lambda: os.urandom(32))
    count: int = 0

    def registers(self, challenge: str, **said: Any) -> Said:
        flags = said.pop("flags", PRESENT | VERIFIED | ATTESTED)
        attested = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + (said.pop("cose", None) or self._cose())
        data = self._data(flags, said) + attested
        client = self._client("webauthn.create", challenge, said)
        public = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return Said(text(self.id), text(client), text(data), public_key=text(said.pop("key", public)))

    def signs(self, challenge: str, **said: Any) -> Said:
        flags = said.pop("flags", PRESENT | VERIFIED)
        data, client = self._data(flags, said), self._client("webauthn.get", challenge, said)
        signature = said.pop("signature", None) or self._signature(data + hashlib.sha256(client).digest())
        return Said(text(self.id), text(client), text(data), text(signature), text(said.pop("owner", b"")))

    def _client(self, type: str, challenge: str, said: dict[str, Any]) -> bytes:
        told = {"type": type, "challenge": challenge, "origin": self.origin, "crossOrigin": False, "other": "x"}
        told |= {name: said.pop(name) for name in list(said) if name in told}
        return json.dumps(told).encode()

    def _data(self, flags: int, said: dict[str, Any]) -> bytes:
        site = hashlib.sha256(said.pop("name", self.name).encode()).digest()
        return site + bytes([flags]) + said.pop("count", self.count).to_bytes(4, "big")

    def _cose(self) -> bytes:
        """Of COSE, what a key of this sort is made of, in its order; enough for whoever looks for it there."""
        match public := self.key.public_key():
            case ec.EllipticCurvePublicKey():
                return b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20" + _coordinates(public)
            case ed25519.Ed25519PublicKey():
                return b"\xa4\x01\x01\x03\x27\x20\x06\x21\x58\x20" + public.public_bytes_raw()
            case rsa.RSAPublicKey():
                modulus = public.public_numbers().n.to_bytes(public.key_size // 8, "big")
                return b"\xa4\x01\x03\x03\x39\x01\x00\x20\x59\x01\x00" + modulus + b"\x21\x43\x01\x00\x01"
        raise AssertionError("no such key")

    def _signature(self, signed: bytes) -> bytes:
        match self.key:
            case ec.EllipticCurvePrivateKey():
                return self.key.sign(signed, ec.ECDSA(hashes.SHA256()))
            case ed25519.Ed25519PrivateKey():
                return self.key.sign(signed)
            case rsa.RSAPrivateKey():
                return self.key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
        raise AssertionError("no such key")


def _coordinates(public: ec.EllipticCurvePublicKey) -> bytes:
    point = public.public_numbers()
    return point.x.to_bytes(32, "big") + b"\x22\x58\x20" + point.y.to_bytes(32, "big")
